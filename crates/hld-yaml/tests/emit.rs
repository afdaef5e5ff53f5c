//! What is written, where the recorded answers beside the repository do not show it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use hld_yaml::{Data, Value, emit};

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(emit(&Value::new(text)), expected, "{text:?}");
}

#[test]
fn strings_that_mean_something_else_are_quoted() {
    for text in [
        "yes",
        "No",
        "on",
        "y",
        "~",
        "null",
        "1",
        "0x1F",
        "1_000",
        "1e3",
        "5.",
        ".5",
        ".inf",
        "12:30",
        "2001-01-01",
    ] {
        check(text, &format!("\"{text}\"\n"));
    }
    for text in ["yEs", "nan", "0o9", "1.2.3", "a:b", "a#b", "-a", "?a", "=", "12:60:99", "1-1-1"] {
        check(text, &format!("{text}\n"));
    }
    check("", "\"\"\n");
    // As Go has it; as a key it would be read as a merge.
    check("<<", "<<\n");
    for text in
        ["- a", "a: b", "a #b", "#a", " a", "a ", "[a", "*a", "%a", "@a", "`a", "|", "a:", "? ", "---", "..."]
    {
        check(text, &format!("'{text}'\n"));
    }
}

#[test]
fn characters_that_cannot_stand_are_escaped() {
    check("a\tb", "\"a\\tb\"\n");
    check("\u{1f600}", "\"\\U0001F600\"\n");
    check("a\u{7f}\0\u{9f}", "\"a\\x7F\\0\\x9F\"\n");
    check("é\u{e000}", "é\u{e000}\n");
    check("a \nb", "\"a \\nb\"\n");
}

#[test]
fn lines_become_block_scalars() {
    check("a\nb", "|-\n  a\n  b\n");
    check("a\nb\n", "|\n  a\n  b\n");
    check("a\n\n", "|+\n  a\n\n");
    check("\na", "|2-\n\n  a\n");
    check("  a\nb\n", "|2\n    a\n  b\n");
    check("\n", "|2+\n\n");
}

#[test]
fn keys_are_sorted_naturally() {
    let keys = ["b", "a10", "a2", "a", "B", "_", "1", "10", "2", "a-b", "a.b", "ab"];
    let map: hld_yaml::Map = keys.into_iter().map(|key| (key, Value::new(1))).collect();
    let text = emit(&Value::new(map));
    let order: Vec<&str> = text.lines().map(|line| line.trim_end_matches(": 1").trim_matches('"')).collect();
    assert_eq!(order, ["_", "1", "2", "10", "B", "a", "a-b", "a.b", "a2", "a10", "ab", "b"]);
}

#[test]
fn floats_go_through_json() {
    let rows = [
        (1.0, "1"),
        (-0.0, "0"),
        (1e6, "1000000"),
        (1234567.5, "1.2345675e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (1e20, "1e+20"),
        (1e19, "10000000000000000000"),
        (1e300, "1e+300"),
        (256_118_116_984_104.13, "2.5611811698410412e+14"),
        (f64::INFINITY, ".inf"),
        (f64::NAN, ".nan"),
    ];
    for (float, expected) in rows {
        assert_eq!(emit(&Value::new(float)), format!("{expected}\n"));
    }
    assert_eq!(emit(&Value::new(Data::Uint(u64::MAX))), "18446744073709551615\n");
}

#[test]
fn long_lines_are_folded_at_eighty_columns() {
    let text = "word ".repeat(30).trim_end().to_owned();
    let map: hld_yaml::Map = [("key", Value::new(text.as_str()))].into_iter().collect();
    let written = emit(&Value::new(map));
    assert_eq!(written.lines().map(str::len).collect::<Vec<_>>(), [84, 71]);
    let long_key: hld_yaml::Map = [("k".repeat(129).as_str(), Value::new(1))].into_iter().collect();
    assert_eq!(emit(&Value::new(long_key)), format!("? {}\n: 1\n", "k".repeat(129)));
}

#[test]
fn collections_stand_as_go_writes_them() {
    let read = |text| {
        hld_yaml::read(text, hld_diag::FileId::NONE, &hld_yaml::ReadOptions::default())
            .unwrap()
            .documents
            .remove(0)
    };
    for text in [
        "a: []\nb: {}\nc:\n- - 1\n  - 2\n- a: 1\n  b:\n  - x\n- []\n",
        "- - - a\n- {}\n- null\n",
        "a:\n  b:\n  - c:\n    - d\n",
        "[]\n",
        "{}\n",
        "null\n",
        "? |\n  a\n  b\n: - 1\n  - 2\n",
        "? |\n  a\n: a: 1\n  b: 2\n",
    ] {
        assert_eq!(emit(&read(text)), text);
    }
}
