//! Reading trees.

use std::collections::BTreeMap;

use crate::error::{ErrorKind, GitError};
use crate::oid::ObjectId;
use crate::repository::Repository;

/// Most bytes of one tree: more than a million entries.
const MOST_OF_TREE: u64 = 64 << 20;

/// Most bytes of a commit or a tag.
pub(crate) const MOST_OF_COMMIT: u64 = 16 << 20;

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its name, as it is written; no encoding is certain.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// The blob, the tree, or the commit of a submodule.
    pub id: ObjectId,
}

/// What a [`TreeEntry`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A regular file that may be executed.
    Executable,
    /// A symbolic link; its blob is the target.
    Link,
    /// A folder.
    Folder,
    /// A commit of another repository.
    Submodule,
}

/// What a walk over a tree may cost.
#[derive(Clone, Copy, Debug)]
pub struct TreeLimits {
    /// Entries of all folders together.
    pub entries: usize,
    /// Folders in folders.
    pub depth: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        TreeLimits { entries: 500_000, depth: 128 }
    }
}

/// A file that differs between two trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path below the trees, folders joined by `/`.
    pub path: Vec<u8>,
    /// What it was.
    pub before: Option<TreeEntry>,
    /// What it is.
    pub after: Option<TreeEntry>,
}

impl EntryKind {
    fn of(mode: i32) -> Option<Self> {
        match mode {
            0o100_644 | 0o100_664 => Some(EntryKind::File),
            0o100_755 => Some(EntryKind::Executable),
            0o120_000 => Some(EntryKind::Link),
            0o040_000 => Some(EntryKind::Folder),
            0o160_000 => Some(EntryKind::Submodule),
            _ => None,
        }
    }

    pub(crate) fn mode(self) -> i32 {
        match self {
            EntryKind::File => 0o100_644,
            EntryKind::Executable => 0o100_755,
            EntryKind::Link => 0o120_000,
            EntryKind::Folder => 0o040_000,
            EntryKind::Submodule => 0o160_000,
        }
    }

    /// Whether it is a regular file.
    #[must_use]
    pub fn is_file(self) -> bool {
        matches!(self, EntryKind::File | EntryKind::Executable)
    }
}

impl TreeEntry {
    /// The name, if it is UTF-8.
    #[must_use]
    pub fn text_name(&self) -> Option<&str> {
        std::str::from_utf8(&self.name).ok()
    }
}

impl Repository {
    /// The tree of a commit.
    ///
    /// # Errors
    /// It is not here, or is no commit.
    pub fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, GitError> {
        self.check_size(commit, MOST_OF_COMMIT)?;
        Ok(ObjectId(self.git.find_commit(commit.0)?.tree_id()))
    }

    /// The entries of a tree, in git's order.
    ///
    /// # Errors
    /// It is not here, or is damaged.
    pub fn entries(&self, tree: ObjectId) -> Result<Vec<TreeEntry>, GitError> {
        self.check_size(tree, MOST_OF_TREE)?;
        let tree = self.git.find_tree(tree.0)?;
        let entries = tree.iter().map(|entry| {
            let kind = EntryKind::of(entry.filemode()).ok_or_else(|| {
                let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
                GitError::new(
                    ErrorKind::Corrupt,
                    format!("`{name}` in tree {} is of an unknown kind", tree.id()),
                )
            })?;
            Ok(TreeEntry { name: entry.name_bytes().to_vec(), kind, id: ObjectId(entry.id()) })
        });
        entries.collect()
    }

