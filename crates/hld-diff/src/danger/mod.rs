//! What of a change can hurt: data that is lost, what the API server refuses, traffic that goes
//! elsewhere, rights that grow.

mod access;
mod fixed;

use crate::{Change, Node, ObjectChange, Step, What};

/// What can go wrong, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    /// Data is deleted with the object.
    DataLoss,
    /// The API server refuses the change.
    Immutable,
    /// Other pods are meant than before.
    Selector,
    /// Nothing runs any more.
    Outage,
    /// Somebody may do more than before.
    Access,
    /// Something else may need what is removed.
    Removal,
}

/// One reason to look twice at a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Danger {
    /// What can go wrong.
    pub risk: Risk,
    /// The field; empty where it is the whole object.
    pub path: String,
    /// Why, in a line.
    pub reason: &'static str,
}

impl Risk {
    /// `data loss`, `immutable field` …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Risk::DataLoss => "data loss",
            Risk::Immutable => "immutable field",
            Risk::Selector => "selector",
            Risk::Outage => "outage",
            Risk::Access => "access",
            Risk::Removal => "removal",
        }
    }
}

impl Danger {
    fn new(risk: Risk, path: impl Into<String>, reason: &'static str) -> Self {
        Danger { risk, path: path.into(), reason }
    }
}

/// The dangers of a change, worst first.
pub(crate) fn of(object: &ObjectChange) -> Vec<Danger> {
    let mut dangers = Vec::new();
    if matches!(object, ObjectChange::Removed(_)) {
        dangers.extend(removal(object));
    }
    if let ObjectChange::Changed { before, changes, .. } = object {
        fixed::find(object.id(), (&before.content, changes), &mut dangers);
        dangers.extend(selector(object, changes));
        dangers.extend(outage(object, changes));
    }
    access::find(object, &mut dangers);
    dangers.sort();
    dangers.dedup();
    dangers
}

/// Kinds whose removal is dangerous: group, kind, risk, why.
const REMOVALS: &[(&str, &str, Risk, &str)] = &[
    ("", "PersistentVolumeClaim", Risk::DataLoss, "its volume may be deleted with it"),
    ("", "PersistentVolume", Risk::DataLoss, "what it stores may no longer be reached"),
    ("", "Namespace", Risk::DataLoss, "everything in it is deleted with it"),
    ("apps", "StatefulSet", Risk::DataLoss, "its pods end, and its claims may be deleted with it"),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        Risk::DataLoss,
        "every object of its kind is deleted with it",
    ),
    ("", "Secret", Risk::Removal, "pods that need it do not start any more"),
    ("", "ConfigMap", Risk::Removal, "pods that need it do not start any more"),
];

fn removal(object: &ObjectChange) -> Option<Danger> {
    let id = object.id();
    let row = REMOVALS.iter().find(|(group, kind, ..)| id.group == *group && id.kind == *kind)?;
    Some(Danger::new(row.2, "", row.3))
}

/// Fields that say which pods are meant, where they may be changed.
const SELECTORS: &[(&str, &str, &str)] = &[
    ("", "Service", "selector"),
    ("policy", "PodDisruptionBudget", "selector"),
    ("networking.k8s.io", "NetworkPolicy", "podSelector"),
];

fn selector(object: &ObjectChange, changes: &[Change]) -> Option<Danger> {
    let id = object.id();
    let row = SELECTORS.iter().find(|(group, kind, _)| id.group == *group && id.kind == *kind)?;
    at(changes, &["spec", row.2])?;
    Some(Danger::new(Risk::Selector, format!("spec.{}", row.2), "other pods are meant than before"))
}

/// `spec.replicas` that becomes 0, whatever kind it is.
fn outage(object: &ObjectChange, changes: &[Change]) -> Option<Danger> {
    let ObjectChange::Changed { after, .. } = object else { return None };
    at(changes, &["spec", "replicas"])?;
    let is_none = after.content.below(&["spec", "replicas"]) == Some(&Node::Int(0));
    is_none.then(|| Danger::new(Risk::Outage, "spec.replicas", "no pod is left running"))
}

/// What became of the value at a path of keys, or of one above it; `None` where it is the same.
fn at<'c>(changes: &'c [Change], path: &[&str]) -> Option<&'c What> {
    let (first, rest) = path.split_first()?;
    let is_meant = |change: &&Change| matches!(&change.step, Step::Key(key) if key == first);
    let what = &changes.iter().find(is_meant)?.what;
    match what {
        What::Inner(changes) if !rest.is_empty() => at(changes, rest),
        _ => Some(what),
    }
}
