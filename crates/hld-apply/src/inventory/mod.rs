//! What this sync has put into the cluster, kept in the cluster.
//!
//! *Guarantees*: every object of ours is named at every instant. An object is added before it is
//! applied for the first time, and taken out after its deletion was confirmed. The UID of an entry is
//! that of the live object, or it is not known yet ([`Entry::uid`] is none): before an object can get
//! another UID, the old one is taken out.
//!
//! It is spread over ConfigMaps, each far below etcd's limit. An entry stays in the ConfigMap it is
//! in; each ConfigMap is written with the version it was read at. So every write is one step of one
//! entry set, and a crash between two of them leaves a superset.

mod shard;

use std::collections::BTreeMap;

use hld_k8s::ResourceId;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use self::shard::MOST_BYTES;
use crate::error::{ApiErrorKind, Error, Failure};
use crate::rest::{Ask, JSON, Rest, escaped};
use crate::{FIELD_MANAGER, INVENTORY_LABEL, Identity};

/// The format that is written, and the only one that is read.
const FORMAT: &str = "1";

/// How often a write is begun anew because somebody else has written.
const MOST_TRIES: usize = 5;

/// Most answers that its ConfigMaps are listed in, each of which may be short.
const MOST_PAGES: usize = 200;

/// One object of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its UID; none while it is being created.
    pub(crate) uid: Option<String>,
}

/// What is to become of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is named, with this UID or none.
    Keep(Option<String>),
    /// It is gone.
    Drop,
}

/// The entries, and where they are kept.
#[derive(Debug)]
pub(crate) struct Inventory {
    namespace: String,
    sync: String,
    shards: Vec<Shard>,
    most_bytes: usize,
}

/// One ConfigMap.
#[derive(Debug, Default)]
struct Shard {
    name: String,
    /// The version it was read at; none if it is not there yet.
    version: Option<String>,
    entries: BTreeMap<ResourceId, Entry>,
    /// How large its text is at most.
    n_bytes: usize,
}

impl Inventory {
    /// Reads it.
    ///
    /// # Errors
    /// The server does not answer, or a ConfigMap is not understood: then nothing may be applied.
    pub(crate) async fn load(rest: &Rest, identity: &Identity) -> Result<Self, Error> {
        let mut inventory = Inventory {
            namespace: identity.namespace.clone(),
            sync: identity.sync.clone(),
            shards: Vec::new(),
            most_bytes: MOST_BYTES,
        };
        inventory.reload(rest).await?;
        Ok(inventory)
    }

    async fn reload(&mut self, rest: &Rest) -> Result<(), Error> {
        self.shards.clear();
        let mut token = String::new();
        for _ in 0..MOST_PAGES {
            let label = escaped(&format!("{INVENTORY_LABEL}={}", self.sync));
            let path = format!("{}?labelSelector={label}&limit=50&continue={}", self.path(), escaped(&token));
            let path = path.trim_end_matches("&continue=");
            let (page, _): (Page, bool) = rest.ask(&Ask::get(path, JSON)).await.map_err(error)?;
            if page.kind != "ConfigMapList" {
                return Err(error(Failure::new(ApiErrorKind::BadAnswer, "the answer is no list")));
            }
            for item in page.items {
                self.shards.push(read(item)?);
            }
            token = page.metadata.next;
            if token.is_empty() {
                self.shards.sort_by(|a, b| a.name.cmp(&b.name));
                return Ok(());
            }
        }
        Err(error(Failure::new(ApiErrorKind::BadAnswer, "the list of its ConfigMaps does not end")))
    }

    /// The entry of an object.
    pub(crate) fn get(&self, id: &ResourceId) -> Option<&Entry> {
        self.shards.iter().find_map(|shard| shard.entries.get(id))
    }

