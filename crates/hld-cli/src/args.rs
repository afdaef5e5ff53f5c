//! Arguments of the command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    add, agent, completions, diff, doctor, explain, generate, init, install, preview, publish, remove,
    rollback, schema, set, tree, validate,
};
use crate::options::Global;

/// Compile high-level definitions into Kubernetes manifests.
#[derive(Parser)]
#[command(
    name = "hld",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Init(init::Init),
    Add(add::Add),
    Remove(remove::Remove),
    Set(set::Set),
    Install(install::Install),
    Generate(generate::Generate),
    Validate(validate::Validate),
    Diff(diff::Diff),
    Preview(Box<preview::Preview>),
    Publish(publish::Publish),
    Rollback(rollback::RollbackCommand),
    Tree(tree::TreeCommand),
    Explain(explain::Explain),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Agent(agent::Agent),
    Doctor(doctor::Doctor),
    /// Print the version.
    Version,
}

/// Shows help, the version, or what is wrong with the command line.
pub(crate) fn show_usage(error: &clap::Error) -> ExitCode {
    error.print().ok();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
