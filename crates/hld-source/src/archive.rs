//! Archives of charts: read entry by entry, never unpacked blindly.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use hld_diag::{BAD_ENTRY, Diagnostic, FETCH_FAILED, Span, Untrusted};
use tar::EntryType;

use crate::files::system_words;
use crate::http::Limit;
use crate::tree;

/// Most entries of an archive.
const MOST_ENTRIES: usize = 20_000;

/// Longest name of an entry, in bytes.
const LONGEST_NAME: usize = 1024;

/// How many times larger than itself an archive may become, once it is larger than [`SMALL`].
const MOST_RATIO: u64 = 100;

/// Up to this many bytes the ratio does not matter.
const SMALL: u64 = 1 << 20;

/// Writes the files of the chart in a gzipped tar archive to the folder `to`, without the one folder
/// that they all lie in.
///
/// Only regular files and folders may be in it: links and devices are refused (B080, B081, B086), and so
/// are names that mean something else than a file of the chart (B079, B082, B085). Modes, owners and
/// times are not taken over (B080, B090).
pub(crate) fn unpack_chart(packed: &[u8], to: &Path, limit: Limit) -> Result<(), Diagnostic> {
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return Err(damaged("it is not packed with gzip"));
    }
    let ratio = (packed.len() as u64).saturating_mul(MOST_RATIO).max(SMALL);
    let bound = limit.bytes.min(ratio);
    let bounded = Bounded { inner: GzDecoder::new(packed), left: bound };
    let mut unpacking = Unpacking { to, top: None, seen: HashSet::new(), folders: HashSet::new() };
    let mut archive = tar::Archive::new(bounded);
    let result = unpacking.all(&mut archive);
    let mut rest = archive.into_inner();
    // What stands behind the last entry has the checksum of it all.
    let result = result.and_then(|()| {
        io::copy(&mut rest, &mut io::sink()).map(|_| ()).map_err(|error| damaged(&system_words(&error)))
    });
    let is_spent = rest.left == 0;
    match result {
        Err(_) if is_spent && bound < limit.bytes => {
            Err(tree::limit(&format!("the archive becomes more than {MOST_RATIO} times larger"), None))
        }
        Err(_) if is_spent => {
            Err(tree::limit(&format!("the archive holds more than {bound} bytes"), Some(limit.key)))
        }
        result => result,
    }
}

/// Ends with an error behind so many bytes.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("too large"));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

struct Unpacking<'u> {
    to: &'u Path,
    /// The one folder that everything lies in.
    top: Option<String>,
    /// Files, in lower case.
    seen: HashSet<String>,
    /// Folders that files lie in, in lower case.
    folders: HashSet<String>,
}

impl Unpacking<'_> {
    fn all(&mut self, archive: &mut tar::Archive<impl Read>) -> Result<(), Diagnostic> {
        let entries = archive.entries().map_err(|error| damaged(&system_words(&error)))?;
        for (at, entry) in entries.enumerate() {
            if at >= MOST_ENTRIES {
                return Err(tree::limit(&format!("the archive has more than {MOST_ENTRIES} entries"), None));
            }
            self.entry(&mut entry.map_err(|error| damaged(&system_words(&error)))?)?;
        }
        if self.seen.contains("chart.yaml") { Ok(()) } else { Err(damaged("it has no Chart.yaml")) }
    }

    fn entry(&mut self, entry: &mut tar::Entry<'_, impl Read>) -> Result<(), Diagnostic> {
        let bytes = entry.path_bytes().into_owned();
        let name = String::from_utf8_lossy(&bytes).into_owned();
        match entry.header().entry_type() {
            EntryType::XGlobalHeader => return Ok(()),
            EntryType::Regular | EntryType::Directory => {}
            _ => return Err(bad(&name, "is a link, a device or something else that no chart has")),
        }
        let is_folder = entry.header().entry_type() == EntryType::Directory;
        let parts = parts(&name, &bytes).map_err(|problem| bad(&name, problem))?;
        let Some((top, parts)) = parts.split_first() else { return Ok(()) };
        if self.top.get_or_insert_with(|| (*top).to_owned()) != top {
            return Err(damaged("it holds more than one folder"));
        }
        if parts.is_empty() {
            return if is_folder {
                Ok(())
            } else {
                Err(damaged("it holds a file beside the chart's folder"))
            };
        }
        self.note(&parts.join("/"), is_folder).map_err(|problem| bad(&name, problem))?;
        let target = parts.iter().fold(self.to.to_owned(), |path, part| path.join(part));
        let written = if is_folder { std::fs::create_dir_all(&target) } else { write(entry, &target) };
        written.map_err(|error| damaged(&format!("`{}`: {}", Untrusted(&name).line(), system_words(&error))))
    }

    /// Refuses a name that stands twice, letter case aside, or is a file and a folder.
    fn note(&mut self, path: &str, is_folder: bool) -> Result<(), &'static str> {
        let path = path.to_lowercase();
        let above = path.match_indices('/').map(|(at, _)| path[..at].to_owned());
        let folders: Vec<String> = above.chain(is_folder.then(|| path.clone())).collect();
        if folders.iter().any(|folder| self.seen.contains(folder)) {
            return Err("is a file and a folder");
        }
        self.folders.extend(folders);
        if is_folder {
            return Ok(());
        }
        if self.folders.contains(&path) {
            return Err("is a file and a folder");
        }
        if self.seen.insert(path) { Ok(()) } else { Err("stands twice, letter case aside") }
    }
}

/// The parts of a name, if it is one.
fn parts<'n>(name: &'n str, bytes: &[u8]) -> Result<Vec<&'n str>, &'static str> {
    if bytes.len() > LONGEST_NAME {
        return Err("has a name that is too long");
    }
    if name.as_bytes() != bytes || name.chars().any(char::is_control) {
        return Err("has a name that is no text");
    }
    if name.starts_with('/') || name.contains('\\') || name.get(1..2) == Some(":") {
        return Err("leads out of the chart");
    }
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match parts.iter().find_map(|part| tree::name_problem(part.as_bytes())) {
        Some(problem) => Err(problem),
        None => Ok(parts),
    }
}

fn write(entry: &mut tar::Entry<'_, impl Read>, target: &PathBuf) -> io::Result<()> {
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(target)?;
    io::copy(entry, &mut file)?;
    file.flush()
}

fn bad(name: &str, problem: &str) -> Diagnostic {
    let message =
        format!("the archive has an entry that no chart has: `{}` {problem}", Untrusted(name).line());
    Diagnostic::new(BAD_ENTRY, Span::NONE, message).hint("nothing of it is used")
}

fn damaged(why: &str) -> Diagnostic {
    Diagnostic::new(FETCH_FAILED, Span::NONE, format!("the archive of the chart can not be read: {why}"))
        .hint("what was published there is no chart")
}

#[cfg(test)]
mod tests;