    /// All ids.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &ResourceId> {
        self.shards.iter().flat_map(|shard| shard.entries.keys())
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.entries.len()).sum()
    }

    /// Takes these steps and keeps them. ConfigMaps that stay the same are not written.
    ///
    /// # Errors
    /// What the server says. Some steps may have been kept: each for itself leaves a superset.
    pub(crate) async fn save(
        &mut self,
        rest: &Rest,
        steps: &BTreeMap<ResourceId, Step>,
    ) -> Result<(), Error> {
        for _ in 0..MOST_TRIES {
            match self.write(rest, steps).await {
                Ok(()) => return Ok(()),
                // Somebody else has written, or our own write was carried out and its reply lost.
                Err(failure) if failure.kind == ApiErrorKind::Conflict => self.reload(rest).await?,
                Err(failure) if failure.kind == ApiErrorKind::NotFound && self.holds(&failure) => {
                    self.reload(rest).await?;
                }
                Err(failure) => return Err(error(failure)),
            }
        }
        let what = "another agent writes it all the time: is there a second one with the same sync?";
        Err(error(Failure::new(ApiErrorKind::Conflict, what)))
    }

    /// Whether it is one of our ConfigMaps that is not there.
    fn holds(&self, failure: &Failure) -> bool {
        failure.about.as_ref().is_some_and(|(kind, _)| kind == "configmaps")
    }

    async fn write(&mut self, rest: &Rest, steps: &BTreeMap<ResourceId, Step>) -> Result<(), Failure> {
        for at in self.take(steps) {
            let shard = &self.shards[at];
            let body = body(&self.namespace, &self.sync, shard);
            let (method, path) = match shard.version {
                Some(_) => (Method::PUT, format!("{}/{}", self.path(), shard.name)),
                None => (Method::POST, self.path()),
            };
            let path = format!("{path}?fieldManager={FIELD_MANAGER}");
            let (written, _): (ConfigMap, bool) = rest.ask(&Ask::send(method, &path, body)).await?;
            self.shards[at].version = Some(written.metadata.resource_version);
        }
        Ok(())
    }

    /// Takes the steps in memory; returns the ConfigMaps that are other than before.
    fn take(&mut self, steps: &BTreeMap<ResourceId, Step>) -> Vec<usize> {
        let mut changed: Vec<usize> = Vec::new();
        for (id, step) in steps {
            let at = self.shards.iter().position(|shard| shard.entries.contains_key(id));
            let at = match (at, step) {
                (Some(at), Step::Drop) => {
                    self.shards[at].entries.remove(id);
                    at
                }
                (Some(at), Step::Keep(uid)) => {
                    let entry = self.shards[at].entries.get_mut(id).expect("it was found there");
                    if entry.uid == *uid {
                        continue;
                    }
                    entry.uid.clone_from(uid);
                    at
                }
                (None, Step::Drop) => continue,
                (None, Step::Keep(uid)) => {
                    let at = self.room();
                    self.shards[at].n_bytes += shard::added(&self.shards[at].entries, id);
                    self.shards[at].entries.insert(id.clone(), Entry { uid: uid.clone() });
                    at
                }
            };
            if !changed.contains(&at) {
                changed.push(at);
            }
        }
        changed
    }

    /// A ConfigMap that has room for one more entry.
    fn room(&mut self) -> usize {
        if let Some(at) = self.shards.iter().position(|shard| shard.n_bytes < self.most_bytes) {
            return at;
        }
        let is_taken = |name: &String| self.shards.iter().any(|shard| shard.name == *name);
        let mut names = (0..).map(|number| format!("hld-inventory-{}-{number}", self.sync));
        let name = names.find(|name| !is_taken(name)).expect("numbers do not end");
        self.shards.push(Shard { name, ..Shard::default() });
        self.shards.len() - 1
    }

    fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps", escaped(&self.namespace))
    }
}

fn error(failure: Failure) -> Error {
    Error::Inventory(failure.into())
}

fn read(item: ConfigMap) -> Result<Shard, Error> {
    let unreadable = |what| Error::Unreadable { name: item.metadata.name.clone(), what };
    if item.data.format != FORMAT {
        return Err(unreadable("its format is not known: was it written by a newer agent?"));
    }
    let entries = shard::parse(&item.data.objects).ok_or_else(|| unreadable("its lines are damaged"))?;
    let n_bytes = shard::size(&entries);
    Ok(Shard { name: item.metadata.name, version: Some(item.metadata.resource_version), entries, n_bytes })
}

fn body(namespace: &str, sync: &str, shard: &Shard) -> Vec<u8> {
    let mut metadata = json!({
        "name": shard.name,
        "namespace": namespace,
        "labels": {INVENTORY_LABEL: sync, "app.kubernetes.io/managed-by": FIELD_MANAGER},
    });
    if let Some(version) = &shard.version {
        metadata["resourceVersion"] = json!(version);
    }
    let data = json!({"format": FORMAT, "objects": shard::write(&shard.entries)});
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        .to_string()
        .into_bytes()
}

#[derive(Deserialize)]
struct Page {
    kind: String,
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(default)]
    items: Vec<ConfigMap>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PageMetadata {
    #[serde(rename = "continue")]
    next: String,
}

