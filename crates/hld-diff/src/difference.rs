//! What differs, as data.

use hld_diag::Span;
use hld_k8s::ResourceId;

use crate::{Hunk, Node};

/// What differs between two sets of objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The objects that differ, by their ids.
    pub objects: Vec<ObjectChange>,
}

/// One object that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectChange {
    /// It is on the second side only.
    Added(Object),
    /// It is on the first side only.
    Removed(Object),
    /// It is on both sides.
    Changed {
        /// The object on the first side.
        before: Object,
        /// The object on the second side.
        after: Object,
        /// How to get from the one to the other; never empty.
        changes: Vec<Change>,
    },
}

/// An object of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What makes it one and the same.
    pub id: ResourceId,
    /// All of it, without its secrets.
    pub content: Node,
    /// Where it begins.
    pub span: Span,
}

/// A change of one entry of a map or one item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The entry or item.
    pub step: Step,
    /// What became of it.
    pub what: What,
}

/// The way from a value to one below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The entry of a map under this key.
    Key(String),
    /// An item of a list.
    Item(Item),
}

/// An item of a list, on the sides that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// The fields that name it, with their values: `name` and `web`. Empty in lists whose items have
    /// no names.
    pub name: Vec<(String, String)>,
    /// Its position on the first side, from 0.
    pub before: Option<usize>,
    /// Its position on the second side, from 0.
    pub after: Option<usize>,
}

/// What became of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added(Node),
    /// It is gone.
    Removed(Node),
    /// Another value took its place.
    Replaced {
        /// The old value.
        before: Node,
        /// The new value.
        after: Node,
    },
    /// A text of several lines has other lines.
    Text(Vec<Hunk>),
    /// The item of a list stands elsewhere among the items that stayed. If its content changed as
    /// well, that is a change of its own.
    Moved,
    /// Something below it changed: entries by key, or items, those that are gone first.
    Inner(Vec<Change>),
}

impl Difference {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// `1 added, 2 changed, 3 removed`, without what there is none of; `no difference`.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = ["added", "changed", "removed"].map(|word| (self.count(word), word));
        let parts = counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}"));
        let parts: Vec<String> = parts.collect();
        if parts.is_empty() { "no difference".to_owned() } else { parts.join(", ") }
    }

    /// How many objects the word describes: `added`, `changed`, `removed`.
    pub(crate) fn count(&self, word: &str) -> usize {
        self.objects.iter().filter(|object| object.word() == word).count()
    }
}

impl ObjectChange {
    /// What makes the object one and the same.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        match self {
            ObjectChange::Added(object) | ObjectChange::Removed(object) => &object.id,
            ObjectChange::Changed { after, .. } => &after.id,
        }
    }

    /// `added`, `removed`, `changed`.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            ObjectChange::Added(_) => "added",
            ObjectChange::Removed(_) => "removed",
            ObjectChange::Changed { .. } => "changed",
        }
    }
}
