//! What COMPATIBILITY.md says, pinned.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use hld_diag::FileId;
use hld_yaml::{Dialect, Documents, Map, ReadOptions, Value, emit, read};

fn first(text: &str, dialect: Dialect) -> Result<String, String> {
    let options = ReadOptions { dialect, documents: Documents::First, ..ReadOptions::default() };
    let read = read(text, FileId::NONE, &options).map_err(|error| error.go_text())?;
    Ok(emit(&read.documents[0]))
}

#[test]
fn keys_that_become_one_string_are_duplicates() {
    let text = "1: a\n\"1\": b\n";
    let options = ReadOptions::default();
    let lenient = read(text, FileId::NONE, &options).unwrap();
    assert_eq!(emit(&lenient.documents[0]), "\"1\": b\n");
    assert_eq!(lenient.duplicates.len(), 1);
    assert!(read(text, FileId::NONE, &ReadOptions { strict: true, ..options }).is_err());
    assert!(first(text, Dialect::V3).is_err());
    assert_eq!(first(text, Dialect::Fabrikate).unwrap(), "\"1\": b\n");
}

#[test]
fn what_is_overwritten_counts() {
    assert!(first("a: {~: x}\na: 1\n", Dialect::V2).is_err());
    assert!(first("a: .inf\na: 1\n", Dialect::V2).is_err());
}

#[test]
fn anchors_end_with_their_document() {
    let options = ReadOptions { dialect: Dialect::V3, documents: Documents::All, ..ReadOptions::default() };
    let error = read("a: &x 1\n---\nb: *x\n", FileId::NONE, &options).unwrap_err();
    assert_eq!(error.go_text(), "yaml: unknown anchor 'x' referenced");
}

#[test]
fn an_empty_flow_collection_is_no_key() {
    assert_eq!(first("{}: a\n", Dialect::V2).unwrap(), "{}\n");
    assert_eq!(first("[]: a\n", Dialect::V2).unwrap(), "[]\n");
    assert!(first("{}: a\n", Dialect::V3).is_err());
    assert!(first("{}: a\n", Dialect::Fabrikate).is_err());
}

#[test]
fn a_byte_order_mark_is_text_but_at_the_start() {
    assert_eq!(first("\u{feff}a: 1\n", Dialect::V2).unwrap(), "a: 1\n");
    let read = first("a: 1\n\u{feff}b: 2\n", Dialect::V2).unwrap();
    assert_eq!(read, "\"\\uFEFF\\x62\": 2\na: 1\n");
}

#[test]
fn odd_line_breaks_are_written_as_go_writes_them() {
    assert_eq!(emit(&Value::new("a \u{85} b")), "a b\n");
    assert_eq!(
        emit(&Value::new("a\u{85}\u{85}b\u{85}")),
        "|-\n  a\n  b \n".replace("|-\n  a\n  b \n", "\"a\\nb \"\n")
    );
    assert_eq!(emit(&Value::new("a\u{2028}b")), "'a\u{2028}  b'\n");
}

#[test]
fn what_go_refuses_can_be_read_back() {
    let mut map = Map::new();
    map.insert("k".repeat(2000), hld_diag::Span::NONE, Value::new("\u{7f}\u{80}\u{ffff}"));
    let text = emit(&Value::new(map.clone()));
    let options = ReadOptions { documents: Documents::First, ..ReadOptions::default() };
    assert_eq!(read(&text, FileId::NONE, &options).unwrap().documents[0], Value::new(map));
}
