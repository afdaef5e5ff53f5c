//! The bytes of the pack, as `pack.rs` of `hld-lint` reads them.

use std::collections::HashMap;
use std::io::Write;

use super::nodes::{Node, Nodes, Shape};

/// Nodes, definitions, versions and kinds as bytes.
pub(super) fn write(nodes: &Nodes) -> Vec<u8> {
    let mut strings = Strings::default();
    let mut body = Vec::new();
    number(&mut body, nodes.list.len());
    for node in &nodes.list {
        self::node(&mut body, node, &mut strings);
    }
    number(&mut body, nodes.definitions.len());
    for (name, node) in &nodes.definitions {
        number(&mut body, strings.at(name));
        number(&mut body, *node);
    }
    number(&mut body, nodes.kinds.len());
    for (name, gvk) in &nodes.kinds {
        for text in gvk.iter().chain([name]) {
            number(&mut body, strings.at(text));
        }
    }
    number(&mut body, nodes.versions.len());
    for (minor, definitions) in &nodes.versions {
        number(&mut body, usize::try_from(*minor).expect("a minor version is small"));
        number(&mut body, definitions.len());
        let mut last = 0;
        for at in definitions {
            number(&mut body, at - last);
            last = *at;
        }
    }
    let mut out = Vec::new();
    number(&mut out, strings.list.len());
    for text in &strings.list {
        number(&mut out, text.len());
        out.extend(text.as_bytes());
    }
    out.extend(body);
    out
}

/// Packs bytes.
pub(super) fn deflate(raw: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(raw).and_then(|()| encoder.finish()).map_err(|error| error.to_string())
}

/// Every text once, by its number.
#[derive(Default)]
struct Strings {
    list: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Strings {
    fn at(&mut self, text: &str) -> usize {
        let next = self.list.len();
        let number = *self.numbers.entry(text.to_owned()).or_insert(next);
        if number == next {
            self.list.push(text.to_owned());
        }
        number
    }
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).expect("seven bits"));
}

fn node(out: &mut Vec<u8>, node: &Node, strings: &mut Strings) {
    let (tag, is_closed) = match &node.shape {
        Shape::Any => (0, false),
        Shape::Reference(_) => (1, false),
        Shape::Text { .. } => (2, false),
        Shape::Integer { .. } => (3, false),
        Shape::Number => (4, false),
        Shape::Boolean => (5, false),
        Shape::IntOrString => (6, false),
        Shape::Quantity => (7, false),
        Shape::List(_) => (8, false),
        Shape::Map(_) => (9, false),
        Shape::Object { is_closed, .. } => (10, *is_closed),
    };
    out.push(tag | if node.is_nullable { 0x10 } else { 0 } | if is_closed { 0x20 } else { 0 });
    match &node.shape {
        Shape::Reference(name) => number(out, strings.at(name)),
        Shape::Text { format, allowed } => {
            number(out, strings.at(format));
            number(out, allowed.len());
            allowed.iter().for_each(|text| number(out, strings.at(text)));
        }
        Shape::Integer { format } => number(out, strings.at(format)),
        Shape::List(inner) | Shape::Map(inner) => number(out, *inner),
        Shape::Object { fields, required, .. } => {
            number(out, fields.len());
            for (name, inner) in fields {
                number(out, strings.at(name));
                number(out, *inner);
            }
            number(out, required.len());
            required.iter().for_each(|name| number(out, strings.at(name)));
        }
        _ => {}
    }
}
