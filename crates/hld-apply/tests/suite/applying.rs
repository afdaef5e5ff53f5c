//! What is written, in which order, and what is not.

use std::collections::BTreeSet;

use hld_apply::{Desired, Error, Options, Pruning, Scope, Word};
use hld_fakes::{Effect, Establish, Fault, Kind};
use serde_json::json;

use crate::world::{
    Files, World, check_words, cluster_of, config, configs, deployment, desired, file, reason, words,
};

const CRD: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets}\n  versions: [{name: v1, served: true, storage: true}]\n";
const WIDGET: &str = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: shop}\nspec: {size: 9007199254740993}\n";

#[tokio::test]
async fn objects_are_created_once_with_our_label_and_never_written_again() {
    let world = World::new();
    let files: Files = [config("web", "1"), deployment("replicas: 2")].into();
    check_words(
        &world.sync(&files).await,
        &["ConfigMap shop/web created", "Deployment.apps shop/web created"],
    );
    let live = world.api.object("ConfigMap", "shop/web").unwrap();
    assert_eq!(live["metadata"]["labels"], json!({"hld.dev/sync": "test"}));
    assert_eq!(live["metadata"]["managedFields"][0]["manager"], "hld-agent");
    assert_eq!(world.inventory(), world.labelled());
    world.calls();
    let again = world.sync(&files).await;
    check_words(&again, &["ConfigMap shop/web unchanged", "Deployment.apps shop/web unchanged"]);
    assert!(again.is_complete() && again.pruning == Pruning::Nothing);
    assert_eq!(again.summary(), "2 unchanged");
    assert_eq!(
        world.calls(),
        ["GET /api/v1/namespaces/hld/configmaps", "GET /api/v1/configmaps", "GET /apis/apps/v1/deployments",]
    );
}

#[tokio::test]
async fn a_sync_makes_these_calls_and_no_other() {
    let world = World::new();
    world.api.expect(&[
        "GET /api/v1/namespaces/hld/configmaps",
        "GET /api",
        "GET /apis",
        "GET /api/v1/configmaps",
        "POST /api/v1/namespaces/hld/configmaps",
        "PATCH /api/v1/namespaces/shop/configmaps/web",
        "PUT /api/v1/namespaces/hld/configmaps/hld-inventory-test-0",
    ]);
    assert!(world.sync(&configs(&["web"])).await.is_complete());
    assert_eq!(world.api.unmet(), [""; 0]);
    world.api.expect(&[
        "GET /api/v1/namespaces/hld/configmaps",
        "GET /api/v1/namespaces/shop/configmaps/web",
        "PATCH /api/v1/namespaces/shop/configmaps/web",
    ]);
    let (before, after) = (desired(&configs(&["web"])), desired(&[config("web", "2")].into()));
    let scope = Scope::Only(after.changed_since(&before));
    let report = world.cluster.sync(&after, &scope, &Options::default()).await.unwrap();
    check_words(&report, &["ConfigMap shop/web configured"]);
    assert_eq!(world.api.unmet(), [""; 0]);
}

#[tokio::test]
async fn an_agent_that_starts_anew_writes_nothing_where_all_is_equal() {
    let mut world = World::new();
    let files: Files = [config("web", "1"), deployment("replicas: 2")].into();
    world.sync(&files).await;
    let versions = |world: &World| {
        ["ConfigMap", "Deployment"]
            .map(|kind| world.api.object(kind, "shop/web").unwrap()["metadata"]["resourceVersion"].clone())
    };
    let before = versions(&world);
    world.restart();
    let report = world.sync(&files).await;
    assert_eq!(report.count(Word::Unchanged), 2, "{report:?}");
    assert_eq!(versions(&world), before);
}

#[tokio::test]
async fn a_status_is_no_change() {
    let mut world = World::new();
    let files: Files = [deployment("replicas: 2")].into();
    world.sync(&files).await;
    let to = ("kube-controller-manager", "Deployment", "shop/web");
    world.api.edit_through("status", to, &json!({"status": {"readyReplicas": 2}}));
    world.calls();
    check_words(&world.sync(&files).await, &["Deployment.apps shop/web unchanged"]);
    assert_eq!(world.writes(), [""; 0]);
    world.restart();
    check_words(&world.sync(&files).await, &["Deployment.apps shop/web unchanged"]);
    let live = world.api.object("Deployment", "shop/web").unwrap();
    assert_eq!(live["status"]["readyReplicas"], 2);
}

