//! Recorded answers of the real programs, compared with ours.

mod yaml_emit;
mod yaml_parse;

use std::path::{Path, PathBuf};

use crate::Outcome;

/// One recorded case: its name, and what is wrong with our answer.
type Case = (String, Result<(), String>);

/// Runs the cases of `kind` in `files`, or in the recorded ones beside the repository.
pub(crate) fn run(kind: &str, files: &[&str]) -> Outcome {
    let check = match kind {
        "yaml-parse" => yaml_parse::check,
        "yaml-emit" => yaml_emit::check,
        _ => return Err(format!("no such kind of cases: {kind}")),
    };
    let files: Vec<PathBuf> = match files {
        [] => vec![recorded(&format!("{kind}.jsonl"))],
        files => files.iter().map(PathBuf::from).collect(),
    };
    let (mut passed, mut failed) = (0, 0);
    for file in &files {
        for row in rows(file)? {
            let (name, result) = check(&row);
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
    Ok(failed == 0)
}

/// A file of the recorded answers that lie beside the repository.
fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance").join(name)
}

/// The rows of a file of JSON lines.
fn rows(file: &Path) -> Result<Vec<serde_json::Value>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| serde_json::from_str(line).map_err(|error| format!("{}: {error}", file.display())))
        .collect()
}
