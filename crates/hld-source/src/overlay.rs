//! The definition's own files, and what is fetched mounted among them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock, RwLockReadGuard};

use hld_compiler::{Entry, EntryKind, Source, SourceError, SourcePath};
use hld_diag::Diagnostic;

use crate::copies::{self, Copies};
use crate::files::Files;

/// A source whose folders programs can read.
pub trait Folders: Source {
    /// Where a path of the definition's own files is on this machine; `None` for what is fetched or
    /// comes from a commit.
    fn machine_path(&self, path: &SourcePath) -> Option<PathBuf>;

    /// A folder of the machine that holds what is at `path`, as long as the source lives.
    ///
    /// # Errors
    /// It can not be had: why.
    fn folder(&self, path: &SourcePath) -> Result<PathBuf, String>;
}

impl Folders for Files {
    fn machine_path(&self, path: &SourcePath) -> Option<PathBuf> {
        Some(self.path_of(path))
    }

    fn folder(&self, path: &SourcePath) -> Result<PathBuf, String> {
        Ok(self.path_of(path))
    }
}

/// A definition's files with fetched folders mounted in it.
///
/// # Guarantees
/// What is mounted is served from its own folder alone: no link and no `..` leads from it into the
/// definition, from the definition into it, or out of both.
pub struct Overlay {
    base: Box<dyn Folders>,
    state: RwLock<State>,
    copies: Copies,
}

#[derive(Default)]
struct State {
    mounts: BTreeMap<SourcePath, Arc<Files>>,
    remarks: BTreeMap<SourcePath, Vec<Diagnostic>>,
}

/// Which folder a path belongs to.
enum Owner {
    Base,
    Mount(Arc<Files>, SourcePath),
}

impl Overlay {
    /// The files alone, with nothing mounted.
    #[must_use]
    pub fn new(base: impl Folders + 'static) -> Self {
        Overlay { base: Box::new(base), state: RwLock::default(), copies: Copies::default() }
    }

    /// Mounts a folder of the machine at `at`.
    ///
    /// # Panics
    /// Never: nothing panics while it holds the lock; this holds for all of it.
    pub fn mount(&self, at: &SourcePath, files: Arc<Files>) {
        let mut state = self.state.write().expect("nothing panics while it holds the lock");
        state.mounts.insert(at.clone(), files);
        self.copies.clear();
    }

    /// Adds to what there is to say about the source that belongs at `mount`.
    pub fn remark(&self, mount: &SourcePath, remark: Diagnostic) {
        let mut state = self.state.write().expect("nothing panics while it holds the lock");
        state.remarks.entry(mount.clone()).or_default().push(remark);
    }

    /// Whether a source is mounted at exactly this folder.
    #[must_use]
    pub fn is_mounted(&self, at: &SourcePath) -> bool {
        self.state().mounts.contains_key(at)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().expect("nothing panics while it holds the lock")
    }

    /// The innermost mount that a path lies in, and the path below it.
    fn owner(&self, path: &SourcePath) -> Owner {
        let state = self.state();
        let mut above = (!state.mounts.is_empty()).then(|| path.clone());
        while let Some(folder) = above {
            if let Some(files) = state.mounts.get(&folder) {
                let below = SourcePath::clean(&path.as_str()[folder.as_str().len()..]);
                return Owner::Mount(files.clone(), below.unwrap_or_else(|_| SourcePath::root()));
            }
            above = folder.parent();
        }
        Owner::Base
    }

    /// Puts what is at `path` together, mounts included.
    fn copy(&self, path: &SourcePath) -> Result<PathBuf, String> {
        self.copies.get(path, |to| {
            copies::fill(self, path, to)?;
            let mounts: Vec<SourcePath> = self.mounts_below(path);
            mounts.iter().try_for_each(|mount| copies::fill(self, mount, &to.join(mount.relative_to(path))))
        })
    }

    fn mounts_below(&self, path: &SourcePath) -> Vec<SourcePath> {
        self.state().mounts.keys().filter(|mount| *mount != path && mount.is_in(path)).cloned().collect()
    }
}

impl Source for Overlay {
    fn read(&self, path: &SourcePath, limit: u64) -> Result<Vec<u8>, SourceError> {
        match self.owner(path) {
            Owner::Base => self.base.read(path, limit),
            Owner::Mount(files, below) => files.read(&below, limit),
        }
    }

    fn list(&self, folder: &SourcePath) -> Result<Vec<Entry>, SourceError> {
        let listed = match self.owner(folder) {
            Owner::Base => self.base.list(folder),
            Owner::Mount(files, below) => files.list(&below),
        };
        let state = self.state();
        let mut mounted =
            state.mounts.keys().filter(|mount| mount.parent().as_ref() == Some(folder)).peekable();
        if mounted.peek().is_none() {
            return listed;
        }
        let mut entries = match listed {
            Err(SourceError::NotFound) => Vec::new(),
            listed => listed?,
        };
        entries.extend(mounted.map(|mount| Entry { name: mount.name().to_owned(), kind: EntryKind::Folder }));
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        entries.dedup_by(|a, b| a.name == b.name);
        Ok(entries)
    }

    fn absolute(&self, path: &str) -> Option<SourcePath> {
        self.base.absolute(path)
    }

    fn remarks(&self, mount: &SourcePath) -> Vec<Diagnostic> {
        self.state().remarks.get(mount).cloned().unwrap_or_default()
    }
}

impl Folders for Overlay {
    fn machine_path(&self, path: &SourcePath) -> Option<PathBuf> {
        match self.owner(path) {
            Owner::Base => self.base.machine_path(path),
            Owner::Mount(..) => None,
        }
    }

    fn folder(&self, path: &SourcePath) -> Result<PathBuf, String> {
        if !self.mounts_below(path).is_empty() {
            return self.copy(path);
        }
        match self.owner(path) {
            Owner::Base => self.base.folder(path),
            Owner::Mount(files, below) => files.folder(&below),
        }
    }
}
