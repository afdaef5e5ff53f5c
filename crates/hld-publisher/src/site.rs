//! Where commits are made: a bare repository for one remote.
//!
//! It is kept in the cache folder, so that the next run fetches only what is new. While another process
//! uses it, a run makes one of its own beside it, which borrows its objects and goes away with the run.
//! What a killed run left behind is removed by the next one.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hld_diag::Diagnostic;
use hld_git::{ErrorKind, GitError, Limits, ObjectId, Remote, Repository, Want};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::failure::{failed, local};
use crate::target::Branch;

/// How much history is fetched for publishing: more than there are writers in a race.
const DEPTH: u16 = 200;

/// Packs of a kept repository; with more it is begun anew.
const MOST_PACKS: usize = 200;

/// How old a folder of a run is that nobody can be working in any more.
const OLD: Duration = Duration::from_secs(24 * 60 * 60);

/// How much of the history is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// The newest commits.
    Recent,
    /// All of it.
    Whole,
}

/// A bare repository for one remote.
pub struct Site {
    pub(crate) repository: Repository,
    pub(crate) remote: Remote,
    /// Where what is known about the remote is kept between runs.
    home: Option<PathBuf>,
    /// Held while the kept repository is ours.
    lock: Option<File>,
    scratch: Option<TempDir>,
}

impl Site {
    /// Finds or makes the repository for a remote below the folder `cache`; a temporary one without a
    /// folder, or where it can not be written.
    ///
    /// # Errors
    /// No folder can be written at all.
    pub fn open(remote: Remote, cache: Option<&Path>) -> Result<Self, Diagnostic> {
        let home = cache.map(|cache| cache.join("publish").join(key(&remote)));
        let home = home.filter(|home| std::fs::create_dir_all(home).is_ok());
        let lock = home.as_ref().and_then(|home| own(home).ok().flatten());
        let (repository, scratch) = match (&home, &lock) {
            (Some(home), Some(_)) => (kept(home)?, None),
            _ => {
                let (repository, scratch) = temporary(home.as_deref())?;
                (repository, Some(scratch))
            }
        };
        if let Some(folder) = remote.url.local_path() {
            // A folder of this machine: its objects need no copying. If it is none, fetching says so.
            repository.borrow_objects(&folder).ok();
        }
        Ok(Site { repository, remote, home, lock, scratch })
    }

    /// The folder that goes away with this run, if there is one.
    #[must_use]
    pub fn scratch(&self) -> Option<&Path> {
        self.scratch.as_ref().map(TempDir::path)
    }

    /// Whether the repository outlives the run: what is damaged in it may be damage of old.
    pub(crate) fn is_kept(&self) -> bool {
        self.scratch.is_none()
    }

    /// Removes a kept repository that is damaged, and begins a new one.
    pub(crate) fn renew(self) -> Result<Self, Diagnostic> {
        let Site { repository, remote, home, lock, scratch } = self;
        drop((repository, scratch));
        if let (Some(home), Some(lock)) = (&home, lock) {
            discard(&home.join("repository")).map_err(|error| local("removing a damaged cache", &error))?;
            let repository = kept(home)?;
            if let Some(folder) = remote.url.local_path() {
                repository.borrow_objects(&folder).ok();
            }
            return Ok(Site {
                repository,
                remote,
                home: Some(home.clone()),
                lock: Some(lock),
                scratch: None,
            });
        }
        Site::open(remote, None)
    }

