//! What hands and other programs change, and who wins (F57, F68).

use std::collections::BTreeSet;
use std::time::Duration;

use hld_apply::{Force, Options, Scope, Word};
use hld_k8s::ResourceId;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use crate::world::{Files, World, check_words, config, configs, deployment, desired, reason};

#[tokio::test]
async fn f68_what_was_edited_deleted_or_unlabelled_is_repaired_and_nothing_else_is_written() {
    let world = World::new();
    let files = configs(&["a", "b", "c", "d"]);
    world.sync(&files).await;
    let edit = |name: &str, patch: Json| world.api.edit("kubectl-edit", ("ConfigMap", name), &patch);
    edit("shop/a", json!({"data": {"value": "by hand"}}));
    world.api.remove("ConfigMap", "shop/b");
    edit("shop/c", json!({"metadata": {"labels": {"hld.dev/sync": null}}}));
    let _ = world.api.take_calls();
    let report = world.sync(&files).await;
    check_words(
        &report,
        &[
            "ConfigMap shop/a configured",
            "ConfigMap shop/b created",
            "ConfigMap shop/c configured",
            "ConfigMap shop/d unchanged",
        ],
    );
    let written: BTreeSet<String> =
        world.writes().into_iter().filter(|call| call.starts_with("PATCH")).collect();
    assert_eq!(written.len(), 3, "{written:?}");
    assert_eq!(world.api.object("ConfigMap", "shop/a").unwrap()["data"]["value"], "1");
    assert_eq!(world.labelled(), world.inventory());
    check_words(
        &world.sync(&files).await,
        &[
            "ConfigMap shop/a unchanged",
            "ConfigMap shop/b unchanged",
            "ConfigMap shop/c unchanged",
            "ConfigMap shop/d unchanged",
        ],
    );
    assert_eq!(world.writes(), [""; 0]);
}

#[tokio::test]
async fn f68_a_field_that_somebody_adds_is_theirs() {
    let world = World::new();
    world.sync(&configs(&["a"])).await;
    let patch = json!({"data": {"other": "theirs"}, "metadata": {"annotations": {"team": "x"}}});
    world.api.edit("kubectl-edit", ("ConfigMap", "shop/a"), &patch);
    let _ = world.api.take_calls();
    check_words(&world.sync(&configs(&["a"])).await, &["ConfigMap shop/a unchanged"]);
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(world.api.object("ConfigMap", "shop/a").unwrap()["data"]["other"], "theirs");
}

#[tokio::test]
async fn f68_replicas_of_an_autoscaler_are_its_own_and_those_of_a_hand_are_not() {
    let world = World::new();
    let files: Files = [deployment("replicas: 2")].into();
    world.sync(&files).await;
    let replicas = || world.api.object("Deployment", "shop/web").unwrap()["spec"]["replicas"].clone();
    let scale = |manager: &str, n: u32| {
        world.api.edit_through(
            "scale",
            (manager, "Deployment", "shop/web"),
            &json!({"spec": {"replicas": n}}),
        );
    };
    scale("kubectl", 5);
    check_words(&world.sync(&files).await, &["Deployment.apps shop/web configured"]);
    assert_eq!(replicas(), 2);
    scale("kube-controller-manager", 7);
    let report = world.sync(&files).await;
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(replicas(), 7);
    let _ = world.api.take_calls();
    check_words(&world.sync(&files).await, &["Deployment.apps shop/web unchanged"]);
    assert_eq!(world.writes(), [""; 0], "it is not fought over");
    // An image by hand is drift all the same.
    let patch =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:hand"}]}}}});
    world.api.edit("kubectl-set", ("Deployment", "shop/web"), &patch);
    world.sync(&files).await;
    let live = world.api.object("Deployment", "shop/web").unwrap();
    assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["image"], "web:1");
    assert_eq!(replicas(), 7);
}

