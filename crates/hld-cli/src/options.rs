//! Arguments that several commands take.

use std::path::PathBuf;

use clap::Args;

use crate::ui::Format;

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
