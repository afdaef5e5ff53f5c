//! The tree of a commit to a folder.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use hld_compiler::Limits;
use hld_diag::{BAD_ENTRY, Diagnostic, SOURCE_LIMIT, Span, Untrusted};
use hld_git::{EntryKind, GitError, ObjectId, Repository, TreeEntry};

use crate::files::system_words;

/// Most folders below each other.
const DEEPEST: usize = 128;

/// Longest path, in bytes.
const LONGEST_PATH: usize = 4000;

/// Longest target of a link, in bytes.
const LONGEST_LINK: u64 = 4096;

/// Writes the files of a tree into the empty folder `to`.
///
/// Names that mean something else than a file of the tree (`..`, `.git` in all its spellings) are
/// refused with everything else (B054). Submodules are left out (B056), no filter runs (B058), links
/// are written as they are and followed by nobody (B055).
pub(crate) fn write(
    repository: &Repository,
    tree: ObjectId,
    (to, limits): (&Path, &Limits),
) -> Result<(), Diagnostic> {
    let mut writer = Writer { repository, limits, n_entries: 0, n_bytes: 0 };
    writer.folder(tree, to, &mut Vec::new())
}

struct Writer<'w> {
    repository: &'w Repository,
    limits: &'w Limits,
    n_entries: usize,
    n_bytes: u64,
}

impl Writer<'_> {
    fn folder(&mut self, tree: ObjectId, to: &Path, names: &mut Vec<Vec<u8>>) -> Result<(), Diagnostic> {
        if names.len() > DEEPEST {
            return Err(limit(&format!("folders are more than {DEEPEST} deep"), None));
        }
        std::fs::create_dir_all(to).map_err(|error| failed(to, &system_words(&error)))?;
        let entries = self.repository.entries(tree).map_err(|error| damaged(&error))?;
        self.n_entries += entries.len();
        if self.n_entries > self.limits.source_entries {
            let words = format!("it has more than {} files, folders and links", self.limits.source_entries);
            return Err(limit(&words, Some("sourceEntries")));
        }
        check_names(&entries, tree, names)?;
        for entry in entries {
            names.push(entry.name.clone());
            self.entry(&entry, &to.join(OsStr::from_bytes(&entry.name)), names)?;
            names.pop();
        }
        Ok(())
    }

    fn entry(&mut self, entry: &TreeEntry, to: &Path, names: &mut Vec<Vec<u8>>) -> Result<(), Diagnostic> {
        if names.iter().map(|name| name.len() + 1).sum::<usize>() > LONGEST_PATH {
            return Err(limit(&format!("a path is longer than {LONGEST_PATH} bytes"), None));
        }
        let mode = match entry.kind {
            EntryKind::Folder => return self.folder(entry.id, to, names),
            EntryKind::Submodule => return Ok(()),
            EntryKind::Link => {
                let target = self.repository.blob(entry.id, LONGEST_LINK).map_err(|error| damaged(&error))?;
                let made = std::os::unix::fs::symlink(OsStr::from_bytes(&target), to);
                return made.map_err(|error| failed(to, &system_words(&error)));
            }
            EntryKind::File => 0o644,
            EntryKind::Executable => 0o755,
        };
        let size = self.repository.blob_size(entry.id).map_err(|error| damaged(&error))?;
        self.n_bytes = self.n_bytes.saturating_add(size);
        if self.n_bytes > self.limits.source_bytes {
            let words = format!("its files have more than {} bytes", self.limits.source_bytes);
            return Err(limit(&words, Some("sourceBytes")));
        }
        let bytes = self.repository.blob(entry.id, size).map_err(|error| damaged(&error))?;
        let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(to);
        let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, &bytes));
        written.map_err(|error| failed(to, &system_words(&error)))
    }
}

