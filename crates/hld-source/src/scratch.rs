//! The cache folder, and scratch folders in it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use rustix::fs::FlockOperation;

use crate::process::{self, Litter};

/// The folder for tools and fetched sources: `HLD_CACHE_DIR`, else the user's cache folder.
#[must_use]
pub fn cache_dir() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("HLD_CACHE_DIR").filter(|dir| !dir.is_empty()) {
        return std::path::absolute(named).ok();
    }
    etcetera::choose_base_strategy().ok().map(|strategy| strategy.cache_dir().join("hld"))
}

/// A folder that is gone when it is dropped, when a signal comes, or, after a crash, when the next run
/// begins.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: PathBuf,
    lock: PathBuf,
    _file: File,
    _litter: Litter,
}

impl Scratch {
    /// A new folder below `cache`; what crashed runs left there is removed.
    pub(crate) fn new(cache: &Path) -> io::Result<Self> {
        let folder = cache.join("tmp");
        std::fs::create_dir_all(&folder)?;
        sweep(&folder);
        loop {
            let (file, lock) = tempfile::Builder::new().suffix(".lock").tempfile_in(&folder)?.keep()?;
            let is_ours = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
            // Another run may have swept it away before it was locked.
            if !is_ours || !lock.exists() {
                continue;
            }
            let folder = lock.with_extension("");
            std::fs::create_dir(&folder)?;
            return Ok(Scratch { _litter: process::litter(&folder), folder, lock, _file: file });
        }
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
        std::fs::remove_file(&self.lock).ok();
    }
}

/// Removes the scratch folders of runs that are no more: nobody holds their locks.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let lock = entry.path();
        if lock.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        let Ok(file) = File::open(&lock) else { continue };
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            std::fs::remove_dir_all(lock.with_extension("")).ok();
            std::fs::remove_file(&lock).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f14_scratch_of_a_crashed_run_is_removed_and_that_of_a_running_one_is_not() {
        let cache = tempfile::TempDir::new().unwrap();
        let running = Scratch::new(cache.path()).unwrap();
        let crashed = cache.path().join("tmp/crashed");
        std::fs::create_dir_all(crashed.join("deep/er")).unwrap();
        std::fs::write(crashed.join("deep/file"), "x").unwrap();
        std::fs::write(cache.path().join("tmp/crashed.lock"), "").unwrap();
        let next = Scratch::new(cache.path()).unwrap();
        assert!(running.path().is_dir() && next.path().is_dir() && !crashed.exists());
        drop((running, next));
        assert_eq!(std::fs::read_dir(cache.path().join("tmp")).unwrap().count(), 0);
    }
}
