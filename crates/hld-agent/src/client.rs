//! How people ask an agent: through its status in the cluster, as whoever their kubeconfig says.
//!
//! The functions wait for their answers; each has a runtime of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hld_apply::{Cluster, Desired, Identity, Options, Preview, Transport};
use hld_diag::Untrusted;
use hld_git::{Allowed, GitError, ObjectId, RemoteUrl, UserCredentials};
use k8s_openapi::jiff::Timestamp;
use tokio::runtime::Runtime;

use crate::cluster::{ALLOW_REMOVALS, ALLOW_REWRITE, REQUESTED, Store, StoreError, connect_as_user};
use crate::config::Git;
use crate::own;
use crate::source::{Seen, Source};
use crate::status::Status;

/// Pause between two looks at the status.
const LOOK: Duration = Duration::from_millis(500);

/// Which agent is asked.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Kubeconfig file; what kubectl would take where there is none.
    pub kubeconfig: Option<PathBuf>,
    /// Context in it.
    pub context: Option<String>,
    /// Namespace of the agent.
    pub namespace: String,
    /// Name of the sync.
    pub sync: String,
}

/// What somebody asks for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// A commit that may be applied although it does not go on from the last.
    pub allow_rewrite: Option<ObjectId>,
    /// A commit that may remove so many objects.
    pub allow_removals: Option<(ObjectId, usize)>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum ClientError {
    /// No cluster: what is wrong with the kubeconfig.
    Kubeconfig(String),
    /// The cluster refuses, or does not answer.
    Cluster(String),
    /// The agent has said nothing yet: the name of what it would write.
    NoStatus(String),
    /// The agent did not answer in time.
    TimedOut(Box<Status>),
    /// The repository can not be read.
    Repository(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Kubeconfig(why) => write!(f, "there is no cluster to ask: {why}"),
            ClientError::Cluster(why) => write!(f, "the cluster gives no answer: {why}"),
            ClientError::NoStatus(name) => write!(f, "no agent has written the ConfigMap `{name}`"),
            ClientError::TimedOut(_) => f.write_str("the agent did not answer in time"),
            ClientError::Repository(why) => write!(f, "the repository can not be read: {why}"),
        }
    }
}

impl std::error::Error for ClientError {}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        ClientError::Cluster(error.to_string())
    }
}

impl From<GitError> for ClientError {
    fn from(error: GitError) -> Self {
        ClientError::Repository(error.message)
    }
}

/// A connection to the cluster of an agent.
pub struct Client {
    runtime: Runtime,
    client: kube::Client,
    store: Store,
    target: Target,
}

impl Client {
    /// Connects as the user's kubeconfig says.
    ///
    /// # Errors
    /// There is no kubeconfig, or no such context.
    pub fn open(target: Target) -> Result<Self, ClientError> {
        let failed = |why: String| ClientError::Kubeconfig(Untrusted(&why).line());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let config =
            runtime.block_on(connect_as_user(target.kubeconfig.as_deref(), target.context.as_deref()));
        let config = config.map_err(|error| failed(error.to_string()))?;
        let client = {
            // The client starts a task of its own.
            let _guard = runtime.enter();
            Cluster::client(config).map_err(|error| failed(hld_apply::causes(&error)))?
        };
        let store = Store::new(client.clone(), &target.namespace, &target.sync);
        Ok(Client { runtime, client, store, target })
    }

    /// How the sync stands.
    ///
    /// # Errors
    /// The cluster does not say, or no agent has said anything.
    pub fn status(&self) -> Result<Status, ClientError> {
        self.runtime.block_on(self.read())
    }

    async fn read(&self) -> Result<Status, ClientError> {
        let stored = self.store.read().await?;
        stored
            .and_then(|stored| stored.status)
            .ok_or_else(|| ClientError::NoStatus(self.store.name().to_owned()))
    }

