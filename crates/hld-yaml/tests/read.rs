//! What texts mean.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use hld_diag::FileId;
use hld_yaml::{Data, Dialect, Documents, ReadOptions, Value, emit, read};

fn options(dialect: Dialect) -> ReadOptions {
    ReadOptions { dialect, documents: Documents::First, ..ReadOptions::default() }
}

/// The document as it is written again, on one line if it is a scalar.
fn meaning(text: &str, dialect: Dialect) -> String {
    match read(text, FileId::NONE, &options(dialect)) {
        Ok(read) => emit(&read.documents[0]).trim_end().to_owned(),
        Err(error) => error.go_text(),
    }
}

#[test]
fn fabrikate_reads_by_source_text() {
    let rows = [
        ("1e3", "\"1e3\""),
        ("5.", "\"5.\""),
        ("1.5e+3", "1500"),
        ("1_000", "1000"),
        ("0777", "511"),
        ("0o14", "12"),
        ("08", "8"),
        ("yes", "true"),
        ("tRUE", "tRUE"),
        ("12:30", "\"12:30\""),
        ("2001-01-01", "\"2001-01-01\""),
        (".inf", ".inf"),
        ("123456789012345678901234567890", "1.2345678901234568e+29"),
        ("!foo 12", "\"12\""),
        ("!!binary aGk=", "hi"),
        ("{1: a, true: b, no: c, ~: d, 1.50: e}", "\"\": d\n\"1\": a\n\"1.50\": e\n\"no\": c\n\"true\": b"),
        ("{a: 1, a: 2}", "a: 2"),
    ];
    for (text, expected) in rows {
        assert_eq!(meaning(text, Dialect::Fabrikate), expected, "{text}");
    }
}

#[test]
fn the_dialects_differ_where_they_should() {
    let rows = [
        ("yes", "true", "\"yes\""),
        ("{on: 1}", "\"true\": 1", "\"on\": 1"),
        ("0o17", "15", "15"),
        ("1e3", "1000", "1000"),
        ("2001-01-01", "\"2001-01-01\"", "\"2001-01-01T00:00:00Z\""),
        (
            "2001-12-14t21:59:43.10-05:00",
            "\"2001-12-14t21:59:43.10-05:00\"",
            "\"2001-12-14T21:59:43.1-05:00\"",
        ),
        ("{1234567.891: a}", "\"1.2345679e+06\": a", "\"1.234567891e+06\": a"),
        ("{~: a}", "yaml: unsupported map key of type: %!s(<nil>), key: <nil>", "<nil>: a"),
        (
            "{18446744073709551615: a}",
            "yaml: unsupported map key of type: uint64",
            "\"18446744073709551615\": a",
        ),
        ("! 12", "\"12\"", "12"),
        ("!!bool yes", "true", "yaml: cannot decode !!str `...` as a !!bool"),
        (".inf", "json: unsupported value: +Inf", "json: unsupported value: +Inf"),
    ];
    for (text, v2, v3) in rows {
        assert_eq!(meaning(text, Dialect::V2), v2, "{text}");
        assert_eq!(meaning(text, Dialect::V3), v3, "{text}");
    }
}

#[test]
fn values_know_where_they_were_written() {
    let text = "a:\n  b: \"x\"\nc: &c [1]\nd: *c\n";
    let read = read(text, FileId::NONE, &options(Dialect::V2)).unwrap();
    let source = |value: &Value| &text[value.span.start as usize..value.span.end as usize];
    let root = &read.documents[0];
    assert_eq!(source(root.get("a").unwrap().get("b").unwrap()), "\"x\"");
    // Through an alias, the place of the anchor.
    assert_eq!(source(root.get("d").unwrap()), "&c [1]");
    let key = root.as_map().unwrap().key_span("d").unwrap();
    assert_eq!(&text[key.start as usize..key.end as usize], "d");
}

#[test]
fn duplicate_keys_are_named_or_refused() {
    let text = "a: 1\nm:\n  b: 1\n  b: 2\na: 3\n";
    let lenient = read(text, FileId::NONE, &options(Dialect::V2)).unwrap();
    let found: Vec<_> =
        lenient.duplicates.iter().map(|d| (d.key.as_str(), d.first.start, d.second.start)).collect();
    assert_eq!(found, [("b", 10, 17), ("a", 0, 22)]);
    assert_eq!(emit(&lenient.documents[0]), "a: 3\nm:\n  b: 2\n");
    let strict = ReadOptions { strict: true, ..options(Dialect::V2) };
    let error = read(text, FileId::NONE, &strict).unwrap_err();
    let words = "yaml: unmarshal errors:\n  line 4: key \"b\" already set in map\n  line 5: key \"a\" already set in map";
    assert_eq!(error.go_text(), words);
    assert_eq!(error.to_diagnostic().message, "key `b` stands twice in this map");
    // What a merge brings is no key that stands twice.
    let merged = "x: &x {k: 1}\ny: {<<: *x, k: 2}\n";
    assert_eq!(read(merged, FileId::NONE, &options(Dialect::V2)).unwrap().duplicates, []);
}

