//! What a sync does, against a real API server: what the fake one only claims to do.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hld_apply::{Cluster, Desired, Force, Identity, Options, Pruning, Report, Scope, Transport, Word};
use hld_testkit::cluster;
use serde_json::Value as Json;
use tokio::sync::mpsc;

/// A namespace of the shared server, with an agent of its own.
struct World {
    server: &'static cluster::Cluster,
    cluster: Cluster,
    name: &'static str,
}

type Files = BTreeMap<String, String>;

impl World {
    /// `name` is the namespace and the sync.
    async fn new(name: &'static str) -> Self {
        let server = cluster::Cluster::shared().unwrap();
        server.kubectl(&["create", "namespace", name]).unwrap();
        let cluster = agent(server, name).await;
        World { server, cluster, name }
    }

    async fn restart(&mut self) {
        self.cluster = agent(self.server, self.name).await;
    }

    async fn sync(&self, files: &Files) -> Report {
        self.sync_with(files, &Options::default()).await
    }

    async fn sync_with(&self, files: &Files, options: &Options) -> Report {
        self.cluster.sync(&desired(files), &Scope::All, options).await.unwrap()
    }

    fn kubectl(&self, line: &str) -> String {
        let arguments: Vec<&str> = line.split(' ').chain(["-n", self.name]).collect();
        self.server.kubectl(&arguments).unwrap()
    }

    fn get(&self, what: &str) -> Json {
        self.server.get(&[what, "-n", self.name]).unwrap()
    }

    fn config(&self, name: &str, value: &str) -> (String, String) {
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {}}}\ndata: {{value: '{value}'}}\n",
            self.name
        );
        (format!("{name}.yaml"), text)
    }

    fn file(&self, path: &str, text: &str) -> (String, String) {
        (path.to_owned(), text.replace("NAMESPACE", self.name))
    }

    /// The lines of the inventory.
    fn inventory(&self) -> String {
        let label = format!("hld.dev/inventory={}", self.name);
        let all = self.server.get(&["configmap", "-n", self.name, "-l", &label]).unwrap();
        let shards = all["items"].as_array().unwrap().iter();
        shards.map(|shard| shard["data"]["objects"].as_str().unwrap()).collect()
    }
}

async fn agent(server: &cluster::Cluster, name: &str) -> Cluster {
    let kubeconfig = kube::config::Kubeconfig::read_from(server.kubeconfig()).unwrap();
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    let client = Cluster::client(config).unwrap();
    let identity = Identity { sync: name.to_owned(), namespace: name.to_owned(), own: BTreeSet::new() };
    Cluster::new(client, identity, Transport::default()).unwrap()
}

fn desired(files: &Files) -> Desired {
    Desired::parse(files.iter()).unwrap()
}

fn words(report: &Report) -> Vec<String> {
    report
        .changes
        .iter()
        .map(|change| format!("{}/{} {}", change.id.kind, change.id.name, change.word))
        .collect()
}

#[track_caller]
fn reason(report: &Report, word: Word) -> String {
    let change = report.changes.iter().find(|change| change.word == word);
    change.unwrap_or_else(|| panic!("nothing {word}: {report:#?}")).reason.clone().unwrap_or_default()
}

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NAMESPACE}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: 'example.com/web:1', ports: [{containerPort: 80}]}]
";

#[tokio::test]
async fn what_is_equal_is_not_written_and_a_status_is_no_drift() {
    let mut world = World::new("equal").await;
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: NAMESPACE}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";
    let files: Files =
        [world.config("a", "1"), world.file("d.yaml", DEPLOYMENT), world.file("s.yaml", service)].into();
    assert_eq!(
        words(&world.sync(&files).await),
        ["ConfigMap/a created", "Service/web created", "Deployment/web created"]
    );
    // The controller writes status and an annotation.
    world.kubectl("wait --for=jsonpath={.status.observedGeneration}=1 deployment/web --timeout=60s");
    let versions = |world: &World| {
        ["configmap/a", "service/web", "deployment/web"]
            .map(|what| world.get(what)["metadata"]["generation"].clone())
    };
    let before = (versions(&world), world.get("configmap/a")["metadata"]["resourceVersion"].clone());
    for _ in 0..2 {
        let report = world.sync(&files).await;
        assert_eq!(report.count(Word::Unchanged), 3, "{report:#?}");
        world.restart().await;
    }
    assert_eq!((versions(&world), world.get("configmap/a")["metadata"]["resourceVersion"].clone()), before);
}

