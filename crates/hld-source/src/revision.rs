//! A commit as a source: files straight from the objects of a repository, without a work tree.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hld_compiler::{Entry, EntryKind, Source, SourceError, SourcePath};
use hld_git::{ErrorKind, GitError, ObjectId, Repository, TreeEntry};

use crate::copies::{self, Copies};
use crate::overlay::Folders;

/// Most symbolic links that one path may lead through.
const MOST_LINKS: usize = 40;

/// Longest target of a symbolic link, in bytes.
const LONGEST_LINK: u64 = 4096;

/// The tree of one commit of a repository of this machine.
///
/// # Guarantees
/// Symbolic links lead only to what the tree itself holds. Submodules are not looked into. Bytes are
/// those of the blobs: no filter, no change of line ends.
pub struct Revision {
    folder: PathBuf,
    top: PathBuf,
    commit: ObjectId,
    tree: ObjectId,
    /// Open handles; each thread takes one and gives it back.
    handles: Mutex<Vec<Repository>>,
    trees: Mutex<HashMap<ObjectId, Arc<Vec<TreeEntry>>>>,
    copies: Copies,
}

impl Revision {
    /// The commit that `revision` means in the repository around `folder`.
    ///
    /// # Errors
    /// There is no repository, or no such commit in it.
    pub fn open(folder: &Path, revision: &str) -> Result<Self, GitError> {
        let repository = Repository::discover(folder)?;
        let commit = repository.resolve(revision)?;
        let tree = repository.tree_of(commit)?;
        Ok(Revision {
            folder: repository.folder().to_owned(),
            top: repository.work_tree().unwrap_or(folder).to_owned(),
            commit,
            tree,
            handles: Mutex::new(vec![repository]),
            trees: Mutex::default(),
            copies: Copies::default(),
        })
    }

    /// The commit.
    #[must_use]
    pub fn commit(&self) -> ObjectId {
        self.commit
    }

    fn with<T>(&self, ask: impl FnOnce(&Repository) -> Result<T, GitError>) -> Result<T, SourceError> {
        let taken = self.handles.lock().expect("nothing panics while it holds the lock").pop();
        let repository = taken.map_or_else(|| Repository::discover(&self.folder), Ok).map_err(refused)?;
        let answer = ask(&repository).map_err(refused);
        self.handles.lock().expect("nothing panics while it holds the lock").push(repository);
        answer
    }

    fn entries(&self, tree: ObjectId) -> Result<Arc<Vec<TreeEntry>>, SourceError> {
        let known = self.trees.lock().expect("nothing panics while it holds the lock").get(&tree).cloned();
        if let Some(entries) = known {
            return Ok(entries);
        }
        let entries = Arc::new(self.with(|repository| repository.entries(tree))?);
        self.trees.lock().expect("nothing panics while it holds the lock").insert(tree, entries.clone());
        Ok(entries)
    }

    /// What stands at a path, links followed.
    fn find(&self, path: &SourcePath) -> Result<Found, SourceError> {
        let mut rest: Vec<String> = path.as_str().rsplit('/').map(str::to_owned).collect();
        let mut at = vec![Found { kind: hld_git::EntryKind::Folder, id: self.tree }];
        let mut n_links = 0;
        while let Some(part) = rest.pop() {
            if part == "." || part.is_empty() {
                continue;
            }
            if part == ".." {
                at.pop();
                if at.is_empty() {
                    return Err(SourceError::Outside);
                }
                continue;
            }
            let here = at[at.len() - 1];
            if here.kind != hld_git::EntryKind::Folder {
                return Err(SourceError::WrongKind("a file"));
            }
            let entries = self.entries(here.id)?;
            let entry = entries.iter().find(|entry| entry.name == part.as_bytes());
            let entry = entry.ok_or(SourceError::NotFound)?;
            if entry.kind != hld_git::EntryKind::Link {
                at.push(Found { kind: entry.kind, id: entry.id });
                continue;
            }
            n_links += 1;
            let target = self.target(entry.id)?;
            if n_links > MOST_LINKS || target.starts_with('/') {
                return Err(SourceError::Outside);
            }
            rest.extend(target.split('/').rev().map(str::to_owned));
        }
        Ok(at[at.len() - 1])
    }

    fn target(&self, link: ObjectId) -> Result<String, SourceError> {
        let bytes = self.with(|repository| repository.blob(link, LONGEST_LINK))?;
        String::from_utf8(bytes).map_err(|_| SourceError::WrongKind("a link that is no text"))
    }

    fn kind(&self, folder: &SourcePath, entry: &TreeEntry) -> EntryKind {
        use hld_git::EntryKind as Git;
        let kind = match (entry.kind, entry.text_name()) {
            (Git::Link, Some(name)) => self.find(&folder.child(name)).map(|found| found.kind),
            (kind, _) => Ok(kind),
        };
        match kind {
            Ok(Git::File | Git::Executable) => EntryKind::File,
            Ok(Git::Folder) => EntryKind::Folder,
            _ => EntryKind::Other,
        }
    }
}

/// An object at a path.
#[derive(Clone, Copy)]
struct Found {
    kind: hld_git::EntryKind,
    id: ObjectId,
}

impl Source for Revision {
    fn read(&self, path: &SourcePath, limit: u64) -> Result<Vec<u8>, SourceError> {
        let found = self.find(path)?;
        match found.kind {
            kind if kind.is_file() => {}
            hld_git::EntryKind::Folder => return Err(SourceError::WrongKind("a folder")),
            _ => return Err(SourceError::WrongKind("no regular file")),
        }
        let read = self.with(|repository| match repository.blob(found.id, limit) {
            Err(error) if error.kind == ErrorKind::Limit => Ok(None),
            read => read.map(Some),
        })?;
        read.ok_or(SourceError::TooLarge(limit))
    }

    fn list(&self, folder: &SourcePath) -> Result<Vec<Entry>, SourceError> {
        let found = self.find(folder)?;
        match found.kind {
            hld_git::EntryKind::Folder => {}
            kind if kind.is_file() => return Err(SourceError::WrongKind("a file")),
            _ => return Err(SourceError::WrongKind("a submodule")),
        }
        let entries = self.entries(found.id)?;
        let mut listed: Vec<Entry> = entries
            .iter()
            .map(|entry| Entry {
                name: String::from_utf8_lossy(&entry.name).into_owned(),
                kind: self.kind(folder, entry),
            })
            .collect();
        listed.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    fn absolute(&self, path: &str) -> Option<SourcePath> {
        let below = Path::new(path).strip_prefix(&self.top).ok()?;
        SourcePath::clean(below.to_str()?).ok()
    }
}

impl Folders for Revision {
    fn machine_path(&self, _: &SourcePath) -> Option<PathBuf> {
        None
    }

    fn folder(&self, path: &SourcePath) -> Result<PathBuf, String> {
        self.copies.get(path, |to| copies::fill(self, path, to))
    }
}

fn refused(error: GitError) -> SourceError {
    match error.kind {
        ErrorKind::NotFound => SourceError::NotFound,
        _ => SourceError::Io(error.message),
    }
}
