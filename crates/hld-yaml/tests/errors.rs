//! Errors: Go's words and lines, the exact place, hints, and no secrets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use hld_diag::FileId;
use hld_yaml::{Dialect, Documents, Error, ErrorKind, Limits, ReadOptions, decode, read};

fn error(text: &str, dialect: Dialect) -> Error {
    let options = ReadOptions { dialect, documents: Documents::First, ..ReadOptions::default() };
    read(text, FileId::NONE, &options).unwrap_err()
}

#[test]
fn go_names_the_lines() {
    // Recorded from go-yaml v2 and v3.
    let rows = [
        ("a: b: c\n", "yaml: mapping values are not allowed in this context", ""),
        ("a: 1\nb: c: d\n", "yaml: line 2: mapping values are not allowed in this context", ""),
        ("a:\n\tb: 1\n", "yaml: line 2: found character that cannot start any token", ""),
        ("a: [1, 2\n", "yaml: line 1: did not find expected ',' or ']'", ""),
        (
            "a: 'x\n",
            "yaml: line 2: found unexpected end of stream",
            "yaml: line 2: found unexpected end of stream",
        ),
        ("a:1\nb: 2\n", "yaml: line 2: mapping values are not allowed in this context", ""),
        ("a: 1\n b: 2\n", "yaml: line 2: mapping values are not allowed in this context", ""),
        ("a:\n  - b\n c: 1\n", "yaml: line 2: did not find expected key", ""),
        ("a: *x\n", "yaml: unknown anchor 'x' referenced", ""),
        (
            "- a\nb\n",
            "yaml: line 3: could not find expected ':'",
            "yaml: line 2: could not find expected ':'",
        ),
        ("a: \u{1}\n", "yaml: control characters are not allowed", ""),
        ("a: {{ .x }}\n", "yaml: invalid map key: a map", ""),
    ];
    for (text, v2, v3) in rows {
        assert_eq!(error(text, Dialect::V2).go_text(), v2, "{text:?}");
        assert_eq!(error(text, Dialect::V3).go_text(), if v3.is_empty() { v2 } else { v3 }, "{text:?}");
    }
}

#[test]
fn an_error_points_at_the_place_and_says_what_to_do() {
    #[track_caller]
    fn check(text: &str, at: &str, hint: &str) {
        let error = error(text, Dialect::V2);
        let (start, end) = (error.span.start as usize, error.span.end as usize);
        assert_eq!(&text[start..end], at, "{text:?}");
        let diagnostic = error.to_diagnostic();
        assert_eq!(diagnostic.code, hld_diag::YAML_SYNTAX);
        assert!(
            diagnostic.hints.iter().any(|found| found.contains(hint)),
            "{text:?}: {:?}",
            diagnostic.hints
        );
    }
    check("a:\n\tb: 1\n", "\t", "replace the tab by spaces");
    check("a:1\nb: 2\n", ":", "put a space behind the colon of the line above");
    check("a: b: c\n", ":", "in quotes");
    check("a: 'x\n", "", "a quote was opened");
    check("a: [1, 2\nb: 1\n", ":", "close the list with `]`");
    check("a: {x: 1\n", "", "close the map with `}`");
    check("{{ if .x }}\na: 1\n", "{", "`{{` is not YAML");
    check("a: @x\n", "@", "needs quotes");
    check("a: */5 * * *\n", "/", "needs quotes");
    check("a: \"\\d\"\n", "\\", "single quotes");
    check("a:\n  b: 1\n c: 2\n", "c", "check the indentation");
}

#[test]
fn an_error_contains_no_value() {
    for text in [
        "a: !!int s3cret\n",
        "a: !!bool s3cret\n",
        "a: !!binary s3cret\n",
        "{[s3cret]: x}\n",
        "a: s3cret: x\n",
    ] {
        for dialect in [Dialect::V2, Dialect::V3, Dialect::Fabrikate] {
            let error = error(text, dialect);
            let all = format!("{error} {error:?} {} {:?}", error.go_text(), error.to_diagnostic());
            assert!(!all.contains("s3cret"), "{all}");
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_offset() {
    let rows: [(&[u8], &str, u32); 9] = [
        (b"a: \xff", "invalid leading UTF-8 octet", 3),
        (b"0: [:!00 \xef", "incomplete UTF-8 octet sequence", 9),
        (b"ab\xc3(", "invalid trailing UTF-8 octet", 2),
        (b"\xc0\x80", "invalid length of a UTF-8 sequence", 0),
        (b"\xed\xa0\x80", "invalid Unicode character", 0),
        (b"\xff\xfea", "incomplete UTF-16 character", 2),
        (b"\xff\xfe\x00\xdc", "unexpected low surrogate area", 2),
        (b"\xff\xfe\x00\xd8a\x00", "expected low surrogate area", 4),
        (b"\xff\xfe\x00\xd8", "incomplete UTF-16 surrogate pair", 2),
    ];
    for (bytes, message, offset) in rows {
        let error = decode(bytes, FileId::NONE).unwrap_err();
        assert_eq!((error.message.as_ref(), error.span.start), (message, offset), "{bytes:?}");
        assert_eq!(error.to_diagnostic().code, hld_diag::ENCODING);
        assert_eq!(error.go_text(), format!("yaml: {message}"));
    }
    let nul = error("a: \0\n", Dialect::V2);
    assert_eq!((nul.kind, nul.span.start), (ErrorKind::Encoding, 3));
}

#[test]
fn a_reached_limit_names_itself_and_its_value() {
    let limits = Limits { bytes: 10, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let error = read("a: 1234567890\n", FileId::NONE, &options).unwrap_err();
    assert_eq!(error.to_string(), "text has 14 bytes, the limit is 10");
    assert_eq!(error.to_diagnostic().code, hld_diag::READER_LIMIT);
}
