//! Rolling one environment back, by a commit.
//!
//! What stood in its folder before the last change stands there again. A hold is left in its metadata:
//! as long as it is there nothing is published to the environment, so that the next run of a pipeline does
//! not bring back what was taken away.

use std::time::Duration;

use hld_diag::{Diagnostic, NOTHING_TO_ROLL_BACK, Span, TRY_LATER};
use hld_git::{GitError, ObjectId, Repository};

use crate::compare::{difference, losses};
use crate::failure::failed;
use crate::guard;
use crate::message::{self, EnvironmentChange};
use crate::metadata::{Hold, Metadata};
use crate::publish::{Consent, EnvironmentOutcome, Outcome};
use crate::race::{Author, Draft, Landed, Race, Tip};
use crate::site::{History, Site};
use crate::standing::{Standing, objects};
use crate::target::{Branch, Folder};
use crate::wanted::{digest, write_folder};

/// Most commits that are looked through for what stood before.
const MOST_COMMITS: usize = 10_000;

/// What is to be rolled back.
#[derive(Clone, Debug)]
pub struct Rollback {
    /// The branch.
    pub branch: Branch,
    /// Name of the environment.
    pub environment: String,
    /// Its folder.
    pub folder: Folder,
    /// The commit of the manifest repository whose manifests are wanted; those before the last change
    /// when missing.
    pub to: Option<String>,
    /// Version of hld.
    pub hld_version: String,
    /// Who rolls back.
    pub author: Author,
    /// Words for the subject of the commit.
    pub message: Option<String>,
    /// What somebody has said yes to.
    pub consent: Consent,
    /// How long writers may race.
    pub time: Duration,
    /// Whether the commit is only thought out.
    pub dry_run: bool,
}

/// Rolls an environment back.
///
/// # Errors
/// There is nothing to go back to; somebody else has published the environment meanwhile; and everything
/// that publishing can fail with.
pub fn roll_back(site: &Site, request: &Rollback) -> Result<Outcome, Diagnostic> {
    let race = Race {
        site,
        branch: &request.branch,
        author: &request.author,
        consent: &Consent { create_branch: false, ..request.consent.clone() },
        time: request.time,
        history: History::Whole,
    };
    let mut first: Option<Standing> = None;
    let Landed { commit, tip, plan } = race.run(|tip| {
        let tip = tip.ok_or_else(|| nothing(request, "the branch is not there"))?;
        let standing = Standing::read(&site.repository, Some(tip.tree), &request.folder)?;
        let before = first.get_or_insert_with(|| standing.clone());
        if before.files != standing.files || before.metadata != standing.metadata {
            let message = format!("`{}` was published by somebody else just now", request.environment);
            return Err(Diagnostic::new(TRY_LATER, Span::NONE, message)
                .hint("nothing was rolled back; look at what is published now"));
        }
        plan(&site.repository, request, (tip, &standing))
    })?;
    Ok(Outcome { commit, tip, environments: vec![plan], diagnostics: Vec::new() })
}

fn plan(
    repository: &Repository,
    request: &Rollback,
    (tip, standing): (Tip, &Standing),
) -> Result<(Option<Draft>, EnvironmentOutcome), Diagnostic> {
    let (restored, wanted) = destination(repository, request, (tip, standing))?;
    let blobs = wanted.blobs();
    let difference = difference(standing, &blobs);
    let is_held = standing.metadata.as_ref().is_some_and(|metadata| metadata.hold.is_some());
    if difference.is_empty() && is_held {
        return Ok((None, EnvironmentOutcome::UpToDate));
    }
    let kept = objects(repository, blobs.iter().map(|(path, blob)| (path, *blob)))?;
    let losses = losses(repository, standing, &difference, (&request.environment, &kept.iter().collect()))?;
    guard::check(&[losses], request.consent.allow_removals)?;
    let change = EnvironmentChange {
        environment: request.environment.clone(),
        folder: request.folder.to_string(),
        n_added: difference.added.len(),
        n_changed: difference.changed.len(),
        n_removed: difference.removed.len(),
        n_objects: kept.len(),
        edited: Vec::new(),
    };
    if request.dry_run {
        return Ok((None, EnvironmentOutcome::Changed(change)));
    }
    let metadata = metadata(request, (standing, &wanted), restored, kept.len());
    let write = || -> Result<ObjectId, GitError> {
        let folder = write_folder(repository, &blobs, &metadata)?;
        repository.replace_subtree(Some(tip.tree), request.folder.as_str(), Some(folder))
    };
    let tree = write().map_err(|error| failed("writing the commit", &error))?;
    let message = message::rollback(request.message.as_deref(), &change, restored, &request.hld_version);
    Ok((Some(Draft { tree, message }), EnvironmentOutcome::Changed(change)))
}