#[tokio::test]
async fn f57_a_field_that_another_program_applies_is_a_conflict_that_names_it() {
    let world = World::new();
    world.sync(&configs(&["a"])).await;
    // Another program applies it, by force.
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}, "data": {"value": "flux"}});
    world.api.apply("kustomize-controller", body);
    let report = world.sync(&configs(&["a"])).await;
    assert_eq!(reason(&report, Word::Failed), "conflict: `.data.value` belongs to `kustomize-controller`");
    assert_eq!(world.api.object("ConfigMap", "shop/a").unwrap()["data"]["value"], "flux");
    let never = Options { force: Force::Never, ..Options::default() };
    assert_eq!(world.sync_with(&configs(&["a"]), &never).await.count(Word::Failed), 1);
    let always = Options { force: Force::Always, ..Options::default() };
    check_words(&world.sync_with(&configs(&["a"]), &always).await, &["ConfigMap shop/a configured"]);
}

/// The next ids that the watch says, as many as there are within a moment after the first.
async fn drifted(receiver: &mut mpsc::Receiver<ResourceId>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let first = tokio::time::timeout(Duration::from_secs(20), receiver.recv()).await;
    ids.insert(first.expect("something drifts within 20 s").unwrap().to_string());
    while let Ok(Some(id)) = tokio::time::timeout(Duration::from_millis(300), receiver.recv()).await {
        ids.insert(id.to_string());
    }
    ids
}

#[tokio::test]
async fn f68_drift_is_seen_as_it_happens_and_repaired_in_a_small_sync() {
    let world = World::new();
    let files: Files = [config("a", "1"), config("b", "1"), deployment("replicas: 2")].into();
    world.sync(&files).await;
    let (sender, mut receiver) = mpsc::channel(100);
    let test = async {
        // Watches begin where the list ended: nothing that happened before is told.
        while world.api.calls().iter().filter(|call| call.verb == "WATCH").count() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.api.remove("ConfigMap", "shop/a");
        world.api.edit("kubectl-edit", ("ConfigMap", "shop/b"), &json!({"data": {"value": "x"}}));
        let to = ("kubelet", "Deployment", "shop/web");
        world.api.edit_through("status", to, &json!({"status": {"readyReplicas": 1}}));
        let ids = drifted(&mut receiver).await;
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["ConfigMap shop/a", "ConfigMap shop/b"]);
        let only = ["a", "b"].map(|name| ResourceId {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
            namespace: "shop".to_owned(),
            name: name.to_owned(),
        });
        let scope = Scope::Only(only.into());
        let report = world.cluster.sync(&desired(&files), &scope, &Options::default()).await.unwrap();
        check_words(&report, &["ConfigMap shop/a created", "ConfigMap shop/b configured"]);
        assert!(report.is_complete());

        // The server forgets and ends the watch: what was missed is found by listing.
        world.api.fault(hld_fakes::Fault::always("WATCH", "", hld_fakes::Effect::Cut).times(2));
        world.api.cut_watches();
        world.api.remove("ConfigMap", "shop/b");
        world.api.compact();
        assert!(drifted(&mut receiver).await.contains("ConfigMap shop/b"));
    };
    tokio::select! {
        () = world.cluster.watch(&sender) => panic!("the watch ends"),
        () = test => {}
    }
}

/// An answer to a watch.
fn lines(body: impl Into<Vec<u8>>) -> hld_fakes::Effect {
    let content_type = "application/json".to_owned();
    hld_fakes::Effect::Answer { status: 200, retry_after: None, content_type, body: body.into() }
}

