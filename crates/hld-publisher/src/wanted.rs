//! What an environment's folder shall hold.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use hld_git::{GitError, ObjectId, Repository, TreeFile};
use hld_k8s::ResourceId;
use sha2::{Digest, Sha256};

use crate::metadata::{self, Metadata};
use crate::target::Folder;

/// The manifests of one environment.
#[derive(Clone, Debug)]
pub struct Manifests<'m> {
    /// Name of the environment.
    pub environment: String,
    /// Its folder in the manifest repository.
    pub folder: Folder,
    /// Files by their path in the folder, each made of parts that follow each other.
    pub files: BTreeMap<String, Vec<&'m [u8]>>,
    /// The objects in them.
    pub objects: HashSet<&'m ResourceId>,
}

/// Files by their path in the folder, by the ids of their bytes.
pub(crate) type Blobs = BTreeMap<String, ObjectId>;

/// The manifests of an environment, and what can be known of them without a repository.
pub(crate) struct Wanted<'m> {
    pub(crate) manifests: &'m Manifests<'m>,
    pub(crate) blobs: Blobs,
}

impl<'m> Wanted<'m> {
    pub(crate) fn new(manifests: &'m Manifests<'m>) -> Self {
        let blob = |(path, parts): (&String, &Vec<&[u8]>)| (path.clone(), ObjectId::of_blob_parts(parts));
        Wanted { manifests, blobs: manifests.files.iter().map(blob).collect() }
    }

    /// Writes the bytes of the given files, as far as they are not there yet.
    pub(crate) fn write(&self, repository: &Repository, paths: &[String]) -> Result<(), GitError> {
        for parts in paths.iter().filter_map(|path| self.manifests.files.get(path)) {
            repository.write_blob(&parts.concat())?;
        }
        Ok(())
    }
}

/// Writes the tree of a folder: the files, which are there already, and what is said about them.
pub(crate) fn write_folder(
    repository: &Repository,
    blobs: &Blobs,
    metadata: &Metadata,
) -> Result<ObjectId, GitError> {
    let said = repository.write_blob(metadata.to_text().as_bytes())?;
    let mut files: Vec<TreeFile> =
        blobs.iter().map(|(path, blob)| TreeFile { path: path.clone(), blob: *blob }).collect();
    files.push(TreeFile { path: metadata::FILE.to_owned(), blob: said });
    repository.write_tree(&files)
}

/// The digest of manifests that [`Metadata`] keeps.
pub(crate) fn digest(blobs: &Blobs) -> String {
    let mut lines = String::with_capacity(blobs.len() * 80);
    for (path, blob) in blobs {
        // Writing to a string can not fail.
        writeln!(lines, "{blob} {path}").ok();
    }
    let hex = Sha256::digest(&lines).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("sha256:{hex}")
}
