//! What a cluster object remembers between syncs: it saves requests, and nothing depends on it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hld_k8s::ResourceId;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::discovery::{Catalog, Resource};
use crate::live::Live;

/// An object as it was when it was last found to be as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    uid: String,
    ours: u64,
    /// Digest of what was applied.
    digest: [u8; 16],
}

/// How long a kind must have been away until its objects are taken for gone.
const LONG: Duration = Duration::from_secs(300);

/// Kinds, and the namespaces that their objects are in.
pub(crate) type Kinds = BTreeMap<Resource, BTreeSet<String>>;

/// The memory of one cluster.
pub(crate) struct Memory {
    /// Kinds that were not served, by group and kind, and since when.
    absent: Mutex<HashMap<(String, String), Instant>>,
    seen: Mutex<HashMap<ResourceId, Seen>>,
    catalog: Mutex<Option<Arc<Catalog>>>,
    /// The kinds that are watched, and the namespaces that their objects are in.
    pub(crate) kinds: watch::Sender<Kinds>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Memory {
            absent: Mutex::default(),
            seen: Mutex::default(),
            catalog: Mutex::default(),
            kinds: watch::channel(Kinds::new()).0,
        }
    }

    /// An object is as `digest` wants it.
    pub(crate) fn remember(&self, id: &ResourceId, live: &Live, digest: [u8; 16]) {
        let mut seen = self.seen.lock().expect("nobody panics while holding it");
        match live.ours {
            Some(ours) => {
                seen.insert(id.clone(), Seen { uid: live.uid.clone(), ours, digest });
            }
            None => drop(seen.remove(id)),
        }
    }

    /// Nothing is known of an object any more.
    pub(crate) fn forget(&self, id: &ResourceId) {
        self.seen.lock().expect("nobody panics while holding it").remove(id);
    }

    /// Whether an object is still what it was when `digest` was applied: nobody has touched a field
    /// of ours.
    pub(crate) fn is_same(&self, id: &ResourceId, live: &Live, digest: [u8; 16]) -> bool {
        let seen = self.seen.lock().expect("nobody panics while holding it");
        seen.get(id).is_some_and(|seen| seen.digest == digest && is_untouched(seen, live))
    }

    /// Whether an object that we know has drifted; `None` for one that is gone.
    pub(crate) fn has_drifted(&self, id: &ResourceId, live: Option<&Live>) -> bool {
        let seen = self.seen.lock().expect("nobody panics while holding it");
        seen.get(id).is_some_and(|seen| live.is_none_or(|live| !is_untouched(seen, live)))
    }

    /// The objects of a kind that we know.
    pub(crate) fn of_kind(&self, group: &str, kind: &str) -> Vec<ResourceId> {
        let seen = self.seen.lock().expect("nobody panics while holding it");
        let mut ids: Vec<ResourceId> =
            seen.keys().filter(|id| id.group == group && id.kind == kind).cloned().collect();
        ids.sort();
        ids
    }

    /// A kind is not served; whether that has been so for long.
    pub(crate) fn is_long_absent(&self, group: &str, kind: &str) -> bool {
        let mut absent = self.absent.lock().expect("nobody panics while holding it");
        let since = absent.entry((group.to_owned(), kind.to_owned())).or_insert_with(Instant::now);
        since.elapsed() >= LONG
    }

    /// A kind is served.
    pub(crate) fn is_served(&self, group: &str, kind: &str) {
        let mut absent = self.absent.lock().expect("nobody panics while holding it");
        absent.remove(&(group.to_owned(), kind.to_owned()));
    }

    pub(crate) fn catalog(&self) -> Option<Arc<Catalog>> {
        self.catalog.lock().expect("nobody panics while holding it").clone()
    }

    pub(crate) fn set_catalog(&self, catalog: Option<Arc<Catalog>>) {
        *self.catalog.lock().expect("nobody panics while holding it") = catalog;
    }
}

fn is_untouched(seen: &Seen, live: &Live) -> bool {
    seen.uid == live.uid && live.ours == Some(seen.ours) && !live.is_leaving
}
