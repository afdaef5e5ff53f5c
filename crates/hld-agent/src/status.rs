//! How a sync stands: what people, alerts and `hld agent status` read.
//!
//! *Guarantees*: `Ready` is true only when the newest commit was read, every object of it was applied,
//! and nothing that should be gone is left. It says nothing of whether the objects work. Texts are
//! bounded (F61), and a status is written only when it says something new.

use hld_apply::{Held, Pruning, Report, Word};
use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::log::cut;
use crate::stall::Stall;

/// Most errors that are listed.
const MOST_ERRORS: usize = 20;
/// Most bytes of one text.
const LONGEST_TEXT: usize = 1024;

/// How a sync stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// The repository, without credentials.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// Folders in the repository.
    pub paths: Vec<String>,
    /// The newest commit that says something else at the paths.
    pub commit: String,
    /// The commit that was applied last, as a whole or in part.
    pub applied: String,
    /// `Ready` and `Stalled`.
    pub conditions: Vec<Condition>,
    /// Objects of the commit that was applied last.
    pub objects: usize,
    /// What the last sync that changed something did.
    pub last_change: Option<Counts>,
    /// What is not as it should be.
    pub errors: Vec<ObjectError>,
    /// How many there are; the list is cut.
    pub n_errors: usize,
    /// The last request for a sync that was answered.
    pub request: String,
}

/// A condition, as Kubernetes has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// `Ready` or `Stalled`.
    pub r#type: String,
    /// Whether it holds.
    pub status: bool,
    /// Why: one word.
    pub reason: String,
    /// Why: one line.
    pub message: String,
    /// Since when the status is what it is.
    pub since: String,
}

/// What a sync did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Objects that were not there.
    pub created: usize,
    /// Objects that were changed.
    pub configured: usize,
    /// Objects that were deleted.
    pub pruned: usize,
}

/// An object that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectError {
    /// The object.
    pub object: String,
    /// The file it stands in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What `Ready` says.
pub const READY: &str = "Ready";
/// What `Stalled` says: the commit is not applied.
pub const STALLED: &str = "Stalled";

/// What is known about a sync: from it, the status is made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Why the newest commit is not applied, or not known.
    pub(crate) stall: Option<Stall>,
    /// Why nothing could be applied at all.
    pub(crate) unreachable: Option<String>,
    /// What the last sync found wrong, object by object.
    pub(crate) errors: Vec<ObjectError>,
    /// Objects that should be gone and are not, and why.
    pub(crate) held: Option<String>,
    /// Why the inventory is not up to date, though it still names everything.
    pub(crate) unsaved: Option<String>,
    /// The commit that is being applied, where it takes its time.
    pub(crate) progress: Option<String>,
    /// Whether a sync of everything has been done since the start.
    pub(crate) is_swept: bool,
}

impl Known {
    /// Takes in what a sync said of the objects it looked at. A sync of everything knows all errors; one
    /// of a few objects knows theirs alone.
    pub(crate) fn learn(&mut self, report: &Report, is_all: bool) {
        self.unreachable = None;
        self.is_swept |= is_all;
        if is_all {
            self.errors.clear();
        } else {
            let seen: Vec<String> = report.changes.iter().map(|change| change.id.to_string()).collect();
            self.errors.retain(|error| !seen.contains(&error.object));
        }
        let failed = report.failures().map(|change| ObjectError {
            object: cut(&change.id.to_string(), LONGEST_TEXT).to_owned(),
            path: cut(change.path.as_deref().unwrap_or_default(), LONGEST_TEXT).to_owned(),
            reason: change.reason.clone().unwrap_or_default(),
        });
        self.errors.extend(failed);
        self.unsaved.clone_from(&report.unsaved);
        self.held = match &report.pruning {
            // What the operator switched off is no fault.
            Pruning::Held { why: Held::Off, .. } | Pruning::Nothing | Pruning::Done => None,
            Pruning::Held { why, .. } => Some(why.to_string()),
        };
    }

    /// Whether nothing has been seen since the start.
    pub(crate) fn is_unknown(&self) -> bool {
        let is_silent = self.stall.is_none() && self.unreachable.is_none() && self.progress.is_none();
        is_silent && !self.is_swept
    }

    /// Whether everything is as it should be.
    pub(crate) fn is_well(&self) -> bool {
        self.stall.is_none() && self.is_applied()
    }

    /// Whether what was read last is in the cluster.
    pub(crate) fn is_applied(&self) -> bool {
        let is_complete = self.errors.is_empty() && self.held.is_none() && self.unsaved.is_none();
        self.unreachable.is_none() && is_complete && self.is_swept
    }

    /// Reason and message of `Ready`.
    fn ready(&self, status: &Status) -> (bool, &str, String) {
        let commit = cut(&status.applied, 7);
        if let Some(stall) = &self.stall {
            return (false, stall.reason, stall.text());
        }
        if let Some(why) = &self.unreachable {
            return (false, "ClusterFailed", why.clone());
        }
        if let Some(commit) = &self.progress {
            return (false, "Progressing", format!("{commit} is being applied"));
        }
        if let Some(first) = self.errors.first() {
            let (n, of) = (self.errors.len(), status.objects);
            let rest = if n > 1 { format!(" (and {} more)", n - 1) } else { String::new() };
            let message =
                format!("{commit}: {n} of {of} objects failed: {}: {}{rest}", first.object, first.reason);
            return (false, "ApplyFailed", message);
        }
        if let Some(why) = &self.held {
            return (false, "PruneHeld", format!("{commit}: {why}"));
        }
        if let Some(why) = &self.unsaved {
            return (false, "InventoryFailed", format!("{commit}: {why}"));
        }
        if !self.is_swept {
            return (false, "Progressing", "the first sync is not done".to_owned());
        }
        (true, "Applied", format!("{commit}: {} objects are applied", status.objects))
    }
}

