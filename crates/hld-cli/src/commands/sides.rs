//! The two sides of a change: commits, or the working tree, compiled.

use std::path::Path;

use hld_compiler::{Compilation, Source, compile};
use hld_diag::render::{self, Colour};
use hld_diag::{Diagnostic, Severity, SourceMap, UNKNOWN_ENVIRONMENT};
use hld_git::{GitError, ObjectId, Repository};
use serde_json::Value as Json;

use super::compiled::gathered;
use super::environments::environments;
use crate::definition::{self, Definition, NotOpened};
use crate::error::{CommandError, FailureKind};
use crate::gate::Gate;
use crate::options::{Environments, Fetching, Global};
use crate::ui;

/// What is to be compared.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) before: Point,
    pub(super) after: Point,
}

/// Where a side is taken from.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// As people know it: `main`, `the working tree`.
    pub(super) label: String,
    /// The commit; the working tree's is the one it was checked out from, if there is one.
    pub(super) commit: Option<ObjectId>,
    pub(super) is_work_tree: bool,
    /// How its sources are fetched.
    pub(super) fetching: Fetching,
}

/// Which commit a base means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// The commit itself.
    Itself,
    /// Where the other side's history leaves it: what was done on it since then is no change.
    Fork,
}

/// One side, compiled.
pub(super) struct Side {
    pub(super) point: Point,
    pub(super) environments: Vec<Environment>,
    /// Everything there is to say.
    pub(super) told: Vec<Told>,
    /// Whether there is a definition at all.
    pub(super) is_there: bool,
}

/// An environment of a side.
pub(super) struct Environment {
    pub(super) name: String,
    /// Its manifests; `None` if it does not compile.
    pub(super) compilation: Option<Compilation>,
    /// Whether a file mentions it.
    pub(super) is_mentioned: bool,
}

/// A diagnostic as it is shown: its sources are gone.
pub(super) struct Told {
    pub(super) severity: Severity,
    /// With the author's lines, without colours.
    pub(super) text: String,
    pub(super) json: Json,
}

/// How a side is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// What is wrong is kept.
    Quiet,
    /// What is wrong is shown as well.
    Shown,
    /// Shown, and what compiles goes through the gate.
    Gated,
}

impl Range {
    /// `before` and `after` in the repository around the definition; without `after` its working tree.
    pub(super) fn new(
        global: &Global,
        (before, base): (&str, Base),
        after: Option<&str>,
        fetching: Fetching,
    ) -> Result<Self, CommandError> {
        let folder = &global.directory;
        let repository = Repository::discover(folder).map_err(|error| failed(error, None))?;
        let resolve = |name: &str| repository.resolve(name).map_err(|error| failed(error, Some(name)));
        let after = match after {
            Some(name) => {
                Point { label: name.to_owned(), commit: Some(resolve(name)?), is_work_tree: false, fetching }
            }
            None => {
                let label = "the working tree".to_owned();
                Point { label, commit: repository.resolve("HEAD").ok(), is_work_tree: true, fetching }
            }
        };
        if after.label == "HEAD" && repository.has_changes().unwrap_or(false) {
            ui::note(
                "note: changes that are not committed are not in `HEAD`; `worktree` means the folder as it is",
            );
        }
        let mut commit = resolve(before)?;
        if let (Base::Fork, Some(other)) = (base, after.commit) {
            match repository.merge_base(commit, other) {
                Ok(fork) => commit = fork,
                Err(_) => ui::note(&format!(
                    "note: where `{}` leaves `{before}` is not known here: it is compared with all of `{before}`",
                    after.label
                )),
            }
        }
        let before = Point { label: before.to_owned(), commit: Some(commit), is_work_tree: false, fetching };
        Ok(Range { before, after })
    }
}

fn failed(error: GitError, name: Option<&str>) -> CommandError {
    let kind = if error.kind == hld_git::ErrorKind::NotFound { FailureKind::Usage } else { FailureKind::Io };
    let failed = CommandError::new(kind, error.message);
    match name {
        Some(name) => failed.hint(format!("in CI a checkout may have one commit alone: fetch `{name}` too")),
        None => failed.hint("revisions are compared in a git repository"),
    }
}

