//! Making blobs, trees and commits.

use std::collections::BTreeMap;

use crate::error::{ErrorKind, GitError};
use crate::oid::ObjectId;
use crate::repository::Repository;
use crate::tree::EntryKind;

/// Who made a commit, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Seconds since 1970.
    pub seconds: i64,
    /// Minutes east of Greenwich.
    pub offset: i32,
}

/// A file of a tree that is made: its path, `/` between folders, and its blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeFile {
    /// The path.
    pub path: String,
    /// The blob, which is here already.
    pub blob: ObjectId,
}

/// What a commit is made of.
#[derive(Clone, Copy, Debug)]
pub struct Content<'c> {
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents.
    pub parents: &'c [ObjectId],
    /// Author and committer.
    pub signature: &'c Signature,
    /// Its message.
    pub message: &'c str,
}

/// A folder that is being put together.
#[derive(Default)]
struct Folder<'f> {
    files: BTreeMap<&'f str, ObjectId>,
    folders: BTreeMap<&'f str, Folder<'f>>,
}

impl Repository {
    /// Writes a blob, if it is not here yet.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write_blob(&self, bytes: &[u8]) -> Result<ObjectId, GitError> {
        Ok(ObjectId(self.git.blob(bytes)?))
    }

    /// Writes a tree of regular files.
    ///
    /// # Errors
    /// A path is none, a file stands where a folder must be, or the disk refuses.
    pub fn write_tree(&self, files: &[TreeFile]) -> Result<ObjectId, GitError> {
        let mut root = Folder::default();
        for file in files {
            let mut folder = &mut root;
            let (folders, name) =
                file.path.rsplit_once('/').map_or((None, file.path.as_str()), |(f, n)| (Some(f), n));
            for part in folders.into_iter().flat_map(|folders| folders.split('/')) {
                check_name(part, &file.path)?;
                folder = folder.folders.entry(part).or_default();
            }
            check_name(name, &file.path)?;
            folder.files.insert(name, file.blob);
        }
        self.write_folder(&root)
    }

    fn write_folder(&self, folder: &Folder<'_>) -> Result<ObjectId, GitError> {
        let mut builder = self.git.treebuilder(None)?;
        for (name, inner) in &folder.folders {
            if folder.files.contains_key(name) {
                return Err(GitError::new(ErrorKind::Corrupt, format!("`{name}` is a file and a folder")));
            }
            let tree = self.write_folder(inner)?;
            builder.insert(*name, tree.0, EntryKind::Folder.mode())?;
        }
        for (name, blob) in &folder.files {
            builder.insert(*name, blob.0, EntryKind::File.mode())?;
        }
        Ok(ObjectId(builder.write()?))
    }

    /// The tree `base` with some of its files written, or removed where there is no blob. Only the folders
    /// on the way to them are made anew. Folders that become empty go, as git has none.
    ///
    /// # Errors
    /// A path is none, a file stands where a folder must be or the other way round, or the disk refuses.
    pub fn edit_tree(
        &self,
        base: ObjectId,
        edits: &[(String, Option<ObjectId>)],
    ) -> Result<ObjectId, GitError> {
        let mut update = git2::build::TreeUpdateBuilder::new();
        for (path, blob) in edits {
            path.split('/').try_for_each(|part| check_name(part, path))?;
            match blob {
                Some(blob) => update.upsert(path.as_str(), blob.0, git2::FileMode::Blob),
                None => update.remove(path.as_str()),
            };
        }
        let base = self.git.find_tree(base.0)?;
        Ok(ObjectId(update.create_updated(&self.git, &base)?))
    }

    /// The tree `base` with `subtree` at `path` instead of what is there; with nothing there for
    /// `None`. Folders that become empty go, as git has none.
    ///
    /// # Errors
    /// A file, a link or a submodule stands on the way or at the path (F27); a tree is damaged.
    pub fn replace_subtree(
        &self,
        base: Option<ObjectId>,
        path: &str,
        subtree: Option<ObjectId>,
    ) -> Result<ObjectId, GitError> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let replaced = self.replace(base, &parts, subtree)?;
        match replaced {
            Some(tree) => Ok(tree),
            None => self.write_tree(&[]),
        }
    }

    fn replace(
        &self,
        base: Option<ObjectId>,
        parts: &[&str],
        subtree: Option<ObjectId>,
    ) -> Result<Option<ObjectId>, GitError> {
        let Some((first, rest)) = parts.split_first() else { return Ok(subtree) };
        check_name(first, first)?;
        let entries = base.map_or_else(|| Ok(Vec::new()), |base| self.entries(base))?;
        let there = entries.iter().find(|entry| entry.name == first.as_bytes());
        let inner = match there.map(|entry| (entry.kind, entry.id)) {
            None => None,
            Some((EntryKind::Folder, id)) => Some(id),
            Some((kind, _)) => {
                let words = format!("`{first}` is {} in the repository", word(kind));
                return Err(GitError::new(ErrorKind::Corrupt, words));
            }
        };
        let made = self.replace(inner, rest, subtree)?;
        let base = base.map(|base| self.git.find_tree(base.0)).transpose()?;
        let mut builder = self.git.treebuilder(base.as_ref())?;
        match made {
            Some(tree) => {
                builder.insert(*first, tree.0, EntryKind::Folder.mode())?;
            }
            None if there.is_some() => builder.remove(*first)?,
            None => {}
        }
        if builder.is_empty() { Ok(None) } else { Ok(Some(ObjectId(builder.write()?))) }
    }

    /// Writes a commit; no branch is moved.
    ///
    /// # Errors
    /// The tree or a parent is not here, or the disk refuses.
    pub fn commit(&self, content: &Content<'_>) -> Result<ObjectId, GitError> {
        let tree = self.git.find_tree(content.tree.0)?;
        let parents =
            content.parents.iter().map(|id| self.git.find_commit(id.0)).collect::<Result<Vec<_>, _>>()?;
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let signature = content.signature;
        let time = git2::Time::new(signature.seconds, signature.offset);
        let signature = git2::Signature::new(&signature.name, &signature.email, &time)?;
        Ok(ObjectId(self.git.commit(None, &signature, &signature, content.message, &tree, &parents)?))
    }
}

fn word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File | EntryKind::Executable => "a file",
        EntryKind::Link => "a symbolic link",
        EntryKind::Folder => "a folder",
        EntryKind::Submodule => "a submodule",
    }
}

fn check_name(name: &str, path: &str) -> Result<(), GitError> {
    let is_git = name.eq_ignore_ascii_case(".git");
    if name.is_empty() || name == "." || name == ".." || is_git || name.contains('\0') {
        return Err(GitError::new(ErrorKind::Corrupt, format!("`{path}` is no path of a repository")));
    }
    Ok(())
}
