//! The API server refuses, stalls, breaks off and talks nonsense.

use std::time::{Duration, Instant};

use hld_apply::{Error, Options, Scope, Word};
use hld_fakes::{Effect, Fault};
use serde_json::json;

use crate::world::{Files, World, check_words, config, configs, desired, file, reason};

fn answer(content_type: &str, body: &[u8]) -> Effect {
    Effect::Answer {
        status: 200,
        retry_after: None,
        content_type: content_type.to_owned(),
        body: body.to_vec(),
    }
}

#[tokio::test]
async fn f46_one_object_that_is_denied_stops_no_other_and_can_be_pruned_later() {
    let world = World::new();
    let denied = "admission webhook \"policy\" denied the request: no";
    world.api.fault(Fault::always("PATCH", "/configmaps/b", Effect::Refuse(403, denied.to_owned())));
    let report = world.sync(&configs(&["a", "b", "c"])).await;
    check_words(
        &report,
        &["ConfigMap shop/a created", "ConfigMap shop/b failed", "ConfigMap shop/c created"],
    );
    assert!(reason(&report, Word::Failed).contains("denied the request: no (403)"));
    world.api.mend();
    let report = world.sync(&configs(&["a"])).await;
    assert_eq!(report.count(Word::Pruned), 1, "c goes, b was never there: {report:?}");
    assert_eq!(world.inventory().len(), 1);
}

#[tokio::test]
async fn f48_f60_an_object_that_can_not_be_changed_stays_as_it_is() {
    let world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    let before = world.api.object("ConfigMap", "shop/a").unwrap();
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422,
        "message": "ConfigMap \"a\" is invalid: data: Forbidden: field is immutable when `immutable` is set",
        "details": {"name": "a", "kind": "ConfigMap", "causes": [{"reason": "FieldValueForbidden", "field": "data"}]},
    });
    world.api.fault(Fault::always("PATCH", "/configmaps/a", Effect::json(422, &status)));
    let _ = world.api.take_calls();
    let report = world.sync(&[config("a", "2"), config("b", "2")].into()).await;
    check_words(&report, &["ConfigMap shop/a failed", "ConfigMap shop/b configured"]);
    assert!(reason(&report, Word::Failed).contains("field is immutable"));
    assert_eq!(world.api.object("ConfigMap", "shop/a").unwrap(), before);
    assert!(world.api.calls().iter().all(|call| call.verb != "DELETE"));
}

#[tokio::test]
async fn f55_a_server_that_is_away_for_a_moment_is_asked_again() {
    for effect in [
        Effect::Cut,
        Effect::BreakReply,
        Effect::Refuse(503, "the apiserver is shutting down".to_owned()),
        Effect::Refuse(500, "etcdserver: leader changed".to_owned()),
        Effect::Refuse(504, "request did not complete within the allotted timeout".to_owned()),
    ] {
        let world = World::new();
        world.api.fault(Fault::always("", "", effect.clone()).times(2));
        world.api.fault(Fault::always("PATCH", "", effect).times(2));
        let report = world.sync(&configs(&["a", "b"])).await;
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(world.labelled(), world.inventory());
    }
}

#[tokio::test]
async fn f55_a_server_that_stays_away_is_given_up_without_a_storm_and_nothing_is_pruned() {
    let world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    let _ = world.api.take_calls();
    world.api.fault(Fault::always("", "", Effect::Cut));
    let next = desired(&configs(&["a"]));
    let error = world.cluster.sync(&next, &Scope::All, &Options::default()).await.unwrap_err();
    assert!(error.to_string().starts_with("inventory: "), "{error}");
    assert_eq!(world.api.calls().len(), 3, "as many tries as allowed");
    world.api.mend();
    assert_eq!(world.inventory().len(), 2);
}

