//! Fields that the API server does not let anybody change (the update validation of each kind,
//! k8s.io/kubernetes pkg/apis/*/validation).

use hld_k8s::ResourceId;

use super::{Danger, Risk, at};
use crate::{Change, Node, Step, What};

/// A field, or all but some fields of one, that can not be changed.
struct Rule {
    group: &'static str,
    kinds: &'static [&'static str],
    path: &'static [&'static str],
    /// Fields directly below the path that can; with none the path itself can not.
    free: &'static [&'static str],
}

const APPS: &str = "apps";
const RBAC: &str = "rbac.authorization.k8s.io";
const STORAGE: &str = "storage.k8s.io";

/// Shorthand for a row of the table.
const fn rule(
    group: &'static str,
    kinds: &'static [&'static str],
    path: &'static [&'static str],
    free: &'static [&'static str],
) -> Rule {
    Rule { group, kinds, path, free }
}

const RULES: &[Rule] = &[
    rule(APPS, &["Deployment", "DaemonSet", "ReplicaSet"], &["spec", "selector"], &[]),
    rule(
        APPS,
        &["StatefulSet"],
        &["spec"],
        &[
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
            "revisionHistoryLimit",
        ],
    ),
    rule("batch", &["Job"], &["spec", "template"], &[]),
    rule("batch", &["Job"], &["spec", "selector"], &[]),
    rule("batch", &["Job"], &["spec", "completionMode"], &[]),
    rule("batch", &["Job"], &["spec", "completions"], &[]),
    rule("", &["Service"], &["spec", "clusterIP"], &[]),
    rule("", &["PersistentVolumeClaim"], &["spec"], &["resources", "volumeAttributesClassName"]),
    rule("", &["Secret"], &["type"], &[]),
    rule(RBAC, &["RoleBinding", "ClusterRoleBinding"], &["roleRef"], &[]),
    rule(STORAGE, &["StorageClass"], &["provisioner"], &[]),
    rule(STORAGE, &["StorageClass"], &["parameters"], &[]),
    rule(STORAGE, &["StorageClass"], &["reclaimPolicy"], &[]),
    rule(STORAGE, &["StorageClass"], &["volumeBindingMode"], &[]),
    rule("scheduling.k8s.io", &["PriorityClass"], &["value"], &[]),
    rule("scheduling.k8s.io", &["PriorityClass"], &["preemptionPolicy"], &[]),
    rule("networking.k8s.io", &["IngressClass"], &["spec", "controller"], &[]),
    rule("node.k8s.io", &["RuntimeClass"], &["handler"], &[]),
    rule("apiextensions.k8s.io", &["CustomResourceDefinition"], &["spec", "scope"], &[]),
    rule("apiextensions.k8s.io", &["CustomResourceDefinition"], &["spec", "group"], &[]),
];

const REASON: &str = "the API server refuses the change: the object has to be deleted and made anew";
const SEALED: &str = "the object is `immutable`: the API server refuses the change";

/// Adds every change of a field that can not be changed.
pub(super) fn find(id: &ResourceId, (before, changes): (&Node, &[Change]), dangers: &mut Vec<Danger>) {
    let rules = RULES.iter().filter(|rule| id.group == rule.group && rule.kinds.contains(&&*id.kind));
    for Rule { path, free, .. } in rules {
        let Some(what) = at(changes, path) else { continue };
        match what {
            What::Inner(inner) if !free.is_empty() => {
                let keys = inner.iter().filter_map(|change| match &change.step {
                    Step::Key(key) if !free.contains(&key.as_str()) => Some(key),
                    _ => None,
                });
                dangers.extend(
                    keys.map(|key| Danger::new(Risk::Immutable, format!("{}.{key}", path.join(".")), REASON)),
                );
            }
            _ => dangers.push(Danger::new(Risk::Immutable, path.join("."), REASON)),
        }
    }
    let may_be_sealed = id.group.is_empty() && ["Secret", "ConfigMap"].contains(&&*id.kind);
    if may_be_sealed && before.below(&["immutable"]) == Some(&Node::Bool(true)) {
        let fields = ["data", "binaryData", "stringData", "immutable"];
        let touched = fields.iter().filter(|field| at(changes, &[field]).is_some());
        dangers.extend(touched.map(|field| Danger::new(Risk::Immutable, *field, SEALED)));
    }
}
