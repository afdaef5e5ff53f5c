//! One commit more on a branch, whoever else writes to it.

use std::time::Duration;

use hld_diag::{Diagnostic, HISTORY_REWRITTEN, NO_BRANCH, REMOTE_REFUSED, Span, TRY_LATER};
use hld_git::{Content, ErrorKind, GitError, ObjectId, PushOutcome, Signature};

use crate::budget::Budget;
use crate::failure::failed;
use crate::publish::Consent;
use crate::site::{History, Site};
use crate::target::Branch;

/// How often a server that can not be reached is tried.
const MOST_FAILURES: u32 = 5;

/// How often a server may refuse a commit on a branch that did not move, where it is not a hook that
/// refuses: another writer may hold the server's lock for a moment.
const MOST_REFUSALS: u32 = 4;

/// Who publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Seconds since 1970.
    pub seconds: i64,
}

/// The branch that is written to, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Race<'r> {
    pub(crate) site: &'r Site,
    pub(crate) branch: &'r Branch,
    pub(crate) author: &'r Author,
    pub(crate) consent: &'r Consent,
    /// How long it may go on.
    pub(crate) time: Duration,
    pub(crate) history: History,
}

/// What stands at the tip of the branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) commit: ObjectId,
    pub(crate) tree: ObjectId,
}

/// A commit to be: its tree and its message.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) tree: ObjectId,
    pub(crate) message: String,
}

/// How a race ended.
#[derive(Clone, Debug)]
pub(crate) struct Landed<P> {
    /// The commit, if one was needed.
    pub(crate) commit: Option<ObjectId>,
    /// The tip that it follows, or that had it all.
    pub(crate) tip: Option<ObjectId>,
    /// What was planned on that tip.
    pub(crate) plan: P,
}

impl Race<'_> {
    /// Plans on the tip of the branch and pushes the draft; on a tip that moved, plans again.
    ///
    /// # Flow
    /// Every turn begins by reading the tip. A commit of ours that is in its history has landed, whatever
    /// was answered (F09). A tip that does not follow the one before was rewritten (F05).
    ///
    /// # Errors
    /// What `plan` fails with; the remote refuses, or can not be reached; the time is used up.
    pub(crate) fn run<P>(
        &self,
        mut plan: impl FnMut(Option<Tip>) -> Result<(Option<Draft>, P), Diagnostic>,
    ) -> Result<Landed<P>, Diagnostic> {
        // Before the tip is read: what another run notes afterwards, the tip need not have.
        let known = self.site.last_published(self.branch);
        let mut attempts = Attempts::new(self.time, known);
        let mut last: Option<(ObjectId, Landed<P>)> = None;
        loop {
            let Some(tip) = self.read_tip(&mut attempts)? else { continue };
            if let (Some(tip), Some((ours, landed))) = (tip, last.take()) {
                let has_landed = self.site.repository.is_ancestor(ours, tip.commit);
                if has_landed.map_err(|error| failed("reading the branch", &error))? {
                    return Ok(landed);
                }
            }
            self.check_history(tip, &mut attempts)?;
            let (draft, planned) = plan(tip)?;
            let tip_id = tip.map(|tip| tip.commit);
            let Some(draft) = draft else { return Ok(Landed { commit: None, tip: tip_id, plan: planned }) };
            let commit = self.commit(&draft, tip)?;
            let landed = Landed { commit: Some(commit), tip: tip_id, plan: planned };
            let pushed = self.site.repository.push(&self.site.remote, (commit, tip_id), self.branch.as_str());
            if attempts.is_over(pushed)? {
                self.site.remember(self.branch, commit);
                return Ok(landed);
            }
            last = Some((commit, landed));
        }
    }

    /// The tip of the branch, `Some(None)` where one is to be created; `None` to ask again.
    fn read_tip(&self, attempts: &mut Attempts) -> Result<Option<Option<Tip>>, Diagnostic> {
        match self.site.fetch(self.branch, self.history) {
            Ok(Ok(commit)) => {
                let tree = self.site.repository.tree_of(commit);
                let tree = tree.map_err(|error| failed("reading the branch", &error))?;
                Ok(Some(Some(Tip { commit, tree })))
            }
            Ok(Err(_)) if self.consent.create_branch => Ok(Some(None)),
            Ok(Err(error)) => {
                let message = format!("there is no branch `{}` to publish to: {error}", self.branch);
                Err(Diagnostic::new(NO_BRANCH, Span::NONE, message)
                    .hint("name another with `--branch`, or say `--create-branch`"))
            }
            Err(error) => {
                attempts.failed("reading the branch", &error)?;
                Ok(None)
            }
        }
    }

    /// Refuses a branch whose history does not hold what was seen before (F05, F06).
    fn check_history(&self, tip: Option<Tip>, attempts: &mut Attempts) -> Result<(), Diagnostic> {
        let before = attempts.seen;
        attempts.seen = tip.map(|tip| tip.commit);
        let Some(before) = before.filter(|_| !self.consent.allow_rewrite) else { return Ok(()) };
        let follows = match tip {
            None => Ok(false),
            Some(tip) => self.site.follows(self.branch, (before, tip.commit)),
        };
        if follows.map_err(|error| failed("reading the history of the branch", &error))? {
            return Ok(());
        }
        let now = tip.map_or_else(|| "gone".to_owned(), |tip| format!("at {}", tip.commit));
        let message =
            format!("the history of `{}` was rewritten: it had {before}, and now it is {now}", self.branch);
        Err(Diagnostic::new(HISTORY_REWRITTEN, Span::NONE, message)
            .hint("look at what was lost; if the branch is as it should be, say `--allow-rewrite`"))
    }

    /// Writes the commit. Its date is never before its parent's (F20), and the same draft on the same tip
    /// is the same commit.
    fn commit(&self, draft: &Draft, tip: Option<Tip>) -> Result<ObjectId, Diagnostic> {
        let repository = &self.site.repository;
        let write = || -> Result<ObjectId, GitError> {
            let parent = tip.map(|tip| repository.commit_info(tip.commit)).transpose()?;
            let seconds =
                parent.as_ref().map_or(self.author.seconds, |parent| parent.seconds.max(self.author.seconds));
            let signature = Signature {
                name: self.author.name.clone(),
                email: self.author.email.clone(),
                seconds,
                offset: 0,
            };
            let parents: Vec<ObjectId> = parent.into_iter().map(|parent| parent.id).collect();
            repository.commit(&Content {
                tree: draft.tree,
                parents: &parents,
                signature: &signature,
                message: &draft.message,
            })
        };
        write().map_err(|error| failed("writing the commit", &error))
    }
}

