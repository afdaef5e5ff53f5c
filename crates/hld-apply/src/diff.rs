//! What a sync would change: dry runs on the server, compared as [`hld_diff`] compares.

use futures::stream::{self, StreamExt as _};
use hld_diag::FileId;
use hld_diff::{Input, Key};
use hld_k8s::ResourceId;
use hld_yaml::Limits;
use serde_json::Value as Json;

use crate::apply::{Applier, Refused, Target, body};
use crate::discovery::{Known, Resource};
use crate::error::{ApiErrorKind, Error, Failure};
use crate::inventory::Inventory;
use crate::plan::defined;
use crate::rest::{Ask, JSON};
use crate::sync::Run;
use crate::{Change, Cluster, Desired, Options, Preview, Word, prune, secrets};

/// Metadata that says nothing about what was applied.
const NOT_COMPARED: &[&str] =
    &["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"];

/// What would change.
///
/// # Errors
/// The inventory can not be read, or nobody knows which kinds there are.
pub(crate) async fn diff(
    cluster: &Cluster,
    (desired, options): (&Desired, &Options),
    key: Key,
) -> Result<Preview, Error> {
    let inventory = Inventory::load(&cluster.rest, &cluster.identity).await?;
    let mut run = Run::new(cluster, (desired, options), inventory).await?;
    let targets: Vec<Target> = run.plan.targets().into_iter().cloned().collect();
    let mut sides = Sides::default();
    let compared: Vec<_> = {
        let run = &run;
        let compared =
            stream::iter(&targets).map(|target| async move { (target, compare(run, target).await) });
        compared.buffered(options.concurrency.max(1)).collect().await
    };
    let mut failed = Vec::new();
    for (target, compared) in compared {
        match compared {
            Ok((before, after)) => sides.add(before, Some(after)),
            Err(reason) => {
                let path = Some(target.object.path.clone());
                failed.push(Change { id: target.id.clone(), path, word: Word::Failed, reason: Some(reason) });
            }
        }
    }
    let homeless = std::mem::take(&mut run.plan.homeless);
    let will_be: Vec<_> = desired.objects().flat_map(|object| defined(object)).collect();
    for (object, known) in &homeless {
        match (will_be.contains(&object.gvk), known) {
            (true, Known::Absent) => sides.add(None, serde_json::from_str(&object.json).ok()),
            _ => failed.push(Change {
                id: object.id.clone(),
                path: Some(object.path.clone()),
                word: Word::Failed,
                reason: Some(crate::error::shown(&format!("kind `{}` is not there", object.gvk.kind))),
            }),
        }
    }
    run.plan.homeless = homeless;
    let (pruning, doomed) = prune::weigh(&mut run).await;
    for (id, resource, _) in &doomed {
        if let Ok(Some(live)) = live(cluster, resource, id).await {
            sides.add(Some(live), None);
        }
    }
    failed.append(&mut run.changes);
    Ok(Preview { difference: sides.compare(key), failed, pruning })
}

/// One object as it is and as it would be.
async fn compare(run: &Run<'_>, target: &Target) -> Result<(Option<Json>, Json), String> {
    let told = |failure: &Failure| secrets::told(failure, &target.id, run.desired);
    let before = live(run.cluster, &target.resource, &target.id).await.map_err(|failure| told(&failure))?;
    let sync = &run.cluster.identity.sync;
    let applier = Applier { rest: &run.cluster.rest, sync, force: run.options.force };
    match applier.try_out(target).await {
        Ok(after) => Ok((before, after)),
        // It goes into a namespace that this commit makes.
        Err(Refused::Failure(failure)) if is_new_namespace(run, &failure) => Ok((None, body(target, sync))),
        Err(Refused::Failure(failure)) => Err(told(&failure)),
        Err(Refused::Conflict(reason)) => Err(crate::error::shown(&reason)),
        Err(Refused::OtherObject) => Err("another object of this name came and went".to_owned()),
    }
}

fn is_new_namespace(run: &Run<'_>, failure: &Failure) -> bool {
    let wants = |(kind, name): &(String, String)| {
        let (group, namespace) = (String::new(), String::new());
        let id = ResourceId { group, kind: "Namespace".to_owned(), namespace, name: name.clone() };
        kind == "namespaces" && run.plan.wants(&id)
    };
    failure.kind == ApiErrorKind::NotFound && failure.about.as_ref().is_some_and(wants)
}

/// A whole object.
async fn live(cluster: &Cluster, resource: &Resource, id: &ResourceId) -> Result<Option<Json>, Failure> {
    match cluster.rest.ask::<Json>(&Ask::get(&resource.object_path(id), JSON)).await {
        Ok((object, _)) if object["kind"] == *resource.kind => Ok(Some(object)),
        Ok(_) => {
            Err(Failure::new(ApiErrorKind::BadAnswer, "the answer is another object than was asked for"))
        }
        Err(failure) if failure.is_absence_of(&resource.plural, &id.name) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Objects before and after, as texts. JSON is YAML.
#[derive(Default)]
struct Sides {
    before: String,
    after: String,
}

impl Sides {
    fn add(&mut self, before: Option<Json>, after: Option<Json>) {
        for (side, object) in [(&mut self.before, before), (&mut self.after, after)] {
            if let Some(mut object) = object {
                bare(&mut object);
                side.push_str("---\n");
                side.push_str(&object.to_string());
                side.push('\n');
            }
        }
    }

    fn compare(&self, key: Key) -> hld_diff::Difference {
        let longest = self.before.len().max(self.after.len()).max(1 << 20);
        let options = hld_diff::Options { key, limits: Limits::of_bytes(longest) };
        let input = |text| Input { text, file: FileId::NONE };
        hld_diff::compare(&[input(self.before.as_str())], &[input(self.after.as_str())], &options).difference
    }
}

/// An object without what only the server says.
fn bare(object: &mut Json) {
    if let Some(object) = object.as_object_mut() {
        object.shift_remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        NOT_COMPARED.iter().for_each(|field| drop(metadata.shift_remove(*field)));
    }
}
