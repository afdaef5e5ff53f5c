//! What a sync would change, without changing it (B141).

use hld_apply::{Options, Pruning};
use hld_diff::{Key, ObjectChange};
use serde_json::json;

use crate::world::{Files, World, config, configs, desired, file};

fn key() -> Key {
    Key::new([7; 32])
}

#[tokio::test]
async fn a_diff_says_what_a_sync_would_do_and_writes_nothing() {
    let world = World::new();
    world.sync(&configs(&["a", "b", "c", "d"])).await;
    world.api.edit("kubectl-edit", ("ConfigMap", "shop/a"), &json!({"data": {"value": "x"}}));
    let _ = world.api.take_calls();
    let next: Files = [config("a", "1"), config("b", "1"), config("d", "2"), config("e", "1")].into();
    let preview = world.cluster.diff(&desired(&next), &Options::default(), key()).await.unwrap();
    let shown: Vec<String> = preview
        .difference
        .objects
        .iter()
        .map(|change| match change {
            ObjectChange::Added(object) => format!("+ {}", object.id),
            ObjectChange::Removed(object) => format!("- {}", object.id),
            ObjectChange::Changed { before, .. } => format!("~ {}", before.id),
        })
        .collect();
    assert_eq!(
        shown,
        ["~ ConfigMap shop/a", "- ConfigMap shop/c", "~ ConfigMap shop/d", "+ ConfigMap shop/e"]
    );
    assert_eq!((preview.pruning, preview.failed.len()), (Pruning::Done, 0));
    assert_eq!(world.writes(), [""; 0]);
}

#[tokio::test]
async fn b141_no_value_of_a_secret_is_part_of_a_diff() {
    let world = World::new();
    let secret = |value: &str| {
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: shop}}\nstringData: {{token: {value}}}\n"
        );
        file("secret.yaml", &text)
    };
    world.sync(&[secret("canary-before-canary"), config("a", "1")].into()).await;
    let last = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"token\":\"Y2FuYXJ5LWJlZm9yZS1jYW5hcnk=\"}}"}}});
    world.api.edit("kubectl", ("Secret", "shop/s"), &last);
    let next: Files = [secret("canary-after-canary"), config("a", "1")].into();
    let preview = world.cluster.diff(&desired(&next), &Options::default(), key()).await.unwrap();
    assert_eq!(preview.difference.objects.len(), 1, "it changes: {preview:?}");
    let debug = format!("{preview:?}");
    for canary in ["canary-b", "canary-a", "Y2FuYXJ5"] {
        assert!(!debug.contains(canary), "{debug}");
    }
    let same: Files = [secret("canary-before-canary"), config("a", "1")].into();
    let preview = world.cluster.diff(&desired(&same), &Options::default(), key()).await.unwrap();
    assert_eq!(preview.difference.objects.len(), 0, "{preview:?}");
}

#[tokio::test]
async fn a_commit_with_new_namespaces_and_kinds_can_be_tried_out() {
    let world = World::new();
    let files: Files = [
        file("a.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: new}\n"),
        file("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: new}\n"),
        file("c.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec: {group: example.com, scope: Namespaced, names: {kind: Widget, plural: widgets}, versions: [{name: v1}]}\n"),
        file("d.yaml", "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: new}\n"),
        file("e.yaml", "apiVersion: example.com/v2\nkind: Gadget\nmetadata: {name: g, namespace: new}\n"),
    ]
    .into();
    let preview = world.cluster.diff(&desired(&files), &Options::default(), key()).await.unwrap();
    assert_eq!(preview.difference.objects.len(), 4, "{preview:?}");
    assert_eq!(preview.failed.len(), 1);
    assert_eq!(world.writes(), [""; 0]);
}
