//! Which files hld has written: one record an environment, `<output>/.hld/owned/<environment>`.
//!
//! A record is replaced after the folder it is about. Between the two, both the old and the new
//! record stand, and both count: a run that was killed there leaves nothing that looks foreign.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::OURS;

const HEADING: &str = "# files that hld has written; it removes no others";

/// The paths that the records of an environment name; `None` where there is none.
pub(super) fn read(output: &Path, environment: &str) -> Option<BTreeSet<String>> {
    let path = path(output, environment);
    let texts = [&path, &next(&path)].map(std::fs::read_to_string);
    let mut known = texts.into_iter().filter_map(Result::ok).peekable();
    known.peek()?;
    let texts: Vec<String> = known.collect();
    let lines = texts.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#'));
    Some(lines.map(str::to_owned).collect())
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
    std::fs::write(next(&path), lines.join("\n") + "\n")
}

/// Makes what was announced the record.
pub(super) fn confirm(output: &Path, environment: &str) -> io::Result<()> {
    let path = path(output, environment);
    std::fs::rename(next(&path), &path)
}

fn path(output: &Path, environment: &str) -> PathBuf {
    output.join(OURS).join("owned").join(environment.replace('/', "%"))
}

fn next(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".next");
    PathBuf::from(name)
}
