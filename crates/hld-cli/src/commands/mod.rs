//! Subcommands, one file each.

pub(crate) mod add;
pub(crate) mod agent;
mod comparing;
mod compiled;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod install;
mod manifests;
pub(crate) mod preview;
pub(crate) mod publish;
pub(crate) mod remove;
pub(crate) mod rollback;
pub(crate) mod schema;
pub(crate) mod set;
mod sides;
pub(crate) mod tree;
pub(crate) mod validate;
mod version;

use clap::ValueEnum;
use hld_compiler::{Environment, config_names};
use hld_diag::{BAD_ENVIRONMENT, Diagnostic, SourceMap, Span};
use hld_source::Folders;

use crate::args::{Arguments, Command, Environments, Global};
use crate::definition::Definition;
use crate::error::{CommandError, FailureKind};
use crate::interrupt;
use crate::ui::{self, Format};

/// Runs the command that the arguments name.
pub(crate) fn run(arguments: &Arguments) -> Result<(), CommandError> {
    let global = &arguments.global;
    check_format(&arguments.command, global.format)?;
    match need(&arguments.command) {
        Need::Nothing => {}
        Need::Signals => watch_signals()?,
        Need::Threads => {
            watch_signals()?;
            start_threads(global)?;
        }
    }
    match &arguments.command {
        Command::Init(command) => init::run(global, command),
        Command::Add(command) => add::run(global, command),
        Command::Remove(command) => remove::run(global, command),
        Command::Set(command) => set::run(global, command),
        Command::Install(command) => install::run(global, command),
        Command::Generate(command) => generate::run(global, command),
        Command::Validate(command) => validate::run(global, command),
        Command::Diff(command) => diff::run(global, command),
        Command::Preview(command) => preview::run(global, command),
        Command::Publish(command) => publish::run(global, command),
        Command::Rollback(command) => rollback::run(global, command),
        Command::Tree(command) => tree::run(global, command),
        Command::Explain(command) => explain::run(global, command),
        Command::Schema(command) => schema::run(command),
        Command::Completions(command) => completions::run(command),
        Command::Agent(command) => agent::run(global, command),
        Command::Doctor(command) => doctor::run(global, command),
        Command::Version => {
            version::run(global);
            Ok(())
        }
    }
}

/// What a command has to have before it begins; what it does not need would be most of its time.
enum Need {
    /// It reads and prints: a signal may end it at any moment.
    Nothing,
    /// It writes, or runs programs: a signal waits for that.
    Signals,
    /// It compiles or checks as well, with all processors.
    Threads,
}

fn need(command: &Command) -> Need {
    match command {
        Command::Install(_)
        | Command::Generate(_)
        | Command::Validate(_)
        | Command::Preview(_)
        | Command::Publish(_)
        | Command::Rollback(_)
        | Command::Tree(_)
        | Command::Agent(_) => Need::Threads,
        Command::Diff(diff) if !diff.compares_paths() => Need::Threads,
        Command::Init(_) | Command::Add(_) | Command::Remove(_) | Command::Set(_) | Command::Doctor(_) => {
            Need::Signals
        }
        Command::Diff(_)
        | Command::Explain(_)
        | Command::Schema(_)
        | Command::Completions(_)
        | Command::Version => Need::Nothing,
    }
}

fn watch_signals() -> Result<(), CommandError> {
    interrupt::watch().map_err(|error| {
        CommandError::new(FailureKind::Io, format!("signals can not be waited for: {error}"))
    })
}

fn start_threads(global: &Global) -> Result<(), CommandError> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(usize::from(global.jobs)).build_global();
    threads.map_err(|error| {
        CommandError::new(FailureKind::Io, format!("no threads can be started: {error}"))
            .hint("try `--jobs 1`")
    })
}

/// Refuses a form that the command does not have.
fn check_format(command: &Command, format: Format) -> Result<(), CommandError> {
    let (has_form, commands) = match format {
        Format::Text | Format::Json => return Ok(()),
        Format::Markdown => {
            let has_form = matches!(command, Command::Diff(_) | Command::Preview(_));
            (has_form, "`hld diff` and `hld preview`")
        }
        Format::Sarif | Format::Junit | Format::Github | Format::Azure => {
            let has_form = matches!(command, Command::Validate(_) | Command::Generate(_));
            (has_form, "`hld validate` and `hld generate`")
        }
    };
    if has_form {
        return Ok(());
    }
    let word = format.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let message = format!("`--format {word}` is for {commands}");
    Err(CommandError::new(FailureKind::Usage, message).hint("use `text` or `json`"))
}

