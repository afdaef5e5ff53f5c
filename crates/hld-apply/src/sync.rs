//! One sync, from the inventory to the report.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use hld_k8s::{Gvk, ResourceId};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::apply::{Applier, Refused, Target};
use crate::discovery::{Catalog, Known, discover};
use crate::error::{ApiErrorKind, Error, Failure};
use crate::inventory::{Inventory, Step};
use crate::live::Live;
use crate::order::{DEFINITIONS, rank};
use crate::plan::{Plan, defined};
use crate::view::View;
use crate::{Change, Cluster, Desired, Options, Pruning, Report, Scope, Word, prune, secrets};

/// How often is looked whether a new kind is served: at first, and at most.
const POLL: [std::time::Duration; 2] =
    [std::time::Duration::from_millis(50), std::time::Duration::from_secs(1)];

/// A sync under way.
pub(crate) struct Run<'r> {
    pub(crate) cluster: &'r Cluster,
    pub(crate) desired: &'r Desired,
    pub(crate) options: &'r Options,
    pub(crate) inventory: Mutex<Inventory>,
    pub(crate) catalog: Arc<Catalog>,
    /// Whether the catalog was asked for in this run.
    pub(crate) is_fresh: bool,
    pub(crate) plan: Plan,
    pub(crate) changes: Vec<Change>,
    /// What the inventory is to say in the end.
    pub(crate) steps: BTreeMap<ResourceId, Step>,
    /// Kinds that were to be listed and could not be, by group and kind.
    pub(crate) gaps: HashMap<(String, String), Failure>,
}

/// An object that is to be applied.
struct Due {
    target: Target,
    /// What was there before, as far as it is known.
    before: Option<Live>,
    /// The UID of the object that is meant, if there is one.
    uid: Option<String>,
}

/// Carries out a sync.
///
/// # Errors
/// Why nothing was done.
pub(crate) async fn sync(
    cluster: &Cluster,
    desired: &Desired,
    scope: &Scope,
    options: &Options,
) -> Result<Report, Error> {
    let inventory = Inventory::load(&cluster.rest, &cluster.identity).await?;
    let mut run = Run::new(cluster, (desired, options), inventory).await?;
    let (definitions, _) = run.split(scope);
    run.bring(definitions, scope).await?;
    run.settle_kinds(scope).await?;
    let (_, others) = run.split(scope);
    run.bring(others, scope).await?;
    run.report_homeless(scope);
    run.changes.sort_by(|a, b| place(&a.id).cmp(&place(&b.id)));
    let pruning = prune::prune(&mut run).await;
    run.end(pruning).await
}

impl<'r> Run<'r> {
    pub(crate) async fn new(
        cluster: &'r Cluster,
        (desired, options): (&'r Desired, &'r Options),
        inventory: Inventory,
    ) -> Result<Self, Error> {
        let mut run = Run {
            cluster,
            desired,
            options,
            inventory: Mutex::new(inventory),
            catalog: Arc::default(),
            is_fresh: false,
            plan: Plan::default(),
            changes: Vec::new(),
            steps: BTreeMap::new(),
            gaps: HashMap::new(),
        };
        match cluster.memory.catalog() {
            Some(catalog) => run.catalog = catalog,
            None => run.refresh().await?,
        }
        run.plan = Plan::new(desired, &run.catalog);
        if !run.plan.homeless.is_empty() {
            run.refresh().await?;
        }
        Ok(run)
    }

    /// Asks which kinds there are, unless that was done just now.
    pub(crate) async fn refresh(&mut self) -> Result<(), Error> {
        if !self.is_fresh {
            let catalog = discover(&self.cluster.rest).await;
            self.set_catalog(catalog.map_err(|failure| Error::Discovery(failure.into()))?);
            self.is_fresh = true;
        }
        Ok(())
    }

    fn set_catalog(&mut self, catalog: Catalog) {
        self.catalog = Arc::new(catalog);
        self.cluster.memory.set_catalog(Some(self.catalog.clone()));
        self.plan = Plan::new(self.desired, &self.catalog);
    }

    /// The objects in scope: Namespaces and CRDs, and all others.
    fn split(&self, scope: &Scope) -> (Vec<Target>, Vec<Target>) {
        let targets =
            self.plan.targets().into_iter().filter(|target| is_in(scope, [&target.id, &target.object.id]));
        targets.cloned().partition(|target| rank(&target.id.group, &target.id.kind) == DEFINITIONS)
    }

    /// Brings objects to what they should be: looks, writes the inventory, applies.
    async fn bring(&mut self, targets: Vec<Target>, scope: &Scope) -> Result<(), Error> {
        let is_sweep = *scope == Scope::All;
        let rest = &self.cluster.rest;
        let view = View::look(rest, &targets, is_sweep, self.options.concurrency.max(1)).await;
        self.gaps.extend(view.gaps());
        let mut steps = BTreeMap::new();
        let mut due = Vec::new();
        for target in targets {
            due.extend(self.decide(target, &view, &mut steps).await);
        }
        if !steps.is_empty() {
            self.inventory.lock().await.save(rest, &steps).await?;
        }
        due.sort_by(|a, b| place(&a.target.id).cmp(&place(&b.target.id)));
        let mut due = due.into_iter().peekable();
        while let Some(first) = due.next() {
            let (rank, _) = place(&first.target.id);
            let mut wave = vec![first];
            while let Some(next) = due.next_if(|due| place(&due.target.id).0 == rank) {
                wave.push(next);
            }
            self.apply(wave).await;
        }
        Ok(())
    }

