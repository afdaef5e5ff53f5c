//! Rights that grow: roles that allow more, and who gets them.

use std::collections::BTreeSet;

use super::{Danger, Risk, at};
use crate::{Node, ObjectChange};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Most single rights of one rule that are looked at one by one.
const MOST_RIGHTS: usize = 10_000;

/// Verbs with which one can give oneself any right.
const ESCALATING: &[&str] = &["escalate", "bind", "impersonate"];

/// Stands in place of the API groups in a rule about non-resource URLs; no group has this name.
const URLS: &str = "/";

/// Adds what lets somebody do more than before.
pub(super) fn find(object: &ObjectChange, dangers: &mut Vec<Danger>) {
    let id = object.id();
    let mut push = |path: &str, reason| dangers.push(Danger::new(Risk::Access, path, reason));
    match (&*id.group, &*id.kind, object) {
        (GROUP, "ClusterRoleBinding", ObjectChange::Added(_)) => {
            push("", "its subjects get the rights of a role in the whole cluster");
        }
        (GROUP, "RoleBinding", ObjectChange::Added(_)) => push("", "its subjects get the rights of a role"),
        (GROUP, "ClusterRoleBinding" | "RoleBinding", ObjectChange::Changed { before, after, .. })
            if has_new_subject(&before.content, &after.content) =>
        {
            push("subjects", "more subjects get the rights of the role");
        }
        (GROUP, "ClusterRole" | "Role", ObjectChange::Added(object)) => {
            if let Some(reason) = rules(&object.content).iter().find_map(Rule::unbounded) {
                push("rules", reason);
            }
        }
        (GROUP, "ClusterRole" | "Role", ObjectChange::Changed { before, after, changes }) => {
            if at(changes, &["rules"]).is_some() {
                dangers.extend(wider(&rules(&before.content), &rules(&after.content)));
            }
            if at(changes, &["aggregationRule"]).is_some() {
                let reason = "other roles than before are part of it";
                dangers.push(Danger::new(Risk::Access, "aggregationRule", reason));
            }
        }
        _ => {}
    }
}

fn has_new_subject(before: &Node, after: &Node) -> bool {
    let subjects = |node: &Node| node.below(&["subjects"]).map(Node::items).unwrap_or_default().to_vec();
    let before: BTreeSet<Node> = subjects(before).into_iter().collect();
    subjects(after).iter().any(|subject| !before.contains(subject))
}

/// What the new rules allow that the old ones did not.
fn wider(before: &[Rule], after: &[Rule]) -> Option<Danger> {
    let mut gained = after.iter().filter(|rule| !rule.is_covered(before)).peekable();
    gained.peek()?;
    let reason = gained.find_map(Rule::unbounded).unwrap_or("more is allowed than before");
    Some(Danger::new(Risk::Access, "rules", reason))
}

/// One rule of a role. Missing lists are empty.
#[derive(Default)]
struct Rule {
    verbs: Vec<String>,
    /// API groups, or [`URLS`] alone.
    groups: Vec<String>,
    /// Resources, or URLs.
    targets: Vec<String>,
    /// Names that it is about; empty means all.
    names: Vec<String>,
}

fn rules(role: &Node) -> Vec<Rule> {
    let rules = role.below(&["rules"]).map(Node::items).unwrap_or_default();
    let mut found = Vec::with_capacity(rules.len());
    for rule in rules {
        let list = |key: &str| -> Vec<String> {
            let items = rule.below(&[key]).map(Node::items).unwrap_or_default();
            items.iter().filter_map(Node::as_text).map(str::to_owned).collect()
        };
        let (verbs, urls) = (list("verbs"), list("nonResourceURLs"));
        if !urls.is_empty() {
            let (verbs, groups) = (verbs.clone(), vec![URLS.to_owned()]);
            found.push(Rule { verbs, groups, targets: urls, names: Vec::new() });
        }
        let names = list("resourceNames");
        found.push(Rule { verbs, groups: list("apiGroups"), targets: list("resources"), names });
    }
    found
}

impl Rule {
    /// Why it has no bounds, if it has none.
    fn unbounded(&self) -> Option<&'static str> {
        if self.verbs.iter().any(|verb| ESCALATING.contains(&verb.as_str())) {
            return Some("who has it can give themselves any right: `escalate`, `bind` or `impersonate`");
        }
        if self.verbs.iter().any(|verb| verb == "*") {
            return Some("every verb is allowed: `*`");
        }
        self.targets.iter().any(|target| target == "*").then_some("every resource is meant: `*`")
    }

    /// Whether each of its rights is one of a rule of `rules`.
    fn is_covered(&self, rules: &[Rule]) -> bool {
        let n_names = self.names.len().max(1);
        let sizes = [self.verbs.len(), self.groups.len(), self.targets.len(), n_names];
        let n_rights = sizes.iter().fold(1_usize, |n, size| n.saturating_mul(*size));
        if n_rights.saturating_mul(rules.len()) > MOST_RIGHTS {
            return rules.iter().any(|rule| rule.has_all(self));
        }
        self.verbs.iter().all(|verb| {
            self.groups.iter().all(|group| {
                self.targets.iter().all(|target| {
                    let has = |name| rules.iter().any(|rule| rule.has([verb, group, target], name));
                    if self.names.is_empty() {
                        has(None)
                    } else {
                        self.names.iter().all(|name| has(Some(name)))
                    }
                })
            })
        })
    }

    fn has_all(&self, other: &Rule) -> bool {
        let covers = |ours: &[String], theirs: &[String]| theirs.iter().all(|one| is_in(ours, one));
        let names_fit = self.names.is_empty()
            || (!other.names.is_empty() && other.names.iter().all(|name| self.names.contains(name)));
        covers(&self.verbs, &other.verbs)
            && covers(&self.groups, &other.groups)
            && covers(&self.targets, &other.targets)
            && names_fit
    }

    fn has(&self, [verb, group, target]: [&str; 3], name: Option<&String>) -> bool {
        let fits = self.names.is_empty() || name.is_some_and(|name| self.names.contains(name));
        fits && is_in(&self.verbs, verb) && is_in(&self.groups, group) && is_in(&self.targets, target)
    }
}

/// Whether a list of a rule has a word; `*` is every word of its kind.
fn is_in(list: &[String], word: &str) -> bool {
    list.iter().any(|one| one == word || (one == "*" && word != URLS))
}
