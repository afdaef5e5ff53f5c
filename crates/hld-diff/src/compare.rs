//! Two sides to their difference.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use hld_diag::Diagnostics;
use hld_k8s::ResourceId;
use hld_yaml::Limits;

use crate::object::objects;
use crate::{Change, Difference, Input, Key, Node, Object, ObjectChange, Step, What, list, text};

/// How two sides are compared.
#[derive(Debug)]
pub struct Options {
    /// The key of the hashes that stand for secret values.
    pub key: Key,
    /// What the texts may ask of their reader.
    pub limits: Limits,
}

/// What a comparison came to.
#[derive(Debug)]
pub struct Outcome {
    /// What differs.
    pub difference: Difference,
    /// What could not be compared. With a fatal one among them the difference is not the whole.
    pub diagnostics: Diagnostics,
}

/// Compares two sets of objects.
///
/// An object that stands several times on one side is compared in order: the first with the first.
#[must_use]
pub fn compare(before: &[Input<'_>], after: &[Input<'_>], options: &Options) -> Outcome {
    let mut diagnostics = Diagnostics::default();
    let sides = objects([before, after], options, &mut diagnostics);
    let [before, mut after] = sides.map(numbered);
    let mut found: Vec<((ResourceId, usize), ObjectChange)> = Vec::new();
    for (id, before) in before {
        let change = match after.remove(&id) {
            Some(after) => changed(before, after),
            None => Some(ObjectChange::Removed(before)),
        };
        found.extend(change.map(|change| (id, change)));
    }
    found.extend(after.into_iter().map(|(id, after)| (id, ObjectChange::Added(after))));
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    let objects = found.into_iter().map(|(_, change)| change).collect();
    Outcome { difference: Difference { objects }, diagnostics }
}

/// The objects by their ids; those of one id are numbered.
fn numbered(objects: Vec<Object>) -> BTreeMap<(ResourceId, usize), Object> {
    let mut counts: BTreeMap<ResourceId, usize> = BTreeMap::new();
    let mut numbered = BTreeMap::new();
    for object in objects {
        let count = counts.entry(object.id.clone()).or_default();
        numbered.insert((object.id.clone(), *count), object);
        *count += 1;
    }
    numbered
}

fn changed(before: Object, after: Object) -> Option<ObjectChange> {
    match value(&before.content, &after.content)? {
        What::Inner(changes) => Some(ObjectChange::Changed { before, after, changes }),
        _ => unreachable!("an object is a map, and two maps differ by their entries"),
    }
}

/// What became of a value; `None` where it is the same.
pub(crate) fn value(before: &Node, after: &Node) -> Option<What> {
    match (before, after) {
        (before, after) if before == after => None,
        (Node::Map(before), Node::Map(after)) => Some(What::Inner(entries(before, after))),
        (Node::List(before), Node::List(after)) => Some(What::Inner(list::items(before, after))),
        (Node::Text(before), Node::Text(after)) if text::has_lines(before) || text::has_lines(after) => {
            Some(What::Text(text::hunks(before, after)))
        }
        _ => Some(What::Replaced { before: before.clone(), after: after.clone() }),
    }
}

/// The changes between two maps, by key.
fn entries(before: &BTreeMap<String, Node>, after: &BTreeMap<String, Node>) -> Vec<Change> {
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    let mut changes = Vec::new();
    let mut push = |key: &String, what| changes.push(Change { step: Step::Key(key.clone()), what });
    loop {
        let order = match (old.peek(), new.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return changes,
        };
        let gone = if order.is_le() { old.next() } else { None };
        let come = if order.is_ge() { new.next() } else { None };
        match (gone, come) {
            (Some((key, before)), Some((_, after))) => {
                if let Some(what) = value(before, after) {
                    push(key, what);
                }
            }
            (Some((key, before)), None) => push(key, What::Removed(before.clone())),
            (None, Some((key, after))) => push(key, What::Added(after.clone())),
            (None, None) => return changes,
        }
    }
}
