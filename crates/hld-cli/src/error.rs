//! How a command can fail, and the exit code that says so.

use std::fmt;

use hld_diag::{Diagnostic, Severity, WRITE_FAILED};

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
    /// No space, or the system failed.
    Io,
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
            FailureKind::Io => 5,
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
        } else if kinds.contains(&FailureKind::Io) {
            FailureKind::Io
        } else {
            FailureKind::Definition
        };
        CommandError::new(kind, "")
    }
}

fn kind_of(diagnostic: &Diagnostic) -> FailureKind {
    if diagnostic.severity == Severity::Refused {
        FailureKind::Refused
    } else if diagnostic.code == WRITE_FAILED {
        FailureKind::Io
    } else {
        FailureKind::Definition
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
