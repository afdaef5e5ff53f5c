//! A fake cluster, and an agent that syncs into it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hld_apply::{Cluster, Desired, Identity, Options, Report, Scope, Transport, Word};
use hld_fakes::FakeApi;
use serde_json::{Value as Json, json};

/// A cluster with an agent in its namespace `hld`.
pub(crate) struct World {
    pub(crate) api: FakeApi,
    pub(crate) cluster: Cluster,
    client: kube::Client,
}

/// Paths and texts of a commit.
pub(crate) type Files = BTreeMap<String, String>;

impl World {
    pub(crate) fn new() -> Self {
        let api = FakeApi::start();
        for name in ["hld", "shop"] {
            api.put("setup", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
        }
        let client = client(&api);
        let cluster = cluster(client.clone(), "test");
        World { api, cluster, client }
    }

    /// The agent starts anew: it remembers nothing.
    pub(crate) fn restart(&mut self) {
        self.cluster = cluster(self.client.clone(), "test");
    }

    /// Syncs everything, with the default options.
    pub(crate) async fn sync(&self, files: &Files) -> Report {
        self.sync_with(files, &Options::default()).await
    }

    pub(crate) async fn sync_with(&self, files: &Files, options: &Options) -> Report {
        self.cluster.sync(&desired(files), &Scope::All, options).await.unwrap()
    }

    /// The paths of the calls since the last time, in order of their coming: `PATCH …/configmaps/web`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.api.take_calls().iter().map(ToString::to_string).collect()
    }

    /// Those of them that write.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.api.take_calls().iter().filter(|call| call.is_write()).map(ToString::to_string).collect()
    }

    /// Waits until a call of this verb has come, or it is clear that none will.
    pub(crate) async fn comes(&self, verb: &str) {
        for _ in 0..500 {
            if self.api.calls().iter().any(|call| call.verb == verb) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The ids that the inventory names, as its lines say: `ConfigMap shop/web`.
    pub(crate) fn inventory(&self) -> BTreeSet<String> {
        let shards = self
            .api
            .objects("ConfigMap")
            .into_iter()
            .filter(|shard| shard["metadata"]["labels"]["hld.dev/inventory"] == "test");
        let mut ids = BTreeSet::new();
        for shard in shards {
            let mut heading = (String::new(), String::new());
            for line in shard["data"]["objects"].as_str().unwrap().lines() {
                match line.strip_prefix(' ') {
                    Some(entry) => {
                        let name = entry.split(' ').next().unwrap();
                        ids.insert(format!("{} {}{name}", heading.0, heading.1));
                    }
                    None => {
                        let (kind, namespace) = line.split_once(' ').unwrap();
                        let kind = kind.split_once('/').unwrap().1.to_owned();
                        let slash = if namespace.is_empty() { "" } else { "/" };
                        heading = (kind, format!("{namespace}{slash}"));
                    }
                }
            }
        }
        ids
    }

    /// The objects that carry our label.
    pub(crate) fn labelled(&self) -> BTreeSet<String> {
        let kinds = ["ConfigMap", "Secret", "Deployment", "Namespace", "CustomResourceDefinition", "Widget"];
        let all = kinds.iter().flat_map(|kind| self.api.objects(kind));
        let ours = all.filter(|object| object["metadata"]["labels"]["hld.dev/sync"] == "test");
        ours.map(|object| shown(&object)).collect()
    }
}

fn shown(object: &Json) -> String {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let namespace = text(&object["metadata"]["namespace"]);
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!("{} {namespace}{slash}{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// Another agent.
pub(crate) fn cluster_of(api: &FakeApi, sync: &str) -> Cluster {
    cluster(client(api), sync)
}

fn client(api: &FakeApi) -> kube::Client {
    Cluster::client(kube::Config::new(api.url().parse().unwrap())).unwrap()
}

fn cluster(client: kube::Client, sync: &str) -> Cluster {
    let identity = Identity { sync: sync.to_owned(), namespace: "hld".to_owned(), own: BTreeSet::new() };
    let transport = Transport {
        timeout: Duration::from_secs(20),
        tries: 3,
        pause: Duration::from_millis(2),
        longest_pause: Duration::from_secs(5),
        page: 500,
    };
    Cluster::new(client, identity, transport).unwrap()
}

pub(crate) fn desired(files: &Files) -> Desired {
    Desired::parse(files.iter()).unwrap()
}

/// A commit of these ConfigMaps in the namespace `shop`.
pub(crate) fn configs(names: &[&str]) -> Files {
    names.iter().map(|name| config(name, "1")).collect()
}

/// `n` ConfigMaps.
pub(crate) fn many(n: usize) -> Files {
    (0..n).map(|n| config(&format!("c{n:03}"), "1")).collect()
}

pub(crate) fn config(name: &str, value: &str) -> (String, String) {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{value: '{value}'}}\n"
    );
    (format!("{name}.yaml"), text)
}

pub(crate) fn file(path: &str, text: &str) -> (String, String) {
    (path.to_owned(), text.to_owned())
}

pub(crate) fn deployment(replicas: &str) -> (String, String) {
    let text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  {replicas}\n  template:\n    spec:\n      containers:\n      - {{name: web, image: 'web:1'}}\n"
    );
    file("deployment.yaml", &text)
}

/// The words of a report: `ConfigMap shop/web created`.
pub(crate) fn words(report: &Report) -> Vec<String> {
    report.changes.iter().map(|change| format!("{} {}", change.id, change.word)).collect()
}

/// The reason of the only object with this word.
#[track_caller]
pub(crate) fn reason(report: &Report, word: Word) -> String {
    let mut found = report.changes.iter().filter(|change| change.word == word);
    let change = found.next().unwrap_or_else(|| panic!("nothing {word}: {report:?}"));
    assert!(found.next().is_none(), "several are {word}: {report:?}");
    change.reason.clone().unwrap_or_default()
}

#[track_caller]
pub(crate) fn check_words(report: &Report, expected: &[&str]) {
    assert_eq!(words(report), expected, "{report:#?}");
}
