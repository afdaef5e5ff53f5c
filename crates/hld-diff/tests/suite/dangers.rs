//! Which changes are said to be dangerous, and which are not.

use hld_diff::fold;

use crate::difference;

/// The dangers of a change: `risk path`.
fn dangers(before: &str, after: &str) -> Vec<String> {
    let comparisons = [difference(before, after)];
    let folded = fold(&comparisons);
    let dangers = folded.dangers();
    dangers.iter().map(|shared| format!("{} {}", shared.danger.risk.name(), shared.danger.path)).collect()
}

/// An object with these lines behind its name.
fn object(api_version: &str, kind: &str, lines: &str) -> String {
    format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a, namespace: shop}}\n{lines}\n")
}

/// Compares two objects that differ in their last lines.
#[track_caller]
fn check((api_version, kind): (&str, &str), lines: [&str; 2], expected: &[&str]) {
    let [before, after] = lines.map(|lines| object(api_version, kind, lines));
    assert_eq!(dangers(&before, &after), expected, "{before}{after}");
}

const APPS: &str = "apps/v1";
const RBAC: &str = "rbac.authorization.k8s.io/v1";

#[test]
fn removals_that_delete_data_come_first() {
    for (api_version, kind, expected) in [
        ("v1", "PersistentVolumeClaim", "data loss "),
        ("v1", "PersistentVolume", "data loss "),
        ("v1", "Namespace", "data loss "),
        (APPS, "StatefulSet", "data loss "),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "data loss "),
        ("v1", "Secret", "removal "),
        ("v1", "ConfigMap", "removal "),
    ] {
        let object = object(api_version, kind, "");
        assert_eq!(dangers(&object, ""), [expected], "{kind}");
        assert!(dangers("", &object).is_empty(), "{kind}");
    }
    assert!(dangers(&object(APPS, "Deployment", ""), "").is_empty());
    assert!(dangers(&object("example.com/v1", "Namespace", ""), "").is_empty());
    let both = format!("{}---\n{}", object("v1", "ConfigMap", ""), object("v1", "Namespace", ""));
    assert_eq!(dangers(&both, ""), ["data loss ", "removal "]);
}

#[test]
fn fields_that_the_server_does_not_change_are_named() {
    let fixed = |path: &str| format!("immutable field {path}");
    for (api_version, kind, before, after, path) in [
        (
            APPS,
            "Deployment",
            "spec: {selector: {matchLabels: {a: b}}}",
            "spec: {selector: {}}",
            "spec.selector",
        ),
        (APPS, "DaemonSet", "spec: {}", "spec: {selector: {a: b}}", "spec.selector"),
        (APPS, "StatefulSet", "spec: {selector: {a: b}}", "spec: {selector: {a: c}}", "spec.selector"),
        (
            APPS,
            "StatefulSet",
            "spec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {x: 1}}]}",
            "spec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {x: 2}}]}",
            "spec.volumeClaimTemplates",
        ),
        (APPS, "StatefulSet", "spec: {serviceName: a}", "spec: {serviceName: b}", "spec.serviceName"),
        ("v1", "Service", "spec: {clusterIP: None}", "spec: {clusterIP: 10.0.0.1}", "spec.clusterIP"),
        ("batch/v1", "Job", "spec: {template: {a: 1}}", "spec: {template: {a: 2}}", "spec.template"),
        (
            "v1",
            "PersistentVolumeClaim",
            "spec: {storageClassName: a}",
            "spec: {storageClassName: b}",
            "spec.storageClassName",
        ),
        (RBAC, "RoleBinding", "roleRef: {name: a}", "roleRef: {name: b}", "roleRef"),
        (RBAC, "ClusterRoleBinding", "roleRef: {name: a}", "roleRef: {name: b}", "roleRef"),
        ("storage.k8s.io/v1", "StorageClass", "provisioner: a", "provisioner: b", "provisioner"),
        ("storage.k8s.io/v1", "StorageClass", "parameters: {a: b}", "parameters: {a: c}", "parameters"),
        ("v1", "Secret", "type: Opaque", "type: other", "type"),
        ("v1", "ConfigMap", "immutable: true\ndata: {a: b}", "immutable: true\ndata: {a: c}", "data"),
    ] {
        check((api_version, kind), [before, after], &[&fixed(path)]);
    }
}

#[test]
fn fields_that_may_change_are_not() {
    for (api_version, kind, before, after) in [
        (
            APPS,
            "StatefulSet",
            "spec: {replicas: 1, template: {a: 1}}",
            "spec: {replicas: 2, template: {a: 2}}",
        ),
        ("v1", "PersistentVolumeClaim", "spec: {resources: {a: 1}}", "spec: {resources: {a: 2}}"),
        ("v1", "ConfigMap", "data: {a: b}", "data: {a: c}"),
        ("batch/v1", "Job", "spec: {suspend: true}", "spec: {suspend: false}"),
        ("example.com/v1", "Deployment", "spec: {selector: a}", "spec: {selector: b}"),
        (APPS, "Deployment", "spec: {}", "spec: {paused: true}"),
    ] {
        check((api_version, kind), [before, after], &[]);
    }
}

