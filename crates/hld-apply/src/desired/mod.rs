//! What one commit says: every object of it, or nothing.

mod json;
mod read;
mod screen;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use hld_diag::{Diagnostic, SourceMap, Untrusted};
use hld_k8s::{Gvk, ResourceId};

use self::read::Reading;

/// Everything that a commit wants in the cluster.
///
/// It exists only if every file was read: a broken one is never "objects that are gone". Objects
/// are kept as the JSON text that is sent, one allocation each, and shared with the next
/// [`Desired`] where their file has not changed.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    files: BTreeMap<Arc<str>, Vec<Arc<Object>>>,
    ids: BTreeMap<ResourceId, Arc<Object>>,
}

/// One object.
#[derive(PartialEq, Eq)]
pub(crate) struct Object {
    /// Its id, with the namespace as written.
    pub(crate) id: ResourceId,
    /// Its API version with kind.
    pub(crate) gvk: Gvk,
    /// The file it stands in.
    pub(crate) path: Arc<str>,
    /// The object as compact JSON.
    pub(crate) json: Box<str>,
    /// SHA-256 of the JSON, cut to 16 bytes.
    pub(crate) digest: [u8; 16],
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.id)
    }
}

/// Why a commit was not read.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// The texts of the files that are wrong: private, for any of them may hold secrets.
    pub sources: Arc<SourceMap>,
    /// What is wrong, by file and line.
    pub diagnostics: Vec<Diagnostic>,
}

impl Unreadable {
    /// One line for each fault, escaped for a log: `shop/web.yaml:3:1: HLD0404: …`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |diagnostic: &Diagnostic| {
            let place = self.sources.locate(diagnostic.span);
            let place = place.map(|at| format!("{}:{}:{}: ", at.path, at.line, at.column));
            let text = format!("{}{}: {}", place.unwrap_or_default(), diagnostic.code, diagnostic.message);
            Untrusted(&text).line()
        };
        self.diagnostics.iter().map(line).collect()
    }
}

impl fmt::Display for Unreadable {
    /// The first fault, and how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines();
        f.write_str(lines.first().map_or("nothing is wrong", String::as_str))?;
        if lines.len() > 1 {
            write!(f, " (and {} more)", lines.len() - 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for Unreadable {}

impl Desired {
    /// Whether a file of this path is one that holds manifests: `.yaml`, `.yml` and `.json`. What has
    /// another name is not for the cluster.
    #[must_use]
    pub fn is_manifest(path: &str) -> bool {
        [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end))
    }

    /// Reads the manifests of a commit: paths and their bytes, in any order. Lists are flattened,
    /// empty documents count for nothing.
    ///
    /// # Errors
    /// Everything that is wrong with any file: broken YAML, a key that stands twice, a document that
    /// is no object, an object that stands twice, a file that is no manifest although it is called
    /// one (Git LFS, git-crypt, SOPS, merge markers), a limit.
    pub fn parse<P: AsRef<str>, B: AsRef<[u8]>>(
        files: impl IntoIterator<Item = (P, B)>,
    ) -> Result<Desired, Unreadable> {
        let files = files.into_iter().map(|(path, bytes)| (path, Some(bytes)));
        Desired::default().changed(files)
    }

    /// The same for the next commit, of which only the files that changed are given; `None` for a
    /// file that is gone.
    ///
    /// # Errors
    /// As [`Desired::parse`].
    pub fn changed<P: AsRef<str>, B: AsRef<[u8]>>(
        &self,
        changes: impl IntoIterator<Item = (P, Option<B>)>,
    ) -> Result<Desired, Unreadable> {
        let mut reading = Reading::default();
        let mut files = self.files.clone();
        for (path, bytes) in changes {
            let path: Arc<str> = path.as_ref().into();
            files.remove(&path);
            if let Some(bytes) = bytes {
                let objects = reading.file(&path, bytes.as_ref());
                files.insert(path, objects);
            }
        }
        let mut ids: BTreeMap<ResourceId, Arc<Object>> = BTreeMap::new();
        for object in files.values().flatten() {
            if let Some(first) = ids.insert(object.id.clone(), object.clone()) {
                reading.stands_twice(&first, object);
            }
        }
        reading.end(ids.len())?;
        Ok(Desired { files, ids })
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The ids as written: an object without a namespace has none here, whatever its kind.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &ResourceId> {
        self.ids.keys()
    }

    /// The objects that are new here or say something else than in `before`: what
    /// [`Scope::Only`](crate::Scope::Only) wants after a commit.
    #[must_use]
    pub fn changed_since(&self, before: &Desired) -> BTreeSet<ResourceId> {
        let differs = |(id, object): &(&ResourceId, &Arc<Object>)| {
            before.ids.get(*id).is_none_or(|old| old.digest != object.digest)
        };
        self.ids.iter().filter(differs).map(|(id, _)| id.clone()).collect()
    }

    pub(crate) fn objects(&self) -> impl ExactSizeIterator<Item = &Arc<Object>> {
        self.ids.values()
    }
}
