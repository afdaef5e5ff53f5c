//! The outside as the compiler sees it.

use std::fmt;

use hld_diag::Diagnostic;

use crate::path::SourcePath;

/// Where the files of a definition come from: the one door of the compiler.
///
/// # Guarantees
/// Everything is asked for by a path below the root; an implementation never leaves it, not through
/// a symbolic link either. The same path gives the same answer during one compilation.
pub trait Source: Send + Sync {
    /// The bytes of a regular file, at most `limit` of them.
    ///
    /// # Errors
    /// A [`SourceError`] that says why it can not be had.
    fn read(&self, path: &SourcePath, limit: u64) -> Result<Vec<u8>, SourceError>;

    /// The entries of a folder, sorted by name, bytewise.
    ///
    /// # Errors
    /// A [`SourceError`] that says why it can not be had.
    fn list(&self, folder: &SourcePath) -> Result<Vec<Entry>, SourceError>;

    /// The path below the root that an absolute path of the machine means, if it lies there.
    fn absolute(&self, path: &str) -> Option<SourcePath>;

    /// What there is to say about the source that belongs at the folder `mount`: why it is not there, or
    /// what takes its place. The compiler adds who asked for it.
    fn remarks(&self, mount: &SourcePath) -> Vec<Diagnostic> {
        let _ = mount;
        Vec::new()
    }
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name; a name that is no UTF-8 has `U+FFFD` in it and can not be read.
    pub name: String,
    /// What it is, links followed.
    pub kind: EntryKind,
}

/// What an [`Entry`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A FIFO, a socket, a device, a link to nowhere or to the outside.
    Other,
}

/// Why something of a source can not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// There is nothing of that name.
    NotFound,
    /// It is something else than was asked for: `a folder`, `a FIFO` …
    WrongKind(&'static str),
    /// It leads out of the root.
    Outside,
    /// It is larger than the limit, in bytes.
    TooLarge(u64),
    /// The system refused: its words.
    Io(String),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceError::NotFound => f.write_str("no such file or folder"),
            SourceError::WrongKind(kind) => write!(f, "it is {kind}"),
            SourceError::Outside => f.write_str("it leads out of the repository"),
            SourceError::TooLarge(limit) => write!(f, "it is larger than {limit} bytes"),
            SourceError::Io(words) => f.write_str(words),
        }
    }
}
