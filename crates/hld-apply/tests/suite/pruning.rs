//! What is deleted, and what never is.

use hld_apply::{Held, Options, Pruning, Scope, Word};
use hld_fakes::{Effect, Fault};
use serde_json::json;

use crate::world::{Files, World, check_words, config, configs, desired, file, many, reason};

fn allowing(n: usize) -> Options {
    Options { allow_removals: Some(n), ..Options::default() }
}

#[tokio::test]
async fn what_is_no_longer_wanted_goes_with_preconditions() {
    let world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    let gone = world.api.object("ConfigMap", "shop/b").unwrap();
    let _ = world.api.take_calls();
    let report = world.sync(&configs(&["a"])).await;
    check_words(&report, &["ConfigMap shop/a unchanged", "ConfigMap shop/b pruned"]);
    assert_eq!((&report.pruning, report.n_inventory), (&Pruning::Done, 1));
    let call = world.api.calls().into_iter().find(|call| call.verb == "DELETE").unwrap();
    let metadata = &gone["metadata"];
    let expected = json!({"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]});
    assert_eq!(call.body["preconditions"], expected);
    assert!(world.inventory().contains("ConfigMap shop/a") && world.inventory().len() == 1);
}

#[tokio::test]
async fn f41_an_empty_commit_prunes_nothing_whatever_is_allowed() {
    let world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    for options in [Options::default(), allowing(2)] {
        let report = world.sync_with(&Files::new(), &options).await;
        let Pruning::Held { why: Held::EmptySource, objects } = &report.pruning else { panic!("{report:?}") };
        assert_eq!(objects.len(), 2);
        assert!(!report.is_complete());
    }
    assert_eq!(world.inventory().len(), 2);
    assert!(world.api.calls().iter().all(|call| call.verb != "DELETE"));
}

#[tokio::test]
async fn the_guard_stops_a_bad_publish_and_exactly_the_right_number_lifts_it() {
    let world = World::new();
    world.sync(&many(30)).await;
    let fewer = many(18);
    let report = world.sync(&fewer).await;
    let held = Held::TooMany { n_removed: 12, n_objects: 30 };
    assert!(matches!(&report.pruning, Pruning::Held { why, .. } if *why == held), "{report:?}");
    assert_eq!(held.to_string(), "12 of 30 objects would be removed: allow exactly 12 removals");
    for n in [11, 13, 30] {
        let report = world.sync_with(&fewer, &allowing(n)).await;
        assert!(!report.is_complete(), "{n} is not 12");
    }
    assert_eq!(world.inventory().len(), 30);
    let report = world.sync_with(&fewer, &allowing(12)).await;
    assert_eq!(report.count(Word::Pruned), 12);
    assert_eq!(world.inventory().len(), 18);
    // Ten are few, and a third of many is not much.
    assert_eq!(world.sync(&many(8)).await.count(Word::Pruned), 10);
}

#[tokio::test]
async fn what_holds_data_goes_only_if_it_says_so_itself_and_the_guard_agrees() {
    let world = World::new();
    let claim = |annotations: &str| {
        file(
            "claim.yaml",
            &format!(
                "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data, namespace: shop{annotations}}}\n"
            ),
        )
    };
    let set =
        file("set.yaml", "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\n");
    let keep = config("keep", "1");
    world.sync(&[claim(""), set.clone(), keep.clone()].into()).await;
    let report = world.sync(&[set.clone(), keep.clone()].into()).await;
    assert!(reason(&report, Word::Skipped).contains("hld.dev/prune: allowed"), "{report:?}");
    let report =
        world.sync(&[claim(", annotations: {hld.dev/prune: allowed}"), set, keep.clone()].into()).await;
    assert!(report.is_complete(), "{report:?}");
    let report = world.sync(&[keep.clone()].into()).await;
    let Pruning::Held { why: Held::Dangerous { n_removed: 2, kinds }, .. } = &report.pruning else {
        panic!("{report:?}")
    };
    assert_eq!(*kinds, ["PersistentVolumeClaim", "StatefulSet"]);
    let report = world.sync_with(&[keep].into(), &allowing(2)).await;
    assert_eq!(report.count(Word::Pruned), 2, "{report:?}");
}

#[tokio::test]
async fn b133_the_agent_never_prunes_what_it_lives_by() {
    let world = World::new();
    let own = file(
        "own.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: hld, annotations: {hld.dev/prune: allowed}}\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: syncs.hld.dev, annotations: {hld.dev/prune: allowed}}\nspec: {group: hld.dev, scope: Namespaced, names: {kind: Sync, plural: syncs}, versions: [{name: v1alpha1, served: true}]}\n",
    );
    world.sync(&[own, config("a", "1")].into()).await;
    let report = world.sync_with(&configs(&["a"]), &allowing(2)).await;
    assert_eq!(report.count(Word::Skipped), 2, "{report:?}");
    assert!(report.changes.iter().all(|change| change.word != Word::Pruned));
    assert!(world.api.object("Namespace", "hld").is_some());
}

#[tokio::test]
async fn f67_what_is_not_ours_any_more_stays() {
    let world = World::new();
    let edit = |name: &str, patch| world.api.edit("kubectl-edit", ("ConfigMap", name), &patch);
    world.sync(&configs(&["a", "b", "c", "d", "keep"])).await;
    edit("shop/a", json!({"metadata": {"labels": {"hld.dev/sync": null}}}));
    edit("shop/b", json!({"metadata": {"labels": {"hld.dev/sync": "other"}}}));
    // Deleted and made anew by hand, label and all.
    world.api.remove("ConfigMap", "shop/c");
    world.api.put(
        "kubectl-create",
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop", "labels": {"hld.dev/sync": "test"}}}),
    );
    edit("shop/d", json!({"metadata": {"annotations": {"hld.dev/prune": "disabled"}}}));
    let report = world.sync(&configs(&["keep"])).await;
    let reasons: Vec<&str> = report.changes.iter().filter_map(|change| change.reason.as_deref()).collect();
    assert_eq!(
        reasons,
        [
            "it does not carry our label any more",
            "it belongs to the sync `other` now",
            "it is another object than the one that was applied: its UID is another",
            "its annotation `hld.dev/prune: disabled` keeps it",
        ]
    );
    assert_eq!(world.api.objects("ConfigMap").len(), 6);
    assert_eq!(
        world.inventory().into_iter().collect::<Vec<_>>(),
        ["ConfigMap shop/d", "ConfigMap shop/keep"]
    );
}

#[tokio::test]
async fn f44_a_list_that_is_forbidden_stops_pruning_and_nothing_else() {
    let mut world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    world.restart();
    for list in ["/api/v1/configmaps", "/namespaces/shop/configmaps"] {
        world.api.fault(Fault::always("GET", list, Effect::Refuse(403, "no list".to_owned())));
    }
    let report = world.sync(&[config("a", "2"), config("new", "1")].into()).await;
    assert!(
        reason(&report, Word::Skipped).contains("its kind could not be listed: no list (403)"),
        "{report:?}"
    );
    assert_eq!(world.api.object("ConfigMap", "shop/a").unwrap()["data"]["value"], "2");
    assert!(world.api.object("ConfigMap", "shop/new").is_some());
    assert_eq!(world.inventory().len(), 3);
}

#[tokio::test]
async fn f47_a_deletion_that_is_denied_is_tried_again() {
    let world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    let denied = "admission webhook \"keep.example.com\" denied the request: not on Fridays";
    for fault in [Effect::Refuse(403, denied.to_owned()), Effect::Refuse(500, "etcd is away".to_owned())] {
        world.api.fault(Fault::always("DELETE", "/configmaps/b", fault));
        let report = world.sync(&configs(&["a"])).await;
        let said = reason(&report, Word::Failed);
        assert!(said.contains("not on Fridays") || said.contains("etcd is away"), "{said}");
        assert!(world.inventory().contains("ConfigMap shop/b"));
        world.api.mend();
    }
    assert_eq!(world.sync(&configs(&["a"])).await.count(Word::Pruned), 1);
    assert_eq!(world.inventory().len(), 1);
}

#[tokio::test]
async fn f66_a_finalizer_is_waited_for_and_the_deletion_is_sent_once() {
    let world = World::new();
    let held = file(
        "b.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: shop, finalizers: [example.com/wait]}\n",
    );
    world.sync(&[config("a", "1"), held].into()).await;
    let _ = world.api.take_calls();
    let report = world.sync(&configs(&["a"])).await;
    assert_eq!(reason(&report, Word::Pruned), "it waits for the finalizer `example.com/wait`");
    let report = world.sync(&configs(&["a"])).await;
    assert!(reason(&report, Word::Skipped).contains("waits for the finalizer `example.com/wait`"));
    assert_eq!(world.inventory().len(), 2, "it is named as long as it is there");
    let n_deletions = world.api.calls().iter().filter(|call| call.verb == "DELETE").count();
    assert_eq!(n_deletions, 1);
    world.api.remove("ConfigMap", "shop/b");
    world.sync(&configs(&["a"])).await;
    assert_eq!(world.inventory().len(), 1);
}

#[tokio::test]
async fn a_small_scope_finds_what_is_to_go() {
    let world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    let next = desired(&configs(&["a"]));
    let scope = Scope::Only(std::collections::BTreeSet::new());
    let report = world.cluster.sync(&next, &scope, &Options::default()).await.unwrap();
    check_words(&report, &["ConfigMap shop/b pruned"]);
    let off = Options { prune: false, ..Options::default() };
    world.sync(&configs(&["a", "c"])).await;
    let report = world.sync_with(&configs(&["a"]), &off).await;
    assert!(matches!(report.pruning, Pruning::Held { why: Held::Off, .. }));
}

#[tokio::test]
async fn an_object_that_changes_while_it_is_deleted_is_judged_anew() {
    let world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    let late = Effect::Delay(std::time::Duration::from_millis(250));
    world.api.fault(Fault::once("DELETE", "/configmaps/b", late));
    let next = configs(&["a"]);
    let sync = world.sync(&next);
    let hand = async {
        world.comes("DELETE").await;
        let patch = json!({"metadata": {"annotations": {"hld.dev/prune": "disabled"}}});
        world.api.edit("kubectl-edit", ("ConfigMap", "shop/b"), &patch);
    };
    let (report, ()) = tokio::join!(sync, hand);
    assert!(reason(&report, Word::Failed).contains("hld.dev/prune: disabled"), "{report:?}");
    assert!(world.api.object("ConfigMap", "shop/b").is_some());
}

#[tokio::test]
async fn an_inventory_that_is_not_understood_stops_everything() {
    let world = World::new();
    world.sync(&configs(&["a"])).await;
    let shard = ("ConfigMap", "hld/hld-inventory-test-0");
    for (patch, expected) in [
        (json!({"data": {"format": "2"}}), "was it written by a newer agent?"),
        (json!({"data": {"format": "1", "objects": "damage"}}), "its lines are damaged"),
    ] {
        world.api.edit("kubectl-edit", shard, &patch);
        let _ = world.api.take_calls();
        let files = desired(&configs(&["b"]));
        let error = world.cluster.sync(&files, &Scope::All, &Options::default()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(world.writes(), [""; 0]);
    }
}

#[tokio::test]
async fn f51_a_kind_that_is_away_is_not_gone_at_once() {
    let world = World::new();
    let kind = hld_fakes::Kind::new(["example.com", "v1", "Widget", "widgets"]);
    world.api.serve(kind.clone());
    let widget =
        file("w.yaml", "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: shop}\n");
    world.sync(&[config("a", "1"), widget].into()).await;
    // A server that has just started does not know all its kinds.
    world.api.withdraw("example.com");
    let report = world.sync(&configs(&["a"])).await;
    assert!(reason(&report, Word::Skipped).contains("its kind is not served"), "{report:?}");
    assert_eq!(world.inventory().len(), 2);
    world.api.serve(kind);
    assert_eq!(world.sync(&configs(&["a"])).await.count(Word::Pruned), 1);
    assert!(world.api.object("Widget", "shop/w").is_none());
}

#[tokio::test]
async fn an_agent_with_rights_in_its_namespaces_alone_prunes_there() {
    let mut world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    world.restart();
    world.api.fault(Fault::always(
        "",
        "/api/v1/configmaps",
        Effect::Refuse(403, "not everywhere".to_owned()),
    ));
    let _ = world.api.take_calls();
    let report = world.sync(&configs(&["a"])).await;
    check_words(&report, &["ConfigMap shop/a unchanged", "ConfigMap shop/b pruned"]);
    assert!(world.calls().contains(&"GET /api/v1/namespaces/shop/configmaps".to_owned()));
}