/// What was tried so far.
struct Attempts {
    budget: Budget,
    /// The tip that was planned on last; at first what this machine has published.
    seen: Option<ObjectId>,
    n_failures: u32,
    n_refusals: u32,
}

impl Attempts {
    fn new(time: Duration, seen: Option<ObjectId>) -> Self {
        Attempts { budget: Budget::new(time), seen, n_failures: 0, n_refusals: 0 }
    }

    /// Whether the push has landed; waits where it is worth another.
    fn is_over(&mut self, pushed: Result<PushOutcome, GitError>) -> Result<bool, Diagnostic> {
        match pushed {
            Ok(PushOutcome::Accepted) => return Ok(true),
            Ok(PushOutcome::Moved(_)) => {
                self.n_refusals = 0;
                if !self.budget.wait() {
                    return Err(self.too_many());
                }
            }
            Ok(PushOutcome::Refused(words)) => {
                self.n_refusals += 1;
                // The words decide how soon we give up, never whether the commit has landed.
                if words.contains("declined") || self.n_refusals >= MOST_REFUSALS || !self.budget.wait() {
                    return Err(refused(&words));
                }
            }
            Err(error) => self.failed("pushing", &error)?,
        }
        Ok(false)
    }

    /// Waits after a failure that may pass; any other ends the race.
    fn failed(&mut self, doing: &str, error: &GitError) -> Result<(), Diagnostic> {
        let may_pass = matches!(error.kind, ErrorKind::Network | ErrorKind::Protocol);
        self.n_failures += u32::from(may_pass);
        if may_pass && self.n_failures < MOST_FAILURES && self.budget.wait() {
            return Ok(());
        }
        Err(failed(doing, error))
    }

    fn too_many(&self) -> Diagnostic {
        let n = self.budget.n_losses();
        let message = format!("{n} times somebody else was faster: the time for trying is used up");
        Diagnostic::new(TRY_LATER, Span::NONE, message)
            .hint("nothing was published; run it again, or give it more with `--time`")
    }
}

fn refused(words: &str) -> Diagnostic {
    // hld-git has escaped the words already.
    let message = format!("the server refuses the commit: {words}");
    Diagnostic::new(REMOTE_REFUSED, Span::NONE, message)
        .hint("nothing was published; if the branch takes changes by pull requests alone, publish to another")
}
