//! One connection to a remote: its limits, its logins, and what goes wrong with it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use git2::{CertificateCheckStatus, Cred, CredentialType, Progress, RemoteCallbacks};
use hld_diag::Secret;
use secrecy::ExposeSecret;

use crate::credentials::{Credential, KeySource, check_key_file, check_secret};
use crate::error::{ErrorKind, GitError};
use crate::fetch::Limits;
use crate::host_key::{self, Verdict};
use crate::reach::Reach;
use crate::remote::Remote;
use crate::url::RemoteUrl;
use crate::{files, patience};

/// How often whoever waits for a credential helper looks whether there is time left.
const LOOKING_UP: Duration = Duration::from_millis(50);

/// Most of what a server says that is kept, in bytes.
const MOST_SAID: usize = 4096;

/// One connection: callbacks and the transport share it.
pub(crate) struct Connection {
    url: RemoteUrl,
    known_hosts: Vec<PathBuf>,
    cancelled: Arc<dyn Fn() -> bool + Send + Sync>,
    reach: Reach,
    limits: Limits,
    began: Instant,
    n_bytes: AtomicU64,
    /// What is sent as `Authorization` before anybody asks.
    bearer: Option<Secret>,
    state: Mutex<State>,
}

struct State {
    candidates: Vec<Credential>,
    n_tried: usize,
    /// How many of them were fit to be sent.
    n_sent: usize,
    /// What was sent to log in, in all its forms: no server's word may repeat it.
    used: Vec<Secret>,
    /// Why one of us stopped the connection.
    fault: Option<GitError>,
    /// What the server said beside the data.
    said: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(remote: &Remote, limits: &Limits) -> Result<Arc<Self>, GitError> {
        patience::ensure();
        let candidates = remote.credentials().find(&remote.url)?;
        let mut bearer = None;
        let mut used = Vec::new();
        for candidate in &candidates {
            match candidate {
                Credential::Bearer(token) => {
                    check_secret(token.expose_secret())?;
                    bearer.get_or_insert_with(|| Secret::from(format!("Bearer {}", token.expose_secret())));
                    used.push(token.clone());
                }
                Credential::Password { secret, .. } => check_secret(secret.expose_secret())?,
                _ => {}
            }
        }
        let state = State {
            candidates: candidates.into_iter().filter(|one| !matches!(one, Credential::Bearer(_))).collect(),
            n_tried: 0,
            n_sent: 0,
            used,
            fault: None,
            said: Vec::new(),
        };
        let (host, port) = (remote.url.host(), remote.url.port());
        if remote.url.is_ssh() {
            remote.reach().check(host, port)?;
        } else if let Some(words) = remote.reach().refuses(host, port).filter(|_| !remote.url.is_local()) {
            return Err(GitError::new(ErrorKind::Refused, format!("`{}`: {words}", remote.url)));
        }
        Ok(Arc::new(Connection {
            url: remote.url.clone(),
            known_hosts: remote.known_hosts_files().to_vec(),
            cancelled: remote.cancelled(),
            reach: remote.reach().clone(),
            limits: *limits,
            began: Instant::now(),
            n_bytes: AtomicU64::new(0),
            bearer,
            state: Mutex::new(state),
        }))
    }

    pub(crate) fn url(&self) -> &RemoteUrl {
        &self.url
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server said for people: the words of a hook.
    pub(crate) fn said(&self) -> String {
        let state = self.state();
        scrub(&state.used, String::from_utf8_lossy(&state.said).into_owned())
    }

    /// Puts down why one of us stops the connection.
    pub(crate) fn stop(&self, fault: GitError) -> git2::Error {
        let error = git2::Error::new(git2::ErrorCode::User, git2::ErrorClass::Callback, &fault.message);
        self.state().fault.get_or_insert(fault);
        error
    }

    /// What a failure of libgit2 means.
    pub(crate) fn explain(&self, error: git2::Error) -> GitError {
        let mut state = self.state();
        let mut explained = state.fault.take().unwrap_or_else(|| GitError::from(error));
        if explained.kind == ErrorKind::Auth && state.n_sent == 0 && self.bearer.is_none() {
            explained.message = format!("{} (no credentials are known for this host)", explained.message);
        }
        explained.message = scrub(&state.used, explained.message);
        explained
    }

    pub(crate) fn callbacks(&self) -> RemoteCallbacks<'_> {
        let mut callbacks = RemoteCallbacks::new();
        callbacks.credentials(|_, user, allowed| self.log_in(user, allowed));
        callbacks.certificate_check(|certificate, _| self.check_host(certificate));
        callbacks.transfer_progress(|progress| self.check_progress(&progress));
        callbacks.sideband_progress(|bytes| {
            let mut state = self.state();
            let room = MOST_SAID.saturating_sub(state.said.len());
            state.said.extend_from_slice(&bytes[..bytes.len().min(room)]);
            drop(state);
            self.check().map_err(|fault| self.stop(fault)).is_ok()
        });
        callbacks
    }

    /// What is sent over HTTP before anybody asks.
    pub(crate) fn first_login(&self) -> Option<String> {
        self.bearer.as_ref().map(|bearer| bearer.expose_secret().to_owned())
    }

