//! The flags of `hld-agent`: its own, and those of Flux v1 that mean the same.

use std::path::PathBuf;

use clap::Parser;

use super::file::{ConfigFile, GitFields, LogFormat, WebhookFields};

/// Bring a git repository of Kubernetes manifests into a cluster, and keep the cluster like it.
#[derive(Debug, Default, Parser)]
#[command(name = "hld-agent", version, max_term_width = 100)]
pub(super) struct Flags {
    /// Configuration file; flags win over what it says.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Name of this sync: its status, its inventory and its label in the cluster.
    #[arg(long, visible_alias = "git-label", value_name = "NAME")]
    sync: Option<String>,
    /// Namespace of the agent's own objects; the pod's where it runs in one.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Kubeconfig file; the pod's service account where there is none.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Repository: https, ssh, or `user@host:path`.
    #[arg(long, value_name = "URL")]
    git_url: Option<String>,
    /// Branch to follow.
    #[arg(long, value_name = "NAME")]
    git_branch: Option<String>,
    /// Folder in the repository; several are separated by commas or given one by one.
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    git_path: Vec<String>,
    /// How often the repository is asked for something new.
    #[arg(long, value_name = "DURATION")]
    git_poll_interval: Option<String>,
    /// How long one fetch may take.
    #[arg(long, value_name = "DURATION")]
    git_timeout: Option<String>,
    /// Host and port that plain http is allowed to; may be given several times.
    #[arg(long, value_name = "HOST:PORT")]
    git_insecure: Vec<String>,
    /// User of https; `git` where a password file is given alone.
    #[arg(long, value_name = "NAME")]
    git_username: Option<String>,
    /// File with the password or token of https.
    #[arg(long, value_name = "FILE")]
    git_password_file: Option<PathBuf>,
    /// File with the private key of ssh.
    #[arg(long, value_name = "FILE")]
    git_key_file: Option<PathBuf>,
    /// File with the host keys of ssh.
    #[arg(long, value_name = "FILE")]
    git_known_hosts_file: Option<PathBuf>,
    /// Folder that what was fetched is kept in, for the next start.
    #[arg(long, value_name = "DIR")]
    git_folder: Option<PathBuf>,
    /// The repository is never written to; `false` is refused.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    git_readonly: Option<bool>,
    /// How often every object is compared with the cluster, changed or not.
    #[arg(long, value_name = "DURATION")]
    sync_interval: Option<String>,
    /// Whether objects that are gone from the repository are deleted.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    sync_garbage_collection: Option<bool>,
    /// Where Flux keeps what was synced last; only `secret` means what is done here.
    #[arg(long, value_name = "secret|git", hide = true)]
    sync_state: Option<String>,
    /// Follow the branch even where its history was rewritten.
    #[arg(long)]
    allow_rewrite: bool,
    /// Folder of the deploy key in Flux's layout: the key is `identity` in it.
    #[arg(long, visible_alias = "k8s-secret-volume-mount-path", value_name = "DIR")]
    ssh_keygen_dir: Option<PathBuf>,
    /// File name of the deploy key in that folder.
    #[arg(long, value_name = "NAME", hide = true)]
    k8s_secret_data_key: Option<String>,
    /// Address of health and metrics.
    #[arg(short, long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address of metrics, where they shall not be at `--listen`.
    #[arg(long, value_name = "ADDRESS")]
    listen_metrics: Option<String>,
    /// Address of webhooks; it is open only where the configuration file names receivers.
    #[arg(long, value_name = "ADDRESS")]
    listen_webhooks: Option<String>,
    /// Form of the log: `json` or `text` (Flux's `fmt`).
    #[arg(long, value_name = "FORM")]
    log_format: Option<LogFormat>,
}

impl Flags {
    /// What the flags say, in the shape of the file.
    pub(super) fn into_file(self) -> ConfigFile {
        let key = self.ssh_keygen_dir.map(|folder| {
            let name = self.k8s_secret_data_key.as_deref().unwrap_or("identity");
            folder.join(name)
        });
        let git = GitFields {
            url: self.git_url,
            branch: self.git_branch,
            paths: (!self.git_path.is_empty()).then_some(self.git_path),
            poll_interval: self.git_poll_interval,
            timeout: self.git_timeout,
            insecure: (!self.git_insecure.is_empty()).then_some(self.git_insecure),
            username: self.git_username,
            password_file: self.git_password_file,
            key_file: self.git_key_file.or(key),
            known_hosts_file: self.git_known_hosts_file,
            folder: self.git_folder,
        };
        let webhooks =
            self.listen_webhooks.map(|listen| WebhookFields { listen: Some(listen), receivers: None });
        ConfigFile {
            sync: self.sync,
            namespace: self.namespace,
            kubeconfig: self.kubeconfig,
            git: Some(git),
            interval: self.sync_interval,
            prune: self.sync_garbage_collection,
            allow_rewrite: self.allow_rewrite.then_some(true),
            listen: self.listen,
            listen_metrics: self.listen_metrics,
            webhooks,
            log_format: self.log_format,
            ..ConfigFile::default()
        }
    }

    /// What is said about flags whose value asks for something the agent does not do.
    pub(super) fn refusals(&self) -> Vec<(&'static str, &'static str)> {
        let writes = self.git_readonly == Some(false);
        let tag = self.sync_state.as_deref().is_some_and(|state| state != "secret");
        let mut refusals = Vec::new();
        if writes {
            refusals.push(("--git-readonly=false", "the agent never writes to the repository"));
        }
        if tag {
            refusals.push(("--sync-state", "what was applied last is kept in the cluster, as with `secret`"));
        }
        refusals
    }
}
