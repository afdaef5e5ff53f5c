//! One sync: what is to be applied, is.

use std::time::Duration;

use hld_apply::{Error, Options, Report, Scope, Word};
use tokio::time::Instant;

use super::{Agent, Pending, stopped};
use crate::metrics::outcome;

/// How long a sync may go on after the agent was told to stop: the objects at hand are finished.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How long a sync takes before the status says that it is going on.
const SOON: Duration = Duration::from_secs(2);

impl Agent {
    /// Applies what is to be applied, of the last commit that was read as a whole.
    pub(super) async fn apply(&mut self) {
        let pending = std::mem::replace(&mut self.pending, Pending::Nothing);
        let Some(view) = self.view.clone() else { return };
        let scope = match pending {
            Pending::Only(ids) if self.known.is_swept => Scope::Only(ids),
            _ => Scope::All,
        };
        let options = Options {
            prune: self.config.prune,
            allow_removals: self.approvals.removals(view.commit),
            ..Options::default()
        };
        let began = Instant::now();
        let cluster = self.cluster.clone();
        let sync = cluster.sync(&view.desired, &scope, &options);
        tokio::pin!(sync);
        let stop = deadline(self.stop.clone());
        tokio::pin!(stop);
        let mut progress = Some(view.commit).filter(|commit| commit.to_string() != self.status.applied);
        let result = loop {
            tokio::select! {
                result = &mut sync => break Some(result),
                () = &mut stop => break None,
                () = tokio::time::sleep(SOON) => {
                    self.probes.moved();
                    if let Some(commit) = progress.take() {
                        self.known.progress = Some(commit.short());
                        self.publish().await;
                    }
                }
            }
        };
        self.known.progress = None;
        self.metrics.sync_seconds.observe(began.elapsed().as_secs_f64());
        if !matches!(result, Some(Err(_))) {
            self.status.applied = view.commit.to_string();
            self.status.objects = view.desired.len();
        }
        match result {
            Some(Ok(report)) => self.learn(&report, scope == Scope::All),
            Some(Err(error)) => self.failed(&error),
            None => self.known.is_swept = false,
        }
    }

    fn learn(&mut self, report: &Report, is_all: bool) {
        self.known.learn(report, is_all);
        self.status.count(report);
        let is_fine = self.known.is_applied();
        self.clock.synced(is_fine);
        if is_all {
            self.clock.swept();
        }
        self.metrics.syncs.get_or_create(&outcome(if is_fine { "applied" } else { "incomplete" })).inc();
        for word in Word::ALL {
            let count = u64::try_from(report.count(word)).unwrap_or(u64::MAX);
            self.metrics.objects.get_or_create(&outcome(word.as_str())).inc_by(count);
        }
        if self.known.is_well() {
            self.metrics.succeeded();
        }
        let changed = report.changes.iter().filter(|change| !matches!(change.word, Word::Unchanged));
        for change in changed {
            let reason = change.reason.as_deref().unwrap_or_default();
            if change.word == Word::Failed {
                tracing::warn!(object = %change.id, reason, "failed");
            } else {
                tracing::info!(object = %change.id, reason, "{}", change.word);
            }
        }
        tracing::info!(all = is_all, "{}", report.summary());
    }

    fn failed(&mut self, error: &Error) {
        tracing::warn!(%error, "nothing was applied");
        self.metrics.syncs.get_or_create(&outcome("failed")).inc();
        self.known.unreachable = Some(error.to_string());
        self.clock.unreachable();
    }
}

/// The end of the time that a sync has after the agent was told to stop.
async fn deadline(mut stop: tokio::sync::watch::Receiver<bool>) {
    stopped(&mut stop).await;
    tokio::time::sleep(LAST_WORDS).await;
}