#[tokio::test]
async fn f68_drift_is_repaired_and_an_autoscaler_is_left_alone() {
    let world = World::new("drift").await;
    let files: Files =
        [world.config("a", "1"), world.config("b", "1"), world.file("d.yaml", DEPLOYMENT)].into();
    world.sync(&files).await;
    world.kubectl("patch configmap a --type=merge -p {\"data\":{\"value\":\"hand\"}}");
    world.kubectl("delete configmap b");
    world.kubectl("scale deployment web --replicas=5");
    let report = world.sync(&files).await;
    assert_eq!(
        words(&report),
        ["ConfigMap/a configured", "ConfigMap/b created", "Deployment/web configured"]
    );
    assert_eq!(world.get("configmap/a")["data"]["value"], "1");
    assert_eq!(world.get("deployment/web")["spec"]["replicas"], 2);
    world.kubectl("label configmap a hld.dev/sync-");
    world.kubectl("annotate configmap b team=x");
    let report = world.sync(&files).await;
    assert_eq!(
        words(&report),
        ["ConfigMap/a configured", "ConfigMap/b unchanged", "Deployment/web unchanged"]
    );
    let uid = world.get("configmap/b")["metadata"]["uid"].as_str().unwrap().to_owned();
    assert!(world.inventory().contains(&format!(" b {uid}\n")), "{}", world.inventory());

    // What an autoscaler does: the scale subresource, by the controller manager.
    let path = "/apis/apps/v1/namespaces/drift/deployments/web/scale?fieldManager=kube-controller-manager";
    let body = r#"{"spec":{"replicas":7}}"#;
    raw(world.server, path, body).await;
    let report = world.sync(&files).await;
    assert!(report.is_complete(), "{report:#?}");
    assert_eq!(world.get("deployment/web")["spec"]["replicas"], 7);
    assert_eq!(world.sync(&files).await.count(Word::Unchanged), 3);
}

/// A merge patch of a path.
async fn raw(server: &cluster::Cluster, path: &str, body: &str) {
    let kubeconfig = kube::config::Kubeconfig::read_from(server.kubeconfig()).unwrap();
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    let client = Cluster::client(config).unwrap();
    let request = http::Request::patch(path).header("content-type", "application/merge-patch+json");
    client.request_text(request.body(body.as_bytes().to_vec()).unwrap()).await.unwrap();
}

#[tokio::test]
async fn f57_fields_of_another_applier_are_named() {
    let world = World::new("conflict").await;
    let files: Files = [world.config("a", "1")].into();
    world.sync(&files).await;
    let path = std::env::temp_dir().join(format!("hld-conflict-{}.yaml", std::process::id()));
    std::fs::write(&path, world.config("a", "theirs").1).unwrap();
    let shown = path.to_string_lossy().into_owned();
    world.kubectl(&format!("apply --server-side --force-conflicts --field-manager=flux -f {shown}"));
    std::fs::remove_file(path).unwrap();
    let report = world.sync(&files).await;
    assert_eq!(reason(&report, Word::Failed), "conflict: `.data.value` belongs to `flux`");
    let always = Options { force: Force::Always, ..Options::default() };
    assert_eq!(words(&world.sync_with(&files, &always).await), ["ConfigMap/a configured"]);
}

#[tokio::test]
async fn f64_crds_and_namespaces_come_with_their_objects_in_one_commit() {
    let world = World::new("definitions").await;
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer, format: int64}}}}}}\n";
    let files: Files = [
        world.file("a.yaml", "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: definitions-new}\nspec: {size: 9007199254740993}\n"),
        world.file("b.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: definitions-new}\n"),
        world.file("c.yaml", crd),
        world.config("keep", "1"),
    ]
    .into();
    let report = world.sync(&files).await;
    assert!(report.is_complete(), "{report:#?}");
    let widget = world.server.get(&["widgets.example.com/w", "-n", "definitions-new"]).unwrap();
    assert_eq!(widget["spec"]["size"], 9_007_199_254_740_993_u64);
    assert_eq!(world.sync(&files).await.count(Word::Unchanged), 4);
    // The objects go, the definitions stay: nothing allows their loss.
    let report = world.sync(&[world.config("keep", "1")].into()).await;
    assert_eq!((report.count(Word::Pruned), report.count(Word::Skipped)), (1, 2), "{report:#?}");
}

