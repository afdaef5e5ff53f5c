//! The agent on a real API server, with the rights and objects that `hld agent bootstrap` gives it.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hld_agent::bootstrap::{self, Bootstrap, Power};
use hld_agent::config::{Config, Parsed, parse};
use hld_agent::status::Status;
use hld_testkit::cluster::Cluster;
use hld_testkit::git::{bare, git};
use secrecy::ExposeSecret as _;
use serde_json::Value as Json;
use tokio::sync::watch;

/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// An agent in a namespace of its own, as its own ServiceAccount.
struct World {
    cluster: &'static Cluster,
    folder: tempfile::TempDir,
    namespace: String,
    stop: Option<(watch::Sender<bool>, std::thread::JoinHandle<()>)>,
}

impl World {
    /// Bootstraps an agent with these rights, and starts it on an empty repository.
    fn new(name: &str, power: Power) -> Self {
        let cluster = Cluster::shared().unwrap();
        let folder = tempfile::TempDir::new().unwrap();
        bare(&folder.path().join("remote.git")).unwrap();
        git(folder.path(), &["clone", "-q", "remote.git", "clone"]).unwrap();
        git(&folder.path().join("clone"), &["checkout", "-q", "-b", "main"]).unwrap();
        let namespace = format!("agent-{name}");
        let printed = bootstrap::print(&Bootstrap {
            sync: name.to_owned(),
            namespace: namespace.clone(),
            url: "ssh://git@git.example.org/m.git".to_owned(),
            branch: "main".to_owned(),
            paths: Vec::new(),
            image: "registry.example.org/hld-agent:1".to_owned(),
            insecure: Vec::new(),
            username: None,
            webhooks: Some(hld_agent::config::Provider::Gitea),
            power,
        });
        cluster.apply(printed.unwrap().manifests.expose_secret()).unwrap();
        World { cluster, folder, namespace, stop: None }
    }

    fn clone(&self) -> PathBuf {
        self.folder.path().join("clone")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.clone().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn push(&self) -> String {
        git(&self.clone(), &["add", "-A"]).unwrap();
        git(&self.clone(), &["commit", "-q", "-m", "change"]).unwrap();
        git(&self.clone(), &["push", "-q", "origin", "HEAD:main"]).unwrap();
        git(&self.clone(), &["rev-parse", "HEAD"]).unwrap()
    }

    /// A kubeconfig that has nothing but the token of the agent's ServiceAccount.
    fn kubeconfig(&self) -> PathBuf {
        let token = self.cluster.kubectl(&["-n", &self.namespace, "create", "token", "hld-agent"]).unwrap();
        let admin = std::fs::read_to_string(self.cluster.kubeconfig()).unwrap();
        let admin =
            hld_yaml::read(&admin, hld_diag::FileId::NONE, &hld_yaml::ReadOptions::default()).unwrap();
        let admin = admin.into_single().unwrap();
        let cluster = admin.get("clusters").unwrap().as_seq().unwrap()[0].get("cluster").unwrap().clone();
        let cluster = hld_yaml::emit(&cluster).replace('\n', "\n    ");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {{cluster: a, user: a}}\n\
             clusters:\n- name: a\n  cluster:\n    {cluster}\nusers:\n- name: a\n  user: {{token: '{}'}}\n",
            token.trim()
        );
        let path = self.folder.path().join("kubeconfig");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn config(&self) -> Config {
        let remote = self.folder.path().join("remote.git");
        let arguments = [
            "hld-agent".to_owned(),
            format!("--kubeconfig={}", self.kubeconfig().display()),
            format!("--git-url={}", remote.display()),
            format!("--sync={}", self.namespace.trim_start_matches("agent-")),
            format!("--namespace={}", self.namespace),
            "--listen=127.0.0.1:0".to_owned(),
        ];
        let Parsed::Run(config, _) = parse(arguments) else { panic!() };
        let mut config = *config;
        config.git.poll_interval = Duration::from_millis(200);
        config
    }

    fn start(&mut self) {
        let config = self.config();
        let (sender, stop) = watch::channel(false);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(hld_agent::run(config, stop, |_| ())).unwrap();
            runtime.shutdown_background();
        });
        self.stop = Some((sender, thread));
    }

    fn status(&self) -> Option<Status> {
        let name = format!("hld-status-{}", self.namespace.trim_start_matches("agent-"));
        let map = self.cluster.get(&["-n", &self.namespace, "configmap", &name]).ok()?;
        serde_json::from_str(map["data"]["status.json"].as_str()?).ok()
    }

    fn until(&self, what: &str, is_so: impl Fn(&Status) -> bool) -> Status {
        eventually(what, || self.status().filter(|status| is_so(status)), || format!("{:#?}", self.status()))
    }

    fn until_applied(&self, commit: &str) -> Status {
        self.until(commit, |status| status.is_ready() && status.applied == commit)
    }

    fn get(&self, arguments: &[&str]) -> Option<Json> {
        self.cluster.get(arguments).ok()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.stop.take() {
            stop.send(true).ok();
            thread.join().ok();
        }
    }
}

fn eventually<T>(what: &str, find: impl Fn() -> Option<T>, seen: impl Fn() -> String) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "never {what}: {}", seen());
        std::thread::sleep(Duration::from_millis(50));
    }
}

