//! Deleting what is no longer wanted, and only that (P5).
//!
//! An object goes if the inventory names it, the commit was read as a whole and does not want it, its
//! kind is known for certain, and the live object has our label and the recorded UID; the deletion
//! names UID and version as preconditions. Everything else stays, with a reason.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt as _};
use hld_k8s::ResourceId;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::discovery::{Known, Resource};
use crate::error::{ApiErrorKind, Failure};
use crate::inventory::{Entry, Step};
use crate::live::{self, Live};
use crate::order::{holds_others, is_dangerous, rank};
use crate::rest::Ask;
use crate::sync::{Run, leaving};
use crate::{Change, Held, Pruning, Word, secrets};

/// How often a deletion is tried whose object changes all the time.
const MOST_TRIES: usize = 5;

/// As many removals need no permission.
const FEW: usize = 10;

/// What is to become of an object that is no longer wanted.
enum Fate {
    /// It is gone already, or its kind is.
    Gone,
    /// It is deleted.
    Doomed(Box<(Resource, Live)>),
    /// It stays, and stays in the inventory.
    Stays(Word, String),
    /// It stays and is not ours any more.
    Foreign(String),
}

/// What became of one deletion.
enum Deleted {
    Gone,
    Waits(String),
    Fails(String),
    Foreign(String),
}

/// An object that is to be deleted.
pub(crate) type Doomed = (ResourceId, Resource, Live);

/// Deletes what only the inventory names.
pub(crate) async fn prune(run: &mut Run<'_>) -> Pruning {
    let (pruning, doomed) = weigh(run).await;
    if pruning == Pruning::Done {
        delete_all(run, doomed).await;
    }
    pruning
}

/// What would be deleted, and whether it may be; what stays is said.
pub(crate) async fn weigh(run: &mut Run<'_>) -> (Pruning, Vec<Doomed>) {
    let wanted = &run.plan;
    let gone: Vec<(ResourceId, Entry)> = {
        let inventory = run.inventory.lock().await;
        let gone = inventory.ids().filter(|id| !wanted.wants(id));
        gone.filter_map(|id| Some((id.clone(), inventory.get(id)?.clone()))).collect()
    };
    if gone.is_empty() {
        return (Pruning::Nothing, Vec::new());
    }
    let held = match (run.options.prune, run.desired.is_empty()) {
        (false, _) => Some(Held::Off),
        (_, true) => Some(Held::EmptySource),
        _ => None,
    };
    if let Some(why) = held {
        let objects = gone.into_iter().map(|(id, _)| id).collect();
        return (Pruning::Held { why, objects }, Vec::new());
    }
    if let Err(error) = run.refresh().await {
        for (id, _) in gone {
            say(run, id, (Word::Failed, format!("not pruned: {error}")));
        }
        return (Pruning::Done, Vec::new());
    }
    let doomed = sort(run, gone).await;
    match guard(run, &doomed).await {
        Some(why) => {
            let objects = doomed.iter().map(|(id, ..)| id.clone()).collect();
            (Pruning::Held { why, objects }, doomed)
        }
        None => (Pruning::Done, doomed),
    }
}

/// Finds out about each object; what stays is said.
async fn sort(run: &mut Run<'_>, gone: Vec<(ResourceId, Entry)>) -> Vec<Doomed> {
    let fates: Vec<_> = {
        let run = &*run;
        let fates = stream::iter(gone).map(|(id, entry)| async move {
            let fate = fate(run, &id, &entry).await;
            (id, entry, fate)
        });
        fates.buffered(run.options.concurrency.max(1)).collect().await
    };
    let mut doomed = Vec::new();
    for (id, entry, fate) in fates {
        match fate {
            Fate::Gone => {
                run.steps.insert(id, Step::Drop);
            }
            Fate::Stays(word, reason) => say(run, id, (word, reason)),
            Fate::Foreign(reason) => {
                run.steps.insert(id.clone(), Step::Drop);
                say(run, id, (Word::Skipped, reason));
            }
            Fate::Doomed(found) => {
                let (resource, live) = *found;
                if entry.uid.is_none() {
                    run.steps.insert(id.clone(), Step::Keep(Some(live.uid.clone())));
                }
                doomed.push((id, resource, live));
            }
        }
    }
    doomed
}

