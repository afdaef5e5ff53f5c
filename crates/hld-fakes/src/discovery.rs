//! Which kinds there are, aggregated and one by one.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::Kind;
use crate::state::State;

/// The answer to `/api` or `/apis`.
pub(crate) fn root(state: &State, is_core: bool, accept: &str) -> Json {
    let mut groups: BTreeMap<&str, BTreeMap<&str, Vec<&Kind>>> = BTreeMap::new();
    for kind in state.kinds.iter().filter(|kind| kind.group.is_empty() == is_core) {
        groups.entry(&kind.group).or_default().entry(&kind.version).or_default().push(kind);
    }
    for group in state.stale.iter().filter(|_| !is_core) {
        groups.entry(group).or_default().entry("v1").or_default();
    }
    if state.is_aggregated && accept.contains("g=apidiscovery.k8s.io") {
        return aggregated(state, &groups);
    }
    if is_core {
        return json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []});
    }
    let group = |(name, versions): (&&str, &BTreeMap<&str, Vec<&Kind>>)| {
        let versions: Vec<Json> = versions
            .keys()
            .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
            .collect();
        json!({"name": name, "versions": versions, "preferredVersion": versions[0]})
    };
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups.iter().map(group).collect::<Vec<_>>()})
}

/// The answer to `/api/v1` and `/apis/apps/v1`; `None` where the group can not be reached.
pub(crate) fn version(state: &State, group: &str, version: &str) -> Option<Json> {
    let kinds = state.kinds.iter().filter(|kind| kind.group == group && kind.version == version);
    let resources: Vec<Json> = kinds
        .map(|kind| {
            json!({
                "name": kind.plural, "singularName": "", "namespaced": kind.is_namespaced, "kind": kind.kind,
                "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
            })
        })
        .collect();
    if state.stale.contains(group) || resources.is_empty() {
        return None;
    }
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Some(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": resources}))
}

fn aggregated(state: &State, groups: &BTreeMap<&str, BTreeMap<&str, Vec<&Kind>>>) -> Json {
    let resource = |kind: &&Kind| {
        json!({
            "resource": kind.plural,
            "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
            "scope": if kind.is_namespaced { "Namespaced" } else { "Cluster" },
            "singularResource": kind.kind.to_lowercase(),
            "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
        })
    };
    let items: Vec<Json> = groups
        .iter()
        .map(|(name, versions)| {
            let freshness = if state.stale.contains(*name) { "Stale" } else { "Current" };
            let versions: Vec<Json> = versions
                .iter()
                .map(|(version, kinds)| {
                    let resources: Vec<Json> = kinds.iter().map(resource).collect();
                    json!({"version": version, "resources": resources, "freshness": freshness})
                })
                .collect();
            json!({"metadata": {"name": name}, "versions": versions})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}
