//! What sigs.k8s.io/yaml (v2 rules, lenient and strict) and go-yaml v3 read.

use hld_diag::FileId;
use hld_yaml::{Data, Dialect, ReadOptions, Value};
use serde_json::Value as Json;

use super::Case;

/// Compares each reading of a row's text.
pub(crate) fn check(row: &Json) -> Case {
    let name = row["id"].as_str().unwrap_or("?").to_owned();
    let text = row["yaml"].as_str().unwrap_or_default();
    let readings = [("v2", Dialect::V2, false), ("v2_strict", Dialect::V2, true), ("v3", Dialect::V3, false)];
    let wrong: Vec<String> = readings
        .into_iter()
        .filter_map(|(column, dialect, strict)| {
            let options = ReadOptions { dialect, strict, ..ReadOptions::default() };
            difference(row, column, text, &options).map(|what| format!("{column}: {what}"))
        })
        .collect();
    let result = if wrong.is_empty() { Ok(()) } else { Err(format!("{text}\n{}", wrong.join("\n"))) };
    (name, result)
}

fn difference(row: &Json, column: &str, text: &str, options: &ReadOptions) -> Option<String> {
    let error = row[format!("{column}_error")].as_str().filter(|error| !error.is_empty());
    match (error, hld_yaml::read(text, FileId::NONE, options)) {
        (Some(_), Err(_)) => None,
        (Some(error), Ok(_)) => Some(format!("read, but should fail: {error}")),
        (None, Err(error)) => Some(format!("failed: {}", error.go_text())),
        (None, Ok(read)) => {
            let ours = Json::Array(read.documents.iter().map(to_json).collect());
            let same = equal(&ours, &row[column]);
            (!same).then(|| format!("read   {ours}\nshould {}", row[column]))
        }
    }
}

/// The value as JSON.
fn to_json(value: &Value) -> Json {
    match &value.data {
        Data::Null => Json::Null,
        Data::Bool(value) => Json::Bool(*value),
        Data::Int(int) => Json::from(*int),
        Data::Uint(int) => Json::from(*int),
        Data::Float(float) => serde_json::Number::from_f64(*float).map_or(Json::Null, Json::Number),
        Data::String(text) => Json::String(text.clone()),
        Data::Seq(items) => Json::Array(items.iter().map(to_json).collect()),
        Data::Map(map) => {
            Json::Object(map.iter().map(|(key, value)| (key.to_owned(), to_json(value))).collect())
        }
    }
}

/// Whether two JSON values are the same: numbers by their value, `-0` as `0`.
fn equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => match (a.as_i128(), b.as_i128()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}