#[tokio::test]
async fn f64_a_crd_comes_before_its_objects_and_is_waited_for() {
    for establish in [Establish::AtOnce, Establish::AfterReads(3)] {
        let world = World::new();
        world.api.establish(establish);
        let files: Files = [
            file("a.yaml", WIDGET),
            file("b.yaml", CRD),
            file("c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: new}\n"),
            file("d.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: new}\n"),
        ]
        .into();
        let report = world.sync(&files).await;
        assert!(report.is_complete(), "{report:#?}");
        let patches = world.calls().into_iter().filter(|call| call.starts_with("PATCH")).collect::<Vec<_>>();
        let place = |part: &str| patches.iter().position(|call| call.contains(part)).unwrap();
        assert!(
            place("customresourcedefinitions") < place("/widgets/w")
                && place("/namespaces/new") < place("/configmaps/c")
        );
        let widget = world.api.object("Widget", "shop/w").unwrap();
        assert_eq!(widget["spec"]["size"], 9_007_199_254_740_993_u64);
    }
}

#[tokio::test]
async fn f64_a_crd_that_never_comes_isolates_its_kind() {
    let world = World::new();
    world.api.establish(Establish::Never);
    let files: Files = [file("a.yaml", WIDGET), file("b.yaml", CRD), config("web", "1")].into();
    let options = Options { establish: std::time::Duration::from_millis(200), ..Options::default() };
    let report = world.sync_with(&files, &options).await;
    check_words(
        &report,
        &[
            "CustomResourceDefinition.apiextensions.k8s.io widgets.example.com created",
            "ConfigMap shop/web created",
            "Widget.example.com shop/w failed",
        ],
    );
    assert!(reason(&report, Word::Failed).contains("its CustomResourceDefinition is not established"));
    let none = world.sync(&[file("a.yaml", WIDGET), file("b.yaml", CRD)].into()).await;
    assert!(none.count(Word::Pruned) == 1 && world.inventory().len() == 1, "{none:?}");
}

#[tokio::test]
async fn b138_a_group_whose_server_is_down_is_unknown_and_not_gone() {
    for is_old in [false, true] {
        let mut world = World::new();
        world.api.serve(Kind::new(["example.com", "v1", "Widget", "widgets"]));
        if is_old {
            world.api.without_aggregated_discovery();
        }
        let files: Files = [file("a.yaml", WIDGET), config("web", "1")].into();
        assert!(world.sync(&files).await.is_complete());
        world.api.stale("example.com");
        world.restart();
        let report = world.sync(&files).await;
        check_words(&report, &["ConfigMap shop/web unchanged", "Widget.example.com shop/w failed"]);
        assert!(reason(&report, Word::Failed).contains("nobody knows"), "{report:?}");
        let report = world.sync(&configs(&["web"])).await;
        assert!(reason(&report, Word::Skipped).contains("nobody knows"), "{report:?}");
        assert!(world.api.object("Widget", "shop/w").is_some());
        assert!(world.inventory().contains("Widget shop/w"));
    }
}

#[tokio::test]
async fn b138_a_kind_of_two_groups_is_two_kinds() {
    for is_old in [false, true] {
        let mut world = World::new();
        world.api.serve(Kind::new(["example.com", "v1", "Widget", "widgets"]));
        world.api.serve(Kind::new(["other.example.com", "v1", "Widget", "widgets"]));
        if is_old {
            world.api.without_aggregated_discovery();
        }
        let other = file("b.yaml", &WIDGET.replace("example.com/v1", "other.example.com/v1"));
        let files: Files = [file("a.yaml", WIDGET), other, config("web", "1")].into();
        assert!(world.sync(&files).await.is_complete());
        assert_eq!(world.api.objects("Widget").len(), 2);
        // One of the two groups is down, and the object of each is gone from the commit.
        world.api.stale("other.example.com");
        world.restart();
        let report = world.sync(&configs(&["web"])).await;
        check_words(
            &report,
            &[
                "ConfigMap shop/web unchanged",
                "Widget.other.example.com shop/w skipped",
                "Widget.example.com shop/w pruned",
            ],
        );
        assert_eq!(world.api.objects("Widget")[0]["apiVersion"], "other.example.com/v1");
    }
}

#[tokio::test]
async fn b138_while_nobody_says_which_groups_there_are_nothing_is_done() {
    for path in ["/api", "/apis"] {
        let mut world = World::new();
        let files: Files = configs(&["a", "b"]);
        world.sync(&files).await;
        world.restart();
        let _ = world.api.take_calls();
        world.api.fault(Fault::always("GET", path, Effect::Refuse(503, "starting".to_owned())));
        let result = world.cluster.sync(&desired(&configs(&["a"])), &Scope::All, &Options::default()).await;
        assert!(matches!(result, Err(Error::Discovery(_))), "{result:?}");
        assert_eq!(world.writes(), [""; 0]);
        world.api.mend();
        assert_eq!(world.sync(&configs(&["a"])).await.count(Word::Pruned), 1);
    }
}