    /// What is to be done about one object, and what the inventory must say before.
    async fn decide(
        &mut self,
        target: Target,
        view: &View,
        steps: &mut BTreeMap<ResourceId, Step>,
    ) -> Option<Due> {
        let sync = &self.cluster.identity.sync;
        if self.cluster.is_own_inventory(&target.id) {
            self.say(&target, Word::Failed, Some("it is the agent's own inventory".to_owned()));
            return None;
        }
        let (before, is_known) = match view.of(&target) {
            Ok(live) => (live.cloned(), true),
            Err(_) => (None, false),
        };
        if let Some(live) = &before {
            if let Some(owner) = live.owner.as_ref().filter(|owner| *owner != sync) {
                let reason = format!("it belongs to the sync `{owner}`");
                self.say(&target, Word::Failed, Some(crate::error::shown(&reason)));
                return None;
            }
            if live.is_leaving {
                self.say(&target, Word::Failed, Some(leaving(live)));
                return None;
            }
        }
        let entry = self.inventory.lock().await.get(&target.id).cloned();
        let uid = match (&before, is_known) {
            (Some(live), _) => Some(live.uid.clone()),
            (None, true) => None,
            (None, false) => entry.as_ref().and_then(|entry| entry.uid.clone()),
        };
        if entry.is_none_or(|entry| entry.uid != uid) {
            steps.insert(target.id.clone(), Step::Keep(uid.clone()));
        }
        let is_same = |live: &Live| self.cluster.memory.is_same(&target.id, live, target.object.digest);
        if before.as_ref().is_some_and(is_same) {
            self.say(&target, Word::Unchanged, None);
            return None;
        }
        Some(Due { target, before, uid })
    }

    /// Applies objects of one place in the order, several at once.
    async fn apply(&mut self, wave: Vec<Due>) {
        let run = &*self;
        let applied = stream::iter(wave).map(|due| async move {
            let result = run.apply_one(&due).await;
            (due, result)
        });
        let mut applied: Vec<_> = applied.buffer_unordered(self.options.concurrency.max(1)).collect().await;
        applied.sort_by(|(a, _), (b, _)| a.target.id.cmp(&b.target.id));
        for (due, result) in applied {
            let id = &due.target.id;
            let (word, reason) = match result {
                Ok((live, is_new)) => {
                    self.cluster.memory.remember(id, &live, due.target.object.digest);
                    self.steps.insert(id.clone(), Step::Keep(Some(live.uid.clone())));
                    (due.word(&live, is_new), None)
                }
                Err(refused) => {
                    self.cluster.memory.forget(id);
                    (Word::Failed, Some(self.reason(id, refused)))
                }
            };
            self.say(&due.target, word, reason);
        }
    }

    async fn apply_one(&self, due: &Due) -> Result<(Live, bool), Refused> {
        let applier = Applier {
            rest: &self.cluster.rest,
            sync: &self.cluster.identity.sync,
            force: self.options.force,
        };
        match applier.apply(&due.target, due.uid.as_deref()).await {
            // The object was deleted since, and perhaps made anew: the inventory must know before it
            // can get another UID.
            Err(Refused::OtherObject) => {
                let step = [(due.target.id.clone(), Step::Keep(None))].into();
                let saved = self.inventory.lock().await.save(&self.cluster.rest, &step).await;
                saved.map_err(|error| Refused::Conflict(error.to_string()))?;
                applier.apply(&due.target, None).await
            }
            applied => applied,
        }
    }

    fn reason(&self, id: &ResourceId, refused: Refused) -> String {
        match refused {
            Refused::OtherObject => "another object of this name came and went".to_owned(),
            Refused::Conflict(reason) => crate::error::shown(&reason),
            Refused::Failure(failure) => {
                if failure.kind == ApiErrorKind::NoKind {
                    self.cluster.memory.set_catalog(None);
                }
                secrets::told(&failure, id, self.desired)
            }
        }
    }

