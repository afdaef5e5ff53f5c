//! `hld agent bootstrap`

use hld_agent::bootstrap::{self, Power, Refusal};
use hld_agent::config::Provider;
use secrecy::ExposeSecret as _;

use crate::error::{CommandError, FailureKind};
use crate::ui;

/// Print the manifests that bring the agent into a cluster.
///
/// They are a namespace, a service account with the rights of an applier, the configuration, a Secret
/// with a fresh deploy key (for ssh), and a Deployment. What is left to do by hand, such as giving the
/// public key to the forge, is said on standard error. Pipe the manifests into `kubectl apply`: the
/// private key is in them.
#[derive(clap::Args)]
pub(crate) struct Bootstrap {
    /// Print; nothing is applied.
    #[arg(long, required = true)]
    print: bool,
    /// Repository of manifests: https, ssh, or `user@host:path`.
    #[arg(long, value_name = "URL")]
    git_url: String,
    /// Branch to follow.
    #[arg(long, default_value = "main", value_name = "NAME")]
    git_branch: String,
    /// Folder in the repository; may be given several times.
    #[arg(long = "path", visible_alias = "git-path", value_name = "PATH")]
    paths: Vec<String>,
    /// Name of the sync.
    #[arg(long, default_value = "main", value_name = "NAME")]
    sync: String,
    /// Namespace of the agent.
    #[arg(short, long, default_value = "hld-agent", value_name = "NAME")]
    namespace: String,
    /// Image of the agent.
    #[arg(long, default_value = concat!("ghcr.io/hld-dev/hld-agent:", env!("CARGO_PKG_VERSION")), value_name = "IMAGE")]
    image: String,
    /// User of https; the password goes into a Secret by hand.
    #[arg(long, value_name = "NAME")]
    git_username: Option<String>,
    /// Host and port of the repository that plain http is allowed to.
    #[arg(long, value_name = "HOST:PORT")]
    insecure: Vec<String>,
    /// Receive the webhooks of this forge, with a fresh secret.
    #[arg(long, value_enum, value_name = "FORGE")]
    webhooks: Option<Forge>,
    /// Rights in these namespaces alone, and none outside of namespaces; may be given several times.
    #[arg(long, value_name = "NAMESPACE", conflicts_with_all = ["cluster_admin", "kinds"])]
    namespaced: Vec<String>,
    /// Rights for one more kind, such as `cert-manager.io/certificates`; may be given several times.
    #[arg(long = "kind", value_name = "GROUP/RESOURCES")]
    kinds: Vec<String>,
    /// All rights: for repositories that hold roles for others.
    #[arg(long, conflicts_with = "kinds")]
    cluster_admin: bool,
}

/// The forges whose webhooks are understood.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Forge {
    Gitea,
    Github,
    AzureDevops,
    Generic,
}

impl From<Forge> for Provider {
    fn from(forge: Forge) -> Self {
        match forge {
            Forge::Gitea => Provider::Gitea,
            Forge::Github => Provider::Github,
            Forge::AzureDevops => Provider::AzureDevops,
            Forge::Generic => Provider::Generic,
        }
    }
}

pub(super) fn run(command: &Bootstrap) -> Result<(), CommandError> {
    let power = if command.cluster_admin {
        Power::ClusterAdmin
    } else if command.namespaced.is_empty() {
        Power::Cluster(command.kinds.clone())
    } else {
        Power::Namespaces(command.namespaced.clone())
    };
    let wanted = bootstrap::Bootstrap {
        sync: command.sync.clone(),
        namespace: command.namespace.clone(),
        url: command.git_url.clone(),
        branch: command.git_branch.clone(),
        paths: command.paths.clone(),
        image: command.image.clone(),
        insecure: command.insecure.clone(),
        username: command.git_username.clone(),
        webhooks: command.webhooks.map(Provider::from),
        power,
    };
    let printed = bootstrap::print(&wanted).map_err(|refusal| match refusal {
        Refusal::Value(flag, why) => {
            CommandError::new(FailureKind::Usage, format!("`{flag}` can not be used: {why}"))
        }
        Refusal::NoRandomness => CommandError::new(FailureKind::Io, "the system gives no random bytes"),
    })?;
    ui::print(printed.manifests.expose_secret());
    printed.steps.iter().for_each(|step| ui::note(step));
    Ok(())
}