/// Compiles a side. What is wrong with the definition is part of the result.
///
/// # Errors
/// The command line does not fit, or the system failed.
pub(super) fn compile_side(
    global: &Global,
    point: &Point,
    (asked, care): (&Environments, Care),
) -> Result<Side, CommandError> {
    let commit = point.commit.filter(|_| !point.is_work_tree).map(|commit| commit.to_string());
    let mut side = Side { point: point.clone(), environments: Vec::new(), told: Vec::new(), is_there: true };
    let definition = match definition::load(&global.directory, commit.as_deref()) {
        Ok(definition) => Definition { fetching: point.fetching, ..definition },
        Err(NotOpened::Failed(error)) => return Err(error),
        Err(NotOpened::Wrong(diagnostics, sources)) => {
            side.tell(&diagnostics, &sources, care);
            return Ok(side);
        }
    };
    side.is_there = has_definition(&definition);
    if side.is_there || care != Care::Quiet {
        side.compile(&definition, (asked, care))?;
    }
    Ok(side)
}

/// Whether the folder has a component file.
fn has_definition(definition: &Definition) -> bool {
    let names = ["component.yaml", "component.json"];
    let entries = definition.files.list(&definition.root).unwrap_or_default();
    entries.iter().any(|entry| names.contains(&entry.name.as_str()))
}

/// Compiles both sides of a range at once.
pub(super) fn compile_both(
    global: &Global,
    range: &Range,
    (asked, care): (&Environments, [Care; 2]),
) -> Result<[Side; 2], CommandError> {
    let [before, after] = care;
    let (before, after) = rayon::join(
        || compile_side(global, &range.before, (asked, before)),
        || compile_side(global, &range.after, (asked, after)),
    );
    Ok([before?, after?])
}

/// The definition's folder below the top of its repository, `.` for the top itself.
pub(super) fn place(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let below = folder.strip_prefix(definition::top(&folder)).unwrap_or(Path::new(""));
    let below = below.to_string_lossy().into_owned();
    if below.is_empty() { ".".to_owned() } else { below }
}

impl Side {
    /// Whether something has to be mended first.
    pub(super) fn is_broken(&self) -> bool {
        self.told.iter().any(|told| told.severity.is_fatal())
    }

    fn compile(
        &mut self,
        definition: &Definition,
        (asked, care): (&Environments, Care),
    ) -> Result<(), CommandError> {
        let found = environments(definition, asked);
        let (wanted, warnings) = match found {
            Ok(found) => found,
            // The other side may have environments although this one has none.
            Err(_) if care == Care::Quiet => return Ok(()),
            Err(error) => return Err(error),
        };
        let helm = definition.helm();
        let session = definition.session(&helm, &wanted)?;
        let compilations = compile(&session, &wanted);
        let mut said = gathered(warnings, &compilations);
        let are_broken: Vec<bool> =
            compilations.iter().map(|compilation| compilation.diagnostics.has_fatal()).collect();
        if care == Care::Gated {
            Gate { definition, session: &session, kubernetes: None }.check(&compilations, &mut said);
        }
        for (compilation, is_broken) in compilations.into_iter().zip(are_broken) {
            let mut said = compilation.diagnostics.clone().into_sorted(session.sources()).into_iter();
            let name = compilation.environment.name.clone();
            let is_named = definition.settings.environments.contains_key(&name);
            self.environments.push(Environment {
                name,
                is_mentioned: is_named || !said.any(|diagnostic| diagnostic.code == UNKNOWN_ENVIRONMENT),
                compilation: Some(compilation).filter(|_| !is_broken),
            });
        }
        self.tell(&said.into_sorted(session.sources()), session.sources(), care);
        Ok(())
    }

    fn tell(&mut self, diagnostics: &[Diagnostic], sources: &SourceMap, care: Care) {
        if care != Care::Quiet {
            ui::show(diagnostics, sources);
        }
        self.told.extend(diagnostics.iter().map(|diagnostic| Told {
            severity: diagnostic.severity,
            text: render::terminal(diagnostic, sources, Colour::Plain),
            json: render::json(diagnostic, sources),
        }));
    }
}
