//! API versions that are deprecated or gone, and what takes their place.
//!
//! From Kubernetes' deprecation guide and the `prerelease-lifecycle` marks of its API types. What went
//! away within the packed versions is known from the pack as well; the table says what to use instead.

use hld_k8s::Gvk;

use crate::pack::Pack;

/// What becomes of some kinds of an API version.
struct Row {
    api_version: &'static str,
    /// All kinds of the API version where none is named.
    kinds: &'static [&'static str],
    deprecated: u32,
    /// Not removed yet when 0.
    removed: u32,
    /// What to use instead; empty where there is nothing.
    instead: &'static str,
}

/// What is to be said about a kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    /// The minor number of the version in which it happened.
    pub(crate) since: u32,
    /// What to use instead.
    pub(crate) instead: Option<String>,
}

const fn row(
    api_version: &'static str,
    kinds: &'static [&'static str],
    (deprecated, removed): (u32, u32),
    instead: &'static str,
) -> Row {
    Row { api_version, kinds, deprecated, removed, instead }
}

const WORKLOADS: &[&str] =
    &["Deployment", "DaemonSet", "ReplicaSet", "StatefulSet", "ControllerRevision", "Scale"];

const TABLE: &[Row] = &[
    row("extensions/v1beta1", &["Deployment", "DaemonSet", "ReplicaSet"], (9, 16), "apps/v1"),
    row("extensions/v1beta1", &["NetworkPolicy"], (9, 16), "networking.k8s.io/v1"),
    row("extensions/v1beta1", &["PodSecurityPolicy"], (11, 16), ""),
    row("extensions/v1beta1", &["Ingress"], (14, 22), "networking.k8s.io/v1"),
    row("apps/v1beta1", WORKLOADS, (9, 16), "apps/v1"),
    row("apps/v1beta2", WORKLOADS, (9, 16), "apps/v1"),
    row("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], (19, 22), "networking.k8s.io/v1"),
    row("networking.k8s.io/v1beta1", &["IPAddress", "ServiceCIDR"], (34, 37), "networking.k8s.io/v1"),
    row(
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        (16, 22),
        "admissionregistration.k8s.io/v1",
    ),
    row(
        "admissionregistration.k8s.io/v1beta1",
        &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
        (31, 34),
        "admissionregistration.k8s.io/v1",
    ),
    row("apiextensions.k8s.io/v1beta1", &[], (16, 22), "apiextensions.k8s.io/v1"),
    row("apiregistration.k8s.io/v1beta1", &[], (19, 22), "apiregistration.k8s.io/v1"),
    row("authentication.k8s.io/v1beta1", &["TokenReview"], (19, 22), "authentication.k8s.io/v1"),
    row("authorization.k8s.io/v1beta1", &[], (19, 22), "authorization.k8s.io/v1"),
    row("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], (19, 22), "certificates.k8s.io/v1"),
    row("coordination.k8s.io/v1beta1", &["Lease"], (19, 22), "coordination.k8s.io/v1"),
    row("rbac.authorization.k8s.io/v1alpha1", &[], (17, 22), "rbac.authorization.k8s.io/v1"),
    row("rbac.authorization.k8s.io/v1beta1", &[], (17, 22), "rbac.authorization.k8s.io/v1"),
    row("scheduling.k8s.io/v1alpha1", &["PriorityClass"], (14, 22), "scheduling.k8s.io/v1"),
    row("scheduling.k8s.io/v1beta1", &["PriorityClass"], (14, 22), "scheduling.k8s.io/v1"),
    row("storage.k8s.io/v1alpha1", &["VolumeAttachment"], (21, 24), "storage.k8s.io/v1"),
    row(
        "storage.k8s.io/v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        (19, 22),
        "storage.k8s.io/v1",
    ),
    row("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], (24, 27), "storage.k8s.io/v1"),
    row("storage.k8s.io/v1beta1", &["VolumeAttributesClass"], (34, 37), "storage.k8s.io/v1"),
    row("batch/v2alpha1", &["CronJob"], (8, 21), "batch/v1"),
    row("batch/v1beta1", &["CronJob"], (21, 25), "batch/v1"),
    row("discovery.k8s.io/v1beta1", &["EndpointSlice"], (21, 25), "discovery.k8s.io/v1"),
    row("events.k8s.io/v1beta1", &["Event"], (19, 25), "events.k8s.io/v1"),
    row("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], (22, 25), "autoscaling/v2"),
    row("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], (23, 26), "autoscaling/v2"),
    row("policy/v1beta1", &["PodDisruptionBudget"], (21, 25), "policy/v1"),
    row("policy/v1beta1", &["PodSecurityPolicy"], (21, 25), ""),
    row("node.k8s.io/v1alpha1", &["RuntimeClass"], (20, 22), "node.k8s.io/v1"),
    row("node.k8s.io/v1beta1", &["RuntimeClass"], (22, 25), "node.k8s.io/v1"),
    row("flowcontrol.apiserver.k8s.io/v1alpha1", &[], (20, 24), "flowcontrol.apiserver.k8s.io/v1"),
    row("flowcontrol.apiserver.k8s.io/v1beta1", &[], (23, 26), "flowcontrol.apiserver.k8s.io/v1"),
    row("flowcontrol.apiserver.k8s.io/v1beta2", &[], (26, 29), "flowcontrol.apiserver.k8s.io/v1"),
    row("flowcontrol.apiserver.k8s.io/v1beta3", &[], (29, 32), "flowcontrol.apiserver.k8s.io/v1"),
    row("v1", &["ComponentStatus"], (19, 0), ""),
    row("v1", &["Endpoints"], (33, 0), "discovery.k8s.io/v1 EndpointSlice"),
];

/// Since when a kind is gone, if it once was and is no more.
pub(crate) fn removed(gvk: &Gvk, minor: u32) -> Option<Fate> {
    let row = find(gvk).filter(|row| row.removed != 0 && row.removed <= minor);
    if let Some(row) = row {
        return Some(Fate { since: row.removed, instead: instead(row) });
    }
    let last = Pack::get().last_with(gvk).filter(|last| *last < minor)?;
    Some(Fate { since: last + 1, instead: other_versions(gvk, minor) })
}

/// Since when a kind is deprecated, if it is and still served.
pub(crate) fn deprecated(gvk: &Gvk, minor: u32) -> Option<Fate> {
    let row = find(gvk).filter(|row| row.deprecated <= minor && (row.removed == 0 || minor < row.removed))?;
    // What is recommended may be younger than the version that is asked for.
    let (target, kind) = row.instead.split_once(' ').unwrap_or((row.instead, gvk.kind.as_str()));
    let is_served = row.instead.is_empty() || Pack::get().kind(&Gvk::new(target, kind), minor).is_some();
    is_served.then(|| Fate { since: row.deprecated, instead: instead(row) })
}

fn find(gvk: &Gvk) -> Option<&'static Row> {
    let api_version = gvk.api_version();
    let is_of = |row: &&Row| {
        row.api_version == api_version && (row.kinds.is_empty() || row.kinds.contains(&gvk.kind.as_str()))
    };
    TABLE.iter().find(is_of)
}

fn instead(row: &Row) -> Option<String> {
    Some(format!("`{}`", row.instead)).filter(|_| !row.instead.is_empty())
}

/// API versions of the same kind, for the hint.
pub(crate) fn other_versions(gvk: &Gvk, minor: u32) -> Option<String> {
    let kinds = Pack::get().kinds(minor).into_iter();
    let same = kinds.filter(|(kind, group, _)| *kind == gvk.kind && *group == gvk.group);
    let shown: Vec<String> = same.map(|(_, group, version)| api_version(group, version)).collect();
    (!shown.is_empty()).then(|| shown.join(" or "))
}

/// `` `apps/v1` ``
pub(crate) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { format!("`{version}`") } else { format!("`{group}/{version}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_agrees_with_the_schemas_of_every_version() {
        let pack = Pack::get();
        for row in TABLE {
            let gvk = |kind: &str| Gvk::new(row.api_version, kind);
            for (minor, kind) in
                pack.minors().flat_map(|minor| row.kinds.iter().map(move |kind| (minor, kind)))
            {
                let is_there = pack.kind(&gvk(kind), minor).is_some();
                let is_gone = row.removed != 0 && row.removed <= minor;
                assert!(!(is_gone && is_there), "{} {kind} is there in 1.{minor}", row.api_version);
            }
        }
    }

    #[test]
    fn a_kind_is_deprecated_and_then_gone() {
        let gvk = Gvk::new("autoscaling/v2beta2", "HorizontalPodAutoscaler");
        let instead = Some("`autoscaling/v2`".to_owned());
        assert_eq!(deprecated(&gvk, 25), Some(Fate { since: 23, instead: instead.clone() }));
        assert_eq!(removed(&gvk, 25), None);
        assert_eq!(removed(&gvk, 26), Some(Fate { since: 26, instead }));
        assert_eq!(deprecated(&gvk, 26), None);
    }

    #[test]
    fn what_the_table_does_not_know_the_schemas_know() {
        let gvk = Gvk::new("resource.k8s.io/v1alpha2", "ResourceClaim");
        let fate = removed(&gvk, 35).unwrap();
        assert!(fate.instead.unwrap().contains("`resource.k8s.io/v1`"));
        assert_eq!(removed(&Gvk::new("example.org/v1", "Thing"), 35), None);
    }
}
