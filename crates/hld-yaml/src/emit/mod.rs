//! Values to YAML, byte for byte as sigs.k8s.io/yaml writes them.

mod keys;
mod scalar;
mod style;
mod styles;
mod writer;

use crate::{Data, Map, Value};
use writer::Writer;

/// The text of `value` as sigs.k8s.io/yaml's `Marshal` gives it: keys sorted naturally, lists not
/// indented, long lines folded, a line break at the end.
///
/// Go refuses infinities, NaN and some characters; here they are written so that they can be read
/// back (`.inf`, `"\x7F"`).
#[must_use]
pub fn emit(value: &Value) -> String {
    let mut out = String::new();
    emit_into(&mut out, value);
    out
}

/// As [`emit`], at the end of `out`.
pub fn emit_into(out: &mut String, value: &Value) {
    let mut writer = Writer::new(out);
    node(&mut writer, value, Place { indent: -1, in_mapping: false });
    writer.end_line();
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place {
    /// The indentation of the collection it is in, -1 for the root.
    indent: i32,
    /// It is the value of a mapping's entry.
    in_mapping: bool,
}

fn node(writer: &mut Writer<'_>, value: &Value, place: Place) {
    match &value.data {
        Data::Map(map) if map.is_empty() => writer.indicator("{}", false),
        Data::Seq(items) if items.is_empty() => writer.indicator("[]", false),
        Data::Map(map) => mapping(writer, map, place.indent),
        Data::Seq(items) => sequence(writer, items, place),
        Data::String(text) => scalar::string(writer, text, deeper(place.indent), false),
        Data::Null => writer.word("null"),
        Data::Bool(true) => writer.word("true"),
        Data::Bool(false) => writer.word("false"),
        Data::Int(int) => writer.word(&int.to_string()),
        Data::Uint(int) => writer.word(&int.to_string()),
        Data::Float(float) => writer.word(&scalar::float(*float)),
    }
}

/// The indentation of what is inside a collection of `indent`.
fn deeper(indent: i32) -> i32 {
    indent.max(0) + 2
}

fn mapping(writer: &mut Writer<'_>, map: &Map, outer: i32) {
    let indent = if outer < 0 { 0 } else { outer + 2 };
    let place = Place { indent, in_mapping: true };
    for (key, value) in keys::sorted(map) {
        writer.new_line(indent);
        if scalar::is_simple_key(key) {
            scalar::string(writer, key, deeper(indent), true);
            writer.indicator_at_once(":");
        } else {
            writer.indicator("?", true);
            scalar::string(writer, key, deeper(indent), false);
            writer.new_line(indent);
            writer.indicator(":", true);
        }
        node(writer, value, place);
    }
}

fn sequence(writer: &mut Writer<'_>, items: &[Value], place: Place) {
    let indent = match place.indent {
        ..0 => 0,
        // Below its key, a list is not indented.
        indent if place.in_mapping && !writer.is_indented() => indent,
        indent => indent + 2,
    };
    for item in items {
        writer.new_line(indent);
        writer.indicator("-", true);
        node(writer, item, Place { indent, in_mapping: false });
    }
}
