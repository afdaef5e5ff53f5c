//! Recorded answers of the real programs, compared with ours.

mod definitions;
mod semver;
mod yaml_emit;
mod yaml_parse;

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::Outcome;

/// One recorded case: its name, and what is wrong with our answer.
type Case = (String, Result<(), String>);

/// Answers the rows of a file.
type Check = Box<dyn Fn(&[serde_json::Value]) -> Result<Vec<Case>, String>>;

/// Runs the cases of `kind` in `files`, or in the recorded ones beside the repository.
pub(crate) fn run(kind: &str, files: &[&str]) -> Outcome {
    let (passed, failed) = count(kind, files)?;
    Ok(failed == 0 && passed > 0)
}

/// The same; how many passed and how many failed.
pub(crate) fn count(kind: &str, files: &[&str]) -> Result<(usize, usize), String> {
    let (check, recorded_in): (Check, &str) = match kind {
        "yaml-parse" => (each(yaml_parse::check), "yaml-parse.jsonl"),
        "yaml-emit" => (each(yaml_emit::check), "yaml-emit.jsonl"),
        "semver" => (each(semver::check), "semver.jsonl"),
        "definitions" => (Box::new(definitions::check), "definitions.jsonl.xz"),
        _ => return Err(format!("no such kind of cases: {kind}")),
    };
    let files: Vec<PathBuf> = match files {
        [] => vec![folder().join(recorded_in)],
        files => files.iter().map(PathBuf::from).collect(),
    };
    let (mut passed, mut failed) = (0, 0);
    for file in &files {
        for (name, result) in check(&rows(file)?)? {
            match result {
                Ok(()) => passed += 1,
                Err(difference) => {
                    failed += 1;
                    println!("FAILED {name}\n{difference}\n");
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    Ok((passed, failed))
}

/// Compares each row by itself.
fn each(check: fn(&serde_json::Value) -> Case) -> Check {
    Box::new(move |rows| Ok(rows.iter().map(check).collect()))
}

/// The folder of the recorded answers, beside the repository.
pub(crate) fn folder() -> PathBuf {
    hld_testkit::repository().join("../shared/conformance")
}

/// The rows of a file of JSON lines, packed with xz or not.
fn rows(file: &Path) -> Result<Vec<serde_json::Value>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = read(file).map_err(|error| failed(&error))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).map_err(|error| failed(&error))).collect()
}

fn read(file: &Path) -> std::io::Result<String> {
    if file.extension().is_none_or(|extension| extension != "xz") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    lzma_rust2::XzReader::new(std::fs::File::open(file)?, true).read_to_string(&mut text)?;
    Ok(text)
}
