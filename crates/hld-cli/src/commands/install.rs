//! `hld install`

use std::path::PathBuf;

use hld_compiler::{Environment, Request, config_names, trees};
use hld_diag::{Diagnostic, Diagnostics, SourceMap, render};
use hld_source::{Helm, Installed};

use crate::definition::{self, Definition};
use crate::error::CommandError;
use crate::options::{Fetching, Global};
use crate::ui::{self, Format, plural};

/// Fetch the sources that the definition needs, for all its environments.
///
/// What each source is resolved to stands in hld.lock, with a digest of what it holds; commit that file.
/// The sources themselves go into a cache, not into the definition's folder. Other commands fetch what
/// is missing by themselves.
#[derive(clap::Args)]
pub(crate) struct Install {
    /// Folder of the definition, as `fab install` takes it; the same as `-C DIR`.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    fetching: Fetching,
}

pub(crate) fn run(global: &Global, command: &Install) -> Result<(), CommandError> {
    let folder =
        command.folder.as_ref().map_or(global.directory.clone(), |folder| global.directory.join(folder));
    let definition = Definition { fetching: command.fetching, ..definition::open(&folder)? };
    let environments = every_environment(&definition);
    let no_charts = Helm::new(&definition.files, Err((String::new(), String::new())));
    let mut installed = definition.install(&no_charts, &environments)?;
    let mut said = Diagnostics::default();
    for (_, diagnostics) in trees(&installed.session, &environments) {
        said.extend(diagnostics);
    }
    let is_broken = said.has_fatal();
    let diagnostics = said.into_sorted(installed.session.sources());
    let n_before = installed.lock.len();
    let requests = std::mem::take(&mut installed.requests);
    if !is_broken && !command.fetching.locked {
        installed.lock.retain(|request| requests.contains(request));
    }
    let is_written = installed.is_lock_new || installed.lock.len() < n_before;
    if is_written {
        definition.write_lock(&installed.lock)?;
    }
    show(global.format, (&installed, is_written), &diagnostics);
    if is_broken { Err(CommandError::diagnosed(&diagnostics)) } else { Ok(()) }
}

/// Every environment that hld.yaml names, every config of the root, and `common` alone.
fn every_environment(definition: &Definition) -> Vec<Environment> {
    let mut environments: Vec<Environment> = definition.settings.environments.values().cloned().collect();
    let configs = config_names(&definition.files, &definition.root).into_iter().map(|name| vec![name]);
    let combined = configs.chain([Vec::new()]).filter_map(|configs| Environment::combined(&configs).ok());
    environments.extend(combined.map(|(environment, _)| environment));
    environments
}

fn show(format: Format, (installed, is_written): (&Installed<'_>, bool), diagnostics: &[Diagnostic]) {
    let sources = installed.session.sources();
    if format == Format::Json {
        show_json((installed, is_written), diagnostics, sources);
    } else {
        show_text((installed, is_written), diagnostics, sources);
    }
}

/// `3 sources, 1 fetched -> hld.lock`
fn show_text(
    (installed, is_written): (&Installed<'_>, bool),
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
) {
    ui::show(diagnostics, sources);
    let outcome = if is_written { "-> hld.lock" } else { "= hld.lock (unchanged)" };
    let counts = [plural(installed.lock.len(), "source"), format!("{} fetched", installed.n_fetched)];
    let counted = ui::count(diagnostics);
    let counted = if counted.is_empty() { String::new() } else { format!(", {counted}") };
    ui::note(&format!("{} {outcome}{counted}", counts.join(", ")));
}

fn show_json(
    (installed, is_written): (&Installed<'_>, bool),
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
) {
    let locked: Vec<_> = installed
        .lock
        .iter()
        .map(|(request, locked)| {
            let method = match request {
                Request::Git { .. } => "git",
                Request::Chart { .. } => "helm",
                Request::File { .. } => "http",
            };
            serde_json::json!({
                "method": method,
                "source": request.url(),
                "resolved": locked.resolved,
                "digest": locked.digest.to_string(),
            })
        })
        .collect();
    let report = serde_json::json!({
        "sources": locked,
        "fetched": installed.n_fetched,
        "lock": if is_written { "written" } else { "unchanged" },
        "diagnostics": diagnostics.iter().map(|one| render::json(one, sources)).collect::<Vec<_>>(),
    });
    ui::print(&format!("{report:#}\n"));
}
