//! Files of manifests beside the schemas of one Kubernetes.

use std::path::{Path, PathBuf};

use hld_diag::render::STANDARD_INPUT;
use hld_diag::{Diagnostic, Diagnostics, FileId, NOTHING_CHECKED, Severity, SourceMap, Span};
use hld_lint::{Checked, Checker, CustomKinds, Version};
use hld_yaml::Limits;
use rayon::prelude::*;

use crate::error::CommandError;
use crate::gate::{Verdict, move_to, without_schema};
use crate::manifest_files::{self, MOST_BYTES};

/// A file and its text.
struct Manifest {
    name: String,
    text: String,
    /// Why it is no text.
    problem: Option<Diagnostic>,
}

/// Checks files; returns how many there were and what became of them.
pub(super) fn check(
    paths: &[PathBuf],
    version: Version,
    (sources, said): (&SourceMap, &mut Diagnostics),
) -> Result<(usize, Verdict), CommandError> {
    let manifests = read(paths, sources)?;
    let mut custom = CustomKinds::default();
    for manifest in &manifests {
        said.extend(manifest.problem.clone());
        custom.learn(&manifest.text, FileId::NONE, &limits());
    }
    let custom = [&custom];
    let checker = Checker::new(version, &custom);
    let all: Vec<Checked> = manifests.par_iter().map(|manifest| one(&checker, manifest, sources)).collect();
    let mut checked = Checked::default();
    all.into_iter().for_each(|one| checked.add(one));
    said.extend(std::mem::take(&mut checked.diagnostics));
    if checked.n_objects == 0 && !said.has_fatal() {
        let nothing = Diagnostic::new(NOTHING_CHECKED, Span::NONE, "no object was found to check");
        said.push(nothing.severity(Severity::Error).hint("files of manifests end in .yaml, .yml or .json"));
    }
    let verdict = Verdict { name: String::new(), version: Some(version), checked };
    said.extend(without_schema(std::slice::from_ref(&verdict)));
    Ok((manifests.len(), verdict))
}

fn limits() -> Limits {
    Limits::of_bytes(MOST_BYTES)
}

fn one(checker: &Checker<'_>, manifest: &Manifest, sources: &SourceMap) -> Checked {
    let mut checked = checker.check(&manifest.text, FileId::NONE, &limits());
    if !checked.diagnostics.is_empty() {
        let (name, text) = (manifest.name.as_str(), manifest.text.as_str());
        let file = if checked.has_secret { sources.add_private(name, text) } else { sources.add(name, text) };
        move_to(&mut checked.diagnostics, file, 0);
    }
    checked
}

/// Reads all files, each once.
fn read(paths: &[PathBuf], sources: &SourceMap) -> Result<Vec<Manifest>, CommandError> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.push(path.clone());
        } else {
            files.extend(manifest_files::find(path)?);
        }
    }
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    files.par_iter().map(|path| manifest(path, sources)).collect()
}

fn manifest(path: &Path, sources: &SourceMap) -> Result<Manifest, CommandError> {
    let is_stdin = path.as_os_str() == "-";
    let name = if is_stdin { STANDARD_INPUT.to_owned() } else { path.display().to_string() };
    let bytes =
        if is_stdin { manifest_files::read_stdin()? } else { manifest_files::read(path, MOST_BYTES)? };
    let text = String::from_utf8(bytes)
        .or_else(|error| hld_yaml::decode(error.as_bytes(), FileId::NONE).map(std::borrow::Cow::into_owned));
    Ok(match text {
        Ok(text) => Manifest { name, text, problem: None },
        Err(error) => {
            let span = Span::start_of(sources.add(name.as_str(), ""));
            let message = format!("{} at byte {}", error.message, error.span.start);
            let problem = Diagnostic::new(hld_diag::ENCODING, span, message).hint("save the file as UTF-8");
            Manifest { name, text: String::new(), problem: Some(problem) }
        }
    })
}