    /// The entry at a path below a tree, links not followed; the tree itself for an empty path.
    ///
    /// # Errors
    /// A tree on the way is damaged.
    pub fn find(&self, tree: ObjectId, path: &str) -> Result<Option<TreeEntry>, GitError> {
        let mut at = TreeEntry { name: Vec::new(), kind: EntryKind::Folder, id: tree };
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if at.kind != EntryKind::Folder {
                return Ok(None);
            }
            let entries = self.entries(at.id)?;
            let Some(next) = entries.into_iter().find(|entry| entry.name == part.as_bytes()) else {
                return Ok(None);
            };
            at = next;
        }
        Ok(Some(at))
    }

    /// The bytes of a blob, at most `limit` of them.
    ///
    /// # Errors
    /// It is not here, is no blob, or is larger.
    pub fn blob(&self, id: ObjectId, limit: u64) -> Result<Vec<u8>, GitError> {
        let odb = self.git.odb()?;
        let (size, kind) = odb.read_header(id.0)?;
        if kind != git2::ObjectType::Blob {
            return Err(GitError::new(ErrorKind::Corrupt, format!("{id} is no file")));
        }
        if size as u64 > limit {
            return Err(GitError::new(ErrorKind::Limit, format!("it is larger than {limit} bytes")));
        }
        Ok(odb.read(id.0)?.data().to_vec())
    }

    /// Refuses an object that is larger than any of its kind, before it is read as a whole.
    pub(crate) fn check_size(&self, id: ObjectId, limit: u64) -> Result<(), GitError> {
        let (size, _) = self.git.odb()?.read_header(id.0)?;
        if size as u64 > limit {
            let words = format!("the object {id} has {size} bytes, more than {limit} (limit of an object)");
            return Err(GitError::new(ErrorKind::Limit, words));
        }
        Ok(())
    }

    /// The size of a blob, in bytes.
    ///
    /// # Errors
    /// It is not here.
    pub fn blob_size(&self, id: ObjectId) -> Result<u64, GitError> {
        Ok(self.git.odb()?.read_header(id.0)?.0 as u64)
    }

    /// Every entry below a tree but the folders themselves, with its path, sorted by it.
    ///
    /// # Errors
    /// A tree is damaged or not here, or a limit is reached.
    pub fn files(&self, tree: ObjectId, limits: TreeLimits) -> Result<Vec<(Vec<u8>, TreeEntry)>, GitError> {
        let changes = self.changes(None, Some(tree), limits)?;
        Ok(changes.into_iter().filter_map(|change| Some((change.path, change.after?))).collect())
    }

    /// What differs between two trees; equal subtrees are not looked into; sorted by path.
    ///
    /// # Errors
    /// A tree is damaged or not here, or a limit is reached.
    pub fn changes(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        limits: TreeLimits,
    ) -> Result<Vec<Change>, GitError> {
        let mut comparison = Comparison { repository: self, limits, n_seen: 0, changes: Vec::new() };
        comparison.compare((before, after), &mut Vec::new(), 0)?;
        Ok(comparison.changes)
    }
}

/// An entry before and after.
type Pair = (Option<TreeEntry>, Option<TreeEntry>);

struct Comparison<'r> {
    repository: &'r Repository,
    limits: TreeLimits,
    n_seen: usize,
    changes: Vec<Change>,
}

impl Comparison<'_> {
    fn compare(
        &mut self,
        (before, after): (Option<ObjectId>, Option<ObjectId>),
        path: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), GitError> {
        if before == after {
            return Ok(());
        }
        if depth > self.limits.depth {
            let words = format!("folders are nested deeper than {} (limit of depth)", self.limits.depth);
            return Err(GitError::new(ErrorKind::Limit, words));
        }
        let mut pairs: BTreeMap<Vec<u8>, Pair> = BTreeMap::new();
        for entry in self.entries(before)? {
            let name = entry.name.clone();
            pairs.entry(name).or_default().0 = Some(entry);
        }
        for entry in self.entries(after)? {
            let name = entry.name.clone();
            pairs.entry(name).or_default().1 = Some(entry);
        }
        for pair in pairs.into_values() {
            self.pair(pair, path, depth)?;
        }
        Ok(())
    }

    fn entries(&mut self, tree: Option<ObjectId>) -> Result<Vec<TreeEntry>, GitError> {
        let entries = tree.map_or_else(|| Ok(Vec::new()), |tree| self.repository.entries(tree))?;
        self.n_seen += entries.len();
        if self.n_seen > self.limits.entries {
            let words = format!("the tree has more than {} entries (limit of entries)", self.limits.entries);
            return Err(GitError::new(ErrorKind::Limit, words));
        }
        Ok(entries)
    }

    fn pair(&mut self, (before, after): Pair, path: &mut Vec<u8>, depth: usize) -> Result<(), GitError> {
        if before == after {
            return Ok(());
        }
        let length = path.len();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(after.as_ref().or(before.as_ref()).map_or(&[][..], |entry| &entry.name));
        let folder = |entry: &Option<TreeEntry>| {
            entry.as_ref().filter(|entry| entry.kind == EntryKind::Folder).map(|entry| entry.id)
        };
        let file = |entry: Option<TreeEntry>| entry.filter(|entry| entry.kind != EntryKind::Folder);
        self.compare((folder(&before), folder(&after)), path, depth + 1)?;
        let (before, after) = (file(before), file(after));
        if before.is_some() || after.is_some() {
            self.changes.push(Change { path: path.clone(), before, after });
        }
        path.truncate(length);
        Ok(())
    }
}
