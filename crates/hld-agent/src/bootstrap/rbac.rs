//! What the agent may do, as RBAC says it.
//!
//! An applier must be able to write whatever the repository holds, so the rights are those of the
//! repository's author, and they are kept small in two ways: by kind (the kinds that are applied from
//! repositories, without subresources: no `pods/exec`, no `serviceaccounts/token`) and by verb (no
//! `escalate`, `bind` or `impersonate`: a Role in the repository can grant only what the agent has).

use crate::own::{NAME, shared_name};

/// What the agent may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Power {
    /// Everything that repositories hold, in every namespace, and kinds named beside: `group/resource`.
    Cluster(Vec<String>),
    /// The same kinds, but in these namespaces alone, and nothing outside of namespaces.
    Namespaces(Vec<String>),
    /// Everything: for repositories that hold roles for others.
    ClusterAdmin,
}

/// What an applier does with an object: look, apply on the server, delete.
const VERBS: &str = "[get, list, watch, create, patch, delete]";

/// Kinds in namespaces.
const NAMESPACED: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "configmaps",
            "endpoints",
            "limitranges",
            "persistentvolumeclaims",
            "pods",
            "podtemplates",
            "replicationcontrollers",
            "resourcequotas",
            "secrets",
            "serviceaccounts",
            "services",
        ],
    ),
    ("apps", &["controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"]),
    ("autoscaling", &["horizontalpodautoscalers"]),
    ("batch", &["cronjobs", "jobs"]),
    ("discovery.k8s.io", &["endpointslices"]),
    ("networking.k8s.io", &["ingresses", "networkpolicies"]),
    ("policy", &["poddisruptionbudgets"]),
    ("rbac.authorization.k8s.io", &["rolebindings", "roles"]),
];

/// Kinds outside of namespaces.
const GLOBAL: &[(&str, &[&str])] = &[
    ("", &["namespaces", "persistentvolumes"]),
    (
        "admissionregistration.k8s.io",
        &[
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "validatingwebhookconfigurations",
        ],
    ),
    ("apiextensions.k8s.io", &["customresourcedefinitions"]),
    ("apiregistration.k8s.io", &["apiservices"]),
    ("networking.k8s.io", &["ingressclasses"]),
    ("node.k8s.io", &["runtimeclasses"]),
    ("rbac.authorization.k8s.io", &["clusterrolebindings", "clusterroles"]),
    ("scheduling.k8s.io", &["priorityclasses"]),
    ("storage.k8s.io", &["csidrivers", "storageclasses"]),
];

impl Power {
    /// The namespaces that are named.
    pub(super) fn namespaces(&self) -> &[String] {
        match self {
            Power::Namespaces(names) => names,
            Power::Cluster(_) | Power::ClusterAdmin => &[],
        }
    }
}

/// The ServiceAccount, the role in the agent's own namespace, and the roles of its power.
pub(super) fn manifests(namespace: &str, power: &Power) -> Vec<String> {
    let mut manifests = vec![
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {NAME}\n  namespace: {namespace}\n"
        ),
        own_role(namespace),
        binding("RoleBinding", &format!("{NAME}\n  namespace: {namespace}"), ("Role", NAME), namespace),
    ];
    let shared = shared_name(namespace);
    match power {
        Power::ClusterAdmin => {
            manifests.push(binding(
                "ClusterRoleBinding",
                &shared,
                ("ClusterRole", "cluster-admin"),
                namespace,
            ));
        }
        Power::Cluster(beside) => {
            let beside = beside.iter().map(|kind| kind.rsplit_once('/').unwrap_or(("", kind)));
            let beside: Vec<String> = beside.map(|(group, resource)| rule(group, &[resource])).collect();
            let rules = NAMESPACED.iter().chain(GLOBAL).map(|(group, resources)| rule(group, resources));
            let rules: String = rules.chain(beside).collect();
            manifests.push(role("ClusterRole", &shared, &rules));
            manifests.push(binding("ClusterRoleBinding", &shared, ("ClusterRole", &shared), namespace));
        }
        Power::Namespaces(names) => {
            for name in names.iter().filter(|name| *name != namespace) {
                let rules: String =
                    NAMESPACED.iter().map(|(group, resources)| rule(group, resources)).collect();
                let named = format!("{shared}\n  namespace: {name}");
                manifests.push(role("Role", &named, &rules));
                manifests.push(binding("RoleBinding", &named, ("Role", &shared), namespace));
            }
        }
    }
    manifests
}

/// Inventory, status and events.
fn own_role(namespace: &str) -> String {
    let rules = "\
- apiGroups: ['']
  resources: [configmaps]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: ['']
  resources: [events]
  verbs: [create, patch]
";
    role("Role", &format!("{NAME}\n  namespace: {namespace}"), rules)
}

fn role(kind: &str, name: &str, rules: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\nrules:\n{rules}"
    )
}

fn rule(group: &str, resources: &[&str]) -> String {
    let group = if group.is_empty() { "''" } else { group };
    format!("- apiGroups: [{group}]\n  resources: [{}]\n  verbs: {VERBS}\n", resources.join(", "))
}

fn binding(kind: &str, name: &str, (role_kind, role): (&str, &str), namespace: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\n\
         roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: {role_kind}\n  name: {role}\n\
         subjects:\n- kind: ServiceAccount\n  name: {NAME}\n  namespace: {namespace}\n"
    )
}
