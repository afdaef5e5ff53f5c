//! Every diagnostic code is raised somewhere.

use crate::{rust_files, sources};

/// Codes that nothing raises, and why they are there.
const NOT_RAISED: &[(&str, &str)] = &[];

#[test]
fn every_code_is_raised_or_has_a_reason() {
    let table = hld_testkit::repository().join("crates/hld-diag/src/codes.rs");
    let text = std::fs::read_to_string(&table).unwrap();
    let names = text.lines().filter_map(|line| line.trim().split_once(" = \"").map(|(name, _)| name));
    let names: Vec<&str> =
        names.filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_')).collect();
    assert_eq!(names.len(), hld_diag::Code::all().count(), "the table is read wrongly");
    let files = sources().iter().flat_map(|source| rust_files(source)).collect::<Vec<_>>();
    let texts: Vec<String> = files
        .into_iter()
        .filter(|(path, _)| *path != table)
        .map(|(_, text)| without_imports(&text))
        .collect();
    for name in names {
        let is_raised = texts.iter().any(|text| has_word(text, name));
        let is_excused = NOT_RAISED.iter().any(|(excused, _)| *excused == name);
        assert!(is_raised || is_excused, "nothing raises {name}");
        assert!(!(is_raised && is_excused), "{name} is raised: it needs no excuse");
    }
}

fn without_imports(text: &str) -> String {
    let mut is_import = false;
    let mut kept = String::new();
    for line in text.lines() {
        is_import |= line.trim_start().starts_with("use ");
        if !is_import {
            kept.push_str(line);
            kept.push('\n');
        }
        is_import &= !line.ends_with(';');
    }
    kept
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}
