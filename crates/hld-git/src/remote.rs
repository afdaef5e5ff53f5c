//! Remotes: an address, how to log in, and what may be connected to.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::credentials::Credentials;
use crate::oid::ObjectId;
use crate::reach::Reach;
use crate::url::RemoteUrl;

/// A repository elsewhere.
#[derive(Clone)]
pub struct Remote {
    /// Its address.
    pub url: RemoteUrl,
    credentials: Arc<dyn Credentials>,
    known_hosts: Vec<PathBuf>,
    cancelled: Arc<dyn Fn() -> bool + Send + Sync>,
    reach: Reach,
}

/// A branch or tag that a remote has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRef {
    /// Its full name: `refs/heads/main`, `HEAD`.
    pub name: String,
    /// What it points at; an annotated tag has a second entry, `<name>^{}`, with its commit.
    pub id: ObjectId,
    /// The branch that `HEAD` means.
    pub target: Option<String>,
}

impl Remote {
    /// The repository at `url`. SSH hosts are known from `~/.ssh/known_hosts` and
    /// `/etc/ssh/ssh_known_hosts`.
    #[must_use]
    pub fn new(url: RemoteUrl, credentials: Arc<dyn Credentials>) -> Self {
        let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".ssh/known_hosts"));
        let known_hosts = home.into_iter().chain([PathBuf::from("/etc/ssh/ssh_known_hosts")]).collect();
        Remote { url, credentials, known_hosts, cancelled: Arc::new(|| false), reach: Reach::Anywhere }
    }

    /// Knows SSH hosts from these files instead.
    #[must_use]
    pub fn known_hosts(mut self, files: Vec<PathBuf>) -> Self {
        self.known_hosts = files;
        self
    }

    /// Gives up when `cancelled` says so; it is asked while data comes in.
    #[must_use]
    pub fn cancelled_by(mut self, cancelled: Arc<dyn Fn() -> bool + Send + Sync>) -> Self {
        self.cancelled = cancelled;
        self
    }

    /// Connects to these addresses alone, whatever name leads to others.
    #[must_use]
    pub fn within(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    pub(crate) fn credentials(&self) -> &dyn Credentials {
        &*self.credentials
    }

    pub(crate) fn known_hosts_files(&self) -> &[PathBuf] {
        &self.known_hosts
    }

    pub(crate) fn cancelled(&self) -> Arc<dyn Fn() -> bool + Send + Sync> {
        self.cancelled.clone()
    }

    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.url).finish()
    }
}
