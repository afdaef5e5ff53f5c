//! What an environment's folder holds at some commit.

use std::collections::{BTreeMap, BTreeSet};

use hld_diag::{Diagnostic, FileId, PUBLISH_PATH_TAKEN, Span, Untrusted};
use hld_git::{EntryKind, ObjectId, Repository, TreeEntry, TreeLimits};
use hld_k8s::{Content, ResourceId, documents};
use hld_yaml::Limits;

use crate::failure::failed;
use crate::metadata::{self, Metadata};
use crate::target::Folder;
use crate::wanted::{Blobs, digest};

/// Most bytes of a published file that are looked into for objects.
const MOST_BYTES: u64 = 64 << 20;

/// What stands in a folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// Files by their path in the folder, without [`metadata::FILE`].
    pub(crate) files: BTreeMap<String, File>,
    /// What hld said about them, if it has published them.
    pub(crate) metadata: Option<Metadata>,
    /// The blob that says so.
    pub(crate) metadata_blob: Option<ObjectId>,
    /// Whether the folder is there.
    pub(crate) is_there: bool,
}

/// One file that stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) blob: ObjectId,
    /// Whether it is a plain file, as hld writes them.
    pub(crate) is_plain: bool,
}

impl Standing {
    /// Reads the folder in the tree of a commit; nothing stands in a repository without commits.
    ///
    /// # Errors
    /// A link, a submodule or a file stands at the folder, on the way to it or in it (F27); its metadata
    /// can not be used; an object is damaged.
    pub(crate) fn read(
        repository: &Repository,
        tree: Option<ObjectId>,
        folder: &Folder,
    ) -> Result<Self, Diagnostic> {
        let Some(tree) = tree.map(|tree| find(repository, tree, folder)).transpose()?.flatten() else {
            return Ok(Standing::default());
        };
        let git = |error| failed(&format!("reading `{folder}`"), &error);
        let mut standing = Standing { is_there: true, ..Standing::default() };
        for (path, entry) in repository.files(tree, TreeLimits::default()).map_err(git)? {
            let path = String::from_utf8_lossy(&path).into_owned();
            if !entry.kind.is_file() {
                return Err(taken(&format!("{folder}/{path}"), entry.kind));
            }
            if path == metadata::FILE {
                standing.metadata_blob = Some(entry.id);
                let bytes = repository.blob(entry.id, metadata::MOST_BYTES).map_err(git)?;
                standing.metadata = Some(Metadata::read(&bytes, folder.as_str())?);
                continue;
            }
            let is_plain = entry.kind == EntryKind::File;
            standing.files.insert(path, File { blob: entry.id, is_plain });
        }
        Ok(standing)
    }

    /// The ids of the files' bytes.
    pub(crate) fn blobs(&self) -> Blobs {
        self.files.iter().map(|(path, file)| (path.clone(), file.blob)).collect()
    }

    /// Whether the files are as hld has published them; `None` where it never has.
    pub(crate) fn is_as_published(&self) -> Option<bool> {
        let metadata = self.metadata.as_ref()?;
        let is_plain = self.files.values().all(|file| file.is_plain);
        Some(is_plain && digest(&self.blobs()) == metadata.manifests)
    }
}

/// The tree of a folder, if it is there.
fn find(repository: &Repository, tree: ObjectId, folder: &Folder) -> Result<Option<ObjectId>, Diagnostic> {
    let mut at = tree;
    let mut way = String::new();
    for part in folder.as_str().split('/').filter(|part| !part.is_empty()) {
        way = if way.is_empty() { part.to_owned() } else { format!("{way}/{part}") };
        let entry: Option<TreeEntry> =
            repository.find(at, part).map_err(|error| failed(&format!("reading `{way}`"), &error))?;
        match entry {
            None => return Ok(None),
            Some(entry) if entry.kind == EntryKind::Folder => at = entry.id,
            Some(entry) => return Err(taken(&way, entry.kind)),
        }
    }
    Ok(Some(at))
}

fn taken(path: &str, kind: EntryKind) -> Diagnostic {
    let what = match kind {
        EntryKind::Link => "a symbolic link",
        EntryKind::Submodule => "a submodule",
        EntryKind::Folder => "a folder",
        EntryKind::File | EntryKind::Executable => "a file",
    };
    let message = format!("`{}` is {what} in the manifest repository", Untrusted(path).line());
    Diagnostic::new(PUBLISH_PATH_TAKEN, Span::NONE, message)
        .hint("hld publishes plain files into folders of its own: remove it there, or name another `--path`")
}

/// The objects in published files. What can not be read has none that anybody knows.
pub(crate) fn objects(
    repository: &Repository,
    files: impl IntoIterator<Item = (impl AsRef<str>, ObjectId)>,
) -> Result<BTreeSet<ResourceId>, Diagnostic> {
    let limits = Limits::of_bytes(usize::try_from(MOST_BYTES).unwrap_or(usize::MAX));
    let mut found = BTreeSet::new();
    for (path, blob) in files {
        let path = path.as_ref();
        if !is_manifest(path) {
            continue;
        }
        let bytes = repository
            .blob(blob, MOST_BYTES)
            .map_err(|error| failed(&format!("reading `{}`", Untrusted(path).line()), &error))?;
        let Ok(text) = hld_yaml::decode(&bytes, FileId::NONE) else { continue };
        for document in documents(&text, FileId::NONE, &limits).unwrap_or_default() {
            if let Content::Objects(identities) = document.content {
                found.extend(identities.into_iter().map(|identity| identity.id));
            }
        }
    }
    Ok(found)
}

/// Whether Kubernetes' programs read a file of this name.
pub(crate) fn is_manifest(path: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending))
}
