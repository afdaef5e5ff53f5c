//! Remotes: an address, how to log in, and one connection's state.

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use git2::{CertificateCheckStatus, Cred, CredentialType, Progress, RemoteCallbacks};
use secrecy::ExposeSecret;

use crate::credentials::{Credential, Credentials, KeySource, check_key_file, check_secret};
use crate::error::{ErrorKind, GitError};
use crate::fetch::Limits;
use crate::host_key::{self, Verdict};
use crate::oid::ObjectId;
use crate::patience;
use crate::url::RemoteUrl;

/// A repository elsewhere.
#[derive(Clone)]
pub struct Remote {
    /// Its address.
    pub url: RemoteUrl,
    credentials: Arc<dyn Credentials>,
    known_hosts: Vec<PathBuf>,
    cancelled: Arc<dyn Fn() -> bool + Send + Sync>,
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
        Remote { url, credentials, known_hosts, cancelled: Arc::new(|| false) }
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

    /// What one connection needs and learns.
    pub(crate) fn connection(&self, limits: &Limits) -> Result<Connection<'_>, GitError> {
        patience::ensure();
        let candidates = self.credentials.find(&self.url)?;
        let mut headers = Vec::new();
        for candidate in &candidates {
            match candidate {
                Credential::Bearer(token) => {
                    check_secret(token.expose_secret())?;
                    headers.push(format!("Authorization: Bearer {}", token.expose_secret()));
                }
                Credential::Password { secret, .. } => check_secret(secret.expose_secret())?,
                _ => {}
            }
        }
        let state = State {
            candidates: candidates.into_iter().filter(|one| !matches!(one, Credential::Bearer(_))).collect(),
            n_tried: 0,
            used: Vec::new(),
            fault: None,
            said: Vec::new(),
        };
        Ok(Connection {
            remote: self,
            limits: *limits,
            began: Instant::now(),
            state: RefCell::new(state),
            headers,
        })
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.url).finish()
    }
}

/// One connection: its callbacks share this.
pub(crate) struct Connection<'r> {
    remote: &'r Remote,
    limits: Limits,
    began: Instant,
    state: RefCell<State>,
    headers: Vec<String>,
}

struct State {
    candidates: Vec<Credential>,
    n_tried: usize,
    /// Secrets that were given to libgit2: no error may repeat them.
    used: Vec<String>,
    /// Why one of our callbacks stopped the connection.
    fault: Option<GitError>,
    /// What the server said beside the data.
    said: Vec<u8>,
}

/// Most of what a server says that is kept, in bytes.
const MOST_SAID: usize = 4096;

impl<'r> Connection<'r> {
    /// Headers of every HTTP request.
    pub(crate) fn headers(&self) -> Vec<&str> {
        self.headers.iter().map(String::as_str).collect()
    }

