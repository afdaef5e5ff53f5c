//! `hld diff`

mod manifests;

use std::path::{Path, PathBuf};

use hld_diag::SourceMap;
use hld_diff::{Comparison, Key, Options, fold, write};
use hld_source::system_words;
use hld_yaml::Limits;

use self::manifests::Manifests;
use super::compiled::{Demands, compiled, show};
use crate::args::{Environments, Global, Sources};
use crate::definition::{self, Definition};
use crate::error::{CommandError, FailureKind};
use crate::manifest_files;
use crate::ui::{self, Format};

/// Show what differs between manifests, object by object.
///
/// `hld diff BEFORE AFTER` compares two files or two folders of manifests. `hld diff [CONFIG]…`
/// compiles an environment and compares it with what is written below generated/. An argument is a
/// path if it has a `/` or ends in .yaml, .yml or .json: write `./prod` for a folder of that name.
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
    /// Exit with 1 if anything differs.
    #[arg(long)]
    exit_code: bool,
}

pub(crate) fn run(global: &Global, command: &Diff) -> Result<(), CommandError> {
    let sources = SourceMap::default();
    let comparisons = match paths(command)? {
        Some([before, after]) => vec![compare_paths(before, after, &sources)?],
        None => compare_environments(global, command, &sources)?,
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
    if !arguments.iter().any(|argument| is_path(argument)) {
        return Ok(None);
    }
    match arguments.as_slice() {
        [before, after] if is_path(before) && is_path(after) && command.against.is_none() => {
            Ok(Some([Path::new(before), Path::new(after)]))
        }
        _ => Err(CommandError::new(FailureKind::Usage, "paths are compared in pairs, and with nothing else")
            .hint("name two files or two folders: `hld diff ./before ./after`")),
    }
}

fn is_path(argument: &str) -> bool {
    argument.contains('/') || manifest_files::is_manifest(argument) || argument == "." || argument == ".."
}

fn compare_paths(before: &Path, after: &Path, sources: &SourceMap) -> Result<Comparison, CommandError> {
    let read = |path| move || Manifests::of_path(path, sources);
    let (old, new) = rayon::join(read(before), read(after));
    let (old, new) = (old?, new?);
    if before.is_dir() != after.is_dir() {
        return Err(CommandError::new(FailureKind::Usage, "a file and a folder can not be compared")
            .hint("name two files or two folders"));
    }
    compare(format!("{} -> {}", before.display(), after.display()), &old, &new, sources)
}

/// Compiles environments and compares each with its folder.
fn compare_environments(
    global: &Global,
    command: &Diff,
    sources: &SourceMap,
) -> Result<Vec<Comparison>, CommandError> {
    let definition = definition::open_at(&global.directory, command.sources.rev.as_deref())?;
    let against = against(&definition, command)?;
    let compilations = compiled(&definition, &command.environments, Demands::default())?;
    let mut comparisons = Vec::with_capacity(compilations.len());
    for compilation in &compilations {
        let environment = &compilation.environment;
        let folder = against.join(&environment.output);
        let written = if folder.exists() {
            Manifests::of_path(&folder, sources)?
        } else {
            ui::note(&format!("`{}` is not there: everything is new", folder.display()));
            Manifests::default()
        };
        let compiled = Manifests::of_compilation(compilation, sources)?;
        comparisons.push(compare(environment.name.clone(), &written, &compiled, sources)?);
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

/// Compares two sides; what could not be compared is shown.
fn compare(
    name: String,
    before: &Manifests,
    after: &Manifests,
    sources: &SourceMap,
) -> Result<Comparison, CommandError> {
    let options = Options { key: random_key()?, limits: Limits::of_bytes(manifests::MOST_BYTES) };
    let (old, new) = (before.inputs(), after.inputs());
    let outcome = hld_diff::compare(&old, &new, &options);
    show(outcome.diagnostics, sources)?;
    Ok(Comparison { name, difference: outcome.difference })
}

/// The key of the run: nobody knows it, and it is not kept.
fn random_key() -> Result<Key, CommandError> {
    let mut bytes = [0; 32];
    let mut filled = 0;
    while filled < bytes.len() {
        let read = rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty());
        filled += read.map_err(|error| {
            let words = system_words(&error.into());
            CommandError::new(FailureKind::Io, format!("the system gives no random bytes: {words}"))
        })?;
    }
    Ok(Key::new(bytes))
}

fn print(comparisons: &[Comparison], format: Format) {
    let folded = fold(comparisons);
    match format {
        Format::Markdown => ui::print(&write::markdown(&folded, None)),
        Format::Json => ui::print_json(&write::json(&folded)),
        _ => ui::print_styled(&write::terminal(&folded, write::Colour::Ansi)),
    }
}