#[tokio::test]
async fn an_object_without_a_namespace_goes_where_kubectl_puts_it() {
    let world = World::new();
    let files: Files = [
        file("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
        file(
            "b.yaml",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: b, namespace: shop}\n",
        ),
    ]
    .into();
    let report = world.sync(&files).await;
    check_words(&report, &["ConfigMap default/a created", "ClusterRole.rbac.authorization.k8s.io b created"]);
    let twice: Files = [
        file("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
        file("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n"),
    ]
    .into();
    let report = world.sync(&twice).await;
    assert!(reason(&report, Word::Failed).contains("it stands twice"));
}

#[tokio::test]
async fn b121_what_the_server_sets_is_not_applied() {
    let world = World::new();
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n  uid: x\n  resourceVersion: '1'\n  creationTimestamp: null\n  managedFields: []\n  labels: null\nstatus: {a: b}\n";
    let report = world.sync(&[file("a.yaml", text)].into()).await;
    assert!(report.is_complete(), "{report:?}");
    let body = world.api.calls().into_iter().find(|call| call.verb == "PATCH").unwrap().body;
    let expected = json!({"name": "a", "namespace": "shop", "labels": {"hld.dev/sync": "test"}});
    assert_eq!((&body["metadata"], body.get("status")), (&expected, None));
}

#[tokio::test]
async fn b135_an_object_of_another_sync_is_not_taken() {
    let world = World::new();
    let other = cluster_of(&world.api, "other");
    let files = configs(&["web"]);
    other.sync(&desired(&files), &Scope::All, &Options::default()).await.unwrap();
    let report = world.sync(&files).await;
    assert_eq!(reason(&report, Word::Failed), "it belongs to the sync `other`");
    assert!(world.inventory().is_empty());
    let scope = Scope::Only(desired(&files).ids().cloned().collect());
    let report = world.cluster.sync(&desired(&files), &scope, &Options::default()).await.unwrap();
    assert_eq!(report.count(Word::Failed), 1);
}

#[tokio::test]
async fn b133_no_commit_writes_the_inventory() {
    let world = World::new();
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hld-inventory-test-0, namespace: hld}\n";
    let report = world.sync(&[file("a.yaml", text)].into()).await;
    assert_eq!(reason(&report, Word::Failed), "it is the agent's own inventory");
}

#[tokio::test]
async fn kinds_are_applied_in_the_order_in_which_they_need_each_other() {
    let world = World::new();
    let object = |kind: &str, api: &str, name: &str| {
        file(
            &format!("{name}.yaml"),
            &format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\n"),
        )
    };
    let files: Files = [
        object("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1", "a"),
        object("Deployment", "apps/v1", "b"),
        object("Service", "v1", "c"),
        object("Secret", "v1", "d"),
        object("RoleBinding", "rbac.authorization.k8s.io/v1", "e"),
        object("Role", "rbac.authorization.k8s.io/v1", "f"),
    ]
    .into();
    let options = Options { concurrency: 1, ..Options::default() };
    let report = world.sync_with(&files, &options).await;
    let order: Vec<String> =
        words(&report).into_iter().map(|line| line.split(['.', ' ']).next().unwrap().to_owned()).collect();
    assert_eq!(
        order,
        ["Secret", "Role", "Service", "RoleBinding", "Deployment", "ValidatingWebhookConfiguration"]
    );
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let mut world = World::new();
    let files = crate::world::many(120);
    world.sync(&files).await;
    world.restart();
    world.calls();
    let pause = std::time::Duration::from_millis(1);
    let small = hld_apply::Transport { page: 50, pause, ..hld_apply::Transport::default() };
    let client = hld_apply::Cluster::client(kube::Config::new(world.api.url().parse().unwrap())).unwrap();
    let identity =
        hld_apply::Identity { sync: "test".to_owned(), namespace: "hld".to_owned(), own: BTreeSet::new() };
    let cluster = hld_apply::Cluster::new(client, identity, small).unwrap();
    let desired = Desired::parse(files.iter()).unwrap();
    let report = cluster.sync(&desired, &Scope::All, &Options::default()).await.unwrap();
    assert_eq!(report.count(Word::Unchanged), 120);
    let pages = world.calls().iter().filter(|call| *call == "GET /api/v1/configmaps").count();
    assert_eq!(pages, 3);
    // F44: a page that is lost is a list that is lost, and no object is taken for absent.
    world
        .api
        .fault(Fault::always("GET", "/api/v1/configmaps", Effect::Refuse(500, "lost".to_owned())).after(1));
    let fewer: Files = files.into_iter().skip(1).collect();
    let report =
        cluster.sync(&Desired::parse(fewer.iter()).unwrap(), &Scope::All, &Options::default()).await.unwrap();
    assert!(reason(&report, Word::Skipped).contains("could not be listed"), "{report:?}");
    assert_eq!(world.api.objects("ConfigMap").len(), 121);
}
