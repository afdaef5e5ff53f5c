//! Writing compiled environments.
//!
//! *Flow*: everything is staged below `<output>/.hld/` first. Then each environment's folder is
//! exchanged with the staged one, in one step of the file system, and the old one is removed.
//!
//! *Guarantees*: a reader sees the old tree or the new one. Until the exchange nothing of the old
//! one is touched, whatever fails. Only files that hld has written (or Fabrikate, whose folders
//! hold nothing but YAML) are ever removed: a folder that holds anything else is refused.
//!
//! *Assumptions*: the output folder is on one file system. Files are not synced one by one: what
//! survives a power failure is for the file system to say.

mod folder;
mod record;
mod stage;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use hld_diag::{ADOPTED, Diagnostic, Diagnostics, Span, WRITE_FAILED};
use hld_source::system_words;

pub(crate) use folder::check as check_folder;
pub(crate) use stage::{Outcome, write};

/// Name of the folder, below the output folder, that holds our records and what is staged.
const OURS: &str = ".hld";

/// The files of one environment: path below its folder, and parts that follow each other.
pub(crate) struct Tree<'c> {
    /// Folder below the output folder.
    pub(crate) folder: String,
    /// Files by path, `/` between parts.
    pub(crate) files: BTreeMap<String, Vec<&'c [u8]>>,
}

/// How the written files of an environment differ from the compiled ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Compiled, but not written.
    pub(crate) missing: Vec<String>,
    /// Written with other bytes.
    pub(crate) changed: Vec<String>,
    /// Written, but no longer compiled.
    pub(crate) surplus: Vec<String>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.surplus.is_empty()
    }
}

impl Tree<'_> {
    /// Compares with what is written below `output`.
    ///
    /// # Errors
    /// The written files can not be read.
    pub(crate) fn compare(&self, output: &Path) -> io::Result<Changes> {
        let folder = output.join(&self.folder);
        let written = folder::list(&folder)?;
        let mut changes = Changes::default();
        for (path, parts) in &self.files {
            if !written.contains_key(path) {
                changes.missing.push(path.clone());
            } else if !is_same(&folder.join(path), parts)? {
                changes.changed.push(path.clone());
            }
        }
        let surplus = written.into_keys().filter(|path| !self.files.contains_key(path));
        changes.surplus.extend(surplus);
        Ok(changes)
    }
}

/// Whether a file consists of these parts.
fn is_same(path: &Path, parts: &[&[u8]]) -> io::Result<bool> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let metadata = path.symlink_metadata()?;
    if !metadata.is_file() || metadata.len() != length as u64 {
        return Ok(false);
    }
    let bytes = std::fs::read(path)?;
    let mut rest = bytes.as_slice();
    Ok(parts.iter().all(|part| rest.strip_prefix(*part).map(|tail| rest = tail).is_some()) && rest.is_empty())
}

/// A failure of the system while writing.
pub(crate) fn failed(what: &str, path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("{what} `{}` failed: {}", path.display(), system_words(error));
    Diagnostic::new(WRITE_FAILED, Span::NONE, message).hint("nothing was changed: the old output stands")
}

fn adopted(folder: &Path) -> Diagnostics {
    let message = format!("`{}` was not written by hld: it is taken over", folder.display());
    let hint = "it holds nothing but YAML files, as Fabrikate leaves it";
    Diagnostic::new(ADOPTED, Span::NONE, message).hint(hint).into()
}

/// Replaces one file in one step: a reader sees the old text or the new one. A link is followed.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    let permissions = match path.metadata() {
        Ok(metadata) => metadata.permissions(),
        Err(_) => std::os::unix::fs::PermissionsExt::from_mode(0o666),
    };
    let mut staged = builder.prefix(".hld-").permissions(permissions).tempfile_in(folder)?;
    io::Write::write_all(&mut staged, bytes)?;
    staged.persist(&path).map_err(|error| error.error)?;
    Ok(())
}
