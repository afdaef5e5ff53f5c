//! What can go wrong with git.

use std::fmt;

use git2::{ErrorClass, ErrorCode};
use hld_diag::Untrusted;

/// Longest text of a server or of libgit2 that is kept, in bytes.
const LONGEST: usize = 4096;

/// Why something did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitError {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What happened, in one line without secrets, already escaped.
    pub message: String,
}

/// The kinds of failure, by what can be done about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The repository, the branch, the revision or the object is not there.
    NotFound,
    /// The server wants other credentials, or some.
    Auth,
    /// The server is not who it says, or nobody we know: its host key or certificate.
    Untrusted,
    /// The server can not be reached, or stopped answering.
    Network,
    /// The address is one that must not be connected to.
    Refused,
    /// The server answered something that is no git.
    Protocol,
    /// A limit was reached.
    Limit,
    /// The run was cancelled.
    Cancelled,
    /// Objects are damaged, or are not what they should be.
    Corrupt,
    /// Something on this machine: a file, a lock, the disk.
    Local,
    /// The credentials themselves are no good: an unset variable, a line break in a token.
    Credentials,
}

impl GitError {
    /// A failure with the given words, which are escaped.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl AsRef<str>) -> Self {
        // What is escaped is longer: it is cut before, to bound the work, and after.
        let text = Untrusted(cut(message.as_ref().trim_end())).line();
        GitError { kind, message: cut(&text).to_owned() }
    }
}

/// The first bytes of a text, up to the end of a character.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for GitError {}

impl From<git2::Error> for GitError {
    fn from(error: git2::Error) -> Self {
        match error.message() {
            // The extension is what a repository of this machine says of itself.
            text if text.contains("object format") || text.contains("extensions.objectformat") => {
                let words = format!("hld reads repositories with SHA-1, and this one has SHA-256 ({text})");
                GitError::new(ErrorKind::Protocol, words)
            }
            text => GitError::new(kind(&error), text),
        }
    }
}

fn kind(error: &git2::Error) -> ErrorKind {
    let text = error.message();
    match (error.code(), error.class()) {
        (ErrorCode::Auth, _) => ErrorKind::Auth,
        (ErrorCode::Certificate, _) | (_, ErrorClass::Ssl) => ErrorKind::Untrusted,
        (ErrorCode::User, _) => ErrorKind::Cancelled,
        (_, ErrorClass::Invalid) if text.contains("delta") => ErrorKind::Corrupt,
        // What was asked for is what somebody claims to send.
        (_, ErrorClass::NoMemory) => ErrorKind::Limit,
        (ErrorCode::NotFound, _) => ErrorKind::NotFound,
        (_, ErrorClass::Net) if text.contains("not found") => ErrorKind::NotFound,
        (_, ErrorClass::Net) if text.contains("redirect") => ErrorKind::Protocol,
        (_, ErrorClass::Net) if text.contains("early EOF") => ErrorKind::Network,
        (_, ErrorClass::Net) if text.contains("pkt") || text.contains("protocol") => ErrorKind::Protocol,
        (_, ErrorClass::Ssh) if text.contains("authenticat") => ErrorKind::Auth,
        (_, ErrorClass::Net | ErrorClass::Ssh) => ErrorKind::Network,
        (
            _,
            ErrorClass::Odb | ErrorClass::Indexer | ErrorClass::Zlib | ErrorClass::Object | ErrorClass::Tree,
        ) => ErrorKind::Corrupt,
        _ => ErrorKind::Local,
    }
}
