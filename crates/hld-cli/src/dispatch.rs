//! From the arguments to the command that they name.

use clap::{CommandFactory, ValueEnum};

use crate::args::{Arguments, Command};
use crate::commands::{
    add, agent, completions, diff, doctor, explain, generate, init, install, preview, publish, remove,
    rollback, schema, set, tree, validate, version,
};
use crate::error::{CommandError, FailureKind};
use crate::interrupt;
use crate::options::Global;
use crate::ui::Format;

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
        Command::Completions(command) => completions::run(command, &mut Arguments::command()),
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
