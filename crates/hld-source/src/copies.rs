//! Folders that are put together for programs which can not read a source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use hld_compiler::{EntryKind, Source, SourcePath};

use crate::files::system_words;
use crate::scratch::{Scratch, cache_dir};

/// Most bytes of a file that is copied.
const MOST_BYTES: u64 = 64 << 20;

/// Deepest folder that is copied.
const DEEPEST: usize = 64;

/// Scratch folders by what they hold; gone with the run.
#[derive(Default)]
pub(crate) struct Copies(Mutex<BTreeMap<SourcePath, Scratch>>);

impl Copies {
    /// The scratch folder for `path`, which `fill` fills if it is new.
    ///
    /// # Errors
    /// It can not be made or filled.
    pub(crate) fn get(
        &self,
        path: &SourcePath,
        fill: impl FnOnce(&Path) -> Result<(), String>,
    ) -> Result<PathBuf, String> {
        let known = |copies: &BTreeMap<SourcePath, Scratch>| {
            copies.get(path).map(|scratch| scratch.path().to_owned())
        };
        if let Some(folder) = known(&self.0.lock().expect("nothing panics while it holds the lock")) {
            return Ok(folder);
        }
        let cache = cache_dir().ok_or("there is no cache folder: set HLD_CACHE_DIR")?;
        let scratch = Scratch::new(&cache).map_err(|error| system_words(&error))?;
        fill(scratch.path())?;
        let mut copies = self.0.lock().expect("nothing panics while it holds the lock");
        Ok(copies.entry(path.clone()).or_insert(scratch).path().to_owned())
    }

    /// Forgets them all.
    pub(crate) fn clear(&self) {
        self.0.lock().expect("nothing panics while it holds the lock").clear();
    }
}

/// Copies the files below a folder of a source; links are followed, as far as the source does.
pub(crate) fn fill(source: &dyn Source, from: &SourcePath, to: &Path) -> Result<(), String> {
    let mut folders = vec![(from.clone(), to.to_owned(), 0)];
    while let Some((from, to, depth)) = folders.pop() {
        let failed = |path: &SourcePath, error: &dyn std::fmt::Display| format!("`{path}`: {error}");
        if depth > DEEPEST {
            return Err(failed(&from, &format!("more than {DEEPEST} folders are below each other")));
        }
        std::fs::create_dir_all(&to).map_err(|error| failed(&from, &system_words(&error)))?;
        for entry in source.list(&from).map_err(|error| failed(&from, &error))? {
            let path = from.child(&entry.name);
            let target = to.join(&entry.name);
            match entry.kind {
                EntryKind::Folder => folders.push((path, target, depth + 1)),
                EntryKind::File => {
                    let bytes = source.read(&path, MOST_BYTES).map_err(|error| failed(&path, &error))?;
                    std::fs::write(&target, bytes).map_err(|error| failed(&path, &system_words(&error)))?;
                }
                EntryKind::Other => {}
            }
        }
    }
    Ok(())
}
