//! Why a commit is not applied.

use hld_diag::{
    AGENT_EMPTY_SOURCE, AGENT_HISTORY, AGENT_KUSTOMIZATION, AGENT_OWN_OBJECTS, AGENT_PATH,
    AGENT_UNSAFE_ENTRY, Code,
};
use hld_git::{ErrorKind, GitError};

/// Why a commit is not applied: the last good one stays, and nothing is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stall {
    /// The reason of the condition: one word.
    pub(crate) reason: &'static str,
    /// What happened, in one line, escaped.
    pub(crate) message: String,
    /// The page that says what to do.
    pub(crate) code: Option<Code>,
    /// Whether trying again may help without a new commit.
    pub(crate) is_transient: bool,
}

impl Stall {
    fn of_commit(reason: &'static str, code: Code, message: impl Into<String>) -> Self {
        Stall { reason, message: message.into(), code: Some(code), is_transient: false }
    }

    /// The path holds no object (F41, B128).
    pub(crate) fn empty(message: impl Into<String>) -> Self {
        Stall::of_commit("EmptySource", AGENT_EMPTY_SOURCE, message)
    }

    /// The path is not there, or is no folder (F42).
    pub(crate) fn path(message: impl Into<String>) -> Self {
        Stall::of_commit("PathNotFound", AGENT_PATH, message)
    }

    /// The branch does not go on from what was applied last (F71).
    pub(crate) fn rewritten(message: impl Into<String>) -> Self {
        Stall::of_commit("HistoryRewritten", AGENT_HISTORY, message)
    }

    /// A link, a submodule or a name that is none (F75).
    pub(crate) fn entry(message: impl Into<String>) -> Self {
        Stall::of_commit("UnsafeEntry", AGENT_UNSAFE_ENTRY, message)
    }

    /// A kustomization that does more than list files.
    pub(crate) fn kustomization(message: impl Into<String>) -> Self {
        Stall::of_commit("Kustomization", AGENT_KUSTOMIZATION, message)
    }

    /// Objects of the agent itself (B131, B133).
    pub(crate) fn own(message: impl Into<String>) -> Self {
        Stall::of_commit("OwnObjects", AGENT_OWN_OBJECTS, message)
    }

    /// A manifest that is wrong (F43).
    pub(crate) fn build(message: impl Into<String>) -> Self {
        // The message brings the code of what is wrong.
        Stall { reason: "BuildFailed", message: message.into(), code: None, is_transient: false }
    }

    /// The repository can not be asked (F40), or has lost the branch (F42).
    pub(crate) fn fetch(error: &GitError) -> Self {
        if error.kind == ErrorKind::NotFound {
            return Stall {
                is_transient: true,
                ..Stall::of_commit("BranchNotFound", AGENT_PATH, &error.message)
            };
        }
        Stall { reason: "FetchFailed", message: error.message.clone(), code: None, is_transient: true }
    }

    /// What stands in a condition: the message, and where to read on.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        match self.code {
            Some(code) => format!("{} ({code})", self.message),
            None => self.message.clone(),
        }
    }
}