#[test]
fn other_pods_and_no_pods_are_dangerous() {
    let service = ["spec: {selector: {app: a}}", "spec: {selector: {app: b}}"];
    check(("v1", "Service"), service, &["selector spec.selector"]);
    check(("policy/v1", "PodDisruptionBudget"), service, &["selector spec.selector"]);
    let policy = ["spec: {podSelector: {}}", "spec: {podSelector: {a: b}}"];
    check(("networking.k8s.io/v1", "NetworkPolicy"), policy, &["selector spec.podSelector"]);
    for before in ["spec: {replicas: 3}", "spec: {}", "spec: {replicas: 3, x: 1}"] {
        check((APPS, "Deployment"), [before, "spec: {replicas: 0}"], &["outage spec.replicas"]);
    }
    check((APPS, "Deployment"), ["spec: {replicas: 0}", "spec: {replicas: 3}"], &[]);
    check((APPS, "Deployment"), ["spec: {replicas: 0, a: 1}", "spec: {replicas: 0, a: 2}"], &[]);
    check(
        ("example.com/v1", "Rollout"),
        ["spec: {replicas: 3}", "spec: {replicas: 0}"],
        &["outage spec.replicas"],
    );
}

/// Compares two lists of rules of a ClusterRole.
#[track_caller]
fn check_rules(before: &str, after: &str, expected: &[&str]) {
    check(
        (RBAC, "ClusterRole"),
        [before, after].map(|r| format!("rules: [{r}]")).each_ref().map(String::as_str),
        expected,
    );
}

#[test]
fn rights_that_grow_are_dangerous() {
    let rule = |verbs: &str, resources: &str| {
        format!("{{apiGroups: [''], verbs: [{verbs}], resources: [{resources}]}}")
    };
    let wider = ["access rules"];
    check_rules(&rule("get", "pods"), &rule("get, list", "pods"), &wider);
    check_rules(&rule("get", "pods"), &rule("get", "pods, secrets"), &wider);
    check_rules(&rule("get", "pods"), &rule("get", "'*'"), &wider);
    check_rules(
        "{apiGroups: [''], verbs: [get], resources: [a], resourceNames: [x]}",
        &rule("get", "a"),
        &wider,
    );
    check_rules(&rule("'*'", "'*'"), "{nonResourceURLs: [/metrics], verbs: [get]}", &wider);
    // The same rights in other rules, fewer rights, another order.
    check_rules(
        &rule("get, list", "a, b"),
        &[rule("get, list", "b"), rule("get, list", "a")].join(", "),
        &[],
    );
    check_rules(&[rule("get", "a"), rule("get", "b")].join(", "), &rule("get", "b, a"), &[]);
    check_rules(&rule("'*'", "'*'"), &rule("delete", "secrets"), &[]);
    check_rules(
        &rule("get", "a"),
        "{apiGroups: [''], verbs: [get], resources: [a], resourceNames: [x]}",
        &[],
    );
}

#[test]
fn who_gets_a_role_is_told() {
    let binding = object(RBAC, "ClusterRoleBinding", "roleRef: {name: a}\nsubjects: [{kind: User, name: a}]");
    assert_eq!(dangers("", &binding), ["access "]);
    assert!(dangers(&binding, "").is_empty());
    let more = binding.replace("name: a}]", "name: a}, {kind: User, name: b}]");
    assert_eq!(dangers(&binding, &more), ["access subjects"]);
    assert!(dangers(&more, &binding).is_empty());
    let role = |verbs: &str| {
        object(RBAC, "Role", &format!("rules: [{{apiGroups: [''], resources: [a], verbs: [{verbs}]}}]"))
    };
    assert_eq!(dangers("", &role("'*'")), ["access rules"]);
    assert_eq!(dangers("", &role("escalate")), ["access rules"]);
    assert!(dangers("", &role("get")).is_empty());
}

#[test]
fn a_role_with_very_many_rights_is_still_compared() {
    let names = |n: usize| (0..n).map(|n| format!("r{n}")).collect::<Vec<_>>().join(", ");
    let rule = |n: usize| format!("{{apiGroups: [{0}], resources: [{0}], verbs: [{0}]}}", names(n));
    check_rules(&rule(400), &rule(399), &[]);
    check_rules(&rule(399), &rule(400), &["access rules"]);
}

#[test]
fn one_danger_of_several_comparisons_is_told_once() {
    let replicas = |n: usize| object(APPS, "Deployment", &format!("spec: {{replicas: {n}}}"));
    let comparisons = [2, 3, 3].map(|n| difference(&replicas(n), &replicas(0)));
    let folded = fold(&comparisons);
    assert_eq!(folded.changes.len(), 2, "what was before differs");
    let dangers = folded.dangers();
    assert_eq!(dangers.len(), 1);
    assert_eq!(dangers[0].within, [0, 1, 2]);
}
