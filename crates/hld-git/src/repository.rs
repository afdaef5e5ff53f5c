//! Repositories on this machine.

use std::fs::File;
use std::path::{Path, PathBuf};

use git2::{RepositoryInitOptions, RepositoryOpenFlags};

use crate::error::{ErrorKind, GitError};
use crate::oid::ObjectId;
use crate::tree::MOST_OF_COMMIT;

/// A folder of objects: a bare one of ours, or somebody's repository that is read.
pub struct Repository {
    pub(crate) git: git2::Repository,
}

/// What the configuration of a repository of ours says, and nothing else, whatever stood there (B045).
const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\
     \tlogallrefupdates = false\n[http]\n\tfollowRedirects = false\n";

/// The right to change a repository of ours, among all processes; given back when dropped.
#[derive(Debug)]
pub struct RepositoryLock {
    _file: File,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents, in order.
    pub parents: Vec<ObjectId>,
    /// Its message; bytes that are no UTF-8 are replaced.
    pub message: String,
    /// Name of its author.
    pub author: String,
    /// When it was committed, in seconds since 1970.
    pub seconds: i64,
}

impl Repository {
    /// Opens the bare repository of ours in `folder`, and makes it if there is none.
    ///
    /// # Errors
    /// The folder can not be written, or holds something else.
    pub fn create(folder: &Path) -> Result<Self, GitError> {
        crate::local::set_up();
        let local = |error: std::io::Error| {
            GitError::new(ErrorKind::Local, format!("`{}`: {error}", folder.display()))
        };
        std::fs::create_dir_all(folder).map_err(local)?;
        if !folder.join("HEAD").is_file() || !folder.join("objects").is_dir() {
            let mut options = RepositoryInitOptions::new();
            options.bare(true).no_reinit(false).external_template(false).initial_head("main");
            git2::Repository::init_opts(folder, &options)?;
        }
        let config = folder.join("config");
        if std::fs::read(&config).ok().as_deref() != Some(CONFIG.as_bytes()) {
            let new = folder.join(format!("config.{}", std::process::id()));
            std::fs::write(&new, CONFIG).and_then(|()| std::fs::rename(&new, &config)).map_err(local)?;
        }
        let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::BARE;
        let none: [&std::ffi::OsStr; 0] = [];
        Ok(Repository { git: git2::Repository::open_ext(folder, flags, none)? })
    }

    /// Opens the repository whose work tree or folder `folder` lies in, to read it.
    ///
    /// # Errors
    /// There is none, or it is somebody else's and git was not told that it is safe.
    pub fn discover(folder: &Path) -> Result<Self, GitError> {
        crate::local::set_up();
        let git = git2::Repository::discover(folder).map_err(|error| match error.code() {
            git2::ErrorCode::Owner => {
                let message = format!(
                    "`{}` belongs to another user, and `safe.directory` does not name it",
                    folder.display()
                );
                GitError::new(ErrorKind::Local, message)
            }
            git2::ErrorCode::NotFound => {
                GitError::new(ErrorKind::NotFound, format!("`{}` is in no git repository", folder.display()))
            }
            _ => error.into(),
        })?;
        Ok(Repository { git })
    }