#[tokio::test]
async fn f56_the_server_says_how_long_to_wait_and_everybody_does() {
    let world = World::new();
    world.api.fault(Fault::once("PATCH", "/configmaps/a", Effect::retry_after("1")));
    let begin = Instant::now();
    let report = world.sync_with(&configs(&["a"]), &Options { concurrency: 1, ..Options::default() }).await;
    assert!(report.is_complete());
    assert!(begin.elapsed() >= Duration::from_secs(1), "the header is honoured");
    world.api.fault(Fault::always("PATCH", "/configmaps/b", Effect::retry_after("0")));
    let report = world.sync(&configs(&["a", "b"])).await;
    assert!(reason(&report, Word::Failed).contains("429"), "{report:?}");
}

#[tokio::test]
async fn b136_an_answer_that_is_none_is_never_absence() {
    let html = b"<html><body>Bad gateway</body></html>";
    let cases = [
        answer("text/html", html),
        answer("application/json", b"{\"kind\":\"PartialObjectMeta"),
        answer("application/json", b""),
        answer("application/json", b"\xff\xfe{}"),
        answer(
            "application/json",
            b"{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"code\":404}",
        ),
        answer(
            "application/json",
            b"{\"kind\":\"PartialObjectMetadata\",\"metadata\":{\"name\":\"other\",\"uid\":\"1\"}}",
        ),
        answer("application/json", b"{\"kind\":\"PartialObjectMetadata\",\"metadata\":{},\"metadata\":{}}"),
        answer("application/json", "[".repeat(100_000).as_bytes()),
        Effect::Answer {
            status: 404,
            retry_after: None,
            content_type: "text/html".to_owned(),
            body: html.to_vec(),
        },
        Effect::Answer {
            status: 404,
            retry_after: None,
            content_type: "application/json".to_owned(),
            body: b"{}".to_vec(),
        },
        Effect::Answer {
            status: 302,
            retry_after: None,
            content_type: "text/html".to_owned(),
            body: html.to_vec(),
        },
        Effect::json(
            404,
            &json!({"kind": "Status", "reason": "NotFound", "code": 404, "details": {"name": "other", "kind": "configmaps"}}),
        ),
        Effect::json(
            404,
            &json!({"kind": "Status", "reason": "NotFound", "code": 404, "message": "the server could not find the requested resource", "details": {}}),
        ),
    ];
    for effect in cases {
        let world = World::new();
        world.sync(&configs(&["a", "b"])).await;
        // The agent looks at `b` before it deletes it.
        world.api.fault(Fault::always("GET", "/configmaps/b", effect.clone()));
        let report = world.sync(&configs(&["a"])).await;
        assert_eq!(report.count(Word::Failed), 1, "{effect:?}: {report:?}");
        assert!(world.inventory().contains("ConfigMap shop/b"), "{effect:?}");
        assert!(!reason(&report, Word::Failed).contains("gateway"));
    }
}

#[tokio::test]
async fn b136_nonsense_instead_of_lists_is_no_list() {
    let nonsense: [&[u8]; 4] = [
        b"{\"kind\":\"PartialObjectMetadataList\"}",
        b"{\"kind\":\"ConfigMapList\",\"metadata\":{},\"items\":[]}",
        b"{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{},\"items\":[{\"metadata\":{}}]}",
        b"{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{\"continue\":\"x\"},\"items\":[]}",
    ];
    for body in nonsense {
        let mut world = World::new();
        world.sync(&configs(&["a", "b"])).await;
        world.restart();
        world.api.fault(Fault::always("GET", "/api/v1/configmaps", answer("application/json", body)));
        let report = world.sync(&configs(&["a"])).await;
        assert!(reason(&report, Word::Skipped).contains("could not be listed"), "{report:?}");
        assert_eq!(report.count(Word::Unchanged), 1, "applying goes on: {report:?}");
    }
}

#[tokio::test]
async fn b137_an_answer_without_end_is_cut_off() {
    let world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    world.api.fault(Fault::always(
        "GET",
        "/configmaps/b",
        answer("application/json", &vec![b' '; (64 << 20) + 1]),
    ));
    let report = world.sync(&configs(&["a"])).await;
    assert!(reason(&report, Word::Failed).contains("larger than"), "{report:?}");
}

