//! What was read, written and read again is the same.
#![no_main]

use hld_diag::FileId;
use hld_yaml::{Documents, ReadOptions, Value, emit, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let options = ReadOptions { documents: Documents::First, ..ReadOptions::default() };
    let Ok(first) = read(text, FileId::NONE, &options) else { return };
    let value = &first.documents[0];
    if has_what_go_folds(value) {
        return;
    }
    let written = emit(value);
    let again = read(&written, FileId::NONE, &options).expect("what is emitted can be read");
    assert_eq!(emit(&again.documents[0]), written);
});

/// The key `<<` and odd line breaks, which Go does not write as it reads them.
fn has_what_go_folds(value: &Value) -> bool {
    let folds = |text: &str| text.contains(['\u{85}', '\u{2028}', '\u{2029}']);
    value.as_str().is_some_and(folds)
        || value.as_seq().is_some_and(|items| items.iter().any(has_what_go_folds))
        || value.as_map().is_some_and(|map| map.iter().any(|(key, value)| key == "<<" || folds(key) || has_what_go_folds(value)))
}