/// What is said about manifests that stand again: where they came from, and that they stay.
fn metadata(
    request: &Rollback,
    (standing, wanted): (&Standing, &Standing),
    restored: ObjectId,
    n_objects: usize,
) -> Metadata {
    let now = standing.metadata.as_ref();
    let then = wanted.metadata.as_ref();
    let held = now.and_then(|now| now.hold.as_ref());
    // Going back twice: what was taken back first is what must not return.
    let taken_back = match held {
        Some(hold) => hold.source_commit.clone(),
        None => now.and_then(|now| now.source_commit.clone()),
    };
    Metadata {
        source_repository: then.and_then(|then| then.source_repository.clone()),
        source_commit: then.and_then(|then| then.source_commit.clone()),
        source_is_modified: then.is_some_and(|then| then.source_is_modified),
        hld_version: then.map_or_else(|| request.hld_version.clone(), |then| then.hld_version.clone()),
        lock_digest: then.and_then(|then| then.lock_digest.clone()),
        n_objects,
        manifests: digest(&wanted.blobs()),
        hold: Some(Hold { source_commit: taken_back, restored }),
    }
}

/// The commit to go back to, and what stands in the folder there.
fn destination(
    repository: &Repository,
    request: &Rollback,
    (tip, standing): (Tip, &Standing),
) -> Result<(ObjectId, Standing), Diagnostic> {
    match &request.to {
        Some(revision) => named(repository, request, (tip, revision)),
        None => before_last_change(repository, request, (tip, standing)),
    }
}

fn named(
    repository: &Repository,
    request: &Rollback,
    (tip, revision): (Tip, &str),
) -> Result<(ObjectId, Standing), Diagnostic> {
    let reading = |error| failed("reading the history of the branch", &error);
    let commit = repository.resolve(revision).map_err(|error| nothing(request, &error.message))?;
    if !repository.is_ancestor(commit, tip.commit).map_err(reading)? {
        return Err(nothing(
            request,
            &format!("{} is not in the history of `{}`", commit.short(), request.branch),
        ));
    }
    let tree = repository.tree_of(commit).map_err(reading)?;
    let wanted = Standing::read(repository, Some(tree), &request.folder)?;
    if wanted.is_there {
        return Ok((commit, wanted));
    }
    Err(nothing(request, &format!("`{}` is not there at {}", request.folder, commit.short())))
}

/// The newest commit at which the folder held something else. After a rollback the search begins at what
/// was brought back, so that the next one goes further back and not forth again.
fn before_last_change(
    repository: &Repository,
    request: &Rollback,
    (tip, standing): (Tip, &Standing),
) -> Result<(ObjectId, Standing), Diagnostic> {
    let reading = |error| failed("reading the history of the branch", &error);
    let hold = standing.metadata.as_ref().and_then(|metadata| metadata.hold.as_ref());
    let start = hold.map_or(tip.commit, |hold| hold.restored);
    let mut last_tree = None;
    for commit in repository.history(start, MOST_COMMITS).map_err(reading)? {
        let entry = repository.find(commit.tree, request.folder.as_str()).map_err(reading)?;
        let tree = entry.map(|entry| entry.id);
        if last_tree == Some(tree) {
            continue;
        }
        last_tree = Some(tree);
        let known = Standing::read(repository, Some(commit.tree), &request.folder)?;
        if !known.is_there {
            return Err(nothing(request, "there is nothing before what is published"));
        }
        if known.files != standing.files {
            return Ok((commit.id, known));
        }
    }
    Err(nothing(request, "nothing else was ever published"))
}

fn nothing(request: &Rollback, why: &str) -> Diagnostic {
    let message = format!("`{}` can not be rolled back: {why}", request.environment);
    Diagnostic::new(NOTHING_TO_ROLL_BACK, Span::NONE, message)
        .hint("name a commit of the manifest repository with `--to`; `git log` shows them")
}