impl Status {
    /// The condition of a type.
    #[must_use]
    pub fn condition(&self, r#type: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.r#type == r#type)
    }

    /// Whether the cluster is like the repository.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.condition(READY).is_some_and(|ready| ready.status)
    }

    /// Takes the conditions and errors from what is known; a condition that stays keeps its time.
    pub(crate) fn update(&mut self, known: &Known) {
        self.n_errors = known.errors.len();
        self.errors = known.errors.iter().take(MOST_ERRORS).cloned().collect();
        let (is_ready, reason, message) = known.ready(self);
        let ready = self.renewed(READY, is_ready, (reason, message));
        let stall = known.stall.as_ref().filter(|stall| !stall.is_transient);
        let (reason, message) =
            stall.map_or(("Reading", String::new()), |stall| (stall.reason, stall.text()));
        let stalled = self.renewed(STALLED, stall.is_some(), (reason, message));
        self.conditions = vec![ready, stalled];
    }

    fn renewed(&self, r#type: &str, status: bool, (reason, message): (&str, String)) -> Condition {
        let before =
            self.condition(r#type).filter(|before| before.status == status && before.reason == reason);
        let since = before.map_or_else(now, |before| before.since.clone());
        let message = cut(&message, LONGEST_TEXT).to_owned();
        Condition { r#type: r#type.to_owned(), status, reason: reason.to_owned(), message, since }
    }

    /// Remembers what a sync did, if it did something.
    pub(crate) fn count(&mut self, report: &Report) {
        let counts = Counts {
            created: report.count(Word::Created),
            configured: report.count(Word::Configured),
            pruned: report.count(Word::Pruned),
        };
        if counts != Counts::default() {
            self.last_change = Some(counts);
        }
    }
}

/// The time, to the second.
fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hld_apply::Change;
    use hld_k8s::ResourceId;

    fn change(name: &str, word: Word) -> Change {
        let id = ResourceId {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
            namespace: "default".to_owned(),
            name: name.to_owned(),
        };
        let reason = (word == Word::Failed).then(|| "denied ".repeat(200));
        Change { id, path: Some("a.yaml".into()), word, reason }
    }

    fn report(changes: Vec<Change>, pruning: Pruning) -> Report {
        Report { changes, pruning, ..Report::default() }
    }

    #[test]
    fn ready_is_said_only_when_everything_is_applied() {
        let mut status = Status { applied: "0123456789".to_owned(), objects: 2, ..Status::default() };
        let mut known = Known::default();
        status.update(&known);
        assert_eq!(status.condition(READY).unwrap().reason, "Progressing");
        known.learn(
            &report(vec![change("a", Word::Failed), change("b", Word::Created)], Pruning::Nothing),
            true,
        );
        status.update(&known);
        assert_eq!((status.is_ready(), status.n_errors), (false, 1));
        let ready = status.condition(READY).unwrap();
        assert!(ready.reason == "ApplyFailed" && ready.message.contains("ConfigMap default/a"), "{ready:?}");
        // A sync of another object does not make the first one well.
        known.learn(&report(vec![change("b", Word::Configured)], Pruning::Nothing), false);
        assert!(!known.is_well());
        known.learn(&report(vec![change("a", Word::Unchanged)], Pruning::Nothing), false);
        status.update(&known);
        assert!(status.is_ready(), "{status:?}");
    }

    #[test]
    fn removals_that_are_held_back_are_not_ready_but_those_switched_off_are() {
        let (mut status, mut known) = (Status::default(), Known::default());
        let held = |why| Pruning::Held { why, objects: Vec::new() };
        known.learn(&report(Vec::new(), held(Held::TooMany { n_removed: 40, n_objects: 41 })), true);
        status.update(&known);
        let ready = status.condition(READY).unwrap();
        assert!(
            !ready.status && ready.reason == "PruneHeld" && ready.message.contains("40 of 41"),
            "{ready:?}"
        );
        known.learn(&report(Vec::new(), held(Held::Off)), true);
        status.update(&known);
        assert!(status.is_ready());
    }

    #[test]
    fn f61_a_status_stays_small_whatever_fails() {
        let changes = (0..10_000).map(|n| change(&n.to_string(), Word::Failed)).collect();
        let (mut status, mut known) = (Status::default(), Known::default());
        known.learn(&report(changes, Pruning::Nothing), true);
        status.update(&known);
        assert_eq!((status.n_errors, status.errors.len()), (10_000, MOST_ERRORS));
        assert!(serde_json::to_string(&status).unwrap().len() < 64 * 1024);
    }

    #[test]
    fn a_condition_that_stays_keeps_its_time() {
        let mut status = Status::default();
        status.update(&Known::default());
        let before = status.clone();
        status.update(&Known::default());
        assert_eq!(before, status);
    }
}
