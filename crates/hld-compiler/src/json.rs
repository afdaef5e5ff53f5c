//! YAML values as JSON.

use hld_yaml::{Data, Value};

/// The same value as JSON. Numbers that JSON does not know, infinities and NaN, become null.
#[must_use]
pub fn from_yaml(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match &value.data {
        Data::Null => Json::Null,
        Data::Bool(value) => Json::from(*value),
        Data::Int(value) => Json::from(*value),
        Data::Uint(value) => Json::from(*value),
        Data::Float(value) => Json::from(*value),
        Data::String(text) => Json::from(text.as_str()),
        Data::Seq(items) => items.iter().map(from_yaml).collect(),
        Data::Map(map) => map.iter().map(|(key, value)| (key.to_owned(), from_yaml(value))).collect(),
    }
}
