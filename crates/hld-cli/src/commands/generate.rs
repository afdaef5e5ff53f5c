//! `hld generate`

mod report;

use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;
use hld_compiler::{Compilation, Layout, Session, compile, describe, output_files};
use hld_diag::{Diagnostic, Diagnostics, STALE, Severity, Span};

use super::compiled::gathered;
use super::environments::environments;
use crate::definition::{self, Definition};
use crate::error::{CommandError, FailureKind};
use crate::gate::{Gate, Verdict};
use crate::options::{Environments, Global, Sources};
use crate::output::{self, Changes, Tree};
use crate::ui;

/// Compile environments into manifests below `generated/`.
///
/// Several names form one combined environment: `hld generate prod east` merges config/prod.yaml
/// over config/east.yaml over config/common.yaml and writes generated/prod-east/. Nothing is written
/// unless everything compiles.
#[derive(clap::Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    environments: Environments,
    #[command(flatten)]
    sources: Sources,
    /// Folder that the environments' folders are written to; `generated` in the definition's folder
    /// when missing.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// How manifests are spread over files.
    #[arg(long, value_enum, default_value_t)]
    layout: LayoutArgument,
    /// Write nothing; exit with 1 if what is written differs from what would be, and list how.
    #[arg(long, conflicts_with = "stdout")]
    check: bool,
    /// Write nothing; print all manifests.
    #[arg(long)]
    stdout: bool,
    /// Take warnings for errors.
    #[arg(long)]
    strict: bool,
    /// Take over an output folder with files that hld did not write: they are removed.
    #[arg(long)]
    adopt: bool,
    /// Write where every object and every config value comes from, as JSON.
    #[arg(long, value_name = "FILE")]
    provenance: Option<PathBuf>,
    /// Check the manifests as `hld validate` does; write nothing if one is wrong.
    #[arg(long, visible_alias = "validate")]
    gate: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(super) enum LayoutArgument {
    /// One file a component, as Fabrikate writes them.
    #[default]
    Component,
    /// One file an object.
    Resource,
}

impl LayoutArgument {
    pub(super) fn layout(self) -> Layout {
        match self {
            LayoutArgument::Component => Layout::Component,
            LayoutArgument::Resource => Layout::Resource,
        }
    }
}

pub(crate) fn run(global: &Global, command: &Generate) -> Result<(), CommandError> {
    let began = Instant::now();
    let definition = definition::open_with(&global.directory, &command.sources)?;
    let (wanted, warnings) = environments(&definition, &command.environments)?;
    let helm = definition.helm();
    let session = definition.session(&helm, &wanted)?;
    let progress = report::Progress::start(&wanted);
    let compilations = compile(&session, &wanted);
    progress.finish();
    let mut said = gathered(warnings, &compilations);
    let gate = Gate { definition: &definition, session: &session, kubernetes: None };
    let verdicts = if command.gate { gate.check(&compilations, &mut said) } else { Vec::new() };
    let mut run = Run {
        command,
        definition: &definition,
        session: &session,
        compilations: &compilations,
        began,
        verdicts,
        outcomes: Vec::new(),
    };
    let result = if run.is_fit(&mut said) { run.deliver(&mut said) } else { Ok(()) };
    let diagnostics = said.into_sorted(session.sources());
    report::show(global.format, &run, &diagnostics);
    result?;
    if diagnostics.iter().any(|diagnostic| diagnostic.severity.is_fatal()) {
        return Err(CommandError::diagnosed(&diagnostics));
    }
    Ok(())
}

/// One run of the command.
struct Run<'r> {
    command: &'r Generate,
    definition: &'r Definition,
    session: &'r Session<'r>,
    compilations: &'r [Compilation],
    began: Instant,
    /// What the gate says of each environment, where it was asked.
    verdicts: Vec<Verdict>,
    /// What became of each environment, where it came that far.
    outcomes: Vec<Delivery>,
}

/// What became of an environment's manifests.
struct Delivery {
    n_files: usize,
    state: State,
}

enum State {
    Written,
    Unchanged,
    Printed,
    Stale(Changes),
}

