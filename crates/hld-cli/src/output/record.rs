//! Which files hld has written: one record an environment, `<output>/.hld/owned/<environment>`.
//!
//! A record is replaced after the folder it is about. Between the two, both the old and the new
//! record stand, and both count: a run that was killed there leaves nothing that looks foreign.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::OURS;

const HEADING: &str = "# files that hld has written; it removes no others";

/// The paths that the records of an environment name; `None` where there is none.
pub(super) fn read(output: &Path, environment: &str) -> Option<BTreeSet<String>> {
    let path = path(output, environment);
    let texts = [&path, &next(&path)].map(|path| read_file(path));
    let mut known = texts.into_iter().filter_map(Result::ok).peekable();
    known.peek()?;
    let texts: Vec<String> = known.collect();
    let lines = texts.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#'));
    Some(lines.map(str::to_owned).collect())
}

/// The text of a record; a link, or anything else that is no file, is none.
fn read_file(path: &Path) -> io::Result<String> {
    let is_file = path.symlink_metadata()?.is_file();
    if is_file { std::fs::read_to_string(path) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Says what is about to be written, beside the record that stands.
pub(super) fn announce<'p>(
    output: &Path,
    environment: &str,
    paths: impl Iterator<Item = &'p str>,
) -> io::Result<()> {
    let path = path(output, environment);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let lines: Vec<&str> = std::iter::once(HEADING).chain(paths).collect();
    let next = next(&path);
    // Nothing is written through what already has that name.
    std::fs::remove_file(&next).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    let mut file = std::fs::File::create_new(next)?;
    file.write_all((lines.join("\n") + "\n").as_bytes())
}

/// Makes what was announced the record.
pub(super) fn confirm(output: &Path, environment: &str) -> io::Result<()> {
    let path = path(output, environment);
    std::fs::rename(next(&path), &path)
}

/// The folder of the records, in our folder.
pub(super) fn folder(ours: &Path) -> PathBuf {
    ours.join("owned")
}

fn path(output: &Path, environment: &str) -> PathBuf {
    folder(&output.join(OURS)).join(environment.replace('/', "%"))
}

fn next(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".next");
    PathBuf::from(name)
}
