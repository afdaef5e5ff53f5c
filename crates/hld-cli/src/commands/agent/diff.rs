//! `hld agent diff`

use std::path::PathBuf;
use std::sync::Arc;

use hld_agent::client::{Client, Followed, desired, desired_of_folder};
use hld_apply::{Desired, Preview, Pruning};
use hld_diag::Untrusted;
use hld_diff::{Comparison, fold, write};

use super::{Which, failure};
use crate::commands::comparing::random_key;
use crate::error::{CommandError, FailureKind};
use crate::options::Global;
use crate::ui::{self, Format};

/// Show what a sync would change in the cluster, by dry runs on the server.
///
/// Compares the repository that the agent follows, read with your own git credentials, or a folder of
/// manifests on this machine. Values of Secrets are never shown.
#[derive(clap::Args)]
pub(crate) struct Diff {
    #[command(flatten)]
    which: Which,
    /// A folder of manifests instead of the repository.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// This commit, in full, instead of the newest one.
    #[arg(long, value_name = "COMMIT", conflicts_with = "folder")]
    commit: Option<String>,
    /// Host and port of the repository that plain http is allowed to.
    #[arg(long, value_name = "HOST:PORT")]
    insecure: Vec<String>,
    /// Exit with 1 if anything would change.
    #[arg(long)]
    exit_code: bool,
}

pub(super) fn run(global: &Global, command: &Diff) -> Result<(), CommandError> {
    let client = command.which.open()?;
    let wanted = wanted(command, &client)?;
    let preview = client.diff(&wanted, random_key()?).map_err(|error| failure(&error))?;
    show_rest(&preview);
    let comparisons = [Comparison { name: command.which.sync.clone(), difference: preview.difference }];
    let folded = fold(&comparisons);
    match global.format {
        Format::Json => ui::print_json(&write::json(&folded)),
        _ => ui::print_styled(&write::terminal(&folded, write::Colour::Ansi)),
    }
    let differs = !comparisons[0].difference.is_empty();
    if preview.failed.is_empty() && !(command.exit_code && differs) {
        return Ok(());
    }
    Err(CommandError::new(FailureKind::Definition, ""))
}

fn wanted(command: &Diff, client: &Client) -> Result<Arc<Desired>, CommandError> {
    if let Some(folder) = &command.folder {
        return desired_of_folder(folder).map(Arc::new).map_err(|error| failure(&error));
    }
    let commit = command.commit.as_deref().map(super::sync::commit).transpose()?;
    let stands = client.status().map_err(|error| failure(&error))?;
    let followed = Followed {
        url: &stands.url,
        branch: &stands.branch,
        paths: &stands.paths,
        insecure: &command.insecure,
    };
    desired(&followed, commit).map_err(|error| failure(&error))
}

/// What a difference can not say.
fn show_rest(preview: &Preview) {
    for change in &preview.failed {
        let reason = change.reason.as_deref().unwrap_or_default();
        ui::note(&format!("not compared: {}: {}", change.id, Untrusted(reason).line()));
    }
    if let Pruning::Held { why, .. } = &preview.pruning {
        ui::note(&format!("nothing would be removed: {why}"));
    }
}
