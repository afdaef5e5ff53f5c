//! The `hld` command line: arguments, one file a subcommand, errors to text and exit code.

mod args;
mod commands;
mod definition;
mod dispatch;
mod document;
mod error;
mod gate;
mod interrupt;
mod manifest_files;
mod options;
mod output;
mod tools;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use crate::error::FailureKind;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stack of the thread that does the work.
const STACK_BYTES: usize = 8 << 20;

fn main() -> ExitCode {
    interrupt::outlive_full_files();
    let given = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    if given.is_none_or(|bytes| bytes >= STACK_BYTES as u64) {
        return run();
    }
    // What the system gives the first thread is less.
    let worker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => ExitCode::from(FailureKind::Internal.exit_code()),
        // The system gives no thread: this one has to do.
        Err(_) => run(),
    }
}

fn run() -> ExitCode {
    let arguments = match args::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => return args::show_usage(&usage),
    };
    let result = std::panic::catch_unwind(|| dispatch::run(&arguments));
    interrupt::yield_to_signal();
    match result {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            ui::show_error(&error);
            ExitCode::from(error.kind.exit_code())
        }
        Err(_) => {
            ui::note("this is a bug in hld: please report it with the message above");
            ExitCode::from(FailureKind::Internal.exit_code())
        }
    }
}