#[derive(Deserialize)]
struct ConfigMap {
    metadata: Metadata,
    #[serde(default)]
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    resource_version: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    format: String,
    objects: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: String) -> ResourceId {
        ResourceId {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name,
        }
    }

    fn fixture() -> Inventory {
        Inventory {
            namespace: "hld".to_owned(),
            sync: "prod".to_owned(),
            shards: Vec::new(),
            most_bytes: MOST_BYTES,
        }
    }

    #[test]
    fn f62_a_large_inventory_is_spread_and_none_of_it_is_large() {
        let mut inventory = fixture();
        let uid = Some("1b4e28ba-2fa1-11d2-883f-0016d3cca427".to_owned());
        let steps = (0..30_000).map(|n| (id(format!("component-{n:06}")), Step::Keep(uid.clone())));
        let steps: BTreeMap<_, _> = steps.collect();
        inventory.take(&steps);
        assert_eq!(inventory.len(), 30_000);
        let sizes: Vec<usize> =
            inventory.shards.iter().map(|shard| body("hld", "prod", shard).len()).collect();
        assert!(sizes.iter().all(|size| *size < 512 << 10), "{sizes:?}");
        let total: usize = sizes.iter().sum();
        assert!(total < 64 * 30_000, "{} bytes an entry", total / 30_000);
        assert!(inventory.take(&steps).is_empty(), "the same again writes nothing");
    }

    #[test]
    fn an_entry_stays_where_it_is() {
        let mut inventory = fixture();
        inventory.most_bytes = 200;
        let steps: BTreeMap<_, _> = (0..10).map(|n| (id(format!("{n:050}")), Step::Keep(None))).collect();
        inventory.take(&steps);
        let n_shards = inventory.shards.len();
        assert!(n_shards > 2, "{n_shards}");
        let last = id(format!("{:050}", 9));
        assert_eq!(
            inventory.take(&[(last.clone(), Step::Keep(Some("u".to_owned())))].into()),
            [n_shards - 1]
        );
        assert_eq!(inventory.take(&[(last, Step::Drop)].into()), [n_shards - 1]);
        let names: Vec<&String> = inventory.shards.iter().map(|shard| &shard.name).collect();
        assert_eq!(*names[0], "hld-inventory-prod-0");
        assert_eq!(*names[1], "hld-inventory-prod-1");
    }

    fn rest(api: &hld_fakes::FakeApi) -> Rest {
        let client = crate::Cluster::client(kube::Config::new(api.url().parse().unwrap())).unwrap();
        let pause = std::time::Duration::from_millis(1);
        Rest::new(client, crate::Transport { tries: 2, pause, ..crate::Transport::default() })
    }

    async fn stored(rest: &Rest) -> Inventory {
        let mut inventory = Inventory { namespace: "default".to_owned(), most_bytes: 200, ..fixture() };
        inventory.reload(rest).await.unwrap();
        inventory
    }

    fn names(inventory: &Inventory) -> Vec<String> {
        let mut names: Vec<String> =
            inventory.ids().map(|id| id.name.trim_start_matches('0').to_owned()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn f62_a_crash_between_two_configmaps_leaves_a_superset() {
        let named = |n: usize| id(format!("{n:050}"));
        for n_calls in 0..9 {
            let api = hld_fakes::FakeApi::start();
            let rest = rest(&api);
            let before: BTreeMap<_, _> =
                (1..10).map(|n| (named(n), Step::Keep(Some("u".to_owned())))).collect();
            stored(&rest).await.save(&rest, &before).await.unwrap();
            assert!(api.objects("ConfigMap").len() > 2, "it is spread");
            let mut inventory = stored(&rest).await;
            let steps: BTreeMap<_, _> = [
                (named(1), Step::Drop),
                (named(5), Step::Keep(None)),
                (named(9), Step::Drop),
                (named(11), Step::Keep(None)),
            ]
            .into();
            api.dies_after(n_calls);
            let saved = inventory.save(&rest, &steps).await;
            api.mend();
            let left = stored(&rest).await;
            for n in 2..9 {
                assert!(left.get(&named(n)).is_some(), "after {n_calls} calls {n} is not named");
            }
            assert!(saved.is_err() || left.get(&named(11)).is_some());
            inventory = left;
            inventory.save(&rest, &steps).await.unwrap();
            assert_eq!(names(&stored(&rest).await), ["11", "2", "3", "4", "5", "6", "7", "8"]);
        }
    }

    #[tokio::test]
    async fn f53_two_that_write_at_once_lose_nothing() {
        let api = hld_fakes::FakeApi::start();
        let rest = rest(&api);
        let (mut first, mut second) = (stored(&rest).await, stored(&rest).await);
        let step = |n: usize| [(id(format!("{n:050}")), Step::Keep(None))].into();
        first.save(&rest, &step(1)).await.unwrap();
        second.save(&rest, &step(2)).await.unwrap();
        first.save(&rest, &step(3)).await.unwrap();
        // What is away when it is to be written is made anew.
        api.remove("ConfigMap", "default/hld-inventory-prod-0");
        second.save(&rest, &step(4)).await.unwrap();
        assert!(names(&stored(&rest).await).contains(&"4".to_owned()));
    }
}
