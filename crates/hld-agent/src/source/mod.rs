//! The repository: what is fetched, and what a commit says.
//!
//! *Flow*: [`Source::fetch`] brings the branch's tip, [`Source::check_history`] says whether it goes on
//! from what was applied last, [`Source::view`] reads what lies below the paths, from git's objects
//! and without a work tree. *Guarantees*: a [`View`] is whole: one file that can not be read is a
//! [`Stall`], and so is a path that holds nothing.

mod select;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hld_apply::Desired;
use hld_diag::{Secret, Untrusted};
use hld_git::{
    Credential, Credentials, EntryKind, ErrorKind, GitError, KeySource, Limits, ObjectId, Remote, RemoteUrl,
    Repository, TreeLimits, Want,
};

use secrecy::ExposeSecret as _;

use crate::config::Git;
use crate::stall::Stall;
use select::Files;

/// Most bytes of one file.
const LARGEST_FILE: u64 = 16 << 20;
/// Most bytes of all files together.
const LARGEST_VIEW: u64 = 512 << 20;

/// A repository that is fetched into a folder.
#[derive(Debug)]
pub(crate) struct Source {
    git: Git,
    remote: Remote,
    folder: PathBuf,
    /// Removed with the agent where it was made for it.
    _temporary: Option<tempfile::TempDir>,
    repository: Repository,
}

/// What a commit says below the paths.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The commit.
    pub(crate) commit: ObjectId,
    /// The trees at the paths, in their order: equal trees say the same.
    trees: Vec<ObjectId>,
    files: Files,
    /// The objects.
    pub(crate) desired: Arc<Desired>,
}

/// What comes of reading a commit.
#[derive(Debug)]
pub(crate) enum Seen {
    /// It says the same as the view before: the paths were left alone.
    Same,
    /// It says this.
    New(Box<View>),
}

impl Source {
    /// A repository that has not been fetched yet.
    ///
    /// # Errors
    /// There is no place to keep it.
    pub(crate) fn open(git: &Git) -> Result<Self, GitError> {
        Source::with_credentials(git, Arc::new(Login { git: git.clone() }))
    }

