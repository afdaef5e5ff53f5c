//! `hld validate`

mod files;

use std::path::{Path, PathBuf};

use hld_compiler::{DEFAULT_KUBERNETES_VERSION, compile};
use hld_diag::{Diagnostic, Diagnostics, SourceMap, render};
use hld_lint::Version;
use serde_json::{Value as Json, json};

use super::compiled::gathered;
use super::environments::environments;
use crate::definition;
use crate::error::CommandError;
use crate::gate::{Gate, Verdict};
use crate::options::{Environments, Global, Sources};
use crate::ui::{self, Format, plural};

/// Check manifests against the schemas of Kubernetes.
///
/// `hld validate [CONFIG]…` compiles an environment and checks what comes out for the Kubernetes
/// version that hld.yaml names for it. `hld validate --files PATH…` checks files and folders of
/// manifests, `-` is standard input.
///
/// Unknown fields and keys that stand twice are errors, as for `kubectl apply` and `kubeconform -strict`.
/// Schemas of custom kinds come from the CustomResourceDefinitions among the manifests. Nothing is
/// written, and no cluster is asked.
#[derive(clap::Args)]
pub(crate) struct Validate {
    #[command(flatten)]
    environments: Environments,
    #[command(flatten)]
    sources: Sources,
    /// Check these files and folders instead of a definition.
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["configs", "env", "all", "rev"])]
    files: Vec<PathBuf>,
    /// Version of Kubernetes whose schemas are used, as 1.35; each environment's own when missing.
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<String>,
    /// Take warnings for errors.
    #[arg(long)]
    strict: bool,
}

pub(crate) fn run(global: &Global, command: &Validate) -> Result<(), CommandError> {
    if command.files.is_empty() { check_environments(global, command) } else { check_files(global, command) }
}

fn check_files(global: &Global, command: &Validate) -> Result<(), CommandError> {
    let sources = SourceMap::default();
    let mut said = Diagnostics::default();
    let version = Version::parse(command.kubernetes.as_deref().unwrap_or(DEFAULT_KUBERNETES_VERSION));
    let (n_files, verdicts) = match version {
        Ok(version) => {
            let (n_files, verdict) = files::check(&command.files, version, (&sources, &mut said))?;
            (Some(n_files), vec![verdict])
        }
        Err(unknown) => {
            said.push(*unknown);
            (None, Vec::new())
        }
    };
    Report { n_files, base: here(), verdicts }.finish((global, command), said, &sources)
}

/// This folder, from the top of its repository on.
fn here() -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let below = here.strip_prefix(definition::top(&here)).unwrap_or(Path::new(""));
    below.to_string_lossy().into_owned()
}

fn check_environments(global: &Global, command: &Validate) -> Result<(), CommandError> {
    let definition = definition::open_with(&global.directory, &command.sources)?;
    let (wanted, warnings) = environments(&definition, &command.environments)?;
    let helm = definition.helm();
    let session = definition.session(&helm, &wanted)?;
    let compilations = compile(&session, &wanted);
    let mut said = gathered(warnings, &compilations);
    let gate = Gate { definition: &definition, session: &session, kubernetes: command.kubernetes.as_deref() };
    let verdicts = gate.check(&compilations, &mut said);
    let base = definition.root.as_str().to_owned();
    Report { n_files: None, base, verdicts }.finish((global, command), said, session.sources())
}

/// What is told at the end.
struct Report {
    /// How many files were read, where files were named.
    n_files: Option<usize>,
    /// Folder that paths begin in, below the top of its repository.
    base: String,
    verdicts: Vec<Verdict>,
}

impl Report {
    /// Shows everything in the form that was asked for; fails if something is wrong.
    fn finish(
        &self,
        (global, command): (&Global, &Validate),
        mut said: Diagnostics,
        sources: &SourceMap,
    ) -> Result<(), CommandError> {
        if command.strict {
            said.make_strict();
        }
        let diagnostics = said.into_sorted(sources);
        let summary = self.summary();
        let (diagnostics, base) = (&diagnostics[..], self.base.as_str());
        match global.format {
            Format::Json => ui::print_json(&self.json(diagnostics, sources)),
            format => {
                let report = render::Report { diagnostics, sources, base, summary: &summary };
                match ui::report(format, &report) {
                    Some(text) => ui::print(&text),
                    None => ui::show(diagnostics, sources),
                }
                summary.iter().for_each(|line| ui::note(line));
            }
        }
        let is_broken = diagnostics.iter().any(|diagnostic| diagnostic.severity.is_fatal());
        if is_broken { Err(CommandError::diagnosed(diagnostics)) } else { Ok(()) }
    }

    /// A line for each verdict.
    fn summary(&self) -> Vec<String> {
        let files = self.n_files.map(|n_files| plural(n_files, "file"));
        let line =
            |verdict: &Verdict| format!("{}: {}", files.as_ref().unwrap_or(&verdict.name), verdict.summary());
        self.verdicts.iter().map(line).collect()
    }

    fn json(&self, diagnostics: &[Diagnostic], sources: &SourceMap) -> Json {
        let verdicts = self.verdicts.iter().map(|verdict| {
            let mut object = verdict.json();
            if let Some(n_files) = self.n_files {
                object["files"] = n_files.into();
            }
            object
        });
        json!({
            "checked": verdicts.collect::<Vec<_>>(),
            "diagnostics": diagnostics.iter().map(|one| render::json(one, sources)).collect::<Vec<_>>(),
        })
    }
}
