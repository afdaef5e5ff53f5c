//! `hld validate` as a whole process, beside kubeconform on the same files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{manifests, pair};
use crate::Outcome;
use crate::build::release_hld;
use crate::kubeconform::Kubeconform;

/// Files, and the size of each.
const FILES: usize = 100;
const BYTES: usize = 30_000;

/// How many times faster than kubeconform is asked for.
const ASKED: f64 = 3.0;

/// `bench validate [--files DIR]`: without a folder, on manifests that are made for it.
pub(crate) fn validate(options: &[&str]) -> Outcome {
    let work = tempfile::tempdir().map_err(|error| error.to_string())?;
    let folder = match options {
        [] => write(work.path())?,
        ["--files", folder] => PathBuf::from(folder),
        _ => return Err("bench validate [--files DIR]".to_owned()),
    };
    let (hld, kubeconform) = (release_hld()?, Kubeconform::new("1.35")?);
    let quiet = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let [ours, theirs] = pair(
        || quiet(Command::new(&hld).args(["validate", "--files"]).arg(&folder)),
        || quiet(&mut kubeconform.command(&folder)),
    )?;
    let times = theirs / ours;
    println!("{FILES} files of {} KB, median", BYTES / 1000);
    println!("hld validate  {:>8.1} ms", ours * 1000.0);
    println!("kubeconform   {:>8.1} ms   {times:.1} times (asked: {ASKED})", theirs * 1000.0);
    Ok(times >= ASKED)
}

/// Writes the files.
fn write(folder: &Path) -> Result<PathBuf, String> {
    let stream = manifests::stream(FILES * BYTES);
    let documents: Vec<&str> = stream.split("\n---\n").collect();
    for (at, part) in documents.chunks(documents.len().div_ceil(FILES)).enumerate() {
        let path = folder.join(format!("{at:03}.yaml"));
        fs::write(path, part.join("\n---\n")).map_err(|error| error.to_string())?;
    }
    Ok(folder.to_owned())
}
