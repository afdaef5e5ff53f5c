//! `hld diff`

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread::ScopedJoinHandle;

use hld_diag::Diagnostic;
use hld_diff::{Comparison, fold, write};
use hld_publisher::Site;
use hld_source::process;

use super::comparing::{compare, compare_sides};
use super::compiled::{Demands, compiled};
use super::manifests::{MOST_BYTES, Manifests};
use super::publish::{self, Destination, Place};
use super::sides::{self, Base, Care, Range};
use crate::definition::{self, Definition};
use crate::error::{CommandError, FailureKind};
use crate::manifest_files;
use crate::options::{Environments, Global, Sources};
use crate::ui::{self, Format};

/// Show what differs between manifests, object by object.
///
/// `hld diff BEFORE AFTER` compares two files or two folders of manifests. `hld diff [CONFIG]…`
/// compiles an environment and compares it with what is written below generated/. An argument is a
/// path if it has a `/` or ends in .yaml, .yml or .json: write `./prod` for a folder of that name.
/// `hld diff --base REV` compiles the commit REV as well and compares with that; `--rev A..B` compares
/// two commits, `--rev A...B` what B has done since it left A. `hld diff --published=URL` compares with
/// what a manifest repository has.
///
/// Values of Secrets are never shown, only that they changed. The order of keys, comments and quotes
/// are no difference.
#[derive(clap::Args)]
pub(crate) struct Diff {
    #[command(flatten)]
    environments: Environments,
    #[command(flatten)]
    sources: Sources,
    /// Compare with the environments' folders below this one instead of generated/.
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// Compare with what this commit, branch or tag compiles to.
    #[arg(long, value_name = "REV", conflicts_with = "against")]
    base: Option<String>,
    /// Compare with what is published in this manifest repository, or in the one that hld.yaml names.
    #[arg(long, value_name = "URL", num_args = 0..=1, require_equals = true, conflicts_with_all = ["against", "base"])]
    published: Option<Option<String>>,
    #[command(flatten)]
    place: Place,
    /// Exit with 1 if anything differs.
    #[arg(long)]
    exit_code: bool,
}

impl Diff {
    /// Whether two paths are compared, and nothing is compiled.
    pub(crate) fn compares_paths(&self) -> bool {
        self.environments.configs.iter().any(|argument| is_path(argument))
    }
}

pub(crate) fn run(global: &Global, command: &Diff) -> Result<(), CommandError> {
    if command.published.is_none() && !command.place.is_empty() {
        let message = "`--branch`, `--path` and `--insecure` are for `--published`";
        return Err(CommandError::new(FailureKind::Usage, message));
    }
    let comparisons = match paths(command)? {
        Some([before, after]) => vec![compare_paths(before, after)?],
        None => match (range(global, command)?, &command.published) {
            (Some(range), _) => compare_revisions(global, command, &range)?,
            (None, Some(url)) => compare_published(global, command, url.as_deref())?,
            (None, None) => compare_environments(global, command)?,
        },
    };
    print(&comparisons, global.format);
    let differs = comparisons.iter().any(|comparison| !comparison.difference.is_empty());
    if differs && command.exit_code {
        return Err(CommandError::new(FailureKind::Definition, ""));
    }
    Ok(())
}

/// The two paths to compare, if the arguments are paths.
fn paths(command: &Diff) -> Result<Option<[&Path; 2]>, CommandError> {
    let arguments = &command.environments.configs;
    if !command.compares_paths() {
        return Ok(None);
    }
    match arguments.as_slice() {
        [before, after]
            if is_path(before)
                && is_path(after)
                && command.against.is_none()
                && command.base.is_none()
                && command.published.is_none()
                && command.sources.rev.is_none() =>
        {
            Ok(Some([Path::new(before), Path::new(after)]))
        }
        _ => Err(CommandError::new(FailureKind::Usage, "paths are compared in pairs, and with nothing else")
            .hint("name two files or two folders: `hld diff ./before ./after`")),
    }
}

fn is_path(argument: &str) -> bool {
    argument.contains('/') || manifest_files::is_manifest(argument) || argument == "." || argument == ".."
}

fn compare_paths(before: &Path, after: &Path) -> Result<Comparison, CommandError> {
    let (old, new) = std::thread::scope(|scope| {
        let old = std::thread::Builder::new().spawn_scoped(scope, || Manifests::of_path(before));
        let new = Manifests::of_path(after);
        match old.map(ScopedJoinHandle::join) {
            Ok(Ok(old)) => (old, new),
            Ok(Err(panic)) => resume_unwind(panic),
            // The system gives no thread: this one has to do.
            Err(_) => (Manifests::of_path(before), new),
        }
    });
    let (old, new) = (old?, new?);
    if before.is_dir() != after.is_dir() {
        return Err(CommandError::new(FailureKind::Usage, "a file and a folder can not be compared")
            .hint("name two files or two folders"));
    }
    compare(format!("{} -> {}", before.display(), after.display()), &old, &new)
}

