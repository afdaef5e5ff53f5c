//! `cargo xtask corpus validate DIR`: the verdict of hld beside that of kubeconform, document by document.
//!
//! A difference is explained where the API server agrees with hld: it refuses objects without a name,
//! kinds that are gone, values that its decoders can not read, and custom resources that do not fit their
//! definition; it takes null for an integer or a string.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use crate::Outcome;
use crate::build::release_hld;
use crate::kubeconform::{Kubeconform, Verdict};

/// Version of Kubernetes for both, where none is named.
const VERSION: &str = "1.35";

/// Codes of what the API server refuses and kubeconform does not see.
const SETTLED: [&str; 4] = ["HLD0405", "HLD1004", "HLD1005", "HLD1007"];

/// What kubeconform says of null for an integer or a string.
const NULL: &str = "'oneOf' failed, subschemas 0, 1 matched";

/// Most differences that are shown of each kind.
const MOST_SHOWN: usize = 5;

/// `corpus validate DIR [--kubernetes VERSION]`
pub(crate) fn validate(folder: &str, options: &[&str]) -> Outcome {
    let version = match options {
        [] => VERSION,
        ["--kubernetes", version] => version,
        _ => return Err("corpus validate DIR [--kubernetes VERSION]".to_owned()),
    };
    let (hld, kubeconform) = (release_hld()?, Kubeconform::new(version)?);
    let documents = tempfile::tempdir().map_err(|error| error.to_string())?;
    let origins = split(Path::new(folder), documents.path())?;
    let theirs = kubeconform.verdicts(documents.path())?;
    let ours = ours(&hld, documents.path(), version)?;
    let none = BTreeSet::new();
    let mut kinds: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, origin) in &origins {
        let kind = compare(theirs.get(name), ours.get(name).unwrap_or(&none));
        kinds.entry(kind).or_default().push(origin);
    }
    let mut n_unexplained = 0;
    for (kind, origins) in &kinds {
        println!("{:>7}  {kind}", origins.len());
        if kind.starts_with("differs") {
            n_unexplained += origins.len();
            origins.iter().take(MOST_SHOWN).for_each(|origin| println!("           {origin}"));
        }
    }
    println!("{} documents, {n_unexplained} unexplained differences", origins.len());
    Ok(n_unexplained == 0 && !origins.is_empty())
}

/// What the two verdicts come to.
fn compare(theirs: Option<&Verdict>, ours: &BTreeSet<String>) -> String {
    let codes = ours.iter().cloned().collect::<Vec<_>>().join(" ");
    let Some(theirs) = theirs else { return format!("differs: not seen by kubeconform ({codes})") };
    let is_settled = ours.iter().all(|code| SETTLED.contains(&code.as_str()));
    match (theirs.status.as_str(), ours.is_empty()) {
        ("SKIPPED", true) => "no schema: both pass".to_owned(),
        ("SKIPPED", false) if is_settled => format!("settled: kubeconform has no schema, hld says {codes}"),
        ("SKIPPED", false) => format!("settled: hld has the definition of the custom kind, and says {codes}"),
        (_, true) if !theirs.is_bad() => "both pass".to_owned(),
        (_, false) if theirs.is_bad() => "both refuse".to_owned(),
        (_, false) if is_settled => format!("settled: kubeconform passes, hld says {codes}"),
        (_, true) if theirs.message.contains(NULL) => "settled: kubeconform refuses a null".to_owned(),
        (status, _) => format!("differs: kubeconform says {status}, hld {codes}: {}", theirs.message),
    }
}

/// The codes of errors in each file, by the name of the file.
fn ours(hld: &Path, folder: &Path, version: &str) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let mut command = Command::new(hld);
    command.args(["validate", "--format", "json", "--kubernetes", version, "--files"]).arg(folder);
    let output = command.output().map_err(|error| error.to_string())?;
    let said: Json = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for diagnostic in said["diagnostics"].as_array().ok_or("hld says nothing")? {
        if let (Some("error"), Some(path), Some(code)) =
            (diagnostic["severity"].as_str(), diagnostic["path"].as_str(), diagnostic["code"].as_str())
        {
            let file = path.rsplit('/').next().unwrap_or_default().to_owned();
            codes.entry(file).or_default().insert(code.to_owned());
        }
    }
    Ok(codes)
}

/// Writes each document below `from` to a file of its own; returns the file's name and where it is from.
fn split(from: &Path, to: &Path) -> Result<Vec<(String, String)>, String> {
    let mut origins = Vec::new();
    let mut waiting: Vec<PathBuf> = vec![from.to_owned()];
    while let Some(path) = waiting.pop() {
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).map_err(failed)?;
            waiting.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "yaml" && extension != "yml") {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(failed)?;
        for (at, document) in documents(&String::from_utf8_lossy(&bytes)).into_iter().enumerate() {
            let name = format!("{:06}.yaml", origins.len());
            std::fs::write(to.join(&name), document).map_err(failed)?;
            origins.push((name, format!("{} document {at}", path.display())));
        }
    }
    Ok(origins)
}

/// The documents of a stream that have something in them, cut as kubectl cuts.
fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        let is_separator = line.strip_prefix("---").is_some_and(|rest| {
            let rest = rest.trim();
            rest.is_empty() || rest.starts_with('#')
        });
        if is_separator {
            documents.push(String::new());
        } else if let Some(last) = documents.last_mut() {
            last.push_str(line);
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    documents
}
