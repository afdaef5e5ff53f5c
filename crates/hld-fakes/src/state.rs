//! What the server knows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::fault::Faults;
use crate::{Call, Kind, kinds};

/// When a new CustomResourceDefinition is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Establish {
    /// At once.
    #[default]
    AtOnce,
    /// After its version of its group has been asked for so many times.
    AfterReads(usize),
    /// Not at all.
    Never,
}

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) group: String,
    pub(crate) plural: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// Something that happened to an object; absent before or after where it was not there.
pub(crate) struct Event {
    pub(crate) version: u64,
    pub(crate) key: Key,
    pub(crate) before: Option<Json>,
    pub(crate) after: Option<Json>,
}

/// Everything behind the lock.
pub(crate) struct State {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) objects: BTreeMap<Key, Json>,
    pub(crate) version: u64,
    pub(crate) n_uids: u64,
    pub(crate) events: Vec<Event>,
    /// Versions up to this one are forgotten: a watch from there is gone.
    pub(crate) compacted: u64,
    pub(crate) calls: Vec<Call>,
    pub(crate) faults: Faults,
    pub(crate) stale: BTreeSet<String>,
    pub(crate) is_aggregated: bool,
    pub(crate) establish: Establish,
    /// How often CRDs were asked for that wait to be established.
    pub(crate) n_reads: BTreeMap<Key, usize>,
    /// What is still to come, where only that may come.
    pub(crate) expected: Option<Vec<String>>,
    pub(crate) unexpected: Vec<String>,
    /// The number of calls after which the client is dead; the last one is carried out.
    pub(crate) dies_after: Option<usize>,
    pub(crate) latency: Duration,
}

impl State {
    pub(crate) fn new() -> Self {
        let mut state = State {
            kinds: kinds::builtin(),
            objects: BTreeMap::new(),
            version: 100,
            n_uids: 0,
            events: Vec::new(),
            compacted: 0,
            calls: Vec::new(),
            faults: Faults::default(),
            stale: BTreeSet::new(),
            is_aggregated: true,
            establish: Establish::AtOnce,
            n_reads: BTreeMap::new(),
            expected: None,
            unexpected: Vec::new(),
            dies_after: None,
            latency: Duration::ZERO,
        };
        for name in ["default", "kube-system"] {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            state.write(&Key::new(["", "namespaces", "", name]), namespace);
        }
        state
    }

    /// The kind that is served under this path.
    pub(crate) fn kind(&self, group: &str, plural: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.group == group && kind.plural == plural)
    }

    /// Keeps an object: with the version, the UID and the generation that it has now.
    pub(crate) fn write(&mut self, key: &Key, mut object: Json) -> Json {
        self.version += 1;
        let before = self.objects.get(key).cloned();
        let metadata = &mut object["metadata"];
        metadata["resourceVersion"] = json!(self.version.to_string());
        match &before {
            Some(before) => {
                for field in ["uid", "creationTimestamp"] {
                    metadata[field] = before["metadata"][field].clone();
                }
            }
            None => {
                self.n_uids += 1;
                metadata["uid"] = json!(format!("00000000-0000-4000-8000-{:012x}", self.n_uids));
                metadata["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
            }
        }
        if self.kind(&key.group, &key.plural).is_some_and(Kind::has_generation) {
            let generation = before.as_ref().and_then(|before| before["metadata"]["generation"].as_u64());
            let is_other = before.as_ref().is_none_or(|before| spec(before) != spec(&object));
            object["metadata"]["generation"] = json!(generation.unwrap_or(0) + u64::from(is_other));
        }
        self.objects.insert(key.clone(), object.clone());
        self.push(key, before, Some(object.clone()));
        object
    }

    /// Forgets an object.
    pub(crate) fn erase(&mut self, key: &Key) {
        if let Some(before) = self.objects.remove(key) {
            self.version += 1;
            self.push(key, Some(before), None);
        }
    }

    fn push(&mut self, key: &Key, before: Option<Json>, after: Option<Json>) {
        self.events.push(Event { version: self.version, key: key.clone(), before, after });
    }
}

impl Key {
    pub(crate) fn new([group, plural, namespace, name]: [&str; 4]) -> Self {
        Key {
            group: group.to_owned(),
            plural: plural.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// Everything of an object but its metadata and status.
fn spec(object: &Json) -> Vec<(&String, &Json)> {
    let fields = object.as_object().into_iter().flatten();
    fields.filter(|(key, _)| !matches!(key.as_str(), "metadata" | "status")).collect()
}