    /// Brings the tip of a branch here; `None` if the remote has no such branch, which `Err` of the
    /// second kind explains.
    pub(crate) fn fetch(
        &self,
        branch: &Branch,
        history: History,
    ) -> Result<Result<ObjectId, GitError>, GitError> {
        let depth = match history {
            History::Recent => Some(DEPTH),
            History::Whole => None,
        };
        let limits = Limits { depth, ..Limits::default() };
        match self.repository.fetch(&self.remote, Want::Branch(branch.as_str()), &limits) {
            Ok(tip) => Ok(Ok(tip)),
            Err(error) if error.kind == ErrorKind::NotFound => {
                match self.repository.tip(&self.remote, branch.as_str())? {
                    None => Ok(Err(error)),
                    Some(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Whether `tip` follows `old`, with all of the history where a part does not tell.
    pub(crate) fn follows(
        &self,
        branch: &Branch,
        (old, tip): (ObjectId, ObjectId),
    ) -> Result<bool, GitError> {
        if self.repository.is_ancestor(old, tip)? {
            return Ok(true);
        }
        self.fetch(branch, History::Whole)?.ok();
        self.repository.is_ancestor(old, tip)
    }

    /// The last commit that this machine has published to a branch.
    pub(crate) fn last_published(&self, branch: &Branch) -> Option<ObjectId> {
        std::fs::read_to_string(self.note(branch)?).ok()?.trim().parse().ok()
    }

    /// Keeps in mind what was published. Where that can not be written, nothing is lost but a check.
    pub(crate) fn remember(&self, branch: &Branch, commit: ObjectId) {
        let Some(note) = self.note(branch) else { return };
        let Some(folder) = note.parent() else { return };
        let written = std::fs::create_dir_all(folder).and_then(|()| {
            let mut new = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
            io::Write::write_all(&mut new, format!("{commit}\n").as_bytes())?;
            new.persist(&note).map_err(|error| error.error)
        });
        written.ok();
    }

    fn note(&self, branch: &Branch) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join("published").join(hex(branch.as_str())))
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("remote", &self.remote).field("lock", &self.lock.is_some()).finish()
    }
}

/// One folder for a repository, however its address is spelled (F04).
fn key(remote: &Remote) -> String {
    hex(&remote.url.key())
}

fn hex(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The right to use the kept repository, unless another process has it.
fn own(home: &Path) -> io::Result<Option<File>> {
    let file = File::options().create(true).truncate(false).write(true).open(home.join("lock"))?;
    match file.try_lock() {
        Ok(()) => {
            sweep(home);
            Ok(Some(file))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The kept repository, begun anew if there is too much in it.
fn kept(home: &Path) -> Result<Repository, Diagnostic> {
    let folder = home.join("repository");
    let packs = std::fs::read_dir(folder.join("objects/pack")).map_or(0, Iterator::count);
    if packs > 2 * MOST_PACKS {
        discard(&folder).map_err(|error| local("removing an old cache", &error))?;
    }
    match Repository::create(&folder) {
        Ok(repository) => Ok(repository),
        // What a killed run or a full disk left is no repository: the next one is.
        Err(_) => {
            discard(&folder).map_err(|error| local("removing a damaged cache", &error))?;
            Repository::create(&folder).map_err(|error| failed("making a repository in the cache", &error))
        }
    }
}

/// A repository for this run alone, beside the kept one if that can be written.
fn temporary(home: Option<&Path>) -> Result<(Repository, TempDir), Diagnostic> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("run-");
    let beside = home.and_then(|home| builder.tempdir_in(home).ok());
    let scratch = match beside {
        Some(scratch) => scratch,
        None => builder.tempdir().map_err(|error| local("making a temporary folder", &error))?,
    };
    let repository = Repository::create(scratch.path())
        .map_err(|error| failed("making a temporary repository", &error))?;
    if let Some(home) = home {
        repository.borrow_objects(&home.join("repository")).ok();
    }
    Ok((repository, scratch))
}

/// Removes what runs left behind that were killed: their folders, and unfinished files.
fn sweep(home: &Path) {
    let is_old = |path: &Path| {
        let changed = path.metadata().and_then(|metadata| metadata.modified());
        changed.is_ok_and(|changed| SystemTime::now().duration_since(changed).is_ok_and(|age| age > OLD))
    };
    for entry in std::fs::read_dir(home).into_iter().flatten().flatten() {
        let is_run = entry.file_name().to_string_lossy().starts_with("run-");
        if is_run && is_old(&entry.path()) {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
    let objects = home.join("repository/objects");
    let folders = std::fs::read_dir(&objects).into_iter().flatten().flatten().map(|entry| entry.path());
    for folder in folders.filter(|folder| folder.is_dir()) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // libgit2's names for what is not finished; the lock says that nobody writes them now.
            if name.starts_with("tmp_object")
                || name.starts_with("pack_git2_")
                || name.starts_with("pack-tmp")
            {
                std::fs::remove_file(entry.path()).ok();
            }
        }
    }
}

fn discard(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