    /// Waits until the kinds that this commit defines are served.
    async fn settle_kinds(&mut self, scope: &Scope) -> Result<(), Error> {
        let is_new = |change: &Change| {
            change.id.kind == "CustomResourceDefinition"
                && matches!(change.word, Word::Created | Word::Configured)
        };
        if self.changes.iter().any(is_new) {
            self.is_fresh = false;
            self.refresh().await?;
        }
        let mut pending = self.pending(scope);
        let deadline = Instant::now() + self.options.establish;
        let mut pause = POLL[0];
        while !pending.is_empty() && Instant::now() < deadline {
            tokio::time::sleep(pause.min(deadline - Instant::now())).await;
            pause = (pause * 2).min(POLL[1]);
            let mut catalog = Catalog::clone(&self.catalog);
            let versions: HashSet<(String, String)> =
                pending.iter().map(|gvk| (gvk.group.clone(), gvk.version.clone())).collect();
            let mut versions: Vec<_> = versions.into_iter().collect();
            versions.sort();
            for (group, version) in versions {
                // Not there yet is what is waited for.
                if catalog.add_version(&self.cluster.rest, &group, &version).await.is_err() {
                    continue;
                }
            }
            pending.retain(|gvk| !matches!(catalog.find(gvk), Known::Served(_)));
            self.set_catalog(catalog);
        }
        Ok(())
    }

    /// The kinds of objects in scope that are not there, and whose definition was applied just now.
    fn pending(&self, scope: &Scope) -> Vec<Gvk> {
        if self.plan.homeless.is_empty() {
            return Vec::new();
        }
        // A CRD that was there before has had its time.
        let is_new = |change: &&Change| matches!(change.word, Word::Created | Word::Configured);
        let new: HashSet<&ResourceId> = self.changes.iter().filter(is_new).map(|change| &change.id).collect();
        let crds = self.desired.objects().filter(|object| new.contains(&object.id));
        let defined: HashSet<Gvk> = crds.flat_map(|object| defined(object)).collect();
        let homeless = self.plan.homeless.iter().filter(|(object, _)| is_in(scope, [&object.id, &object.id]));
        let mut pending: Vec<Gvk> =
            homeless.map(|(object, _)| object.gvk.clone()).filter(|gvk| defined.contains(gvk)).collect();
        pending.sort();
        pending.dedup();
        pending
    }

    /// Says of each object without a kind why it was not applied.
    fn report_homeless(&mut self, scope: &Scope) {
        let defined: HashSet<Gvk> = self.desired.objects().flat_map(|object| defined(object)).collect();
        for (object, known) in std::mem::take(&mut self.plan.homeless) {
            if is_in(scope, [&object.id, &object.id]) {
                let gvk = format!("`{}` of `{}`", object.gvk.kind, object.gvk.api_version());
                let reason = match known {
                    Known::Unknown => format!(
                        "nobody knows whether kind {gvk} is there: the server of its group does not answer"
                    ),
                    _ if defined.contains(&object.gvk) => {
                        format!(
                            "kind {gvk} is not served yet: its CustomResourceDefinition is not established"
                        )
                    }
                    _ => format!("kind {gvk} is not there"),
                };
                self.changes.push(Change {
                    id: object.id.clone(),
                    path: Some(object.path.clone()),
                    word: Word::Failed,
                    reason: Some(crate::error::shown(&reason)),
                });
            }
            self.plan.homeless.push((object, known));
        }
        for target in std::mem::take(&mut self.plan.twice) {
            let reason = format!(
                "it stands twice: once with the namespace `{}` and once without",
                target.id.namespace
            );
            self.say(&target, Word::Failed, Some(crate::error::shown(&reason)));
        }
    }

    fn say(&mut self, target: &Target, word: Word, reason: Option<String>) {
        let path = Some(target.object.path.clone());
        self.changes.push(Change { id: target.id.clone(), path, word, reason });
    }

    /// Writes what the inventory is to say now.
    async fn end(self, pruning: Pruning) -> Result<Report, Error> {
        let mut inventory = self.inventory.into_inner();
        let saved = inventory.save(&self.cluster.rest, &self.steps).await;
        let kinds = self.plan.kinds();
        self.cluster.memory.kinds.send_if_modified(|known| {
            let is_other = *known != kinds;
            *known = kinds;
            is_other
        });
        let unsaved = saved.err().map(|error| error.to_string());
        Ok(Report { changes: self.changes, pruning, n_inventory: inventory.len(), unsaved })
    }
}

impl Due {
    fn word(&self, live: &Live, is_new: bool) -> Word {
        match &self.before {
            _ if is_new => Word::Created,
            Some(before) if live.uid == before.uid => {
                if live.is_change_from(before) {
                    Word::Configured
                } else {
                    Word::Unchanged
                }
            }
            // It had no label before, or came and went.
            _ => Word::Configured,
        }
    }
}

/// Where an object stands in the order of applying.
fn place(id: &ResourceId) -> (u8, &ResourceId) {
    (rank(&id.group, &id.kind), id)
}

/// Whether an object is looked at; by its id as written or in the cluster.
fn is_in(scope: &Scope, ids: [&ResourceId; 2]) -> bool {
    match scope {
        Scope::All => true,
        Scope::Only(only) => ids.iter().any(|id| only.contains(*id)),
    }
}

/// What an object waits for that is being deleted.
pub(crate) fn leaving(live: &Live) -> String {
    let reason = match live.finalizers.is_empty() {
        true => "it is being deleted".to_owned(),
        false => {
            format!("it is being deleted and waits for the finalizer `{}`", live.finalizers.join("`, `"))
        }
    };
    crate::error::shown(&reason)
}
