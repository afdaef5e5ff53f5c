//! Which kinds come first.

/// The place of a kind: what others need stands before them. Kinds of one place are applied at once.
pub(crate) fn rank(group: &str, kind: &str) -> u8 {
    match (group, kind) {
        ("", "Namespace") | ("apiextensions.k8s.io", "CustomResourceDefinition") => DEFINITIONS,
        (_, "PriorityClass" | "StorageClass" | "RuntimeClass" | "IngressClass")
        | (
            "",
            "ServiceAccount" | "ConfigMap" | "Secret" | "ResourceQuota" | "LimitRange" | "PersistentVolume",
        )
        | ("rbac.authorization.k8s.io", "ClusterRole" | "Role") => 1,
        ("rbac.authorization.k8s.io", _) | ("", "PersistentVolumeClaim" | "Service") => 2,
        ("admissionregistration.k8s.io" | "apiregistration.k8s.io", _) => 4,
        _ => 3,
    }
}

/// What is applied and waited for before anything else.
pub(crate) const DEFINITIONS: u8 = 0;

/// Whether an object of this kind holds data or other objects: it is pruned only if it says so itself.
pub(crate) fn holds_others(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("", "Namespace" | "PersistentVolume" | "PersistentVolumeClaim")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
    )
}

/// Whether the loss of an object of this kind is one that the removal guard asks about.
pub(crate) fn is_dangerous(group: &str, kind: &str) -> bool {
    holds_others(group, kind) || (group, kind) == ("apps", "StatefulSet")
}