/// The environments that the command line asks for, and warnings about how it does.
fn environments(
    definition: &Definition,
    asked: &Environments,
) -> Result<(Vec<Environment>, Vec<Diagnostic>), CommandError> {
    let lists: Vec<Vec<String>> = if asked.all {
        let named: Vec<Vec<String>> =
            definition.settings.environments.keys().map(|name| vec![name.clone()]).collect();
        if named.is_empty() { every_config(definition)? } else { named }
    } else if asked.env.is_empty() {
        vec![asked.configs.clone()]
    } else {
        asked.env.iter().map(|words| words.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let mut environments: Vec<Environment> = Vec::new();
    let mut warnings = Vec::new();
    for configs in lists {
        let (environment, warned) = resolve(definition, &configs)?;
        warnings.extend(warned);
        if !environments.contains(&environment) {
            environments.push(environment);
        }
    }
    if let Some(diagnostic) = overlap(&environments) {
        ui::show(&[diagnostic], &SourceMap::default());
        return Err(CommandError::new(FailureKind::Usage, ""));
    }
    Ok((environments, warnings))
}

/// Two environments of which one would be written into the other's folder, letter case aside.
fn overlap(environments: &[Environment]) -> Option<Diagnostic> {
    let parts = |environment: &Environment| {
        environment.output.to_lowercase().split('/').map(str::to_owned).collect::<Vec<String>>()
    };
    let mut sorted: Vec<(Vec<String>, &Environment)> = environments.iter().map(|e| (parts(e), e)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let pair = sorted.windows(2).find(|pair| pair[1].0.starts_with(&pair[0].0))?;
    let said = |environment: &Environment| {
        let configs = environment.configs.join(" ");
        format!("`{}` of the configs `{configs}`", environment.name)
    };
    let (first, second) = (pair[0].1, pair[1].1);
    let message = format!(
        "environments {} and {} are written to one folder, `{}`",
        said(first),
        said(second),
        first.output
    );
    let hint = "name them in hld.yaml with an `output` of its own for each, or compile them one at a time";
    Some(Diagnostic::new(BAD_ENVIRONMENT, Span::NONE, message).hint(hint))
}

/// A name in hld.yaml beats a config of that name.
fn resolve(
    definition: &Definition,
    configs: &[String],
) -> Result<(Environment, Vec<Diagnostic>), CommandError> {
    let named = &definition.settings.environments;
    if let [name] = configs
        && let Some(environment) = named.get(name)
    {
        return Ok((environment.clone(), Vec::new()));
    }
    Environment::combined(configs).map_err(|diagnostics| {
        ui::show(&diagnostics, &SourceMap::default());
        CommandError::new(FailureKind::Usage, "")
    })
}

fn every_config(definition: &Definition) -> Result<Vec<Vec<String>>, CommandError> {
    let names = config_names(&definition.files, &definition.root);
    if names.is_empty() {
        let message =
            "`--all` finds no environment: there is no hld.yaml that names one, and no config but `common`";
        return Err(CommandError::new(FailureKind::Usage, message)
            .hint("name environments in hld.yaml, or on the command line"));
    }
    Ok(names.into_iter().map(|name| vec![name]).collect())
}

/// A folder of the definition on this machine; none for what is fetched.
fn machine_path(definition: &Definition, below: &str) -> Option<std::path::PathBuf> {
    definition.files.machine_path(&definition.root.join(below).ok()?)
}

/// Refuses a name that no component can have.
fn check_component_name(name: &str) -> Result<(), CommandError> {
    let problem = if name.is_empty() { Some("it is empty") } else { hld_compiler::name_problem(name) };
    match problem {
        Some(problem) => {
            let message = format!("`{name}` can not be the name of a component: {problem}");
            Err(CommandError::new(FailureKind::Usage, message).hint("use letters, digits, `-` and `.`"))
        }
        None => Ok(()),
    }
}

/// A component's name made of its folder's.
fn folder_name(folder: &std::path::Path) -> String {
    let real = folder.canonicalize().ok();
    let name = real.and_then(|folder| folder.file_name().map(|name| name.to_string_lossy().into_owned()));
    let name = name.unwrap_or_else(|| "definition".to_owned()).to_lowercase();
    let plain = name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.', "-");
    plain.trim_matches(['-', '.']).to_owned()
}
