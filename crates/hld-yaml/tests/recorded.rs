//! Texts of our own making, and what the real readers said of them: values and errors.
//!
//! `crates/xtask/go/yamlrecord` records the answers anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use hld_diag::FileId;
use hld_yaml::{Data, Dialect, Documents, ReadOptions, Value, read};
use serde_json::Value as Json;

const ROWS: &str = include_str!("recorded/read.jsonl");

#[test]
fn texts_are_read_as_the_real_readers_read_them() {
    for line in ROWS.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        check(&row, "v2", Dialect::V2, false);
        check(&row, "v2_strict", Dialect::V2, true);
        check(&row, "v3", Dialect::V3, false);
        check(&row, "fabrikate", Dialect::Fabrikate, false);
    }
}

fn check(row: &Json, column: &str, dialect: Dialect, strict: bool) {
    let text = row["yaml"].as_str().unwrap();
    let options = ReadOptions { dialect, strict, documents: Documents::First, ..ReadOptions::default() };
    let ours = read(text, FileId::NONE, &options);
    let theirs = &row[column];
    match (ours, theirs["error"].as_str()) {
        (Ok(read), None) => {
            let ours = to_json(&read.documents[0]);
            assert!(same(&ours, &theirs["value"]), "{text:?} {column}: {ours} instead of {theirs}");
        }
        (Err(error), Some(words)) => {
            assert!(
                error.go_text() == words || has_values(words),
                "{text:?} {column}: {error:?} for {words}"
            );
        }
        (ours, _) => panic!("{text:?} {column}: {ours:?} instead of {theirs}"),
    }
}

/// Errors in which Go shows values of the text, as ours never do.
fn has_values(words: &str) -> bool {
    ["cannot decode", "invalid map key", "unsupported map key", "cannot unmarshal"]
        .iter()
        .any(|start| words.contains(start))
}

fn to_json(value: &Value) -> Json {
    match &value.data {
        Data::Null => Json::Null,
        Data::Bool(value) => Json::Bool(*value),
        Data::Int(int) => Json::from(*int),
        Data::Uint(int) => Json::from(*int),
        Data::Float(float) if float.is_nan() => Json::from("NaN"),
        Data::Float(float) if float.is_infinite() => Json::from(if *float > 0.0 { "+Inf" } else { "-Inf" }),
        Data::Float(float) => Json::from(*float),
        Data::String(text) => Json::String(text.clone()),
        Data::Seq(items) => items.iter().map(to_json).collect(),
        Data::Map(map) => map.iter().map(|(key, value)| (key.to_owned(), to_json(value))).collect(),
    }
}

/// Whether two JSON values are the same. Numbers count by their value, of which the JSON parser may get
/// the last bit wrong.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => match (a.as_i128(), b.as_i128()) {
            (Some(a), Some(b)) => a == b,
            _ => {
                let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
                (a - b).abs() <= a.abs() * f64::EPSILON
            }
        },
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
