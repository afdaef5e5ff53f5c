//! Whatever the bytes are: an error or a value, never a panic. The tree, the scan and the reader
//! agree on whether the text is YAML.
#![no_main]

use hld_diag::FileId;
use hld_yaml::{Dialect, Documents, ErrorKind, Limits, ReadOptions, decode, edit, parse, read, read_json, scan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = decode(bytes, FileId::NONE) else { return };
    for dialect in [Dialect::V2, Dialect::V3, Dialect::Fabrikate] {
        for documents in [Documents::Stream, Documents::All, Documents::First] {
            let options = ReadOptions { dialect, documents, ..ReadOptions::default() };
            if let Err(error) = read(&text, FileId::NONE, &options) {
                let _ = (error.go_text(), error.to_diagnostic());
            }
        }
    }
    let scanned = scan(&text, FileId::NONE, &Limits::default());
    let parsed = parse(&text, FileId::NONE, &Limits::default());
    match (&scanned, &parsed) {
        (Ok(ranges), Ok(documents)) => assert_eq!(ranges.len(), documents.len()),
        (Ok(_), Err(error)) => assert_eq!(error.kind, ErrorKind::Value, "anchors are looked up by the tree alone"),
        (Err(_), Ok(_)) => panic!("the tree read what the scan refused"),
        (Err(_), Err(_)) => {}
    }
    let _ = read_json(&text, FileId::NONE, &Limits::default());
    let _ = edit::remove(&text, &["a"]);
});
