//! Files of manifests that are named on the command line: which there are, and what they hold.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::{CommandError, FailureKind};
use hld_source::system_words;

/// Most bytes of one file.
pub(crate) const MOST_BYTES: usize = 256 << 20;

/// Most folders below each other.
const DEEPEST: usize = 64;

/// Whether a file of this name holds manifests.
pub(crate) fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending))
}

/// The file itself, or all files of manifests below a folder in the order of their names; hidden ones
/// and links in it are left out.
pub(crate) fn find(path: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let metadata = path.metadata().map_err(|error| unreadable(path, &error))?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    collect(path, DEEPEST, &mut files)?;
    files.sort_unstable();
    Ok(files)
}

/// The bytes of a file, `most` of them at most.
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, CommandError> {
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let expected = usize::try_from(length).map_or(most, |length| length.min(most));
    read_all(file, (path, expected), most)
}

/// The bytes of standard input.
pub(crate) fn read_stdin() -> Result<Vec<u8>, CommandError> {
    read_all(io::stdin().lock(), (Path::new("-"), 0), MOST_BYTES)
}

fn read_all(
    reader: impl Read,
    (path, expected): (&Path, usize),
    most: usize,
) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::with_capacity(expected + 1);
    reader.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() > most {
        let message = format!("`{}`: more than {most} bytes of manifests", path.display());
        return Err(CommandError::new(FailureKind::Definition, message));
    }
    Ok(bytes)
}

/// Adds the files of manifests below a folder.
fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), CommandError> {
    let failed = |error: io::Error| unreadable(folder, &error);
    if depth == 0 {
        let message = format!("`{}` is more than {DEEPEST} folders deep", folder.display());
        return Err(CommandError::new(FailureKind::Definition, message));
    }
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type().map_err(failed)?;
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            collect(&entry.path(), depth - 1, files)?;
        } else if kind.is_file() && is_manifest(&name) {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Why a path can not be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> CommandError {
    let message = format!("`{}` can not be read: {}", path.display(), system_words(error));
    let kind = match error.kind() {
        io::ErrorKind::NotFound => FailureKind::Usage,
        _ => FailureKind::Io,
    };
    CommandError::new(kind, message)
}
