//! How a command can fail, and the exit code that says so.

use std::fmt;

use hld_diag::{
    BAD_TARGET, CACHE, Code, Diagnostic, FETCH_FAILED, LOCAL_GIT, REMOTE_FAILED, REMOTE_REFUSED, Severity,
    TRY_LATER, UNREACHABLE, WRITE_FAILED,
};

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// What kind of failure it is: decides the exit code.
    pub(crate) kind: FailureKind,
    /// What happened; empty where diagnostics have said it already.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hints: Vec<String>,
}

/// The kinds of failure, by exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The definition is wrong, or a check failed.
    Definition,
    /// The command line is wrong.
    Usage,
    /// Refused by policy.
    Refused,
    /// The remote refused.
    Remote,
    /// No space, or the system failed.
    Io,
    /// It may go well later.
    Later,
    /// Our bug.
    Internal,
}

impl FailureKind {
    /// The exit code, as the README documents it.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            FailureKind::Definition => 1,
            FailureKind::Usage => 2,
            FailureKind::Refused => 3,
            FailureKind::Remote => 4,
            FailureKind::Io => 5,
            FailureKind::Later => 6,
            FailureKind::Internal => 255,
        }
    }
}

impl CommandError {
    /// A failure that has not been shown yet.
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        CommandError { kind, message: message.into(), hints: Vec::new() }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A failure that the given diagnostics, shown already, have explained.
    pub(crate) fn diagnosed<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> Self {
        let fatal = diagnostics.into_iter().filter(|diagnostic| diagnostic.severity.is_fatal());
        let kinds: Vec<FailureKind> = fatal.map(kind_of).collect();
        let all = |kind| kinds.iter().all(|known| *known == kind);
        let kind = if !kinds.is_empty() && all(FailureKind::Refused) {
            FailureKind::Refused
        } else {
            let outside = [FailureKind::Io, FailureKind::Remote, FailureKind::Later, FailureKind::Usage];
            outside.into_iter().find(|kind| kinds.contains(kind)).unwrap_or(FailureKind::Definition)
        };
        CommandError::new(kind, "")
    }
}

/// What a code says about the outside; all others are about the definition.
const KINDS: [(Code, FailureKind); 9] = [
    (WRITE_FAILED, FailureKind::Io),
    (CACHE, FailureKind::Io),
    (FETCH_FAILED, FailureKind::Remote),
    (UNREACHABLE, FailureKind::Later),
    (LOCAL_GIT, FailureKind::Io),
    (REMOTE_REFUSED, FailureKind::Remote),
    (REMOTE_FAILED, FailureKind::Remote),
    (TRY_LATER, FailureKind::Later),
    (BAD_TARGET, FailureKind::Usage),
];

fn kind_of(diagnostic: &Diagnostic) -> FailureKind {
    if diagnostic.severity == Severity::Refused {
        return FailureKind::Refused;
    }
    let known = KINDS.iter().find(|(code, _)| *code == diagnostic.code);
    known.map_or(FailureKind::Definition, |(_, kind)| *kind)
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
