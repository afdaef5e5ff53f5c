//! What a failure of git means for whoever publishes.

use hld_diag::{Code, Diagnostic, LOCAL_GIT, REMOTE_FAILED, Span, TRY_LATER};
use hld_git::{ErrorKind, GitError};

/// A failure while `doing` something: `reading the branch`.
pub(crate) fn failed(doing: &str, error: &GitError) -> Diagnostic {
    let diagnostic = Diagnostic::new(code(error.kind), Span::NONE, format!("{doing} failed: {error}"));
    match hint(error.kind) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// A failure of this machine that is none of git's.
pub(crate) fn local(doing: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(LOCAL_GIT, Span::NONE, format!("{doing} failed: {error}")).hint(NOTHING_CHANGED)
}

const NOTHING_CHANGED: &str = "nothing was published; run the command again";

fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::Network | ErrorKind::Cancelled => TRY_LATER,
        ErrorKind::Corrupt | ErrorKind::Local => LOCAL_GIT,
        _ => REMOTE_FAILED,
    }
}

fn hint(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::NotFound => Some("forges also say this where the credentials may not see the repository"),
        ErrorKind::Auth => Some("the credentials need the right to write to the repository"),
        ErrorKind::Untrusted => {
            Some("hld trusts hosts that `known_hosts` or the system's certificates know, and no other")
        }
        ErrorKind::Corrupt | ErrorKind::Local | ErrorKind::Network => Some(NOTHING_CHANGED),
        _ => None,
    }
}
