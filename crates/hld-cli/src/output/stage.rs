//! Staging a run's output, and exchanging it with the old one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hld_diag::{Diagnostic, Diagnostics, Span, WRITE_FAILED};
use hld_source::process::{self, Litter};
use rayon::prelude::*;
use rustix::fs::{CWD, FlockOperation, RenameFlags};

use super::{OURS, Tree, failed, folder, record};
use crate::interrupt;

/// What happened to each environment's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It holds the new files now.
    Written,
    /// It held them already.
    Unchanged,
}

/// Writes the trees below `output`: all of them, or none where staging fails.
///
/// # Errors
/// A folder that may not be replaced, or a failure of the system.
pub(crate) fn write(
    output: &Path,
    trees: &[Tree<'_>],
    adopt: bool,
) -> Result<(Vec<Outcome>, Diagnostics), Diagnostic> {
    let mut notes = Diagnostics::default();
    for tree in trees {
        notes.extend(folder::may_replace(output, &tree.folder, adopt)?);
    }
    let ours = output.join(OURS);
    folder::refuse_links(output, &record::folder(Path::new(OURS)))?;
    fs::create_dir_all(&ours).map_err(|error| failed("creating", &ours, &error))?;
    let _lock = lock(&ours)?;
    restore(output, &ours);
    let outcomes: Vec<Outcome> = trees.par_iter().map(|tree| outcome(output, tree)).collect();
    let staging = Staging::new(&ours)?;
    let stage_one = |(at, tree): (usize, &Tree<'_>)| match outcomes[at] {
        Outcome::Written => stage(&staging.folder.join(at.to_string()), tree),
        Outcome::Unchanged => Ok(()),
    };
    trees.par_iter().enumerate().try_for_each(stage_one)?;
    let _committing = interrupt::committing().ok_or_else(interrupted)?;
    for (at, tree) in trees.iter().enumerate() {
        exchange(output, &staging.folder.join(at.to_string()), tree, outcomes[at])
            .map_err(|error| failed("replacing", &output.join(&tree.folder), &error))?;
    }
    Ok((outcomes, notes))
}

fn outcome(output: &Path, tree: &Tree<'_>) -> Outcome {
    let is_recorded =
        record::read(output, &tree.folder).is_some_and(|owned| owned.iter().eq(tree.files.keys()));
    let is_same = is_recorded && tree.compare(output).is_ok_and(|changes| changes.is_empty());
    if is_same { Outcome::Unchanged } else { Outcome::Written }
}

/// Waits until no other hld writes below this output folder.
fn lock(ours: &Path) -> Result<File, Diagnostic> {
    let path = ours.join("lock");
    // A link, which somebody else may have put there, is not followed.
    let mut options = File::options();
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    options.create(true).write(true).truncate(false).custom_flags(nofollow);
    let file = options.open(&path).map_err(|error| failed("creating", &path, &error))?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)
        .map_err(|error| failed("locking", &path, &error.into()))?;
    Ok(file)
}

/// Tidies up after a run that was killed: staged files go; an environment that was moved aside,
/// where folders can not be exchanged, comes back. What only looks like one, because somebody put it
/// there, goes nowhere.
fn restore(output: &Path, ours: &Path) {
    let Ok(entries) = fs::read_dir(ours) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if let Some(environment) = name.strip_prefix("old-").filter(|_| is_folder) {
            let place = environment.replace('%', "/");
            let is_plain = place.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
            if is_plain && folder::refuse_links(output, Path::new(&place)).is_ok() {
                let place = output.join(place);
                if !place.exists() {
                    fs::rename(entry.path(), place).ok();
                }
            }
        }
        if name.starts_with("old-") || name.starts_with("new-") {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// The folder that a run is staged in; removed with all that is left in it.
struct Staging {
    folder: PathBuf,
    _litter: Litter,
}

impl Staging {
    fn new(ours: &Path) -> Result<Self, Diagnostic> {
        let staged = tempfile::Builder::new().prefix("new-").tempdir_in(ours);
        let folder = staged.map_err(|error| failed("creating a folder in", ours, &error))?.keep();
        let litter = process::litter(&folder);
        Ok(Staging { folder, _litter: litter })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn stage(folder: &Path, tree: &Tree<'_>) -> Result<(), Diagnostic> {
    let parents: BTreeSet<PathBuf> =
        tree.files.keys().filter_map(|path| folder.join(path).parent().map(Path::to_owned)).collect();
    for parent in parents.iter().map(PathBuf::as_path).chain([folder]) {
        fs::create_dir_all(parent).map_err(|error| failed("creating", parent, &error))?;
    }
    let files: Vec<(&String, &Vec<&[u8]>)> = tree.files.iter().collect();
    files.par_iter().try_for_each(|(path, parts)| {
        if process::is_cancelled() {
            return Err(interrupted());
        }
        let path = folder.join(path);
        write_parts(&path, parts).map_err(|error| failed("writing", &path, &error))
    })
}

fn interrupted() -> Diagnostic {
    Diagnostic::new(WRITE_FAILED, Span::NONE, "writing was interrupted; the old output stands")
}

fn write_parts(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    match parts {
        [one] => file.write_all(one),
        parts => {
            let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
            let mut rest = slices.as_mut_slice();
            while !rest.is_empty() {
                let written = file.write_vectored(rest)?;
                IoSlice::advance_slices(&mut rest, written);
            }
            Ok(())
        }
    }
}

/// Puts the staged folder in the place of the old one, and the old one where the staged one was.
fn exchange(output: &Path, staged: &Path, tree: &Tree<'_>, outcome: Outcome) -> io::Result<()> {
    if outcome == Outcome::Unchanged {
        return Ok(());
    }
    let place = output.join(&tree.folder);
    record::announce(output, &tree.folder, tree.files.keys().map(String::as_str))?;
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)?;
    }
    if place.exists() {
        swap(output, staged, &place, &tree.folder)?;
    } else {
        fs::rename(staged, &place)?;
    }
    record::confirm(output, &tree.folder)
}

fn swap(output: &Path, staged: &Path, place: &Path, environment: &str) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, staged, CWD, place, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // This file system can not exchange: two renames, and `restore` knows how to mend a crash
        // between them.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            let aside = output.join(OURS).join(format!("old-{}", environment.replace('/', "%")));
            fs::rename(place, &aside)?;
            fs::rename(staged, place)?;
            fs::remove_dir_all(aside)
        }
        Err(error) => Err(error.into()),
    }
}