    /// The folder of the repository itself: `.git`, or the bare one.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.git.path()
    }

    /// The top of the work tree, if it has one.
    #[must_use]
    pub fn work_tree(&self) -> Option<&Path> {
        self.git.workdir()
    }

    /// Waits until no other process changes this repository.
    ///
    /// # Errors
    /// The lock file can not be made.
    pub fn lock(&self) -> Result<RepositoryLock, GitError> {
        let path = self.git.path().join("hld.lock");
        let local =
            |error: std::io::Error| GitError::new(ErrorKind::Local, format!("`{}`: {error}", path.display()));
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(local)?;
        file.lock().map_err(local)?;
        Ok(RepositoryLock { _file: file })
    }

    /// Lets objects of another repository of this machine be found here, without copying them.
    ///
    /// # Errors
    /// libgit2 refuses the folder.
    pub fn borrow_objects(&self, other: &Path) -> Result<(), GitError> {
        let inner = other.join(".git").join("objects");
        let objects: PathBuf = if inner.is_dir() { inner } else { other.join("objects") };
        let Some(path) = objects.to_str() else { return Ok(()) };
        Ok(self.git.odb()?.add_disk_alternate(path)?)
    }

    /// The commit that a revision means: an id or the beginning of one, a branch, a tag, `HEAD~2` …
    ///
    /// # Errors
    /// There is no such revision, more than one, or it is no commit.
    pub fn resolve(&self, revision: &str) -> Result<ObjectId, GitError> {
        let not_found = |why: &str| GitError::new(ErrorKind::NotFound, format!("`{revision}` {why}"));
        if revision.starts_with('-') || revision.is_empty() {
            return Err(not_found("is no revision"));
        }
        let found = self.git.revparse_single(revision).or_else(|error| {
            // A branch that only the remote has, as in a fresh checkout of CI.
            self.git.revparse_single(&format!("origin/{revision}")).map_err(|_| error)
        });
        let object = found.map_err(|error| match error.code() {
            git2::ErrorCode::Ambiguous => not_found("means more than one object"),
            _ => not_found("is no revision of this repository"),
        })?;
        let commit = object.peel_to_commit().map_err(|_| not_found("is no commit"))?;
        Ok(ObjectId(commit.id()))
    }

    /// Whether an object is here.
    ///
    /// # Errors
    /// The object database can not be opened.
    pub fn has(&self, id: ObjectId) -> Result<bool, GitError> {
        Ok(self.git.odb()?.exists(id.0))
    }

    /// What a commit says.
    ///
    /// # Errors
    /// It is not here, or is no commit.
    pub fn commit_info(&self, id: ObjectId) -> Result<CommitInfo, GitError> {
        self.check_size(id, MOST_OF_COMMIT)?;
        let commit = self.git.find_commit(id.0)?;
        Ok(CommitInfo {
            id,
            tree: ObjectId(commit.tree_id()),
            parents: commit.parent_ids().map(ObjectId).collect(),
            message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
            author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
            seconds: commit.time().seconds(),
        })
    }

    /// Whether `ancestor` is `commit` or comes before it, as far as the history is here.
    ///
    /// # Errors
    /// A commit on the way is damaged.
    pub fn is_ancestor(&self, ancestor: ObjectId, commit: ObjectId) -> Result<bool, GitError> {
        if ancestor == commit {
            return Ok(true);
        }
        if !self.has(ancestor)? {
            return Ok(false);
        }
        Ok(self.git.graph_descendant_of(commit.0, ancestor.0)?)
    }

    /// Where two histories part.
    ///
    /// # Errors
    /// They have nothing in common, as far as they are here.
    pub fn merge_base(&self, one: ObjectId, other: ObjectId) -> Result<ObjectId, GitError> {
        Ok(ObjectId(self.git.merge_base(one.0, other.0)?))
    }

    /// The commits that lead to `tip`, newest first, along the first parents; at most `most`.
    ///
    /// # Errors
    /// A commit on the way is damaged.
    pub fn history(&self, tip: ObjectId, most: usize) -> Result<Vec<CommitInfo>, GitError> {
        let mut found = Vec::new();
        let mut next = Some(tip);
        while let Some(id) = next.filter(|_| found.len() < most) {
            if !self.has(id)? {
                break; // the end of a shallow history
            }
            let info = self.commit_info(id)?;
            next = info.parents.first().copied();
            found.push(info);
        }
        Ok(found)
    }

    /// What a key of the configuration of the user of this machine and of this repository says.
    #[must_use]
    pub fn config(&self, key: &str) -> Option<String> {
        self.git.config().ok()?.get_string(key).ok()
    }

    /// Whether files that are tracked differ from `HEAD`, in the work tree or the index.
    ///
    /// # Errors
    /// The index is damaged, or a file can not be read.
    pub fn has_changes(&self) -> Result<bool, GitError> {
        let mut options = git2::StatusOptions::new();
        options.include_untracked(false).include_ignored(false).exclude_submodules(true);
        Ok(!self.git.statuses(Some(&mut options))?.is_empty())
    }

    /// The address of the remote `origin`, as it is written.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        self.git.find_remote("origin").ok()?.url().ok().map(str::to_owned)
    }
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Repository").field(&self.git.path()).finish()
    }
}