#[tokio::test]
async fn b137_an_inventory_that_is_listed_without_end_is_no_inventory() {
    let mut world = World::new();
    world.sync(&configs(&["a", "b"])).await;
    world.restart();
    let _ = world.api.take_calls();
    let round = b"{\"kind\":\"ConfigMapList\",\"metadata\":{\"continue\":\"x\"},\"items\":[]}";
    world.api.fault(Fault::always("GET", "/hld/configmaps", answer("application/json", round)));
    let result = world.cluster.sync(&desired(&configs(&["a"])), &Scope::All, &Options::default()).await;
    assert!(
        matches!(&result, Err(Error::Inventory(error)) if error.message().contains("does not end")),
        "{result:?}"
    );
    assert_eq!(world.writes(), [""; 0]);
}

#[tokio::test]
async fn b137_other_fields_of_an_object_may_be_as_large_and_odd_as_they_like() {
    let world = World::new();
    world.sync(&configs(&["a"])).await;
    let mut annotations = serde_json::Map::new();
    annotations.insert("large".to_owned(), json!("x".repeat(200_000)));
    let patch = json!({"metadata": {"annotations": annotations}});
    world.api.edit("kubectl-annotate", ("ConfigMap", "shop/a"), &patch);
    check_words(&world.sync(&configs(&["a"])).await, &["ConfigMap shop/a unchanged"]);
}

#[tokio::test]
async fn b140_what_the_server_says_is_cut_masked_and_neutralised() {
    let world = World::new();
    let secret = file(
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData: {token: canary-canary-canary}\n",
    );
    let files: Files = [config("a", "1"), secret].into();
    let said = format!("\u{1b}[31mcanary-canary-canary\u{202e} Y2FuYXJ5 {}", "é".repeat(1 << 20));
    world.api.fault(Fault::always("PATCH", "", Effect::Refuse(422, said)));
    let report = world.sync(&files).await;
    assert_eq!(report.count(Word::Failed), 2);
    for reason in report.changes.iter().map(|change| change.reason.as_deref().unwrap()) {
        assert!(reason.len() <= 1024 && !reason.contains(['\u{1b}', '\u{202e}']), "{reason}");
        assert!(!reason.contains("canary-c"), "{reason}");
    }
    assert!(!format!("{report:?}").contains("canary-c"));
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up() {
    let world = World::new();
    let client = hld_apply::Cluster::client(kube::Config::new(world.api.url().parse().unwrap())).unwrap();
    let identity = hld_apply::Identity {
        sync: "test".to_owned(),
        namespace: "hld".to_owned(),
        own: std::collections::BTreeSet::new(),
    };
    let transport = hld_apply::Transport {
        timeout: Duration::from_millis(50),
        tries: 2,
        pause: Duration::from_millis(1),
        ..hld_apply::Transport::default()
    };
    let cluster = hld_apply::Cluster::new(client, identity, transport).unwrap();
    world.api.latency(Duration::from_secs(30));
    let error = cluster.sync(&desired(&configs(&["a"])), &Scope::All, &Options::default()).await.unwrap_err();
    assert!(error.to_string().contains("no answer within"), "{error}");
}

#[tokio::test]
async fn names_of_syncs_are_checked() {
    for name in ["", "Prod", "a_b", "-a", "a/b", &"a".repeat(41)] {
        let client =
            hld_apply::Cluster::client(kube::Config::new("http://127.0.0.1:1".parse().unwrap())).unwrap();
        let identity = hld_apply::Identity {
            sync: name.to_owned(),
            namespace: "hld".to_owned(),
            own: std::collections::BTreeSet::new(),
        };
        assert!(
            hld_apply::Cluster::new(client, identity, hld_apply::Transport::default()).is_err(),
            "{name:?}"
        );
    }
}