#[tokio::test]
async fn b139_a_watch_that_talks_nonsense_is_begun_anew() {
    let object = |version: &str| {
        format!(
            r#"{{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{{"name":"a","namespace":"shop","resourceVersion":"{version}"}}}}"#
        )
    };
    let event = |what: &str, object: &str| format!("{{\"type\":\"{what}\",\"object\":{object}}}\n");
    let status =
        |code: u32| format!(r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","code":{code}}}"#);
    let bodies = [
        String::new(),
        "\n".to_owned(),
        "nonsense\n".to_owned(),
        "{\"type\":\"ADDED\"".to_owned(),
        "[]\n".to_owned(),
        "{\"object\":{}}\n".to_owned(),
        event("WHAT", r#"{"metadata":{"name":"a"}}"#),
        event("BOOKMARK", r#"{"metadata":{"resourceVersion":"1"}}"#),
        event("BOOKMARK", r#"{"metadata":{"resourceVersion":""}}"#),
        event("BOOKMARK", "null"),
        event("ERROR", &status(410)),
        event("ERROR", &status(500)),
        event("ERROR", "{}"),
        event("ERROR", "null"),
        event("ADDED", "{}"),
        event("ADDED", "null"),
        event("MODIFIED", r#"{"metadata":null}"#),
        event("MODIFIED", r#"{"metadata":{}}"#),
        event("MODIFIED", r#"{"metadata":{"name":7}}"#),
        event("MODIFIED", r#"{"metadata":{"name":"../../x","namespace":"\u0000"}}"#),
        event("MODIFIED", &object("")),
        event("MODIFIED", &object("not a number")),
        // Out of order, and of an object that is there.
        event("DELETED", &object("9")) + &event("MODIFIED", &object("8")) + &event("ADDED", &object("7")),
        event("DELETED", r#"{"metadata":{"name":"never-seen","namespace":"shop","resourceVersion":"9"}}"#),
        format!("{{\"type\":\"ADDED\",\"object\":{}{}}}\n", "[".repeat(100_000), "]".repeat(100_000)),
        format!("{{\"type\":\"ADDED\",\"object\":{{\"x\":\"{}\"}}}}\n", "x".repeat(9 << 20)),
    ];
    let cases = bodies.into_iter().map(|body| async move {
        let world = World::new();
        world.sync(&configs(&["a", "b"])).await;
        let shown = body.chars().take(80).collect::<String>();
        world.api.fault(hld_fakes::Fault::once("WATCH", "", lines(body)));
        let (sender, mut receiver) = mpsc::channel(100);
        let test = async {
            while world.api.calls().iter().filter(|call| call.verb == "WATCH").count() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            world.api.remove("ConfigMap", "shop/b");
            // What a lie called drift is looked at, and nothing more.
            while !drifted(&mut receiver).await.contains("ConfigMap shop/b") {}
        };
        tokio::select! {
            () = world.cluster.watch(&sender) => panic!("the watch ends: {shown}"),
            () = test => {}
        }
        let report = world.sync(&configs(&["a", "b"])).await;
        assert!(report.is_complete() && world.api.objects("ConfigMap").len() >= 2, "{shown}: {report:?}");
    });
    futures::future::join_all(cases).await;
}

#[tokio::test]
async fn b139_a_server_that_ends_every_watch_is_not_stormed() {
    let world = World::new();
    world.sync(&configs(&["a"])).await;
    world.api.fault(hld_fakes::Fault::always("WATCH", "", lines("")));
    let (sender, _receiver) = mpsc::channel(100);
    let began = std::time::Instant::now();
    let test = async {
        while world.api.calls().iter().filter(|call| call.verb == "WATCH").count() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = world.cluster.watch(&sender) => panic!("the watch ends"),
        () = test => {}
    }
    // A quarter of a second, a half, one: however slow this machine is, it was no shorter.
    assert!(began.elapsed() >= Duration::from_millis(1_700), "{:?}", began.elapsed());
}

#[tokio::test]
async fn drift_is_seen_in_single_namespaces_where_nothing_else_may_be_watched() {
    let world = World::new();
    let forbidden = hld_fakes::Effect::Refuse(403, "not everywhere".to_owned());
    world.api.fault(hld_fakes::Fault::always("", "/api/v1/configmaps", forbidden));
    world.sync(&configs(&["a"])).await;
    let (sender, mut receiver) = mpsc::channel(100);
    let test = async {
        world.comes("WATCH").await;
        world.api.remove("ConfigMap", "shop/a");
        assert_eq!(drifted(&mut receiver).await.into_iter().collect::<Vec<_>>(), ["ConfigMap shop/a"]);
    };
    tokio::select! {
        () = world.cluster.watch(&sender) => panic!("the watch ends"),
        () = test => {}
    }
}
