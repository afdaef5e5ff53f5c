//! Giving a commit to a remote.

use std::cell::RefCell;

use git2::PushOptions;
use hld_diag::Untrusted;

use crate::connection::Connection;
use crate::error::{ErrorKind, GitError, cut};
use crate::fetch::Limits;
use crate::http;
use crate::oid::ObjectId;
use crate::remote::Remote;
use crate::repository::Repository;

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// The branch is at the commit.
    Accepted,
    /// The branch is elsewhere than was expected: at this commit, or gone.
    Moved(Option<ObjectId>),
    /// The server refuses, in its own words (escaped).
    Refused(String),
}

impl Repository {
    /// Moves `branch` of the remote from `expected` (`None`: it must not exist) to `commit`. Never by
    /// force: `commit` has to follow `expected`, and the server compares once more when it moves it.
    ///
    /// What happened is decided by where the branch is afterwards, never by the words of an error
    /// (F01, F02), so a lost reply is recognised (F09).
    ///
    /// # Errors
    /// The remote can not be reached to push, or to see what became of it.
    pub fn push(
        &self,
        remote: &Remote,
        (commit, expected): (ObjectId, Option<ObjectId>),
        branch: &str,
    ) -> Result<PushOutcome, GitError> {
        let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
        let full = format!("refs/heads/{branch}");
        if !git2::Reference::is_valid_name(&full) {
            return Err(GitError::new(ErrorKind::NotFound, format!("`{branch}` is no name of a branch")));
        }
        let sent = self.send(remote, (commit, expected), &full);
        if let Ok(None) = sent {
            return Ok(PushOutcome::Accepted);
        }
        let tip = match self.tip(remote, &full) {
            Ok(tip) => tip,
            Err(unseen) => return Err(sent.err().unwrap_or(unseen)),
        };
        if tip == Some(commit) {
            return Ok(PushOutcome::Accepted);
        }
        if tip != expected {
            return Ok(PushOutcome::Moved(tip));
        }
        match sent {
            Ok(Some(refusal)) => Ok(PushOutcome::Refused(refusal)),
            Ok(None) => Ok(PushOutcome::Accepted),
            Err(error) => Err(error),
        }
    }

    /// Where a branch of the remote is now.
    ///
    /// # Errors
    /// The remote can not be reached.
    pub fn tip(&self, remote: &Remote, branch: &str) -> Result<Option<ObjectId>, GitError> {
        let full =
            if branch.starts_with("refs/") { branch.to_owned() } else { format!("refs/heads/{branch}") };
        let references = self.list(remote, &Limits::default())?;
        Ok(references.iter().find(|reference| reference.name == full).map(|reference| reference.id))
    }

    /// Sends it; the words of the server where it does not move the branch.
    fn send(
        &self,
        remote: &Remote,
        (commit, expected): (ObjectId, Option<ObjectId>),
        full: &str,
    ) -> Result<Option<String>, GitError> {
        let limits = Limits::default();
        let connection = Connection::new(remote, &limits)?;
        let _working = http::enter(&connection);
        let refused: RefCell<Option<String>> = RefCell::new(None);
        let mut git = self.git.remote_anonymous(&remote.url.wire())?;
        let mut callbacks = connection.callbacks();
        callbacks.push_negotiation(|updates| {
            let there = updates.first().map(git2::PushUpdate::src).filter(|id| !id.is_zero());
            if there.map(ObjectId) == expected {
                return Ok(());
            }
            Err(connection.stop(GitError::new(ErrorKind::Cancelled, "the branch is elsewhere than expected")))
        });
        callbacks.push_update_reference(|_, status| {
            if let Some(words) = status {
                refused.borrow_mut().get_or_insert_with(|| words.to_owned());
            }
            Ok(())
        });
        let mut options = PushOptions::new();
        options.remote_callbacks(callbacks);
        let pushed = git.push(&[format!("{commit}:{full}")], Some(&mut options));
        drop(options);
        drop(git);
        let said = connection.said();
        let refused = refused.into_inner().map(|words| refusal(&words, &said));
        match pushed {
            Ok(()) => Ok(refused),
            Err(error) => refused.map_or_else(|| Err(connection.explain(error)), |words| Ok(Some(words))),
        }
    }
}

/// The status of the reference, and what a hook said.
fn refusal(status: &str, said: &str) -> String {
    let said: Vec<String> =
        said.lines().map(|line| Untrusted(line.trim_end()).line()).filter(|line| !line.is_empty()).collect();
    let status = Untrusted(status).line();
    let words = if said.is_empty() { status } else { format!("{status}: {}", said.join(" | ")) };
    cut(&words).to_owned()
}
