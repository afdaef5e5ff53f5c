//! `hld rollback`

use std::time::Instant;

use hld_diag::{Diagnostic, SourceMap};
use hld_publisher::{Outcome, Rollback, Site};
use hld_source::process;

use super::environments::environments;
use super::publish::{Destination, Report, Target, author, destination, fail};
use crate::definition;
use crate::error::{CommandError, FailureKind};
use crate::options::{Environments, Global};
use crate::ui;

/// Bring back what was published before, by a commit, and hold it there.
///
/// The environment's folder becomes what it was before its last change, or at the commit that `--to`
/// names. Nothing is published to the environment after that until `hld publish --release-hold`. A
/// second rollback goes further back.
#[derive(clap::Args)]
pub(crate) struct RollbackCommand {
    #[command(flatten)]
    environments: Environments,
    /// Commit of the manifest repository whose manifests are wanted; those before the last change when
    /// missing.
    #[arg(long, value_name = "COMMIT")]
    to: Option<String>,
    /// Address of the manifest repository; hld.yaml may name it instead.
    #[arg(long = "repo", value_name = "URL")]
    repository: Option<String>,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(global: &Global, command: &RollbackCommand) -> Result<(), CommandError> {
    let began = Instant::now();
    let definition = definition::open(&global.directory)?;
    let destination = destination(&definition, command.repository.as_deref(), &command.target.place)
        .map_err(|error| fail(&error))?;
    let (wanted, warnings) = environments(&definition, &command.environments)?;
    ui::show(&warnings, &SourceMap::default());
    let [environment] = wanted.as_slice() else {
        let message = "one environment is rolled back at a time";
        return Err(CommandError::new(FailureKind::Usage, message).hint("run the command once for each"));
    };
    let folder = destination.path.join(&environment.output).map_err(|error| fail(&error))?;
    let target = &command.target;
    let repository = hld_git::Repository::discover(&definition.folder).ok();
    let Destination { remote, branch, .. } = destination;
    let url = remote.url.to_string();
    let request = Rollback {
        branch: branch.clone(),
        environment: environment.name.clone(),
        folder,
        to: command.to.clone(),
        hld_version: env!("CARGO_PKG_VERSION").to_owned(),
        author: author(repository.as_ref()),
        message: target.message.clone(),
        consent: target.consent(),
        time: target.time(),
        dry_run: target.dry_run,
    };
    let site = Site::open(remote, hld_source::cache_dir().as_deref());
    let result: Result<Outcome, Diagnostic> = site.and_then(|site| {
        let _litter = site.scratch().map(process::litter);
        hld_publisher::roll_back(&site, &request)
    });
    Report { url, branch, is_dry: target.dry_run, began }.show(global.format, result)
}