impl Run<'_> {
    /// Whether what was compiled may leave the program.
    fn is_fit(&self, said: &mut Diagnostics) -> bool {
        if self.command.strict {
            said.make_strict();
        }
        !said.has_fatal()
    }

    fn layout(&self) -> Layout {
        self.command.layout.layout()
    }

    fn deliver(&mut self, said: &mut Diagnostics) -> Result<(), CommandError> {
        let layout = self.layout();
        let mut trees = Vec::with_capacity(self.compilations.len());
        for compilation in self.compilations {
            let files = output_files(compilation, layout);
            trees.push(Tree { folder: compilation.environment.output.clone(), files });
        }
        if self.command.stdout {
            self.print(&trees)?;
        } else if let Err(diagnostic) = self.write_or_check(&trees, said) {
            said.push(diagnostic);
            return Ok(());
        }
        self.write_provenance()
    }

    fn print(&mut self, trees: &[Tree<'_>]) -> Result<(), CommandError> {
        for tree in trees {
            for part in tree.files.values().flatten() {
                match ui::write_out(part) {
                    Ok(()) => {}
                    // The reader has seen enough.
                    Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
                    Err(error) => {
                        let words = hld_source::system_words(&error);
                        let message = format!("writing to standard output failed: {words}");
                        return Err(CommandError::new(FailureKind::Io, message));
                    }
                }
            }
            self.outcomes.push(Delivery { n_files: tree.files.len(), state: State::Printed });
        }
        Ok(())
    }

    fn write_or_check(&mut self, trees: &[Tree<'_>], said: &mut Diagnostics) -> Result<(), Diagnostic> {
        let output = self.output_folder();
        let sources: Vec<PathBuf> = self
            .compilations
            .iter()
            .flat_map(|compilation| &compilation.components)
            .filter_map(|component| component.source.as_deref())
            .filter_map(|source| self.definition.machine_path(source))
            .collect();
        if let Some(refused) = output::check_folder(&output, &self.definition.folder, &sources) {
            return Err(refused);
        }
        if self.command.check {
            return self.check(&output, trees, said);
        }
        let (outcomes, notes) = output::write(&output, trees, self.command.adopt)?;
        said.extend(notes);
        for (tree, outcome) in trees.iter().zip(outcomes) {
            let state = match outcome {
                output::Outcome::Written => State::Written,
                output::Outcome::Unchanged => State::Unchanged,
            };
            self.outcomes.push(Delivery { n_files: tree.files.len(), state });
        }
        Ok(())
    }

    fn output_folder(&self) -> PathBuf {
        let default = || self.definition.folder.join("generated");
        let named = self.command.output.as_ref();
        named.map_or_else(default, |named| std::path::absolute(named).unwrap_or_else(|_| named.clone()))
    }

    fn check(
        &mut self,
        output: &std::path::Path,
        trees: &[Tree<'_>],
        said: &mut Diagnostics,
    ) -> Result<(), Diagnostic> {
        for tree in trees {
            let changes = tree.compare(output).map_err(|error| output::failed("reading", output, &error))?;
            let state = if changes.is_empty() {
                State::Unchanged
            } else {
                said.push(stale(output, tree, &changes));
                State::Stale(changes)
            };
            self.outcomes.push(Delivery { n_files: tree.files.len(), state });
        }
        Ok(())
    }

    fn write_provenance(&self) -> Result<(), CommandError> {
        let Some(path) = &self.command.provenance else { return Ok(()) };
        let file = describe(self.compilations, self.layout(), self.session.sources());
        let text = serde_json::to_string_pretty(&file)
            .map_err(|error| CommandError::new(FailureKind::Internal, error.to_string()))?;
        output::replace_file(path, text.as_bytes()).map_err(|error| {
            let words = hld_source::system_words(&error);
            CommandError::new(FailureKind::Io, format!("writing `{}` failed: {words}", path.display()))
        })
    }
}

fn stale(output: &std::path::Path, tree: &Tree<'_>, changes: &Changes) -> Diagnostic {
    let folder = output.join(&tree.folder);
    let message = format!("`{}` is not what the definition compiles to", folder.display());
    let mut diagnostic = Diagnostic::new(STALE, Span::NONE, message).severity(Severity::Error);
    let kinds = [
        ("would be added", &changes.missing),
        ("would change", &changes.changed),
        ("would be removed", &changes.surplus),
    ];
    for (what, paths) in kinds {
        diagnostic.hints.extend(paths.iter().map(|path| format!("`{path}` {what}")));
    }
    diagnostic.hint("run `hld generate` with the same arguments and commit what it writes")
}
