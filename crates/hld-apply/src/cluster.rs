//! The cluster that a sync is about.

use std::collections::BTreeSet;
use std::time::Duration;

use hld_k8s::ResourceId;
use kube::Client;
use tokio::sync::{Mutex, mpsc};

use crate::memory::Memory;
use crate::rest::Rest;
use crate::{Desired, Error, Preview, Report, diff, sync, watch};

/// Most characters of the name of a sync: it is a label value, and part of a name.
const MOST_SYNC: usize = 40;

/// The field manager of everything that is applied.
pub const FIELD_MANAGER: &str = "hld-agent";

/// The label that says which sync an object belongs to.
pub const LABEL: &str = "hld.dev/sync";

/// The label of the ConfigMaps that are an inventory; its value is the sync.
pub const INVENTORY_LABEL: &str = "hld.dev/inventory";

/// Who applies. Two syncs must not have one name in one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name of the sync: a label value that is also part of a name, at most 40 characters.
    pub sync: String,
    /// The agent's own namespace, where the inventory is. It is never deleted.
    pub namespace: String,
    /// What the agent lives by besides: its Deployment, ServiceAccount, roles. Never deleted.
    pub own: BTreeSet<ResourceId>,
}

/// What a sync looks at. What is no longer wanted is looked for in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every object: the sweep.
    All,
    /// These alone: those that [`Desired::changed_since`] or [`Cluster::watch`] named. An id that is
    /// not wanted counts for nothing.
    Only(BTreeSet<ResourceId>),
}

/// When a field that another manager owns is taken (F57). Replicas that an autoscaler sets are its
/// own in every case: they are left out of what is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Force {
    /// From people and controllers that edit, and from kubectl: that is drift. A field that another
    /// program applies (Flux, Argo CD, Helm) is a conflict, named field by field.
    #[default]
    Drift,
    /// From everyone.
    Always,
    /// From nobody.
    Never,
}

/// What a sync may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether objects that are no longer wanted are deleted.
    pub prune: bool,
    /// Lifts the guard for a removal of exactly so many objects.
    pub allow_removals: Option<usize>,
    /// When fields are taken from other managers.
    pub force: Force,
    /// How long a CustomResourceDefinition may take until its kind is served.
    pub establish: Duration,
    /// How many requests are under way at once, at most.
    pub concurrency: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            prune: true,
            allow_removals: None,
            force: Force::Drift,
            establish: Duration::from_secs(60),
            concurrency: 8,
        }
    }
}

/// How requests are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport {
    /// How long one request may take; admission webhooks alone may take 30 s.
    pub timeout: Duration,
    /// How often a request is sent at most.
    pub tries: u32,
    /// The pause before the second try; it doubles with each.
    pub pause: Duration,
    /// The longest pause, whatever `Retry-After` says.
    pub longest_pause: Duration,
    /// Objects on one page of a list.
    pub page: usize,
}

impl Default for Transport {
    fn default() -> Self {
        Transport {
            timeout: Duration::from_secs(45),
            tries: 5,
            pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(30),
            page: 500,
        }
    }
}

/// A cluster, as one sync sees it. Its methods may be called at once, and each future be dropped at
/// any point.
pub struct Cluster {
    pub(crate) rest: Rest,
    pub(crate) identity: Identity,
    pub(crate) memory: Memory,
    /// Held by a sync: watches judge nothing while one is under way.
    pub(crate) busy: Mutex<()>,
}

impl Cluster {
    /// The cluster behind `client`, which [`Cluster::client`] makes.
    ///
    /// # Errors
    /// The identity can not be used as a label and as part of a name.
    pub fn new(client: Client, identity: Identity, transport: Transport) -> Result<Self, Error> {
        let is_name = |text: &str| {
            let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            is_end(text.chars().next()) && is_end(text.chars().last()) && text.chars().all(is_inner)
        };
        if !is_name(&identity.sync) || identity.sync.len() > MOST_SYNC {
            return Err(Error::Identity(
                "the name of a sync has at most 40 lower-case letters, digits and `-` between them",
            ));
        }
        if !is_name(&identity.namespace) {
            return Err(Error::Identity("the agent's namespace is no name of a namespace"));
        }
        let rest = Rest::new(client, transport);
        Ok(Cluster { rest, identity, memory: Memory::new(), busy: Mutex::default() })
    }

    /// A client without tries of its own: how often a request is sent is said by [`Transport`].
    ///
    /// # Errors
    /// What the configuration lacks.
    pub fn client(mut config: kube::Config) -> kube::Result<Client> {
        config.default_retry = false;
        Client::try_from(config)
    }

    /// Brings the cluster to what `desired` says.
    ///
    /// *Flow*: the inventory is read; kinds are looked up; what lives is listed (metadata alone); the
    /// inventory is written so that it names everything that will be there; Namespaces and CRDs are
    /// applied and waited for; everything else is applied in the order of kinds; what only the
    /// inventory names is deleted; the inventory is written with the UIDs there are now.
    ///
    /// Dropping the future at any point loses nothing: the next sync goes on from what is there.
    ///
    /// # Errors
    /// Why the sync ended early: the inventory could not be read or written, or nobody knows which
    /// kinds there are. What is wrong with one object is its [`Change`](crate::Change).
    pub async fn sync(&self, desired: &Desired, scope: &Scope, options: &Options) -> Result<Report, Error> {
        let _busy = self.busy.lock().await;
        sync::sync(self, desired, scope, options).await
    }

    /// What a [`Cluster::sync`] of everything would change: dry runs on the server, nothing is written.
    ///
    /// # Errors
    /// As [`Cluster::sync`].
    pub async fn diff(
        &self,
        desired: &Desired,
        options: &Options,
        key: hld_diff::Key,
    ) -> Result<Preview, Error> {
        diff::diff(self, (desired, options), key).await
    }

    /// Sends the ids of objects that drifted since they were last applied: edited, deleted, or
    /// without our label. For each of them [`Scope::Only`] repairs.
    ///
    /// Kinds are those of the syncs so far; a kind that a later sync applies is watched from then on.
    /// A change of status and our own writes are no drift. Watches that end are taken up again; what
    /// was missed in between is found by listing. Ends when nobody receives any more.
    pub async fn watch(&self, drifted: &mpsc::Sender<ResourceId>) {
        tokio::select! {
            () = drifted.closed() => {}
            () = watch::watch(self, drifted) => {}
        }
    }

    /// Whether an object is a ConfigMap of an inventory: no commit writes it, no prune removes it.
    pub(crate) fn is_own_inventory(&self, id: &ResourceId) -> bool {
        (id.group.as_str(), id.kind.as_str()) == ("", "ConfigMap")
            && id.namespace == self.identity.namespace
            && id.name.starts_with("hld-inventory-")
    }

    /// Whether an object is one that the agent lives by (B133).
    pub(crate) fn is_protected(&self, id: &ResourceId) -> bool {
        let is_namespace = (id.group.as_str(), id.kind.as_str()) == ("", "Namespace");
        let is_own_kind = id.kind == "CustomResourceDefinition" && id.name.ends_with(".hld.dev");
        (is_namespace && id.name == self.identity.namespace)
            || is_own_kind
            || self.is_own_inventory(id)
            || self.identity.own.contains(id)
    }
}
