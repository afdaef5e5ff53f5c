//! Properties that hold for every value and every text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use hld_diag::FileId;
use hld_yaml::{
    Data, Dialect, Documents, Limits, Map, ReadOptions, Value, emit, parse, read, read_json, scan,
};
use proptest::prelude::*;

/// Values without what Go itself does not write as it reads it: the key `<<`, and line breaks other
/// than LF and CR.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~]{0,20}",
        "[a-z :#'\"\\\\\n\t-]{0,120}",
        "(?s)\\PC{0,12}",
        "(yes|no|on|off|y|n|~|null|true|0x1F|1e3|1_000|12:30|2001-01-01|=|-|\\.\\.\\.|---|\\.inf)",
    ];
    let text = text.prop_filter("Go does not read these as it writes them", |text| {
        text != "<<" && !text.contains(['\u{85}', '\u{2028}', '\u{2029}'])
    });
    let leaf = prop_oneof![
        Just(Data::Null),
        any::<bool>().prop_map(Data::Bool),
        any::<i64>().prop_map(Data::Int),
        (i64::MAX as u64 + 1..).prop_map(Data::Uint),
        text.clone().prop_map(Data::String),
    ];
    leaf.prop_map(Value::new).prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::new),
            prop::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|entries| Value::new(entries.into_iter().collect::<Map>())),
        ]
    })
}

fn options(dialect: Dialect) -> ReadOptions {
    ReadOptions { dialect, documents: Documents::First, ..ReadOptions::default() }
}

/// Reads a text in every way there is.
fn read_all_ways(text: &str) {
    for dialect in [Dialect::V2, Dialect::V3, Dialect::Fabrikate] {
        for documents in [Documents::First, Documents::All, Documents::Stream] {
            let options = ReadOptions { dialect, documents, strict: true, ..ReadOptions::default() };
            if let Err(error) = read(text, FileId::NONE, &options) {
                let _ = (error.go_text(), error.to_diagnostic());
            }
        }
    }
    if let Ok(documents) = parse(text, FileId::NONE, &Limits::default()) {
        documents.iter().for_each(|document| drop(document.root().to_value(&ReadOptions::default())));
    }
    if let Ok(ranges) = scan(text, FileId::NONE, &Limits::default()) {
        let mut at = 0;
        for range in ranges {
            assert_eq!(range.span.start, at, "documents lie side by side");
            at = range.span.end;
        }
    }
    let _ = read_json(text, FileId::NONE, &Limits::default());
    let _ = hld_yaml::edit::set(text, &["a", "b"], &Value::new("x"));
    let _ = hld_yaml::edit::remove(text, &["a"]);
    let _ = hld_yaml::edit::remove_item(text, &["a"], "b");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_is_emitted_reads_as_it_was(value in value()) {
        let text = emit(&value);
        for dialect in [Dialect::V2, Dialect::V3] {
            let read = read(&text, FileId::NONE, &options(dialect));
            prop_assert_eq!(&read.unwrap().documents[0], &value, "{:?}\n{}", dialect, text);
        }
    }

    #[test]
    fn what_is_emitted_is_emitted_again(value in value()) {
        let text = emit(&value);
        let again = read(&text, FileId::NONE, &options(Dialect::V2)).unwrap();
        prop_assert_eq!(emit(&again.documents[0]), text);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(text) = hld_yaml::decode(&bytes, FileId::NONE) {
            read_all_ways(&text);
        }
        read_all_ways(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_pieces_of_yaml_never_panic(pieces in prop::collection::vec(piece(), 0..24)) {
        let text = pieces.concat();
        std::thread::Builder::new().stack_size(1 << 20).spawn(move || read_all_ways(&text)).unwrap().join().unwrap();
    }

    #[test]
    fn an_edit_sets_just_what_it_should(entries in value(), text in "[ -~]{0,30}") {
        let before = emit(&entries);
        if let Ok(after) = hld_yaml::edit::set(&before, &["new", "key"], &Value::new(text.as_str())) {
            let read = read(&after, FileId::NONE, &options(Dialect::V2)).unwrap();
            let set = read.documents[0].get("new").and_then(|new| new.get("key"));
            prop_assert_eq!(set.and_then(Value::as_str), Some(text.as_str()));
        }
    }
}

/// What texts are made of.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b: ",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "'",
        "\"",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "? ",
        "&a ",
        "*a",
        "!!str ",
        "! ",
        "!<x>",
        "!!binary ",
        "|",
        ">-",
        "|2+",
        "<<: ",
        "#c",
        " # c\n",
        "\t",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "%TAG ! x\n",
        "\\",
        "\\x4",
        "\\u00e9",
        "~",
        "0x1",
        "1e3",
        ".inf",
        "2001-01-01",
        "é",
        "\u{feff}",
        "\u{2028}",
        "\u{85}",
        "\r\n",
        "\r",
        "\u{1}",
        "\u{1f600}",
        "%",
        "@",
        "`",
        "name: ",
        "a:\n- name: b\n",
    ])
}