    /// The same for somebody who logs in by other means.
    ///
    /// # Errors
    /// There is no place to keep it.
    pub(crate) fn with_credentials(git: &Git, credentials: Arc<dyn Credentials>) -> Result<Self, GitError> {
        let local = |error: std::io::Error| GitError::new(ErrorKind::Local, error.to_string());
        let (folder, temporary) = match &git.folder {
            Some(folder) => (folder.clone(), None),
            None => {
                let temporary = tempfile::Builder::new().prefix("hld-agent-").tempdir().map_err(local)?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let remote = Remote::new(git.url.clone(), credentials);
        let remote = match &git.known_hosts_file {
            Some(file) => remote.known_hosts(vec![file.clone()]),
            None => remote,
        };
        let repository = Repository::create(&folder)?;
        Ok(Source { git: git.clone(), remote, folder, _temporary: temporary, repository })
    }

    /// Brings the tip of the branch here.
    ///
    /// # Errors
    /// The repository can not be reached, or has no such branch.
    pub(crate) fn fetch(&mut self) -> Result<ObjectId, GitError> {
        match self.fetch_once() {
            // What is kept here can be had again: damage is mended by beginning anew.
            Err(error) if error.kind == ErrorKind::Corrupt => {
                self.begin_anew()?;
                self.fetch_once()
            }
            fetched => fetched,
        }
    }

    fn fetch_once(&self) -> Result<ObjectId, GitError> {
        let limits = Limits { seconds: self.git.timeout.as_secs().max(1), ..Limits::default() };
        self.repository.fetch(&self.remote, Want::Branch(&self.git.branch), &limits)
    }

    fn begin_anew(&mut self) -> Result<(), GitError> {
        let failed = |error: std::io::Error| GitError::new(ErrorKind::Local, error.to_string());
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let removed =
                if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.map_err(failed)?;
        }
        self.repository = Repository::create(&self.folder)?;
        Ok(())
    }

    /// Whether `tip` goes on from `applied` (P6).
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn check_history(&self, applied: ObjectId, tip: ObjectId) -> Result<(), Stall> {
        let follows = self.repository.has(applied).unwrap_or(false)
            && self.repository.is_ancestor(applied, tip).unwrap_or(false);
        if follows {
            return Ok(());
        }
        let (from, to) = (applied.short(), tip.short());
        let branch = Untrusted(&self.git.branch).line();
        Err(Stall::rewritten(format!(
            "history rewritten: {to}, the tip of `{branch}`, does not go on from {from}, which was applied last"
        )))
    }

    /// What `commit` says. Only files that differ from `before` are read.
    ///
    /// # Errors
    /// A path that is no folder, or holds nothing; a file that can not be applied.
    pub(crate) fn view(&self, commit: ObjectId, before: Option<&View>) -> Result<Seen, Stall> {
        let root = self.repository.tree_of(commit).map_err(unreadable)?;
        let paths = &self.git.paths;
        let trees = paths.iter().map(|path| self.tree(root, path, before)).collect::<Result<Vec<_>, _>>()?;
        if before.is_some_and(|before| before.trees == trees) {
            return Ok(Seen::Same);
        }
        let mut files = Files::new();
        for (path, tree) in paths.iter().zip(&trees) {
            let all = self.files(path, *tree)?;
            let read = |id| self.repository.blob(id, LARGEST_FILE).map_err(unreadable);
            files.extend(select::select(&all, path, &read)?);
        }
        let desired = self.desired(&files, before)?;
        if desired.is_empty() {
            let shown = paths.iter().map(|path| said(path)).collect::<Vec<_>>().join(", ");
            return Err(Stall::empty(format!(
                "{} holds no object at {shown}: nothing is removed",
                commit.short()
            )));
        }
        Ok(Seen::New(Box::new(View { commit, trees, files, desired: Arc::new(desired) })))
    }

    /// The folder at a path.
    fn tree(&self, root: ObjectId, path: &str, before: Option<&View>) -> Result<ObjectId, Stall> {
        let entry = self.repository.find(root, path).map_err(unreadable)?;
        let wrong = |what: &str| Err(Stall::path(format!("{} is {what}, and no folder", said(path))));
        match entry {
            Some(entry) if entry.kind == EntryKind::Folder => Ok(entry.id),
            Some(entry) => match entry.kind {
                EntryKind::Link => wrong("a symbolic link"),
                EntryKind::Submodule => wrong("a submodule"),
                _ => wrong("a file"),
            },
            None => {
                let hint =
                    self.moved(root, path, before).map(|to| format!("; it seems to be {} now", said(&to)));
                Err(Stall::path(format!("{} is not there{}", said(path), hint.unwrap_or_default())))
            }
        }
    }

    /// Where a folder that is gone seems to be: the same name in other letters, or the same tree.
    fn moved(&self, root: ObjectId, path: &str, before: Option<&View>) -> Option<String> {
        let at = self.git.paths.iter().position(|known| known == path)?;
        let tree = before.and_then(|before| before.trees.get(at).copied());
        let mut level = vec![(String::new(), root)];
        for _ in 0..4 {
            let mut next = Vec::new();
            for (folder, id) in level {
                let entries = self.repository.entries(id).ok()?;
                for entry in entries.into_iter().filter(|entry| entry.kind == EntryKind::Folder) {
                    let Some(name) = entry.text_name() else { continue };
                    let inner = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
                    if Some(entry.id) == tree || inner.to_lowercase() == path.to_lowercase() {
                        return Some(inner);
                    }
                    next.push((inner, entry.id));
                }
            }
            // A hint is not worth a walk over everything.
            next.truncate(1000);
            level = next;
        }
        None
    }

    /// Every file below a folder, with its path in the repository.
    fn files(&self, path: &str, tree: ObjectId) -> Result<Files, Stall> {
        let mut files = Files::new();
        for (name, entry) in self.repository.files(tree, TreeLimits::default()).map_err(unreadable)? {
            let Ok(name) = String::from_utf8(name) else {
                return Err(Stall::entry(format!("{} has a file whose name is no UTF-8", said(path))));
            };
            let full = if path.is_empty() { name } else { format!("{path}/{name}") };
            let what = match entry.kind {
                EntryKind::Link => "a symbolic link",
                EntryKind::Submodule => "a submodule",
                _ => {
                    files.insert(full, entry.id);
                    continue;
                }
            };
            return Err(Stall::entry(format!(
                "{} is {what}: only files of the repository itself are applied",
                said(&full)
            )));
        }
        Ok(files)
    }

    /// The objects of all files; those of a file that did not change are taken from before.
    fn desired(&self, files: &Files, before: Option<&View>) -> Result<Desired, Stall> {
        let none = (Files::new(), Arc::new(Desired::default()));
        let (old, known) = before.map_or((&none.0, &none.1), |before| (&before.files, &before.desired));
        let mut changes: BTreeMap<&str, Option<Vec<u8>>> =
            old.keys().filter(|path| !files.contains_key(*path)).map(|path| (path.as_str(), None)).collect();
        let mut size = 0;
        for (path, id) in files.iter().filter(|(path, id)| old.get(*path) != Some(id)) {
            size += self.repository.blob_size(*id).map_err(unreadable)?;
            if size > LARGEST_VIEW {
                return Err(Stall::build(format!("the manifests are larger than {LARGEST_VIEW} bytes")));
            }
            changes.insert(path, Some(self.repository.blob(*id, LARGEST_FILE).map_err(unreadable)?));
        }
        known.changed(changes).map_err(|unreadable| Stall::build(unreadable.to_string()))
    }
}

/// A path as it is shown.
fn said(path: &str) -> String {
    if path.is_empty() { "the root".to_owned() } else { format!("`{}`", Untrusted(path).line()) }
}

/// An object of git that can not be read.
fn unreadable(error: GitError) -> Stall {
    match error.kind {
        ErrorKind::Limit => Stall::build(error.message),
        _ => Stall { is_transient: true, ..Stall::build(error.message) },
    }
}

/// How the agent logs in. Files are read for each connection, so that a key can be changed without a
/// restart (F72).
#[derive(Debug)]
struct Login {
    git: Git,
}

impl Credentials for Login {
    fn find(&self, url: &RemoteUrl) -> Result<Vec<Credential>, GitError> {
        let git = &self.git;
        match (&git.key_file, &git.password_file) {
            // In a pod the file is the group's to read, so it is not left to those who check its mode.
            (Some(key), _) if url.is_ssh() => {
                let private = KeySource::Text(read_secret("key", key)?);
                Ok(vec![Credential::SshKey { private, passphrase: None }])
            }
            (_, Some(file)) if !url.is_ssh() && !url.is_local() => {
                let secret =
                    read_secret("password", file)?.expose_secret().trim_end_matches(['\r', '\n']).into();
                let user = git.username.clone().unwrap_or_else(|| "git".to_owned());
                Ok(vec![Credential::Password { user, secret }])
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// Most bytes of a key or a password.
const LARGEST_SECRET: u64 = 1 << 20;

fn read_secret(what: &str, file: &Path) -> Result<Secret, GitError> {
    let bad = |why: &dyn std::fmt::Display| {
        let words = format!("the {what} file `{}` can not be read: {why}", file.display());
        GitError::new(ErrorKind::Credentials, words)
    };
    let bytes = hld_git::read_small_file(file, LARGEST_SECRET).map_err(|error| bad(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| bad(&error.utf8_error()))?;
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b040_files_with_secrets_that_are_none() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("good"), "canary\n").unwrap();
        std::fs::write(at("bytes"), b"canary\xff").unwrap();
        std::fs::File::create(at("large")).unwrap().set_len(100 << 20).unwrap();
        // Kubernetes mounts secrets as links.
        std::os::unix::fs::symlink("good", at("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("endless")).unwrap();
        assert_eq!(read_secret("key", &at("link")).unwrap().expose_secret(), "canary\n");
        for name in ["bytes", "large", "endless", "none", "."] {
            let error = read_secret("key", &at(name)).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Credentials);
            assert!(error.message.contains("the key file") && !error.message.contains("canary"), "{error}");
        }
    }
}