    /// What is sent over HTTP after what was sent before was not enough.
    pub(crate) fn next_login(&self, takes_password: bool) -> Result<String, GitError> {
        let refused = |words: &str| GitError::new(ErrorKind::Auth, format!("`{}`: {words}", self.url));
        loop {
            let mut state = self.state();
            let Some(candidate) = state.candidates.get(state.n_tried).cloned() else {
                return Err(match (state.n_sent, &self.bearer) {
                    (0, None) => refused("it asks for credentials"),
                    _ => refused("it takes none of the credentials for it"),
                });
            };
            if !takes_password {
                return Err(refused("it asks for credentials of a kind that hld does not have"));
            }
            state.n_tried += 1;
            drop(state);
            let (user, secret) = match candidate {
                Credential::Password { user, secret } => (user, secret),
                Credential::Helper => match self.ask_helper()? {
                    Some(found) => found,
                    None => continue,
                },
                _ => continue,
            };
            let login = STANDARD.encode(format!("{user}:{}", secret.expose_secret()));
            let mut state = self.state();
            state.n_sent += 1;
            state.used.extend([secret, Secret::from(login.clone())]);
            return Ok(format!("Basic {login}"));
        }
    }

    /// What the user's credential helpers say, who may wait for somebody to type.
    fn ask_helper(&self) -> Result<Option<(String, Secret)>, GitError> {
        let config = git2::Config::open_default()?;
        let mut helper = git2::CredentialHelper::new(&self.url.to_string());
        helper.config(&config);
        let (said, says) = mpsc::channel();
        let ask = move || said.send(helper.execute());
        thread::Builder::new().spawn(ask).map_err(|error| {
            GitError::new(ErrorKind::Local, format!("git's credential helpers can not be asked: {error}"))
        })?;
        let found = loop {
            match says.recv_timeout(LOOKING_UP) {
                Err(RecvTimeoutError::Timeout) => self.check()?,
                found => break found.ok().flatten(),
            }
        };
        let Some((user, secret)) = found else { return Ok(None) };
        check_secret(&secret)?;
        Ok(Some((user, Secret::from(secret))))
    }

    /// The next way to log in that an SSH server takes.
    fn log_in(&self, user: Option<&str>, allowed: CredentialType) -> Result<Cred, git2::Error> {
        let user = self.url.user().or(user).unwrap_or("git");
        let takes_key =
            allowed.contains(CredentialType::SSH_KEY) || allowed.contains(CredentialType::SSH_MEMORY);
        if allowed.contains(CredentialType::USERNAME) && !allowed.contains(CredentialType::SSH_KEY) {
            return Cred::username(user);
        }
        loop {
            let mut state = self.state();
            let Some(candidate) = state.candidates.get(state.n_tried).cloned() else {
                return Err(git2::Error::new(
                    git2::ErrorCode::Auth,
                    git2::ErrorClass::Callback,
                    match state.n_sent {
                        0 => "the server asks for credentials",
                        _ => "the server takes none of the credentials for it",
                    },
                ));
            };
            state.n_tried += 1;
            state.n_sent += usize::from(takes_key);
            drop(state);
            match candidate {
                Credential::SshKey { private, passphrase } if takes_key => {
                    return self.key(user, &private, passphrase.as_ref());
                }
                Credential::SshAgent if takes_key => return Cred::ssh_key_from_agent(user),
                _ => {}
            }
        }
    }

    fn key(&self, user: &str, private: &KeySource, passphrase: Option<&Secret>) -> Result<Cred, git2::Error> {
        let passphrase = passphrase.map(ExposeSecret::expose_secret);
        match private {
            KeySource::File(path) => {
                check_key_file(path).map_err(|fault| self.stop(fault))?;
                Cred::ssh_key(user, None, path, passphrase)
            }
            KeySource::Text(text) => Cred::ssh_key_from_memory(user, None, text.expose_secret(), passphrase),
        }
    }

    /// Host keys are compared with the known hosts.
    fn check_host(&self, certificate: &git2::cert::Cert<'_>) -> Result<CertificateCheckStatus, git2::Error> {
        let Some(host_key) = certificate.as_hostkey() else {
            return Ok(CertificateCheckStatus::CertificatePassthrough);
        };
        let url = &self.url;
        let host = url.authority();
        let refuse = |words: String| Err(self.stop(GitError::new(ErrorKind::Untrusted, words)));
        let Some(key) = host_key.hostkey() else {
            return refuse(format!("`{host}` shows no host key"));
        };
        let files: Result<Vec<_>, _> = self.known_hosts.iter().map(|path| files::known_hosts(path)).collect();
        let files = files.map_err(|fault| self.stop(fault))?;
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

    /// Counts what has come in.
    pub(crate) fn count(&self, n_bytes: usize) -> Result<(), GitError> {
        let n_bytes = n_bytes as u64;
        let total = self.n_bytes.fetch_add(n_bytes, Ordering::Relaxed) + n_bytes;
        if total > self.limits.bytes { Err(self.limits.out_of_bytes()) } else { Ok(()) }
    }

    /// Whether the connection may go on.
    pub(crate) fn check(&self) -> Result<(), GitError> {
        if self.began.elapsed() > Duration::from_secs(self.limits.seconds) {
            return Err(self.limits.out_of_time());
        }
        if (self.cancelled)() {
            return Err(GitError::new(ErrorKind::Cancelled, "cancelled"));
        }
        Ok(())
    }

    fn check_progress(&self, progress: &Progress<'_>) -> bool {
        let limits = &self.limits;
        let fault = if progress.received_bytes() as u64 > limits.bytes {
            Err(limits.out_of_bytes())
        } else if progress.total_objects() as u64 > limits.objects {
            let words = format!(
                "{} objects are more than {} (limit of fetched objects)",
                progress.total_objects(),
                limits.objects
            );
            Err(GitError::new(ErrorKind::Limit, words))
        } else {
            self.check()
        };
        fault.map_err(|fault| self.stop(fault)).is_ok()
    }
}

/// A text without secrets. One of a few letters would be found everywhere.
fn scrub(used: &[Secret], text: String) -> String {
    let used = used.iter().map(ExposeSecret::expose_secret).filter(|secret| secret.len() > 3);
    used.fold(text, |text, secret| text.replace(secret, "***"))
}
