//! Sources against real repositories and servers; tests are named for the rows of the suites of bad input
//! and faults.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod overlay;
mod revision;

use hld_compiler::{Source, SourceError, SourcePath};

/// A path of a source.
fn path(text: &str) -> SourcePath {
    SourcePath::clean(text).unwrap()
}

/// The text of a file of a source.
fn text(source: &dyn Source, file: &str) -> Result<String, SourceError> {
    source.read(&path(file), 1 << 20).map(|bytes| String::from_utf8(bytes).unwrap())
}