    /// What the server said for people: the words of a hook.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&self.state.borrow().said).into_owned()
    }

    /// Puts down why a callback stops the connection.
    pub(crate) fn stop(&self, fault: GitError) -> git2::Error {
        let error = git2::Error::new(git2::ErrorCode::User, git2::ErrorClass::Callback, &fault.message);
        self.state.borrow_mut().fault.get_or_insert(fault);
        error
    }

    /// What a failure of libgit2 means, without any secret that was used.
    pub(crate) fn explain(&self, error: git2::Error) -> GitError {
        let mut state = self.state.borrow_mut();
        if let Some(fault) = state.fault.take() {
            return fault;
        }
        let mut explained = GitError::from(error);
        for secret in state.used.iter().filter(|secret| secret.len() > 3) {
            explained.message = explained.message.replace(secret.as_str(), "***");
        }
        if explained.kind == ErrorKind::Auth && state.n_tried == 0 && self.headers.is_empty() {
            explained.message = format!("{} (no credentials are known for this host)", explained.message);
        }
        explained
    }

    pub(crate) fn callbacks<'c>(&'c self) -> RemoteCallbacks<'c> {
        let mut callbacks = RemoteCallbacks::new();
        callbacks.credentials(|_, user, allowed| self.log_in(user, allowed));
        callbacks.certificate_check(|certificate, _| self.check_host(certificate));
        callbacks.transfer_progress(|progress| self.check_progress(&progress));
        callbacks.sideband_progress(|bytes| {
            let mut state = self.state.borrow_mut();
            let room = MOST_SAID.saturating_sub(state.said.len());
            state.said.extend_from_slice(&bytes[..bytes.len().min(room)]);
            !(self.remote.cancelled)()
        });
        callbacks
    }

    /// The next way to log in that the server takes.
    fn log_in(&self, user: Option<&str>, allowed: CredentialType) -> Result<Cred, git2::Error> {
        let user = self.remote.url.user().or(user).unwrap_or("git");
        if allowed.contains(CredentialType::USERNAME) && !allowed.contains(CredentialType::SSH_KEY) {
            return Cred::username(user);
        }
        loop {
            let mut state = self.state.borrow_mut();
            let Some(candidate) = state.candidates.get(state.n_tried).cloned() else {
                return Err(git2::Error::new(
                    git2::ErrorCode::Auth,
                    git2::ErrorClass::Callback,
                    match state.n_tried {
                        0 => "the server asks for credentials",
                        _ => "the server takes none of the credentials for it",
                    },
                ));
            };
            state.n_tried += 1;
            if let Some(credential) = self.offer(&candidate, (user, allowed), &mut state)? {
                return Ok(credential);
            }
        }
    }

    fn offer(
        &self,
        candidate: &Credential,
        (user, allowed): (&str, CredentialType),
        state: &mut State,
    ) -> Result<Option<Cred>, git2::Error> {
        let takes_key =
            allowed.contains(CredentialType::SSH_KEY) || allowed.contains(CredentialType::SSH_MEMORY);
        let takes_password =
            allowed.contains(CredentialType::USER_PASS_PLAINTEXT) && !self.remote.url.is_ssh();
        let credential = match candidate {
            Credential::Password { user, secret } if takes_password => {
                remember(state, secret.expose_secret());
                state.used.push(
                    base64::engine::general_purpose::STANDARD
                        .encode(format!("{user}:{}", secret.expose_secret())),
                );
                Cred::userpass_plaintext(user, secret.expose_secret())?
            }
            Credential::SshKey { private, passphrase } if takes_key => {
                let passphrase = passphrase.as_ref().map(ExposeSecret::expose_secret);
                match private {
                    KeySource::File(path) => {
                        check_key_file(path).map_err(|fault| refused(state, fault))?;
                        Cred::ssh_key(user, None, path, passphrase)?
                    }
                    KeySource::Text(text) => {
                        Cred::ssh_key_from_memory(user, None, text.expose_secret(), passphrase)?
                    }
                }
            }
            Credential::SshAgent if takes_key => Cred::ssh_key_from_agent(user)?,
            Credential::Helper if takes_password => {
                let config = git2::Config::open_default()?;
                let mut helper = git2::CredentialHelper::new(&self.remote.url.to_string());
                let Some((user, secret)) = helper.config(&config).execute() else { return Ok(None) };
                check_secret(&secret).map_err(|fault| refused(state, fault))?;
                remember(state, &secret);
                Cred::userpass_plaintext(&user, &secret)?
            }
            _ => return Ok(None),
        };
        Ok(Some(credential))
    }

    /// Certificates are OpenSSL's business; host keys are compared with the known hosts.
    fn check_host(&self, certificate: &git2::cert::Cert<'_>) -> Result<CertificateCheckStatus, git2::Error> {
        let Some(host_key) = certificate.as_hostkey() else {
            return Ok(CertificateCheckStatus::CertificatePassthrough);
        };
        let url = &self.remote.url;
        let host = url.authority();
        let refuse = |words: String| Err(self.stop(GitError::new(ErrorKind::Untrusted, words)));
        let Some(key) = host_key.hostkey() else {
            return refuse(format!("`{host}` shows no host key"));
        };
        let files: Vec<String> =
            self.remote.known_hosts.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
        let shown = host_key::fingerprint(key);
        match host_key::judge(&files, url.host(), url.port(), key) {
            Verdict::Known => Ok(CertificateCheckStatus::CertificateOk),
            Verdict::Unknown => {
                refuse(format!("`{host}` shows the host key {shown}, and no known hosts file has it"))
            }
            Verdict::Revoked => refuse(format!("`{host}` shows the host key {shown}, which was revoked")),
            Verdict::Changed(known) => {
                refuse(format!("`{host}` shows the host key {shown}, and known is {}", known.join(", ")))
            }
        }
    }

    fn check_progress(&self, progress: &Progress<'_>) -> bool {
        let limits = &self.limits;
        let reached = if progress.received_bytes() as u64 > limits.bytes {
            Some(format!("more than {} bytes were sent (limit of fetched bytes)", limits.bytes))
        } else if progress.total_objects() as u64 > limits.objects {
            Some(format!(
                "{} objects are more than {} (limit of fetched objects)",
                progress.total_objects(),
                limits.objects
            ))
        } else if self.began.elapsed() > Duration::from_secs(limits.seconds) {
            Some(format!("it took longer than {} s (limit of time)", limits.seconds))
        } else {
            None
        };
        if let Some(words) = reached {
            self.stop(GitError::new(ErrorKind::Limit, words));
            return false;
        }
        if (self.remote.cancelled)() {
            self.stop(GitError::new(ErrorKind::Cancelled, "cancelled"));
            return false;
        }
        true
    }
}

/// Stops the connection because a credential is no good.
fn refused(state: &mut State, fault: GitError) -> git2::Error {
    let error = git2::Error::from_str(&fault.message);
    state.fault.get_or_insert(fault);
    error
}

fn remember(state: &mut State, secret: &str) {
    state.used.push(secret.to_owned());
}
