//! Which folders may be written, and what is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};

use hld_diag::{BAD_OUTPUT_FOLDER, Diagnostic, Diagnostics, FOREIGN_FILE, Span};

use super::{adopted, failed, record};

/// Most foreign files that are named in one diagnostic.
const MOST_NAMED: usize = 5;

/// Why `output` can not be an output folder, if so. `sources` are the folders that components take
/// their manifests from.
pub(crate) fn check(output: &Path, definition: &Path, sources: &[PathBuf]) -> Option<Diagnostic> {
    let home = etcetera::home_dir().ok();
    let resolved = resolve(output);
    let wrong = if resolved.parent().is_none() {
        "it is the root of the file system"
    } else if home.is_some_and(|home| home == resolved) {
        "it is your home folder"
    } else if definition.starts_with(&resolved) {
        "it is the folder of the definition, or one around it"
    } else if sources.iter().any(|source| source != definition && resolved.starts_with(source)) {
        "a component takes its manifests from there"
    } else if output.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
        "it is a symbolic link"
    } else if resolved.iter().any(|part| part == ".git") {
        "it belongs to git"
    } else if output.exists() && !output.is_dir() {
        "it is not a folder"
    } else {
        return None;
    };
    let message = format!("`{}` can not be the output folder: {wrong}", output.display());
    Some(Diagnostic::new(BAD_OUTPUT_FOLDER, Span::NONE, message).hint("name another one with `--output DIR`"))
}

/// The path without links and `..`, as far as it exists.
fn resolve(path: &Path) -> PathBuf {
    let mut missing = Vec::new();
    for ancestor in path.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            return missing.into_iter().rev().fold(real, |real, name| real.join(name));
        }
        missing.extend(ancestor.file_name());
    }
    path.to_owned()
}

/// Checks that everything in an environment's folder may be replaced: hld has written it, or
/// Fabrikate, or the user says so.
pub(super) fn may_replace(output: &Path, environment: &str, adopt: bool) -> Result<Diagnostics, Diagnostic> {
    let folder = output.join(environment);
    refuse_links(output, Path::new(environment))?;
    let present = list(&folder).map_err(|error| failed("reading", &folder, &error))?;
    if present.is_empty() || adopt {
        return Ok(Diagnostics::default());
    }
    let owned = record::read(output, environment);
    let foreign = foreign(&present, owned.as_ref());
    if !foreign.is_empty() {
        return Err(refuse(&folder, &foreign));
    }
    Ok(if owned.is_none() { adopted(&folder) } else { Diagnostics::default() })
}

/// The files that somebody else has put there. Without a record every YAML file counts as
/// Fabrikate's.
fn foreign<'p>(present: &'p BTreeMap<String, FileType>, owned: Option<&BTreeSet<String>>) -> Vec<&'p str> {
    let is_ours = |path: &str, kind: &FileType| match owned {
        Some(owned) => owned.contains(path) && kind.is_file(),
        None => path.ends_with(".yaml") && kind.is_file(),
    };
    present.iter().filter(|(path, kind)| !is_ours(path, kind)).map(|(path, _)| path.as_str()).collect()
}

/// Refuses a path below the output folder that leads through a link, or through what is no folder.
pub(super) fn refuse_links(output: &Path, below: &Path) -> Result<(), Diagnostic> {
    let mut path = output.to_owned();
    for part in below {
        path.push(part);
        if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir()) {
            let message = format!("`{}` is not a folder", path.display());
            return Err(Diagnostic::new(BAD_OUTPUT_FOLDER, Span::NONE, message)
                .hint("remove it, or use another `--output DIR`"));
        }
    }
    Ok(())
}

fn refuse(folder: &Path, foreign: &[&str]) -> Diagnostic {
    let named: Vec<String> = foreign.iter().take(MOST_NAMED).map(|path| format!("`{path}`")).collect();
    let more = foreign.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message =
        format!("`{}` has files that hld did not write: {}{more}", folder.display(), named.join(", "));
    Diagnostic::new(FOREIGN_FILE, Span::NONE, message)
        .hint("move them elsewhere, or remove them yourself")
        .hint("`--adopt` takes the folder over: everything in it is replaced")
}

/// Every file below a folder by its path, links not followed; nothing where there is no folder.
pub(super) fn list(folder: &Path) -> io::Result<BTreeMap<String, FileType>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && prefix.is_empty() => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push((entry.path(), format!("{path}/")));
            } else {
                found.insert(path, kind);
            }
        }
    }
    Ok(found)
}
