//! Everything below a folder, by path, so that two moments can be compared.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Largest file whose bytes are compared; of a larger one size and time are.
const MOST_BYTES: u64 = 1 << 20;

/// A folder at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, Entry>);

/// What is known of one file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    inode: u64,
    mode: u32,
    changed: (i64, i64),
    size: u64,
    content: Vec<u8>,
}

impl Snapshot {
    /// Everything below `root`, links not followed.
    pub(crate) fn take(root: &Path) -> Self {
        let mut entries = BTreeMap::new();
        let mut waiting = vec![root.to_owned()];
        while let Some(path) = waiting.pop() {
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_dir() {
                waiting.extend(fs::read_dir(&path).into_iter().flatten().map(|entry| entry.unwrap().path()));
            }
            let content = if metadata.is_file() && metadata.len() <= MOST_BYTES {
                fs::read(&path).unwrap_or_default()
            } else if metadata.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else {
                Vec::new()
            };
            // What goes through a FIFO counts as a change of it.
            let is_fifo = std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type());
            let entry = Entry {
                inode: metadata.ino(),
                mode: metadata.mode(),
                changed: if is_fifo { (0, 0) } else { (metadata.mtime(), metadata.mtime_nsec()) },
                size: metadata.size(),
                content,
            };
            entries.insert(path.strip_prefix(root).unwrap().to_owned(), entry);
        }
        Snapshot(entries)
    }

    /// What differs, without what lies in the folders `except`.
    pub(crate) fn differences(&self, other: &Snapshot, except: &[&str]) -> Vec<String> {
        let paths = self.0.keys().chain(other.0.keys());
        let differs = |path: &&PathBuf| {
            let is_excepted = except.iter().any(|folder| path.starts_with(folder));
            !is_excepted && self.0.get(*path) != other.0.get(*path)
        };
        let mut found: Vec<String> = paths.filter(differs).map(|path| path.display().to_string()).collect();
        found.sort();
        found.dedup();
        found
    }

    /// Paths and contents of the regular files in a folder, as text.
    pub(crate) fn files_in(&self, folder: &str) -> BTreeMap<String, String> {
        let files = self
            .0
            .iter()
            .filter(|(path, entry)| path.starts_with(folder) && entry.mode & 0o170_000 == 0o100_000);
        let named = files.map(|(path, entry)| {
            let path = path.strip_prefix(folder).unwrap().display().to_string();
            (path, String::from_utf8_lossy(&entry.content).into_owned())
        });
        named.collect()
    }
}
