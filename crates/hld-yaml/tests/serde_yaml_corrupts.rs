//! Why this crate exists: serde_yaml writes strings that Kubernetes reads as something else.
//!
//! This is the only place that knows serde_yaml; it writes nothing that anybody keeps.

use hld_diag::FileId;
use hld_yaml::{Data, Documents, ReadOptions, Value, emit, read};

const STRINGS: &[&str] = &[
    "yes",
    "Yes",
    "YES",
    "no",
    "No",
    "NO",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "OFF",
    "y",
    "Y",
    "n",
    "N",
    "1_000",
    "0_7",
    "1__0",
    "+1_0",
    "0b1_0",
    "1_000.5",
    "true",
    "~",
    "1.5",
    "0x1F",
    "0777",
    "12:30",
    "2001-01-01",
    "text",
    "",
    "<<",
];

/// The string as Kubernetes reads `text`, if it reads a string.
fn as_kubernetes_reads(text: &str) -> Option<String> {
    let options = ReadOptions { documents: Documents::First, ..ReadOptions::default() };
    match read(text, FileId::NONE, &options).ok()?.documents.remove(0).data {
        Data::String(text) => Some(text),
        _ => None,
    }
}

#[test]
fn serde_yaml_turns_strings_into_other_values_and_we_do_not() {
    let survives = |text: &str, written: &str| as_kubernetes_reads(written).as_deref() == Some(text);
    let corrupted: Vec<&str> = STRINGS
        .iter()
        .copied()
        .filter(|text| !survives(text, &serde_yaml::to_string(text).expect("a string can be written")))
        .collect();
    assert!(corrupted.len() >= 20, "{corrupted:?}");
    for text in ["yes", "on", "y", "1_000"] {
        assert!(corrupted.contains(&text), "{text}");
    }
    for text in STRINGS {
        assert!(survives(text, &emit(&Value::new(*text))), "{text}");
    }
}
