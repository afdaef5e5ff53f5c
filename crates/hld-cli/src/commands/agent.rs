//! `hld agent`

mod bootstrap;
mod diff;
mod status;
mod sync;

use std::path::PathBuf;

use hld_agent::client::{Client, ClientError, Target};

use crate::error::{CommandError, FailureKind};
use crate::options::Global;

/// Bring the agent into a cluster, and ask it how it stands.
#[derive(clap::Args)]
pub(crate) struct Agent {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Bootstrap(bootstrap::Bootstrap),
    Status(status::Status),
    Sync(sync::Sync),
    Diff(diff::Diff),
}

/// Which agent, and as whom it is asked.
#[derive(clap::Args)]
struct Which {
    /// Name of the sync.
    #[arg(long, default_value = "main", value_name = "NAME")]
    sync: String,
    /// Namespace of the agent.
    #[arg(short, long, default_value = "hld-agent", value_name = "NAME")]
    namespace: String,
    /// Kubeconfig file; what kubectl would take where none is named.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Context in it.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

impl Which {
    fn open(&self) -> Result<Client, CommandError> {
        let target = Target {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            namespace: self.namespace.clone(),
            sync: self.sync.clone(),
        };
        Client::open(target).map_err(|error| failure(&error))
    }
}

pub(crate) fn run(global: &Global, command: &Agent) -> Result<(), CommandError> {
    match &command.command {
        Command::Bootstrap(command) => bootstrap::run(command),
        Command::Status(command) => status::run(global, command),
        Command::Sync(command) => sync::run(global, command),
        Command::Diff(command) => diff::run(global, command),
    }
}

fn failure(error: &ClientError) -> CommandError {
    let (kind, hint) = match error {
        ClientError::Kubeconfig(_) => {
            (FailureKind::Usage, Some("name a kubeconfig with `--kubeconfig`, or a context of it"))
        }
        ClientError::Cluster(_) => (FailureKind::Remote, None),
        ClientError::NoStatus(_) => {
            (FailureKind::Definition, Some("name the agent's namespace and sync: `--namespace`, `--sync`"))
        }
        ClientError::TimedOut(_) => (FailureKind::Later, Some("`hld agent status` says how it stands")),
        ClientError::Repository(_) => (FailureKind::Remote, None),
    };
    let failed = CommandError::new(kind, error.to_string());
    hint.map_or_else(|| CommandError::new(kind, error.to_string()), |hint| failed.hint(hint))
}
