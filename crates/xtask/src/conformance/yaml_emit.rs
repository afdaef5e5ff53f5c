//! What sigs.k8s.io/yaml writes, byte for byte.

use hld_diag::Span;
use hld_yaml::{Data, Map, Value};
use serde_json::Value as Json;

use super::Case;

/// Compares the text of a row's value.
pub(crate) fn check(row: &Json) -> Case {
    let ours = hld_yaml::emit(&from_json(&row["value"]));
    let theirs = row["yaml"].as_str().unwrap_or_default();
    let result = if ours == theirs { Ok(()) } else { Err(format!("wrote  {ours:?}\nshould {theirs:?}")) };
    (row["value"].to_string(), result)
}

/// The value of a JSON value: integers stay integers.
fn from_json(json: &Json) -> Value {
    let data = match json {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Data::Int(int),
            (None, Some(int)) => Data::Uint(int),
            (None, None) => Data::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Data::String(text.clone()),
        Json::Array(items) => Data::Seq(items.iter().map(from_json).collect()),
        Json::Object(entries) => {
            Data::Map(entries.iter().map(|(key, value)| (key.as_str(), from_json(value))).collect::<Map>())
        }
    };
    Value { data, span: Span::NONE }
}