/// Refuses a tree with a name that is none, twice the same name, or names out of order.
fn check_names(entries: &[TreeEntry], tree: ObjectId, names: &[Vec<u8>]) -> Result<(), Diagnostic> {
    let mut seen = HashSet::new();
    let mut last: Option<Vec<u8>> = None;
    for entry in entries {
        // git sorts a folder as if its name ended in a slash.
        let mut key = entry.name.clone();
        if entry.kind == EntryKind::Folder {
            key.push(b'/');
        }
        let problem = match name_problem(&entry.name) {
            Some(problem) => Some(problem),
            None if !seen.insert(&entry.name) => Some("stands twice in its folder"),
            None if last.as_ref().is_some_and(|last| *last > key) => Some("is out of order"),
            None => None,
        };
        if let Some(problem) = problem {
            let path: Vec<_> =
                names.iter().chain([&entry.name]).map(|name| String::from_utf8_lossy(name)).collect();
            let message = format!(
                "the repository has an entry that no repository has: `{}` in tree {tree} {problem}",
                Untrusted(&path.join("/")).line()
            );
            return Err(Diagnostic::new(BAD_ENTRY, Span::NONE, message).hint("nothing of it is used"));
        }
        last = Some(key);
    }
    Ok(())
}

/// Why a name is none: it would mean another folder, or git's own, on some system.
pub(crate) fn name_problem(name: &[u8]) -> Option<&'static str> {
    if name.is_empty() {
        return Some("has no name");
    }
    if name.contains(&b'/') || name.contains(&0) {
        return Some("has a `/` or NUL in its name");
    }
    let name = String::from_utf8_lossy(name);
    // What HFS+ ignores in names.
    let ignored = |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let plain: String = name.chars().filter(|c| !ignored(*c)).collect::<String>().to_lowercase();
    // Windows divides at `\`, cuts at `:`, and drops dots and spaces at the end.
    for part in plain.split('\\') {
        let part = part.split(':').next().unwrap_or_default();
        if part == "." || part == ".." {
            return Some("means another folder");
        }
        let part = part.trim_end_matches(['.', ' ']);
        if part == ".git" || part == "git~1" {
            return Some("means git's own folder");
        }
    }
    None
}

fn damaged(error: &GitError) -> Diagnostic {
    crate::git::explain(error)
}

fn failed(path: &Path, words: &str) -> Diagnostic {
    let message = format!("`{}` can not be written: {words}", path.display());
    Diagnostic::new(hld_diag::CACHE, Span::NONE, message)
        .hint("set HLD_CACHE_DIR to a folder that can be written and has room")
}

/// A limit of what is fetched.
pub(crate) fn limit(words: &str, key: Option<&str>) -> Diagnostic {
    let what = if key == Some("sourceSeconds") { "takes too long" } else { "is too large" };
    let diagnostic = Diagnostic::new(SOURCE_LIMIT, Span::NONE, format!("the source {what}: {words}"));
    diagnostic.hint_opt(key.map(|key| format!("set `limits: {{{key}: …}}` in hld.yaml if that is meant")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b054_names_that_mean_git_or_another_folder() {
        let hostile = [
            ".",
            "..",
            ".git",
            ".GIT",
            ".gIt",
            "\u{200c}.Git",
            ".gI\u{200c}T",
            ".GiT\u{200c}",
            "git~1",
            "GIT~1",
            ".git ",
            ".git...",
            ".\\.GIT\\x",
            ".git\\x",
            "..\\x",
            ".git::$INDEX_ALLOCATION",
            ".git.:stream",
            "\u{200e}.git",
            ".git\u{feff}",
            "",
            "a/b",
            "a\0b",
        ];
        for name in hostile {
            assert!(name_problem(name.as_bytes()).is_some(), "{name:?}");
        }
        for name in
            [".gitignore", ".github", "git", "a.git", ".gitattributes", "...", "a:b", "ü", "a b", "a\nb"]
        {
            assert_eq!(name_problem(name.as_bytes()), None, "{name:?}");
        }
    }
}