/// What is to become of one object.
async fn fate(run: &Run<'_>, id: &ResourceId, entry: &Entry) -> Fate {
    let stays = |reason: &str| Fate::Stays(Word::Skipped, reason.to_owned());
    if run.cluster.is_protected(id) {
        return stays("it is what the agent itself lives by");
    }
    let resource = match run.catalog.find_any(&id.group, &id.kind) {
        Known::Served(resource) => {
            run.cluster.memory.is_served(&id.group, &id.kind);
            resource
        }
        // A server that has just started may not know all its kinds yet.
        Known::Absent if run.cluster.memory.is_long_absent(&id.group, &id.kind) => return Fate::Gone,
        Known::Absent => return stays("its kind is not served: if that stays so, it is gone"),
        Known::Unknown => {
            return stays("nobody knows whether its kind is there: the server of its group does not answer");
        }
    };
    if let Some(failure) = run.gaps.get(&(id.group.clone(), id.kind.clone())) {
        return Fate::Stays(
            Word::Skipped,
            format!("its kind could not be listed: {}", secrets::told(failure, id, run.desired)),
        );
    }
    match live::get(&run.cluster.rest, &resource, id).await {
        Err(failure) => Fate::Stays(Word::Failed, secrets::told(&failure, id, run.desired)),
        Ok(None) => Fate::Gone,
        Ok(Some(live)) => judge(run, (id, entry), resource, live),
    }
}

/// What is to become of an object that is there.
fn judge(run: &Run<'_>, (id, entry): (&ResourceId, &Entry), resource: Resource, live: Live) -> Fate {
    let stays = |reason: &str| Fate::Stays(Word::Skipped, reason.to_owned());
    match &live.owner {
        Some(owner) if *owner == run.cluster.identity.sync => {}
        Some(owner) => {
            return Fate::Foreign(crate::error::shown(&format!("it belongs to the sync `{owner}` now")));
        }
        None => return Fate::Foreign("it does not carry our label any more".to_owned()),
    }
    match &entry.uid {
        Some(uid) if *uid != live.uid => {
            return Fate::Foreign(
                "it is another object than the one that was applied: its UID is another".to_owned(),
            );
        }
        None if live.ours.is_none() => return Fate::Foreign("it was not applied by us".to_owned()),
        _ => {}
    }
    if live.is_leaving {
        return Fate::Stays(Word::Skipped, leaving(&live));
    }
    match live.prune.as_deref() {
        Some("disabled") => stays("its annotation `hld.dev/prune: disabled` keeps it"),
        Some("allowed") => Fate::Doomed(Box::new((resource, live))),
        _ if holds_others(&id.group, &id.kind) => stays(
            "it holds data or other objects: it is deleted only with its annotation `hld.dev/prune: allowed`",
        ),
        _ => Fate::Doomed(Box::new((resource, live))),
    }
}

/// The removal guard: many objects, or dangerous ones, go only if exactly so many may.
async fn guard(run: &Run<'_>, doomed: &[Doomed]) -> Option<Held> {
    let n_removed = doomed.len();
    if run.options.allow_removals == Some(n_removed) {
        return None;
    }
    let kinds =
        doomed.iter().filter(|(id, ..)| is_dangerous(&id.group, &id.kind)).map(|(id, ..)| id.kind.clone());
    let kinds: BTreeSet<String> = kinds.collect();
    if !kinds.is_empty() {
        return Some(Held::Dangerous { n_removed, kinds: kinds.into_iter().collect() });
    }
    let n_objects = run.inventory.lock().await.len();
    let is_much = n_removed > FEW && n_removed * 10 > n_objects * 3;
    is_much.then_some(Held::TooMany { n_removed, n_objects })
}

