//! The kinds that the server has.

/// One kind that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: String,
    /// The version it is served in.
    pub version: String,
    /// `ConfigMap`.
    pub kind: String,
    /// `configmaps`.
    pub plural: String,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
}

impl Kind {
    /// A kind of this group, version, name and plural.
    #[must_use]
    pub fn new([group, version, kind, plural]: [&str; 4]) -> Self {
        Kind {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            is_namespaced: true,
        }
    }

    /// The same for a kind whose objects are in no namespace.
    #[must_use]
    pub fn cluster_scoped(self) -> Self {
        Kind { is_namespaced: false, ..self }
    }

    /// `apps/v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether its objects have a generation: those with a spec that a controller acts on.
    pub(crate) fn has_generation(&self) -> bool {
        !matches!(
            self.group.as_str(),
            "" | "rbac.authorization.k8s.io" | "coordination.k8s.io" | "events.k8s.io"
        )
    }
}

/// What every cluster has.
pub(crate) fn builtin() -> Vec<Kind> {
    let namespaced = [
        ["", "v1", "ConfigMap", "configmaps"],
        ["", "v1", "Secret", "secrets"],
        ["", "v1", "Service", "services"],
        ["", "v1", "ServiceAccount", "serviceaccounts"],
        ["", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"],
        ["", "v1", "Pod", "pods"],
        ["", "v1", "Event", "events"],
        ["apps", "v1", "Deployment", "deployments"],
        ["apps", "v1", "StatefulSet", "statefulsets"],
        ["apps", "v1", "DaemonSet", "daemonsets"],
        ["batch", "v1", "Job", "jobs"],
        ["batch", "v1", "CronJob", "cronjobs"],
        ["networking.k8s.io", "v1", "Ingress", "ingresses"],
        ["networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"],
        ["rbac.authorization.k8s.io", "v1", "Role", "roles"],
        ["rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"],
        ["coordination.k8s.io", "v1", "Lease", "leases"],
        ["events.k8s.io", "v1", "Event", "events"],
    ];
    let clusterwide = [
        ["", "v1", "Namespace", "namespaces"],
        ["", "v1", "PersistentVolume", "persistentvolumes"],
        ["rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles"],
        ["rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings"],
        ["apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions"],
        ["storage.k8s.io", "v1", "StorageClass", "storageclasses"],
        [
            "admissionregistration.k8s.io",
            "v1",
            "ValidatingWebhookConfiguration",
            "validatingwebhookconfigurations",
        ],
    ];
    let namespaced = namespaced.map(Kind::new).into_iter();
    namespaced.chain(clusterwide.map(|kind| Kind::new(kind).cluster_scoped())).collect()
}
