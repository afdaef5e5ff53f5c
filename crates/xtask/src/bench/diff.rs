//! `hld diff` as a whole process, beside dyff on the same two files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{ROUNDS, manifests, pair};
use crate::Outcome;
use crate::build::release_hld;
use crate::tools::{DYFF, ensure};

/// Size of each file.
const BYTES: usize = 665_000;

/// One document of so many differs.
const CHANGED: usize = 100;

/// How many times faster than dyff is asked for.
const ASKED: f64 = 15.0;

/// `bench diff`
pub(crate) fn diff() -> Outcome {
    let (hld, dyff) = (release_hld()?, ensure(&DYFF)?);
    let work = tempfile::tempdir().map_err(|error| error.to_string())?;
    let files = write(work.path())?;
    let [ours, theirs] = pair(
        || Command::new(&hld).arg("diff").args(&files).stdout(Stdio::null()).status(),
        || Command::new(&dyff).arg("between").args(&files).stdout(Stdio::null()).status(),
    )?;
    let times = theirs / ours;
    println!("two files of {} KB, one document of {CHANGED} changed, median of {ROUNDS}", BYTES / 1000);
    println!("hld diff  {:>8.1} ms", ours * 1000.0);
    println!("dyff      {:>8.1} ms   {times:.1} times (asked: {ASKED})", theirs * 1000.0);
    Ok(times >= ASKED)
}

/// Writes both sides.
fn write(folder: &Path) -> Result<[PathBuf; 2], String> {
    let before = manifests::stream(BYTES);
    let documents = before.split("\n---\n").enumerate().map(|(at, document)| match at % CHANGED {
        0 => document.replacen("metadata:\n", "metadata:\n  generation: 2\n", 1),
        _ => document.to_owned(),
    });
    let after = documents.collect::<Vec<String>>().join("\n---\n");
    let files = ["before.yaml", "after.yaml"].map(|name| folder.join(name));
    for (file, text) in files.iter().zip([&before, &after]) {
        fs::write(file, text).map_err(|error| error.to_string())?;
    }
    Ok(files)
}