#[test]
fn a_stream_is_cut_at_its_separators() {
    let texts = |text: &str, documents| {
        let options = ReadOptions { documents, ..ReadOptions::default() };
        let read = read(text, FileId::NONE, &options).unwrap();
        let ignored = read.ignored.iter().map(|span| text[span.start as usize..span.end as usize].to_owned());
        (
            read.documents.iter().map(|d| emit(d).trim_end().to_owned()).collect::<Vec<_>>(),
            ignored.collect::<Vec<_>>(),
        )
    };
    let text = "a: 1\n--- # Source: x\nb: 2\n--- {c: 3}\n";
    assert_eq!(
        texts(text, Documents::Stream),
        (vec!["a: 1".into(), "b: 2".into()], vec!["--- {c: 3}\n".into()])
    );
    assert_eq!(texts(text, Documents::All).0, ["a: 1", "b: 2", "c: 3"]);
    assert_eq!(texts(text, Documents::First).0, ["a: 1"]);
    assert_eq!(texts("", Documents::Stream).0, [""; 0]);
    assert_eq!(texts("", Documents::First).0, ["null"]);
    assert_eq!(texts("---\n---\n# c\n---\na: 1\n---\n", Documents::Stream).0, ["null", "a: 1"]);
}

#[test]
fn byte_order_marks_and_carriage_returns_change_nothing() {
    let lf = "a: 1\nb: |\n  x\n  y\nc: >-\n  x\n  y\nd: \"x\n  y\"\n";
    let expected = meaning(lf, Dialect::V2);
    assert_eq!(meaning(&lf.replace('\n', "\r\n"), Dialect::V2), expected);
    assert_eq!(meaning(&format!("\u{feff}{lf}"), Dialect::V2), expected);
    for (mark, unit) in
        [([0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xfe, 0xff], u16::to_be_bytes)]
    {
        let units = lf.encode_utf16().flat_map(unit);
        let bytes: Vec<u8> = mark.into_iter().chain(units).collect();
        let text = hld_yaml::decode(&bytes, FileId::NONE).unwrap();
        assert_eq!(meaning(&text, Dialect::V2), expected);
    }
}

#[test]
fn json_is_read_as_go_reads_it() {
    let limits = hld_yaml::Limits::default();
    let json = |text: &str| match hld_yaml::read_json(text, FileId::NONE, &limits) {
        Ok(value) => emit(&value).trim_end().to_owned(),
        Err(error) => error.go_text(),
    };
    let rows = [
        (r#"{"b": [1, 2.5, -0], "a": {"x": null}}"#, "a:\n  x: null\nb:\n- 1\n- 2.5\n- 0"),
        (r#""\/\ud83d\ude00\ud800x\u00e9""#, "\"/\\U0001F600\u{fffd}x\u{e9}\""),
        (r#"{"a": 1, "a": 2}"#, "a: 2"),
        ("12345678901234567890", "12345678901234567000"),
        ("", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("{a: 1}", "invalid character 'a' looking for beginning of object key string"),
        ("{\"a\" 1}", "invalid character '1' after object key"),
        ("{\"a\": 1 \"b\"}", "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("1 2", "invalid character '2' after top-level value"),
        ("nulL", "invalid character 'L' in literal null (expecting 'l')"),
        ("01", "invalid character '1' after top-level value"),
        ("-", "unexpected end of JSON input"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("\"a\nb\"", "invalid character '\\n' in string literal"),
        ("\"\\q\"", "invalid character 'q' in string escape code"),
        ("1e999", "json: cannot unmarshal number into Go value of type float64"),
    ];
    for (text, expected) in rows {
        assert_eq!(json(text), expected, "{text}");
    }
    let value = hld_yaml::read_json("{\"a\": 10000000}", FileId::NONE, &limits).unwrap();
    assert_eq!(value.get("a").unwrap().data, Data::Float(1e7));
}