const POLICY: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAMESPACE}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}
    resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [OPERATIONS], resources: [configmaps]}]
  validations: [{expression: \"request.name != 'b'\", message: b is not for you}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAMESPACE}
spec: {policyName: NAMESPACE, validationActions: [Deny]}
";

impl World {
    /// Denies these operations on the ConfigMap `b`, and waits until it holds.
    fn deny(&self, operations: &str, probe: &[&str]) {
        let policy = POLICY.replace("NAMESPACE", self.name).replace("OPERATIONS", operations);
        self.server.apply(&policy).unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while self.server.kubectl(probe).is_ok() {
            assert!(std::time::Instant::now() < deadline, "the policy does not come into force");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn allow(&self) {
        for kind in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
            self.server.kubectl(&["delete", kind, self.name]).unwrap();
        }
    }
}

#[tokio::test]
async fn f46_one_object_that_is_denied_stops_no_other() {
    let world = World::new("denied").await;
    world.deny("CREATE, UPDATE", &["create", "configmap", "b", "-n", "denied", "--dry-run=server"]);
    let all: Files = [world.config("a", "1"), world.config("b", "1"), world.config("c", "1")].into();
    let report = world.sync(&all).await;
    assert_eq!(words(&report), ["ConfigMap/a created", "ConfigMap/b failed", "ConfigMap/c created"]);
    assert!(reason(&report, Word::Failed).contains("b is not for you"), "{report:#?}");
    let report = world.sync(&[world.config("a", "1")].into()).await;
    assert_eq!(words(&report), ["ConfigMap/a unchanged", "ConfigMap/c pruned"]);
    assert_eq!(report.n_inventory, 1);
    world.allow();
}

#[tokio::test]
async fn f47_a_deletion_that_is_denied_stays_in_the_inventory() {
    let world = World::new("undeletable").await;
    let both: Files = [world.config("a", "1"), world.config("b", "1")].into();
    world.sync(&both).await;
    world.deny("DELETE", &["delete", "configmap", "b", "-n", "undeletable", "--dry-run=server"]);
    let one: Files = [world.config("a", "1")].into();
    for _ in 0..2 {
        let report = world.sync(&one).await;
        assert!(reason(&report, Word::Failed).contains("b is not for you"), "{report:#?}");
        assert!(world.inventory().contains("\n b "));
    }
    world.allow();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while world.sync(&one).await.count(Word::Pruned) == 0 {
        assert!(std::time::Instant::now() < deadline);
    }
    assert_eq!(world.sync(&one).await.n_inventory, 1);
}

#[tokio::test]
async fn f48_f60_what_can_not_be_changed_stays_and_the_field_is_named() {
    let world = World::new("immutable").await;
    let files: Files = [world.file("d.yaml", DEPLOYMENT), world.config("a", "1")].into();
    world.sync(&files).await;
    let uid = world.get("deployment/web")["metadata"]["uid"].clone();
    let other: Files =
        [world.file("d.yaml", &DEPLOYMENT.replace("app: web}", "app: other}")), world.config("a", "2")]
            .into();
    let report = world.sync(&other).await;
    assert!(reason(&report, Word::Failed).contains("field is immutable"), "{report:#?}");
    assert_eq!(report.count(Word::Configured), 1);
    assert_eq!(world.get("deployment/web")["metadata"]["uid"], uid);
    let report = world
        .sync(
            &[
                world.file("d.yaml", &DEPLOYMENT.replace("replicas: 2", "replicas: -2")),
                world.config("a", "2"),
            ]
            .into(),
        )
        .await;
    assert!(reason(&report, Word::Failed).contains("spec.replicas"), "{report:#?}");
    assert_eq!(world.get("deployment/web")["spec"]["replicas"], 2);
}

#[tokio::test]
async fn b140_the_server_s_words_about_a_secret_are_not_told() {
    let world = World::new("secrets").await;
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: NAMESPACE}\ntype: kubernetes.io/tls\nstringData: {tls.crt: canary-canary-canary}\n";
    let report = world.sync(&[world.file("s.yaml", secret), world.config("a", "1")].into()).await;
    assert_eq!(
        reason(&report, Word::Failed),
        "not valid in data[tls.key] (what the server says about a Secret is not shown)"
    );
    let odd = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: NAMESPACE}\ndata: {a: canary-canary-canary}\n";
    let report = world.sync(&[world.file("s.yaml", odd), world.config("a", "1")].into()).await;
    assert!(!format!("{report:?}").contains("canary"), "{report:?}");
}

#[tokio::test]
async fn p5_an_object_made_anew_by_hand_is_not_pruned() {
    let world = World::new("anew").await;
    world.sync(&[world.config("a", "1"), world.config("b", "1")].into()).await;
    world.kubectl("delete configmap b");
    world.kubectl("create configmap b");
    world.kubectl("label configmap b hld.dev/sync=anew");
    let report = world.sync(&[world.config("a", "1")].into()).await;
    assert!(reason(&report, Word::Skipped).contains("its UID is another"), "{report:#?}");
    world.get("configmap/b");
    assert_eq!(report.n_inventory, 1);
}

#[tokio::test]
async fn an_object_that_comes_and_goes_between_look_and_apply_is_known_by_its_uid() {
    let world = World::new("race").await;
    let files: Files = [world.config("a", "1")].into();
    world.sync(&files).await;
    // The small sync looks, finds it, and meets another one: two syncs at once, and a hand.
    for round in 0..10 {
        let next: Files = [world.config("a", &format!("{round}"))].into();
        let hand = async {
            let server = world.server;
            let delete = ["delete", "configmap", "a", "-n", "race", "--wait=false", "--ignore-not-found"];
            tokio::task::spawn_blocking(move || server.kubectl(&delete)).await.unwrap().unwrap();
        };
        let ((), report) = tokio::join!(hand, world.sync(&next));
        assert!(report.is_complete(), "{report:#?}");
        let now = world.sync(&next).await;
        assert!(now.is_complete(), "{now:#?}");
        let uid = world.get("configmap/a")["metadata"]["uid"].as_str().unwrap().to_owned();
        assert!(world.inventory().contains(&uid), "{}", world.inventory());
    }
}

#[tokio::test]
async fn f66_finalizers_are_waited_for() {
    let world = World::new("finalizers").await;
    let held = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: NAMESPACE, finalizers: [example.com/wait]}\n";
    world.sync(&[world.config("a", "1"), world.file("b.yaml", held)].into()).await;
    let one: Files = [world.config("a", "1")].into();
    assert_eq!(
        reason(&world.sync(&one).await, Word::Pruned),
        "it waits for the finalizer `example.com/wait`"
    );
    assert!(reason(&world.sync(&one).await, Word::Skipped).contains("example.com/wait"));
    world.kubectl("patch configmap b --type=merge -p {\"metadata\":{\"finalizers\":null}}");
    let report = world.sync(&one).await;
    assert_eq!((report.n_inventory, &report.pruning), (1, &Pruning::Done));
}

