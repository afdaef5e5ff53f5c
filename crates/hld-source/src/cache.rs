//! The cache: folders by the digest of what they hold, and objects of git repositories.
//!
//! *Guarantees*: a folder is there whole or not at all, since it is put together elsewhere and renamed.
//! Its digest is computed again when a run first uses it; one that is damaged is removed. Runs that
//! share a cache do not wait for each other but at one and the same git repository.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hld_diag::{CACHE, Diagnostic, Span};
use hld_git::{ErrorKind, GitError, Repository};

use crate::digest::Digest;
use crate::files::{Files, system_words};
use crate::scratch::Scratch;

/// The right to change a repository of the cache, among all runs; given back when dropped.
pub(crate) struct Held {
    _file: File,
}

/// A cache folder.
pub(crate) struct Cache {
    folder: PathBuf,
    /// Folders whose digest this run has checked.
    checked: Mutex<HashMap<Digest, Arc<Files>>>,
}

impl Cache {
    /// The cache in `folder`, which need not be there yet.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Cache { folder, checked: Mutex::default() }
    }

    /// A scratch folder on the disk of the cache.
    pub(crate) fn scratch(&self) -> Result<Scratch, Diagnostic> {
        Scratch::new(&self.folder).map_err(|error| self.failed(&error))
    }

    /// The folder with this digest; `None` where there is none, or a damaged one, which is removed.
    pub(crate) fn find(&self, digest: &Digest) -> Result<Option<Arc<Files>>, Diagnostic> {
        if let Some(files) = self.checked().get(digest) {
            return Ok(Some(files.clone()));
        }
        let path = self.path(digest);
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(&error)),
        };
        let is_whole = metadata.is_dir() && Digest::of_folder(&path).is_ok_and(|found| found == *digest);
        if !is_whole {
            self.discard(&path)?;
            return Ok(None);
        }
        self.open(digest, &path).map(Some)
    }

    /// Keeps the folder `tree`, which lies in a scratch folder of this cache.
    pub(crate) fn keep(&self, tree: &Path) -> Result<(Digest, Arc<Files>), Diagnostic> {
        let digest = Digest::of_folder(tree).map_err(|error| self.failed(&error))?;
        if let Some(files) = self.find(&digest)? {
            return Ok((digest, files));
        }
        let path = self.path(&digest);
        let parent = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(parent).map_err(|error| self.failed(&error))?;
        match std::fs::rename(tree, &path) {
            Ok(()) => {}
            // Another run was faster.
            Err(_) if path.is_dir() => {}
            Err(error) => return Err(self.failed(&error)),
        }
        let files = self.open(&digest, &path)?;
        Ok((digest, files))
    }

    /// The repository of ours for the remote that `key` stands for, and the right to change it. What a
    /// crashed run left in it is removed.
    pub(crate) fn repository(&self, key: &str) -> Result<(Repository, Held), GitError> {
        let name = Digest::of_bytes(key.as_bytes());
        let folder = self.folder.join("git").join(&name.digits()[..32]);
        let local = |error: io::Error| {
            GitError::new(ErrorKind::Local, format!("`{}`: {}", folder.display(), system_words(&error)))
        };
        std::fs::create_dir_all(self.folder.join("git")).map_err(local)?;
        // Two runs must not make one repository at the same time either.
        let beside = File::create(folder.with_extension("lock")).map_err(local)?;
        beside.lock().map_err(local)?;
        let repository = Repository::create(&folder)?;
        remove_leftovers(&folder);
        Ok((repository, Held { _file: beside }))
    }

    fn open(&self, digest: &Digest, path: &Path) -> Result<Arc<Files>, Diagnostic> {
        let real = path.canonicalize().map_err(|error| self.failed(&error))?;
        let files = Arc::new(Files::open(&real).map_err(|error| self.failed(&error))?);
        self.checked().insert(digest.clone(), files.clone());
        Ok(files)
    }

    /// Takes a damaged entry away; whoever has it open keeps it.
    fn discard(&self, path: &Path) -> Result<(), Diagnostic> {
        let scratch = self.scratch()?;
        match std::fs::rename(path, scratch.path().join("damaged")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(&error)),
            _ => Ok(()),
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("trees").join(&digest.digits()[..2]).join(&digest.digits()[2..])
    }

    fn checked(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Arc<Files>>> {
        self.checked.lock().expect("nothing panics while it holds the lock")
    }

    /// The cache can not be used.
    pub(crate) fn failed(&self, error: &io::Error) -> Diagnostic {
        let message =
            format!("the cache `{}` can not be used: {}", self.folder.display(), system_words(error));
        Diagnostic::new(CACHE, Span::NONE, message)
            .hint("set HLD_CACHE_DIR to a folder that can be written and has room")
    }
}

/// Files that a crash or a full disk leaves among the objects of a repository (F14).
fn remove_leftovers(repository: &Path) {
    let objects = repository.join("objects");
    let is_leftover = |folder: &Path, name: &str| {
        if folder.ends_with("pack") { !name.starts_with("pack-") } else { name.starts_with("tmp_obj") }
    };
    for folder in std::fs::read_dir(&objects).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if folder.is_file() {
            std::fs::remove_file(&folder).ok();
            continue;
        }
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let is_ours =
                folder.ends_with("info") || !is_leftover(&folder, &entry.file_name().to_string_lossy());
            if !is_ours && entry.path().is_file() {
                std::fs::remove_file(entry.path()).ok();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(cache: &Cache, text: &str) -> Digest {
        let scratch = cache.scratch().unwrap();
        let tree = scratch.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        std::fs::write(tree.join("file"), text).unwrap();
        cache.keep(&tree).unwrap().0
    }

    #[test]
    fn b078_a_damaged_entry_is_found_and_removed() {
        let folder = tempfile::TempDir::new().unwrap();
        let cache = || Cache::new(folder.path().to_owned());
        let digest = kept(&cache(), "text");
        let file = cache().path(&digest).join("file");
        assert!(cache().find(&digest).unwrap().is_some());
        for damage in ["tex", "uext", ""] {
            std::fs::write(&file, damage).unwrap();
            assert!(cache().find(&digest).unwrap().is_none(), "{damage:?}");
            assert_eq!(kept(&cache(), "text"), digest);
        }
        let path = cache().path(&digest);
        std::fs::remove_dir_all(&path).unwrap();
        std::os::unix::fs::symlink("/etc", &path).unwrap();
        assert!(cache().find(&digest).unwrap().is_none());
        assert!(!path.exists() && Path::new("/etc").is_dir());
    }

    #[test]
    fn many_runs_keep_one_folder() {
        let folder = tempfile::TempDir::new().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| kept(&Cache::new(folder.path().to_owned()), "text"));
            }
        });
        assert_eq!(std::fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }
}
