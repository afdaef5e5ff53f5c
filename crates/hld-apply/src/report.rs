//! What a sync did.

use std::fmt;
use std::sync::Arc;

use hld_k8s::ResourceId;

/// What became of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// It was not there and is now.
    Created,
    /// It was there and was changed.
    Configured,
    /// It is as it should be; nothing was written.
    Unchanged,
    /// It was left alone on purpose; the reason says why.
    Skipped,
    /// Its deletion was accepted; the reason says what it waits for, if it does.
    Pruned,
    /// It is not as it should be; the reason says why.
    Failed,
}

impl Word {
    /// All words, in order.
    pub const ALL: [Word; 6] =
        [Word::Created, Word::Configured, Word::Unchanged, Word::Skipped, Word::Pruned, Word::Failed];

    /// The word itself: `created`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Word::Created => "created",
            Word::Configured => "configured",
            Word::Unchanged => "unchanged",
            Word::Skipped => "skipped",
            Word::Pruned => "pruned",
            Word::Failed => "failed",
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One object of a [`Report`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The object, with its namespace.
    pub id: ResourceId,
    /// The file it stands in; `None` for an object that no file names any more.
    pub path: Option<Arc<str>>,
    /// What became of it.
    pub word: Word,
    /// Why: always there for [`Word::Skipped`] and [`Word::Failed`]. One line of at most 1 KiB,
    /// escaped for a log, without any value of a Secret.
    pub reason: Option<String>,
}

/// What became of the objects that are no longer wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Pruning {
    /// There were none.
    #[default]
    Nothing,
    /// They were dealt with one by one: their words say how.
    Done,
    /// None of them was deleted.
    Held {
        /// Why.
        why: Held,
        /// Which would have been deleted.
        objects: Vec<ResourceId>,
    },
}

/// Why nothing is pruned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// The commit wants nothing at all: `EmptySource`.
    EmptySource,
    /// More than ten objects, and more than three of ten, would go: the guard against a bad publish.
    TooMany {
        /// How many would be deleted.
        n_removed: usize,
        /// Of how many.
        n_objects: usize,
    },
    /// Objects of kinds that hold data or other objects would go.
    Dangerous {
        /// How many would be deleted.
        n_removed: usize,
        /// The kinds: `Namespace`, `PersistentVolumeClaim` …
        kinds: Vec<String>,
    },
    /// The options forbid it.
    Off,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Held::EmptySource => f.write_str("the commit holds no object: nothing is removed"),
            Held::TooMany { n_removed, n_objects } => {
                write!(
                    f,
                    "{n_removed} of {n_objects} objects would be removed: allow exactly {n_removed} removals"
                )
            }
            Held::Dangerous { n_removed, kinds } => {
                let kinds = kinds.join(", ");
                write!(f, "{kinds} would be removed: allow exactly {n_removed} removals")
            }
            Held::Off => f.write_str("pruning is off"),
        }
    }
}

/// What a sync did, object by object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The objects that the sync looked at, in the order of applying; those that were pruned last.
    pub changes: Vec<Change>,
    /// What became of the objects that are no longer wanted.
    pub pruning: Pruning,
    /// How many objects the inventory names now.
    pub n_inventory: usize,
    /// Why the inventory could not be brought up to date in the end, if it could not: it still names
    /// everything, and the next sync does it.
    pub unsaved: Option<String>,
}

impl Report {
    /// How many objects have this word.
    #[must_use]
    pub fn count(&self, word: Word) -> usize {
        self.changes.iter().filter(|change| change.word == word).count()
    }

    /// The objects that are not as they should be.
    pub fn failures(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.word == Word::Failed)
    }

    /// Whether the cluster is what the commit says, as far as this sync looked: nothing failed and no
    /// removal is held back.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_held = matches!(self.pruning, Pruning::Held { .. });
        self.failures().next().is_none() && !is_held && self.unsaved.is_none()
    }

    /// The words that occur, with their numbers: `1 created, 399 unchanged`.
    #[must_use]
    pub fn summary(&self) -> String {
        let counted = Word::ALL.map(|word| (self.count(word), word));
        let parts: Vec<String> = counted
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") }
    }
}

/// What a sync would change.
#[derive(Debug)]
pub struct Preview {
    /// The objects that differ, as [`hld_diff`]'s writers take them; without any secret. What would
    /// be pruned is removed in it.
    pub difference: hld_diff::Difference,
    /// The objects that could not be compared, and why.
    pub failed: Vec<Change>,
    /// Whether the objects that are no longer wanted would be pruned.
    pub pruning: Pruning,
}
