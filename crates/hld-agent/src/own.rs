//! What the agent itself consists of in a cluster.

use std::collections::BTreeSet;

use hld_k8s::ResourceId;

/// Name of the Deployment, the ServiceAccount and the roles.
pub(crate) const NAME: &str = "hld-agent";
/// The ConfigMap with the configuration file.
pub(crate) const CONFIG: &str = "hld-agent-config";
/// The ConfigMap with the host keys of ssh.
pub(crate) const KNOWN_HOSTS: &str = "hld-agent-known-hosts";
/// The Secret with the deploy key or the password.
pub(crate) const GIT_SECRET: &str = "hld-agent-git";
/// The Secret with the secret of webhooks, and the Service they come in by.
pub(crate) const WEBHOOKS: &str = "hld-agent-webhooks";

/// Name of what is not in the agent's own namespace: two agents in one cluster have one each.
pub(crate) fn shared_name(namespace: &str) -> String {
    if namespace == NAME { NAME.to_owned() } else { format!("{NAME}-{namespace}") }
}

/// The objects that the agent lives by, as `hld agent bootstrap` names them.
pub(crate) fn objects(namespace: &str) -> BTreeSet<ResourceId> {
    let rbac = "rbac.authorization.k8s.io";
    let id = |group: &str, kind: &str, namespace: &str, name: &str| ResourceId {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    [
        id("", "Namespace", "", namespace),
        id("", "ServiceAccount", namespace, NAME),
        id(rbac, "ClusterRole", "", &shared_name(namespace)),
        id(rbac, "ClusterRoleBinding", "", &shared_name(namespace)),
        id(rbac, "Role", namespace, NAME),
        id(rbac, "RoleBinding", namespace, NAME),
        id("", "ConfigMap", namespace, CONFIG),
        id("", "ConfigMap", namespace, KNOWN_HOSTS),
        id("", "Secret", namespace, GIT_SECRET),
        id("", "Secret", namespace, WEBHOOKS),
        id("", "Service", namespace, WEBHOOKS),
        id("apps", "Deployment", namespace, NAME),
    ]
    .into()
}

/// Whether an object of the repository would change the agent itself (B131, B133): it is one of its
/// parts, or stands in its namespace.
pub(crate) fn concerns(id: &ResourceId, namespace: &str, own: &BTreeSet<ResourceId>) -> bool {
    own.contains(id) || id.namespace == namespace
}