const WIDGETS: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.agent.example.org}
spec:
  group: agent.example.org
  names: {kind: Widget, plural: widgets, singular: widget}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

fn deployment(namespace: &str, replicas: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: {namespace}}}\nspec:\n  replicas: {replicas}\n\
         \x20 selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n\
         \x20   spec: {{containers: [{{name: web, image: 'registry.example.org/web:1', ports: [{{containerPort: 80}}]}}]}}\n"
    )
}

#[test]
fn f64_f68_what_bootstrap_gives_is_enough_for_a_repository_of_all_sorts() {
    let kinds = vec!["agent.example.org/widgets".to_owned()];
    let mut world = World::new("all", Power::Cluster(kinds));
    world.write("a/namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop-all}\n");
    world.write("a/web.yaml", &deployment("shop-all", 2));
    world.write("a/service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop-all}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n");
    world.write("a/role.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader, namespace: shop-all}\nrules: [{apiGroups: [''], resources: [configmaps], verbs: [get, list]}]\n");
    // The kind is defined by a file that comes behind the object.
    world.write("a/a-widget.yaml", "apiVersion: agent.example.org/v1\nkind: Widget\nmetadata: {name: w, namespace: shop-all}\nspec: {size: 3}\n");
    world.write("z/crd.yaml", WIDGETS);
    let commit = world.push();
    world.start();
    let status = world.until_applied(&commit);
    assert_eq!((status.objects, status.last_change.unwrap().created), (6, 6));
    assert!(world.get(&["-n", "shop-all", "widget", "w"]).is_some());
    // Somebody edits and deletes.
    world.cluster.kubectl(&["-n", "shop-all", "scale", "deployment/web", "--replicas=0"]).unwrap();
    world.cluster.kubectl(&["-n", "shop-all", "delete", "service", "web"]).unwrap();
    let replicas = || {
        world.get(&["-n", "shop-all", "deployment", "web"])?["spec"]["replicas"].as_u64().filter(|n| *n == 2)
    };
    eventually("the replicas again", replicas, || format!("{:#?}", world.status()));
    eventually("the service again", || world.get(&["-n", "shop-all", "service", "web"]), String::new);
    // A commit changes one object and removes another.
    world.write("a/web.yaml", &deployment("shop-all", 3));
    git(&world.clone(), &["rm", "-q", "a/service.yaml"]).unwrap();
    let second = world.push();
    world.until_applied(&second);
    assert!(world.get(&["-n", "shop-all", "service", "web"]).is_none());
    assert_eq!(world.get(&["-n", "shop-all", "deployment", "web"]).unwrap()["spec"]["replicas"], 3);
}

#[test]
fn f46_a_role_that_grants_more_than_the_agent_has_is_refused_and_nothing_else_is() {
    let mut world = World::new("rights", Power::Cluster(Vec::new()));
    world.write("namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop-rights}\n");
    world.write("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop-rights}\n");
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: all, namespace: shop-rights}\nrules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]\n";
    world.write("role.yaml", role);
    world.push();
    world.start();
    let status = world.until("a refusal", |status| status.n_errors == 1);
    assert!(
        status.errors[0].object.contains("shop-rights/all") && status.errors[0].path == "role.yaml",
        "{status:?}"
    );
    assert!(world.get(&["-n", "shop-rights", "configmap", "a"]).is_some());
    let events = world.cluster.kubectl(&["-n", &world.namespace, "get", "events", "-o", "name"]).unwrap();
    assert!(events.contains("event/hld-status-rights."), "{events}");
}

#[test]
fn rights_in_namespaces_are_enough_for_what_is_in_them() {
    let cluster = Cluster::shared().unwrap();
    cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop-some}\n").unwrap();
    let mut world = World::new("some", Power::Namespaces(vec!["shop-some".to_owned()]));
    world.write("web.yaml", &deployment("shop-some", 1));
    world.write("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop-some}\n");
    let commit = world.push();
    world.start();
    world.until_applied(&commit);
    git(&world.clone(), &["rm", "-q", "map.yaml"]).unwrap();
    let second = world.push();
    world.until_applied(&second);
    assert!(world.get(&["-n", "shop-some", "configmap", "a"]).is_none());
}

#[test]
fn people_ask_by_the_status() {
    let mut world = World::new("asked", Power::Cluster(Vec::new()));
    world.write("map.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop-asked}\n");
    let commit = world.push();
    world.start();
    world.until_applied(&commit);
    let target = hld_agent::client::Target {
        kubeconfig: Some(world.cluster.kubeconfig()),
        context: None,
        namespace: world.namespace.clone(),
        sync: "asked".to_owned(),
    };
    let client = hld_agent::client::Client::open(target).unwrap();
    let word = client.request(&hld_agent::client::Request::default()).unwrap();
    let status = client.wait(&word, PATIENCE).unwrap();
    assert!(status.is_ready() && status.request == word, "{status:?}");
    world.write("b.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop-asked-more}\n");
    let desired = hld_agent::client::desired_of_folder(Path::new(&world.clone())).unwrap();
    let preview = client.diff(&desired, hld_diff::Key::new([7; 32])).unwrap();
    assert_eq!((preview.difference.objects.len(), preview.failed.len()), (1, 0), "{preview:?}");
    assert!(world.get(&["namespace", "shop-asked-more"]).is_none());
}
