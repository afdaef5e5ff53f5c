//! What publishing changes in one folder.

use std::collections::{BTreeSet, HashSet};

use hld_diag::{Diagnostic, FOREIGN_PUBLISHED, Span, Untrusted};
use hld_git::{ObjectId, Repository};
use hld_k8s::ResourceId;

use crate::failure::failed;
use crate::guard::{self, Losses};
use crate::standing::{Standing, is_manifest, objects};
use crate::target::Folder;
use crate::wanted::Blobs;

/// Most commits that are looked through for the one that published a folder.
const MOST_COMMITS: usize = 1000;

/// Files of a folder that differ, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) added: Vec<String>,
    pub(crate) changed: Vec<String>,
    pub(crate) removed: Vec<String>,
}

impl Difference {
    pub(crate) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// What has to change for `standing` to become `wanted`.
pub(crate) fn difference(standing: &Standing, wanted: &Blobs) -> Difference {
    let mut difference = Difference::default();
    for (path, blob) in wanted {
        match standing.files.get(path) {
            None => difference.added.push(path.clone()),
            Some(file) if file.blob != *blob || !file.is_plain => difference.changed.push(path.clone()),
            Some(_) => {}
        }
    }
    let surplus = standing.files.keys().filter(|path| !wanted.contains_key(*path));
    difference.removed.extend(surplus.cloned());
    difference
}

/// The objects that would be gone. Only files that change or go are looked into.
pub(crate) fn losses(
    repository: &Repository,
    standing: &Standing,
    difference: &Difference,
    (environment, kept): (&str, &HashSet<&ResourceId>),
) -> Result<Losses, Diagnostic> {
    let touched = difference.changed.iter().chain(&difference.removed);
    let touched = touched.filter_map(|path| Some((path, standing.files.get(path)?.blob)));
    let lost: BTreeSet<ResourceId> =
        objects(repository, touched)?.into_iter().filter(|id| !kept.contains(id)).collect();
    let n_published = if guard::needs_count(&lost) {
        objects(repository, standing.files.iter().map(|(path, file)| (path, file.blob)))?.len()
    } else {
        0
    };
    Ok(Losses { environment: environment.to_owned(), lost, n_published, n_wanted: kept.len() })
}

/// Refuses to take over a folder that hld has not published and that holds more than manifests.
pub(crate) fn check_foreign(standing: &Standing, folder: &Folder) -> Result<(), Diagnostic> {
    if standing.metadata.is_some() {
        return Ok(());
    }
    match standing.files.keys().find(|path| !is_manifest(path)) {
        None => Ok(()),
        Some(path) => {
            let path = format!("{folder}/{path}");
            let message = format!("`{}` was not published by hld", Untrusted(&path).line());
            Err(Diagnostic::new(FOREIGN_PUBLISHED, Span::NONE, message).hint(
                "name another folder with `--path`, or take this one over with `--adopt`: files that do not \
                 belong to the environment are removed from it",
            ))
        }
    }
}

/// The files of a folder that somebody has changed since hld published it (F28): their paths from the
/// top, sorted; nothing where the history that is here does not tell.
pub(crate) fn edited(
    repository: &Repository,
    tip: ObjectId,
    (folder, standing): (&Folder, &Standing),
) -> Result<Vec<String>, Diagnostic> {
    let git = |error| failed("reading the history of the branch", &error);
    let mut published = None;
    for commit in repository.history(tip, MOST_COMMITS).map_err(git)? {
        // Where it can not be read, it was not as published.
        let Ok(known) = Standing::read(repository, Some(commit.tree), folder) else { break };
        if known.metadata_blob != standing.metadata_blob {
            break;
        }
        if known.is_as_published() == Some(true) {
            published = Some(known);
            break;
        }
    }
    let Some(published) = published else { return Ok(Vec::new()) };
    let since = difference(standing, &published.blobs());
    let paths = since.added.into_iter().chain(since.changed).chain(since.removed);
    let mut paths: Vec<String> = paths.map(|path| format!("{folder}/{path}")).collect();
    paths.sort_unstable();
    Ok(paths)
}
