//! The `hld` command line: arguments, one file a subcommand, errors to text and exit code.

mod args;
mod commands;
mod definition;
mod document;
mod error;
mod files;
mod helm;
mod interrupt;
mod output;
mod tools;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    interrupt::watch();
    let arguments = match args::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => return args::show_usage(&usage),
    };
    let result = std::panic::catch_unwind(|| commands::run(&arguments));
    interrupt::yield_to_signal();
    match result {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            ui::show_error(&error);
            ExitCode::from(error.kind.exit_code())
        }
        Err(_) => {
            ui::note("this is a bug in hld: please report it with the message above");
            ExitCode::from(error::FailureKind::Internal.exit_code())
        }
    }
}
