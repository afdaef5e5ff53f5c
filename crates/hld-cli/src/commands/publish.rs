//! `hld publish`

mod origin;
mod report;
mod target;

use std::time::Instant;

use hld_compiler::{Compilation, output_files};
use hld_diag::{Diagnostic, SourceMap};
use hld_publisher::{Branch, Consent, Folder, Manifests, Outcome, Request, Site};
use hld_source::process;
use rayon::prelude::*;

pub(super) use origin::author;
pub(super) use report::Report;
pub(super) use target::{Destination, Place, Target, destination};

use self::origin::Origin;
use super::compiled::{Demands, compiled};
use super::generate::LayoutArgument;
use crate::definition::{self, Definition};
use crate::error::CommandError;
use crate::options::{Environments, Global, Sources};
use crate::ui;

/// Compile environments and publish their manifests as one commit of a manifest repository.
///
/// What is published is what `hld generate` writes, and nothing unless everything compiles. Only
/// the environments' folders, `<path>/<environment>`, are touched; nothing is ever forced. If nothing
/// changes there is no commit. Publishing that would remove many objects, or one that holds data, is
/// refused until `--allow-removals` names their number.
#[derive(clap::Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    environments: Environments,
    #[command(flatten)]
    sources: Sources,
    /// Address of the manifest repository; hld.yaml may name it instead.
    #[arg(long = "to", visible_alias = "repo", value_name = "URL")]
    repository: Option<String>,
    #[command(flatten)]
    target: Target,
    /// How manifests are spread over files.
    #[arg(long, value_enum, default_value_t)]
    layout: LayoutArgument,
    /// Take warnings for errors.
    #[arg(long)]
    strict: bool,
    /// Check the manifests as `hld validate` does; publish nothing if one is wrong.
    #[arg(long, visible_alias = "validate")]
    gate: bool,
    /// Create the branch if it is not there.
    #[arg(long)]
    create_branch: bool,
    /// Publish to an environment that is on hold since a rollback, and end the hold.
    #[arg(long)]
    release_hold: bool,
    /// Take over a folder with files that hld did not publish: they are removed.
    #[arg(long)]
    adopt: bool,
}

pub(crate) fn run(global: &Global, command: &Publish) -> Result<(), CommandError> {
    let began = Instant::now();
    let definition = definition::open_with(&global.directory, &command.sources)?;
    let destination = destination(&definition, command.repository.as_deref(), &command.target.place)
        .map_err(|error| fail(&error))?;
    let demands = Demands { strict: command.strict, gate: command.gate };
    let compilations = compiled(&definition, &command.environments, demands)?;
    let url = destination.remote.url.to_string();
    let branch = destination.branch.clone();
    let result = publish(&definition, command, destination, &compilations);
    let report = Report { url, branch, is_dry: command.target.dry_run, began };
    report.show(global.format, result)
}

/// Publishes what was compiled.
fn publish(
    definition: &Definition,
    command: &Publish,
    destination: Destination,
    compilations: &[Compilation],
) -> Result<Outcome, Diagnostic> {
    let Destination { remote, branch, path } = destination;
    let environments: Result<Vec<Manifests<'_>>, Diagnostic> =
        compilations.par_iter().map(|compilation| manifests(compilation, command, &path)).collect();
    let origin = Origin::of(definition, command.sources.rev.as_deref());
    let (source, author) = (origin.source(definition), author(origin.repository()));
    let target = &command.target;
    let request = Request {
        branch,
        environments: environments?,
        source,
        lineage: &origin,
        author,
        message: target.message.clone(),
        consent: Consent {
            create_branch: command.create_branch,
            adopt: command.adopt,
            release_hold: command.release_hold,
            ..target.consent()
        },
        time: target.time(),
        dry_run: target.dry_run,
    };
    let site = Site::open(remote, hld_source::cache_dir().as_deref())?;
    let _litter = site.scratch().map(process::litter);
    hld_publisher::publish(site, &request)
}

/// The manifests of one environment, as `generate` would write them.
fn manifests<'c>(
    compilation: &'c Compilation,
    command: &Publish,
    path: &Folder,
) -> Result<Manifests<'c>, Diagnostic> {
    let resources = compilation.components.iter().flat_map(|component| &component.rendered.resources);
    let objects = resources.map(|resource| &resource.identity.id).collect();
    Ok(Manifests {
        environment: compilation.environment.name.clone(),
        folder: path.join(&compilation.environment.output)?,
        files: output_files(compilation, command.layout.layout()),
        objects,
    })
}

/// Shows why nothing was begun.
pub(super) fn fail(diagnostic: &Diagnostic) -> CommandError {
    ui::show(std::slice::from_ref(diagnostic), &SourceMap::default());
    CommandError::diagnosed([diagnostic])
}

/// The branch, unless somebody names another.
pub(super) fn default_branch() -> Result<Branch, Diagnostic> {
    Branch::parse("main")
}
