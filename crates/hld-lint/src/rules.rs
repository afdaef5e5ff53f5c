//! Conditions on values that only custom resource definitions have.

use hld_yaml::{Data, Value};
use regex::Regex;

use crate::schema::Id;

/// Conditions besides the type (apiextensions, `JSONSchemaProps`).
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// `enum`.
    pub(crate) allowed: Option<Vec<Value>>,
    pub(crate) pattern: Option<Regex>,
    pub(crate) minimum: Option<Bound>,
    pub(crate) maximum: Option<Bound>,
    pub(crate) multiple_of: Option<f64>,
    /// Characters of a text, items of a list, entries of a map: the least and the most.
    pub(crate) size: Size,
    pub(crate) all_of: Vec<Id>,
    pub(crate) any_of: Vec<Id>,
    pub(crate) one_of: Vec<Id>,
    pub(crate) not: Option<Id>,
}

/// A bound of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) at: f64,
    pub(crate) is_exclusive: bool,
}

/// Bounds of sizes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    pub(crate) text: (Option<u64>, Option<u64>),
    pub(crate) list: (Option<u64>, Option<u64>),
    pub(crate) map: (Option<u64>, Option<u64>),
}

impl Rules {
    /// How many steps it takes at most to say so.
    pub(crate) fn cost(&self, value: &Value) -> usize {
        let n_allowed = self.allowed.as_ref().map_or(0, Vec::len);
        let text = value.as_str().map_or(0, str::len);
        let per_byte = self.pattern.as_ref().map_or(0, |pattern| pattern.as_str().len() / 16 + 1);
        n_allowed + text.saturating_mul(per_byte)
    }

    /// What a value alone has against it: what it must be, never what it is.
    pub(crate) fn problems(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(allowed) = &self.allowed
            && !allowed.contains(value)
        {
            found.push(format!("must be {}", one_of(allowed)));
        }
        match &value.data {
            Data::String(text) => self.text(text, &mut found),
            Data::Int(_) | Data::Uint(_) | Data::Float(_) => self.number(number(value), &mut found),
            Data::Seq(items) => within(items.len(), self.size.list, ("item", &mut found)),
            Data::Map(map) => within(map.len(), self.size.map, ("entry", &mut found)),
            Data::Null | Data::Bool(_) => {}
        }
        found
    }

    fn text(&self, text: &str, found: &mut Vec<String>) {
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
            found.push(format!("must match the pattern `{}`", pattern.as_str()));
        }
        within(text.chars().count(), self.size.text, ("character", found));
    }

    fn number(&self, number: f64, found: &mut Vec<String>) {
        if let Some(Bound { at, is_exclusive }) = self.minimum
            && (number < at || is_exclusive && number <= at)
        {
            found.push(format!("must be {}{at}", if is_exclusive { "more than " } else { "at least " }));
        }
        if let Some(Bound { at, is_exclusive }) = self.maximum
            && (number > at || is_exclusive && number >= at)
        {
            found.push(format!("must be {}{at}", if is_exclusive { "less than " } else { "at most " }));
        }
        if let Some(step) = self.multiple_of.filter(|step| *step > 0.0 && (number / step).fract() != 0.0) {
            found.push(format!("must be a multiple of {step}"));
        }
    }
}

/// The number, as JSON Schema compares it.
#[allow(clippy::cast_precision_loss, reason = "JSON's numbers are 64-bit floats")]
fn number(value: &Value) -> f64 {
    match value.data {
        Data::Int(number) => number as f64,
        Data::Uint(number) => number as f64,
        Data::Float(number) => number,
        _ => f64::NAN,
    }
}

fn within(n: usize, (least, most): (Option<u64>, Option<u64>), (word, found): (&str, &mut Vec<String>)) {
    let n = n as u64;
    let words = |bound: u64| match (bound, word) {
        (1, _) => format!("1 {word}"),
        (_, "entry") => format!("{bound} entries"),
        _ => format!("{bound} {word}s"),
    };
    if let Some(least) = least.filter(|least| n < *least) {
        found.push(format!("must have at least {}", words(least)));
    }
    if let Some(most) = most.filter(|most| n > *most) {
        found.push(format!("must have at most {}", words(most)));
    }
}

/// Most values of an enumeration that a message lists.
const MOST_LISTED: usize = 12;

/// The values that a schema allows: they are the schema's, not the manifest's.
fn one_of(allowed: &[Value]) -> String {
    let shown = allowed.iter().take(MOST_LISTED).map(|value| match &value.data {
        Data::String(text) => format!("`{text}`"),
        Data::Bool(value) => format!("`{value}`"),
        Data::Int(number) => format!("`{number}`"),
        Data::Uint(number) => format!("`{number}`"),
        Data::Float(number) => format!("`{number}`"),
        Data::Null => "null".to_owned(),
        Data::Seq(_) | Data::Map(_) => value.type_name().to_owned(),
    });
    let list = shown.collect::<Vec<_>>().join(", ");
    match allowed.len() {
        0 => "absent: no value is allowed".to_owned(),
        1 => list,
        n if n > MOST_LISTED => format!("one of {list} and {} more", n - MOST_LISTED),
        _ => format!("one of {list}"),
    }
}