#[tokio::test]
async fn f68_drift_is_seen_as_it_happens() {
    let world = World::new("watching").await;
    let files: Files =
        [world.config("a", "1"), world.config("b", "1"), world.file("d.yaml", DEPLOYMENT)].into();
    world.sync(&files).await;
    let (sender, mut receiver) = mpsc::channel(100);
    let test = async {
        let mut next = async || -> String {
            let id: Result<Option<hld_k8s::ResourceId>, _> =
                tokio::time::timeout(Duration::from_secs(30), receiver.recv()).await;
            id.expect("drift is seen within 30 s").unwrap().name
        };
        let run = |line: &'static str| {
            tokio::task::spawn_blocking(move || {
                let server = cluster::Cluster::shared().unwrap();
                server.kubectl(&line.split(' ').collect::<Vec<_>>()).unwrap();
            })
        };
        run("delete configmap a -n watching").await.unwrap();
        assert_eq!(next().await, "a");
        run("patch configmap b -n watching --type=merge -p {\"data\":{\"value\":\"x\"}}").await.unwrap();
        assert_eq!(next().await, "b");
        let only = desired(&files).ids().cloned().collect();
        let report =
            world.cluster.sync(&desired(&files), &Scope::Only(only), &Options::default()).await.unwrap();
        assert_eq!(
            words(&report),
            ["ConfigMap/a created", "ConfigMap/b configured", "Deployment/web unchanged"]
        );
    };
    tokio::select! {
        () = world.cluster.watch(&sender) => panic!("the watch ends"),
        () = test => {}
    }
}

#[tokio::test]
async fn a_diff_tries_out_and_writes_nothing() {
    let world = World::new("diffing").await;
    let secret = |value: &str| {
        world.file("s.yaml", &format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: NAMESPACE}}\nstringData: {{a: {value}}}\n"))
    };
    let files: Files = [
        world.config("a", "1"),
        world.config("b", "1"),
        world.file("d.yaml", DEPLOYMENT),
        secret("canary-before"),
    ]
    .into();
    world.sync(&files).await;
    let version = world.get("configmap/a")["metadata"]["resourceVersion"].clone();
    let key = || hld_diff::Key::new([1; 32]);
    let same = world.cluster.diff(&desired(&files), &Options::default(), key()).await.unwrap();
    assert_eq!(same.difference.objects.len(), 0, "{same:#?}");
    let next: Files = [
        world.config("a", "2"),
        world.file("d.yaml", DEPLOYMENT),
        secret("canary-after"),
        world.file("n.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: diffing-new}\n"),
        world
            .file("o.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: o, namespace: diffing-new}\n"),
    ]
    .into();
    let preview = world.cluster.diff(&desired(&next), &Options::default(), key()).await.unwrap();
    assert_eq!((preview.difference.objects.len(), preview.failed.len()), (5, 0), "{preview:#?}");
    assert!(!format!("{preview:?}").contains("canary"));
    assert_eq!(world.get("configmap/a")["metadata"]["resourceVersion"], version);
}
