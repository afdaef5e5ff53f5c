//! The texts that diagnostics point into.

use std::sync::{Arc, OnceLock, RwLock};

/// Names one file of a [`SourceMap`].
///
/// Ids are handed out in the order of loading, which threads may change from run to run: nothing
/// that is written or sorted may depend on them. Sort by [`SourceMap::locate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId(u32);

impl FileId {
    /// A text that belongs to no file; spans in it locate nothing.
    pub const NONE: FileId = FileId(u32::MAX);
}

/// A range of bytes in a file, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file that the bytes are in.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// A span that points nowhere: for values that no file holds.
    pub const NONE: Span = Span { file: FileId::NONE, start: 0, end: 0 };

    /// The bytes `start..end` of `file`. Offsets beyond 4 GiB are cut to the last one that fits;
    /// readers refuse such files long before.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { file, start: clamp(start), end: clamp(end) }
    }

    /// The very start of `file`: where a diagnostic about a whole file points.
    #[must_use]
    pub fn start_of(file: FileId) -> Self {
        Span { file, start: 0, end: 0 }
    }

    /// Whether the span points into a file.
    #[must_use]
    pub fn is_some(self) -> bool {
        self.file != FileId::NONE
    }
}

/// A place as people write it: `config/prod.yaml:3:5`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file's path, relative to the definition where it lies below it.
    pub path: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// One loaded text and the name it is shown by.
#[derive(Debug)]
pub struct SourceFile {
    path: Arc<str>,
    text: Arc<str>,
    is_private: bool,
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// Whether its text may hold secrets: places in it are named, its lines are never shown.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_private
    }

    /// The name that the file is shown by.
    #[must_use]
    pub fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The text of `span`, empty where it lies outside.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Line and column of a byte offset, both from 1; a column counts characters.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (usize, usize) {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset).max(1);
        let start = starts[line - 1] as usize;
        let end = (offset as usize).min(self.text.len());
        let before = &self.text.as_bytes()[start.min(end)..end];
        // A byte that continues a character is no character of its own.
        let column = before.iter().filter(|byte| (**byte & 0xC0) != 0x80).count() + 1;
        (line, column)
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            let after = newlines.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
            std::iter::once(0).chain(after).collect()
        })
    }
}

/// All texts of one run. Threads may add to it at once.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: RwLock<Vec<Arc<SourceFile>>>,
}

impl SourceMap {
    /// Adds a text under the name it is to be shown by.
    pub fn add(&self, path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        self.push(SourceFile {
            path: path.into(),
            text: text.into(),
            is_private: false,
            line_starts: OnceLock::new(),
        })
    }

    /// Adds a text that may hold secrets: config, and what is made of it.
    pub fn add_private(&self, path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        self.push(SourceFile {
            path: path.into(),
            text: text.into(),
            is_private: true,
            line_starts: OnceLock::new(),
        })
    }

    fn push(&self, file: SourceFile) -> FileId {
        let mut files = self.files.write().expect("no thread panics while it holds the lock");
        files.push(Arc::new(file));
        FileId(u32::try_from(files.len() - 1).expect("a run loads fewer than 4 billion files"))
    }

    /// The file that `id` names; `None` for [`FileId::NONE`].
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<Arc<SourceFile>> {
        let files = self.files.read().expect("no thread panics while it holds the lock");
        files.get(id.0 as usize).cloned()
    }

    /// Where `span` begins, as people write it.
    #[must_use]
    pub fn locate(&self, span: Span) -> Option<Location> {
        let file = self.get(span.file)?;
        let (line, column) = file.line_column(span.start);
        Some(Location { path: file.path.clone(), line, column })
    }

    /// The source text of `span`, empty where it points nowhere.
    #[must_use]
    pub fn text_of(&self, span: Span) -> String {
        self.get(span.file).map_or_else(String::new, |file| file.slice(span).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let sources = SourceMap::default();
        let file = sources.add("a.yaml", "ä: 1\r\nb: 2");
        let at = |start| sources.locate(Span::new(file, start, start)).unwrap().to_string();
        assert_eq!(at(0), "a.yaml:1:1");
        assert_eq!(at(2), "a.yaml:1:2");
        assert_eq!(at(7), "a.yaml:2:1");
        assert_eq!(at(11), "a.yaml:2:5");
        assert_eq!(at(999), "a.yaml:2:5");
    }

    #[test]
    fn a_span_of_no_file_locates_nothing() {
        assert_eq!(SourceMap::default().locate(Span::NONE), None);
    }
}
