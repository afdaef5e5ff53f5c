//! One source: from the cache, or fetched into it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hld_compiler::{Limits, Request};
use hld_diag::{DIGEST_MISMATCH, Diagnostic, NOT_LOCKED, OFFLINE, Span};

use crate::access::{self, Access, Environment, Login};
use crate::address::{Addresses, shown};
use crate::cache::Cache;
use crate::chart::{self, Indexes};
use crate::digest::Digest;
use crate::files::Files;
use crate::git;
use crate::http::Client;
use crate::install::Options;
use crate::lock::Locked;

/// What is needed to fetch.
pub(crate) struct World<'w> {
    pub(crate) cache: &'w Cache,
    pub(crate) limits: &'w Limits,
    pub(crate) addresses: &'w Addresses,
    pub(crate) access: &'w Access,
    pub(crate) client: &'w Client,
    pub(crate) indexes: &'w Indexes,
    pub(crate) environment: Arc<Environment>,
    pub(crate) options: &'w Options<'w>,
    /// How many sources were fetched.
    pub(crate) n_fetched: &'w AtomicUsize,
}

/// A source in the cache.
#[derive(Clone)]
pub(crate) struct Fetched {
    /// Commit or version; empty for a file.
    pub(crate) resolved: String,
    /// Digest of its folder.
    pub(crate) digest: Digest,
    /// Its folder.
    pub(crate) files: Arc<Files>,
}

impl World<'_> {
    /// The folder of a source. What the lock has and the cache holds needs no network.
    pub(crate) fn get(
        &self,
        (request, is_own): (&Request, bool),
        locked: Option<&Locked>,
    ) -> Result<Fetched, Diagnostic> {
        if let Some(locked) = locked
            && let Some(files) = self.cache.find(&locked.digest)?
        {
            let (resolved, digest) = (locked.resolved.clone(), locked.digest.clone());
            return Ok(Fetched { resolved, digest, files });
        }
        let url = shown(request.url());
        if self.options.is_locked && locked.is_none() {
            let message = format!("hld.lock has no block for the source `{url}` as it is asked for here");
            return Err(Diagnostic::new(NOT_LOCKED, Span::NONE, message)
                .hint("run `hld install` without `--locked` and commit hld.lock"));
        }
        if self.options.is_offline {
            let what = if locked.is_some() { "the cache does not hold" } else { "hld.lock does not have" };
            let message = format!("{what} the source `{url}`, and `--offline` forbids to fetch it");
            return Err(Diagnostic::new(OFFLINE, Span::NONE, message)
                .hint("run `hld install` once where there is a network"));
        }
        (self.options.on_fetch)(&url);
        let fetched = self.fetch((request, is_own), locked)?;
        self.n_fetched.fetch_add(1, Ordering::Relaxed);
        match locked {
            Some(locked) if locked.digest != fetched.digest => Err(changed(&url, locked, &fetched)),
            _ => Ok(fetched),
        }
    }

    fn fetch(
        &self,
        (request, is_own): (&Request, bool),
        locked: Option<&Locked>,
    ) -> Result<Fetched, Diagnostic> {
        match request {
            Request::Git { url, .. } => {
                let address = self.addresses.git(url, is_own)?;
                let asked = if self.addresses.is_mirrored(url) { address.to_string() } else { url.clone() };
                let token = self.access.token(&asked, &*self.environment)?;
                let is_http = address.to_string().starts_with("http://");
                if token.is_some() && is_http && !access::is_this_machine(address.host()) {
                    return Err(access::not_encrypted(address.host()));
                }
                let login = Arc::new(Login { token, environment: self.environment.clone() });
                git::fetch(self, &address, login, (request, locked.map(|locked| locked.resolved.as_str())))
            }
            Request::Chart { repository, name, version } => {
                let wanted = locked.map_or(version.as_str(), |locked| locked.resolved.as_str());
                chart::fetch_chart(self, (repository, name), wanted)
            }
            Request::File { url, name } => chart::fetch_file(self, (url, name)),
        }
    }
}

/// A source that holds something else than when it was locked.
fn changed(url: &str, locked: &Locked, fetched: &Fetched) -> Diagnostic {
    let message = format!(
        "the source `{url}` holds something else than hld.lock says: {} instead of {}",
        fetched.digest, locked.digest
    );
    Diagnostic::new(DIGEST_MISMATCH, Span::NONE, message).hint(
        "somebody changed it behind its version; look at what changed before you remove its block from hld.lock",
    )
}
