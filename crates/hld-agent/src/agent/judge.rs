//! Whether a commit that was fetched is applied.

use std::sync::PoisonError;

use hld_git::{GitError, ObjectId};

use super::{Agent, Pending};
use crate::metrics::outcome;
use crate::own;
use crate::source::{Seen, View};
use crate::stall::Stall;

impl Agent {
    /// Takes in what a fetch brought.
    pub(super) fn judge(&mut self, fetched: Result<ObjectId, GitError>) {
        self.clock.fetched(fetched.is_ok());
        let result = if fetched.is_ok() { "fetched" } else { "failed" };
        self.metrics.fetches.get_or_create(&outcome(result)).inc();
        let judged = match &fetched {
            Err(error) => Err(Stall::fetch(error)),
            Ok(tip) => self.read(*tip),
        };
        match judged {
            Ok(Some(view)) => self.accept(view),
            Ok(None) => {}
            Err(stall) => return self.stall(fetched.ok(), stall),
        }
        self.known.stall = None;
        self.baseline = fetched.ok();
    }

    /// Reads a commit; `None` where it says nothing new.
    fn read(&self, tip: ObjectId) -> Result<Option<View>, Stall> {
        if self.baseline == Some(tip) && self.view.is_some() {
            return Ok(None);
        }
        let source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let is_allowed = self.config.allow_rewrite || self.approvals.allows_rewrite(tip);
        if let Some(baseline) = self.baseline.filter(|_| !is_allowed) {
            source.check_history(baseline, tip)?;
        }
        let Seen::New(view) = source.view(tip, self.view.as_ref())? else { return Ok(None) };
        self.check_own(&view)?;
        Ok(Some(*view))
    }

    /// Refuses objects that the agent lives by (B131, B133).
    fn check_own(&self, view: &View) -> Result<(), Stall> {
        let namespace = &self.config.namespace;
        let mut ids = view.desired.ids();
        let first =
            ids.find(|id| own::concerns(id, namespace, &self.own)).filter(|_| !self.config.allow_self);
        first.map_or(Ok(()), |id| {
            let id = hld_diag::Untrusted(&id.to_string()).line();
            Err(Stall::own(format!(
                "`{id}` is a part of the agent itself, or in its namespace `{namespace}`"
            )))
        })
    }

    fn accept(&mut self, view: View) {
        tracing::info!(commit = %view.commit, objects = view.desired.len(), "new commit");
        match &self.view {
            Some(before) => self.pending.add(view.desired.changed_since(&before.desired)),
            None => self.pending = Pending::All,
        }
        self.status.commit = view.commit.to_string();
        self.metrics.desired.set(i64::try_from(view.desired.len()).unwrap_or(i64::MAX));
        self.view = Some(view);
    }

    /// Keeps the last good commit, and says why.
    fn stall(&mut self, tip: Option<ObjectId>, stall: Stall) {
        if self.known.stall.as_ref() != Some(&stall) {
            tracing::warn!(reason = stall.reason, "{}", stall.text());
        }
        if let Some(tip) = tip {
            self.status.commit = tip.to_string();
        }
        self.known.stall = Some(stall);
        if self.view.is_none()
            && let Some(baseline) = self.baseline
        {
            // After a restart, the last good commit is in the repository still, if it was not rewritten.
            let source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(Seen::New(view)) = source.view(baseline, None) {
                drop(source);
                self.view = Some(*view);
                self.pending = Pending::All;
            }
        }
    }
}