/// Deletes, in the opposite order of applying.
async fn delete_all(run: &mut Run<'_>, mut doomed: Vec<Doomed>) {
    if !run.steps.is_empty() {
        // UIDs are recorded before they are relied on.
        let saved = run.inventory.get_mut().save(&run.cluster.rest, &run.steps).await;
        if let Err(error) = saved {
            doomed
                .into_iter()
                .for_each(|(id, ..)| say(run, id, (Word::Failed, format!("not pruned: {error}"))));
            return;
        }
    }
    doomed.sort_by_key(|(id, ..)| std::cmp::Reverse(rank(&id.group, &id.kind)));
    let mut doomed = doomed.into_iter().peekable();
    while let Some(first) = doomed.next() {
        let place = rank(&first.0.group, &first.0.kind);
        let mut wave = vec![first];
        while let Some(next) = doomed.next_if(|(id, ..)| rank(&id.group, &id.kind) == place) {
            wave.push(next);
        }
        let deleted: Vec<_> = {
            let run = &*run;
            let deleted = stream::iter(wave).map(|(id, resource, live)| async move {
                let deleted = delete(run, &id, (&resource, live)).await;
                (id, deleted)
            });
            deleted.buffered(run.options.concurrency.max(1)).collect().await
        };
        for (id, deleted) in deleted {
            note(run, id, deleted);
        }
    }
}

fn note(run: &mut Run<'_>, id: ResourceId, deleted: Deleted) {
    match deleted {
        Deleted::Gone => {
            run.steps.insert(id.clone(), Step::Drop);
            run.changes.push(Change { id, path: None, word: Word::Pruned, reason: None });
        }
        Deleted::Waits(reason) => say(run, id, (Word::Pruned, reason)),
        Deleted::Fails(reason) => say(run, id, (Word::Failed, reason)),
        Deleted::Foreign(reason) => {
            run.steps.insert(id.clone(), Step::Drop);
            say(run, id, (Word::Skipped, reason));
        }
    }
}

/// Deletes one object: this one, as it is now, or none.
async fn delete(run: &Run<'_>, id: &ResourceId, (resource, mut live): (&Resource, Live)) -> Deleted {
    run.cluster.memory.forget(id);
    let entry = Entry { uid: Some(live.uid.clone()) };
    let path = resource.object_path(id);
    for _ in 0..MOST_TRIES {
        let failure = match send(run, &path, &live).await {
            Ok(deleted) => return deleted,
            Err(failure) => failure,
        };
        if failure.is_absence_of(&resource.plural, &id.name) {
            return Deleted::Gone;
        }
        if failure.kind != ApiErrorKind::Conflict {
            return Deleted::Fails(secrets::told(&failure, id, run.desired));
        }
        // It has changed since it was looked at: it is judged anew.
        match live::get(&run.cluster.rest, resource, id).await {
            Ok(None) => return Deleted::Gone,
            Err(failure) => return Deleted::Fails(secrets::told(&failure, id, run.desired)),
            Ok(Some(now)) => match judge(run, (id, &entry), resource.clone(), now) {
                Fate::Doomed(found) => live = found.1,
                Fate::Stays(_, reason) if reason.contains("being deleted") => return Deleted::Waits(reason),
                Fate::Stays(_, reason) => return Deleted::Fails(reason),
                Fate::Foreign(reason) => return Deleted::Foreign(reason),
                Fate::Gone => return Deleted::Gone,
            },
        }
    }
    Deleted::Fails("it changes all the time: it is tried again with the next sync".to_owned())
}

async fn send(run: &Run<'_>, path: &str, live: &Live) -> Result<Deleted, Failure> {
    let body = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": {"uid": live.uid, "resourceVersion": live.version},
    });
    let ask = Ask::send(Method::DELETE, path, body.to_string().into_bytes());
    let (answer, _): (Answer, bool) = run.cluster.rest.ask(&ask).await?;
    let finalizers = answer.metadata.finalizers.unwrap_or_default();
    match answer.kind.as_str() {
        "Status" => Ok(Deleted::Gone),
        _ if finalizers.is_empty() => Ok(Deleted::Waits("it is being deleted".to_owned())),
        _ => {
            let reason = format!("it waits for the finalizer `{}`", finalizers.join("`, `"));
            Ok(Deleted::Waits(crate::error::shown(&reason)))
        }
    }
}

/// The answer to a deletion: a `Status`, or the object that is leaving.
#[derive(Deserialize)]
struct Answer {
    kind: String,
    #[serde(default)]
    metadata: Leaving,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Leaving {
    finalizers: Option<Vec<String>>,
}

fn say(run: &mut Run<'_>, id: ResourceId, (word, reason): (Word, String)) {
    run.changes.push(Change { id, path: None, word, reason: Some(reason) });
}