/// The two revisions to compare, if the arguments name them.
fn range(global: &Global, command: &Diff) -> Result<Option<Range>, CommandError> {
    let (rev, fetching) = (command.sources.rev.as_deref(), command.sources.fetching);
    let dots = rev.and_then(|rev| {
        let fork = rev.split_once("...").map(|pair| (pair, Base::Fork));
        fork.or_else(|| rev.split_once("..").map(|pair| (pair, Base::Itself)))
    });
    match (&command.base, dots) {
        (Some(base), None) => Range::new(global, (base, Base::Itself), rev, fetching).map(Some),
        (None, Some(((before, after), base))) if command.against.is_none() && command.published.is_none() => {
            Range::new(global, (or_head(before), base), Some(or_head(after)), fetching).map(Some)
        }
        (None, None) => Ok(None),
        _ => Err(CommandError::new(FailureKind::Usage, "two revisions are compared with nothing else")
            .hint("either `--rev A..B`, or `--base A`")),
    }
}

/// What an end of `A..` or `..B` means that is left out.
fn or_head(name: &str) -> &str {
    if name.is_empty() { "HEAD" } else { name }
}

/// Compiles both sides and compares the environments; with one error there is no difference.
fn compare_revisions(
    global: &Global,
    command: &Diff,
    range: &Range,
) -> Result<Vec<Comparison>, CommandError> {
    let cares = [Care::Shown, Care::Shown];
    let [before, after] = sides::compile_both(global, range, (&command.environments, cares))?;
    if before.is_broken() || after.is_broken() {
        return Err(CommandError::new(FailureKind::Definition, ""));
    }
    Ok(compare_sides(&before, &after)?.comparisons)
}

/// Compiles environments and compares each with its folder.
fn compare_environments(global: &Global, command: &Diff) -> Result<Vec<Comparison>, CommandError> {
    let definition = definition::open_with(&global.directory, &command.sources)?;
    let against = against(&definition, command)?;
    let compilations = compiled(&definition, &command.environments, Demands::default())?;
    let mut comparisons = Vec::with_capacity(compilations.len());
    for compilation in &compilations {
        let environment = &compilation.environment;
        let folder = against.join(&environment.output);
        let written = if folder.exists() {
            Manifests::of_path(&folder)?
        } else {
            ui::note(&format!("`{}` is not there: everything is new", folder.display()));
            Manifests::default()
        };
        let compiled = Manifests::of_compilation(compilation)?;
        comparisons.push(compare(environment.name.clone(), &written, &compiled)?);
    }
    Ok(comparisons)
}

/// Compiles environments and compares each with what is published of it.
fn compare_published(
    global: &Global,
    command: &Diff,
    url: Option<&str>,
) -> Result<Vec<Comparison>, CommandError> {
    let definition = definition::open_with(&global.directory, &command.sources)?;
    let failed = |diagnostic: Diagnostic| publish::fail(&diagnostic);
    let Destination { remote, branch, path } =
        publish::destination(&definition, url, &command.place).map_err(failed)?;
    let compilations = compiled(&definition, &command.environments, Demands::default())?;
    let site = Site::open(remote, hld_source::cache_dir().as_deref()).map_err(failed)?;
    let _litter = site.scratch().map(process::litter);
    let published = site.published(&branch).map_err(failed)?;
    let mut comparisons = Vec::with_capacity(compilations.len());
    for compilation in &compilations {
        let environment = &compilation.environment;
        let folder = path.join(&environment.output).map_err(failed)?;
        let files = published.files(&folder, MOST_BYTES as u64).map_err(failed)?;
        if files.is_none() {
            ui::note(&format!("`{folder}` is not published: everything is new"));
        }
        let files = files.unwrap_or_default();
        let written = Manifests::of_files(&files)?;
        let compiled = Manifests::of_compilation(compilation)?;
        comparisons.push(compare(environment.name.clone(), &written, &compiled)?);
    }
    Ok(comparisons)
}

/// The folder that has the environments' folders.
fn against(definition: &Definition, command: &Diff) -> Result<PathBuf, CommandError> {
    match &command.against {
        None => Ok(definition.folder.join("generated")),
        Some(folder) if folder.is_dir() => Ok(folder.clone()),
        Some(folder) => {
            let message = format!("`{}` is not a folder", folder.display());
            Err(CommandError::new(FailureKind::Usage, message)
                .hint("name the folder that `hld generate` wrote"))
        }
    }
}

fn print(comparisons: &[Comparison], format: Format) {
    let folded = fold(comparisons);
    match format {
        Format::Markdown => ui::print(&write::markdown(&folded, None)),
        Format::Json => ui::print_json(&write::json(&folded)),
        _ => ui::print_styled(&write::terminal(&folded, write::Colour::Ansi)),
    }
}