    /// Asks for a sync now, and gives the word by which the answer is known.
    ///
    /// # Errors
    /// There is no agent to ask, or the cluster refuses.
    pub fn request(&self, request: &Request) -> Result<String, ClientError> {
        let word = format!("{}-{:08x}", Timestamp::now(), std::process::id());
        let mut annotations = BTreeMap::from([(REQUESTED, word.clone())]);
        annotations.extend(request.allow_rewrite.map(|commit| (ALLOW_REWRITE, commit.to_string())));
        annotations
            .extend(request.allow_removals.map(|(commit, n)| (ALLOW_REMOVALS, format!("{commit}/{n}"))));
        self.runtime.block_on(async {
            self.read().await?;
            self.store.annotate(&annotations).await?;
            Ok(word)
        })
    }

    /// Waits until the agent has answered.
    ///
    /// # Errors
    /// It did not in time, or the cluster does not say.
    pub fn wait(&self, word: &str, patience: Duration) -> Result<Status, ClientError> {
        let began = Instant::now();
        self.runtime.block_on(async {
            loop {
                let status = self.read().await?;
                if status.request == word {
                    return Ok(status);
                }
                if began.elapsed() >= patience {
                    return Err(ClientError::TimedOut(Box::new(status)));
                }
                tokio::time::sleep(LOOK).await;
            }
        })
    }

    /// What a sync of `desired` would change, by dry runs on the server.
    ///
    /// # Errors
    /// The cluster refuses.
    pub fn diff(&self, desired: &Desired, key: hld_diff::Key) -> Result<Preview, ClientError> {
        let namespace = self.target.namespace.clone();
        let own = own::objects(&namespace);
        let identity = Identity { sync: self.target.sync.clone(), namespace, own };
        let failed = |error: hld_apply::Error| ClientError::Cluster(error.to_string());
        let cluster = Cluster::new(self.client.clone(), identity, Transport::default()).map_err(failed)?;
        self.runtime.block_on(cluster.diff(desired, &Options::default(), key)).map_err(failed)
    }
}

/// A repository as an agent follows it.
#[derive(Clone, Debug)]
pub struct Followed<'f> {
    /// Its address.
    pub url: &'f str,
    /// The branch.
    pub branch: &'f str,
    /// Folders in it.
    pub paths: &'f [String],
    /// `host:port` that may be reached without encryption.
    pub insecure: &'f [String],
}

/// What a commit of the repository says, read with the user's own credentials; the branch's tip where
/// none is named.
///
/// # Errors
/// The repository can not be reached, or what it holds would not be applied.
pub fn desired(followed: &Followed<'_>, commit: Option<ObjectId>) -> Result<Arc<Desired>, ClientError> {
    let allowed = Allowed { local: true, insecure: followed.insecure.to_vec() };
    let url =
        RemoteUrl::parse(followed.url, &allowed).map_err(|why| ClientError::Repository(why.to_string()))?;
    let git = Git {
        url,
        branch: followed.branch.to_owned(),
        paths: followed.paths.to_vec(),
        poll_interval: Duration::from_secs(60),
        timeout: Duration::from_secs(120),
        username: None,
        password_file: None,
        key_file: None,
        known_hosts_file: None,
        folder: None,
    };
    let mut source = Source::with_credentials(&git, Arc::new(UserCredentials))?;
    let tip = source.fetch()?;
    match source.view(commit.unwrap_or(tip), None) {
        Ok(Seen::New(view)) => Ok(view.desired),
        Ok(Seen::Same) => Err(ClientError::Repository("it says nothing".to_owned())),
        Err(stall) => Err(ClientError::Repository(stall.text())),
    }
}

/// What a folder of this machine says.
///
/// # Errors
/// A file that can not be read, or would not be applied.
pub fn desired_of_folder(folder: &Path) -> Result<Desired, ClientError> {
    let failed =
        |path: &Path, why: &dyn fmt::Display| ClientError::Repository(format!("`{}`: {why}", path.display()));
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(inner) = waiting.pop() {
        for entry in std::fs::read_dir(&inner).map_err(|error| failed(&inner, &error))? {
            let entry = entry.map_err(|error| failed(&inner, &error))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(|error| failed(&inner, &error))?);
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                waiting.push(path);
            } else if kind.is_file() && Desired::is_manifest(&name) {
                let bytes = std::fs::read(&path).map_err(|error| failed(&path, &error))?;
                files.push((path.display().to_string(), bytes));
            }
        }
    }
    Desired::parse(files).map_err(|error| ClientError::Repository(error.to_string()))
}
