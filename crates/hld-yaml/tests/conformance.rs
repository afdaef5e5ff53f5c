//! The answers of the real programs that are recorded beside the repository, where it has them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "reads recorded answers, and says where there are none"
)]

use std::path::{Path, PathBuf};

use hld_diag::FileId;
use hld_yaml::{Data, Dialect, Map, ReadOptions, Value, emit, read};
use serde_json::Value as Json;

/// The rows of a recorded file; none where the file is not there.
fn rows(name: &str) -> Vec<Json> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance").join(name);
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("conformance data: not present");
        return Vec::new();
    };
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn value(json: &Json) -> Value {
    Value::new(match json {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Data::Int(int),
            (None, Some(int)) => Data::Uint(int),
            (None, None) => Data::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => Data::String(text.clone()),
        Json::Array(items) => Data::Seq(items.iter().map(value).collect()),
        Json::Object(entries) => {
            Data::Map(entries.iter().map(|(key, entry)| (key.as_str(), value(entry))).collect::<Map>())
        }
    })
}

#[test]
fn texts_are_read_as_the_real_programs_read_them() {
    for row in rows("yaml-parse.jsonl") {
        let text = row["yaml"].as_str().unwrap();
        for (column, dialect, strict) in
            [("v2", Dialect::V2, false), ("v2_strict", Dialect::V2, true), ("v3", Dialect::V3, false)]
        {
            let failed = !row[format!("{column}_error")].as_str().unwrap_or_default().is_empty();
            let options = ReadOptions { dialect, strict, ..ReadOptions::default() };
            let ours = read(text, FileId::NONE, &options);
            assert_eq!(ours.is_err(), failed, "{} {column}: {ours:?}", row["id"]);
            if let Ok(ours) = ours {
                // Written again, an integer and the float of its value are the same.
                let ours: Vec<String> = ours.documents.iter().map(emit).collect();
                let theirs: Vec<String> =
                    row[column].as_array().unwrap().iter().map(|d| emit(&value(d))).collect();
                assert_eq!(ours, theirs, "{} {column}", row["id"]);
            }
        }
    }
}

#[test]
fn values_are_written_as_the_real_program_writes_them() {
    for row in rows("yaml-emit.jsonl") {
        assert_eq!(emit(&value(&row["value"])), row["yaml"].as_str().unwrap());
    }
}
