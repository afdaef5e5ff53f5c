//! Arguments of the command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    add, agent, completions, diff, doctor, explain, generate, init, install, preview, publish, remove,
    rollback, schema, set, tree, validate,
};
use crate::ui::Format;

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

/// Arguments that every command takes.
#[derive(Args)]
pub(crate) struct Global {
    /// Work on the definition in this folder.
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true, default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Form of what is printed.
    #[arg(long, value_enum, global = true, default_value_t, value_name = "FORM")]
    pub(crate) format: Format,
    /// Most threads at work, up to 1024; as many as there are processors when 0.
    // A system that is short of memory aborts a program in the midst of starting a thread.
    #[arg(short = 'j', long, global = true, default_value_t = 0, value_name = "N",
          value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub(crate) jobs: u16,
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

/// Environments, as several commands take them.
#[derive(Args)]
pub(crate) struct Environments {
    /// Configs of one combined environment, highest priority first, or the name of an environment in
    /// hld.yaml; `common` alone without any.
    #[arg(value_name = "CONFIG")]
    pub(crate) configs: Vec<String>,
    /// One environment, by its name or as a list of configs in one word: `--env 'prod east'`. May be
    /// given several times.
    #[arg(long = "env", value_name = "CONFIGS", conflicts_with = "configs")]
    pub(crate) env: Vec<String>,
    /// Every environment that hld.yaml names; without hld.yaml, every config of the root.
    #[arg(long, conflicts_with_all = ["configs", "env"])]
    pub(crate) all: bool,
}

/// Where a definition and its sources are read from.
#[derive(Args)]
pub(crate) struct Sources {
    /// Read the definition from this commit, branch or tag of its repository instead of from the
    /// folder; files that are not committed are not seen.
    #[arg(long, value_name = "REV")]
    pub(crate) rev: Option<String>,
    #[command(flatten)]
    pub(crate) fetching: Fetching,
}

/// How sources that are missing are fetched.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Fetching {
    /// Take hld.lock as it is: a source that it does not have is an error.
    #[arg(long)]
    pub(crate) locked: bool,
    /// Use no network: what hld.lock names must be in the cache.
    #[arg(long)]
    pub(crate) offline: bool,
}

/// Shows help, the version, or what is wrong with the command line.
pub(crate) fn show_usage(error: &clap::Error) -> ExitCode {
    error.print().ok();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
