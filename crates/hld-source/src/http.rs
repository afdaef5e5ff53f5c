//! Files over HTTP.
//!
//! Redirects are followed by hand, so that each step is checked and a token stays with its host. The
//! address that is connected to is checked where the name is resolved: nothing is resolved twice.

use std::io::{self, Read};
use std::time::Duration;

use base64::Engine as _;
use hld_diag::{Diagnostic, FETCH_FAILED, SOURCE_REFUSED, Secret, Span, UNREACHABLE};
use hld_git::{Guard, proxy_for, tls_problem};
use secrecy::ExposeSecret;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use url::Url;

use crate::access;
use crate::address::{Addresses, authority, refused, shown};
use crate::files::system_words;
use crate::{process, tree};

/// Most redirects of one request.
const MOST_REDIRECTS: usize = 5;

/// Most tries of one request, as long as another one may help.
const MOST_TRIES: u32 = 3;

/// Most bytes of the headers of an answer.
const MOST_HEADERS: usize = 64 * 1024;

/// How much may come in, and the key of hld.yaml that says so.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) bytes: u64,
    pub(crate) key: &'static str,
}

/// Asks for files.
pub(crate) struct Client {
    agent: Agent,
    addresses: Addresses,
    seconds: u64,
}

impl Client {
    /// A client that keeps to what the definition says about addresses.
    pub(crate) fn new(addresses: &Addresses, seconds: u64) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .accept_encoding("identity")
            .user_agent(concat!("hld/", env!("CARGO_PKG_VERSION")))
            .max_response_header_size(MOST_HEADERS)
            .max_idle_connections(0)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_per_read(Some(Duration::from_secs(30)))
            .timeout_global(Some(Duration::from_secs(seconds)))
            .build();
        let guard = Guard::new(addresses.reach());
        let agent = Agent::with_parts(config, DefaultConnector::default(), guard);
        Client { agent, addresses: addresses.clone(), seconds }
    }

    /// The bytes at an address; the token goes to its origin alone.
    pub(crate) fn get(&self, url: &Url, token: Option<&Secret>, limit: Limit) -> Result<Vec<u8>, Diagnostic> {
        if token.is_some()
            && url.scheme() == "http"
            && !access::is_this_machine(url.host_str().unwrap_or_default())
        {
            return Err(access::not_encrypted(url.host_str().unwrap_or_default()));
        }
        let mut tries = 1;
        loop {
            match self.follow(url, token, limit) {
                Err(Failure::Passing(_)) if tries < MOST_TRIES && !process::is_cancelled() => {
                    std::thread::sleep(Duration::from_millis(200) * tries);
                    tries += 1;
                }
                Err(Failure::Passing(diagnostic) | Failure::Final(diagnostic)) => {
                    return Err(without(token, diagnostic));
                }
                Ok(bytes) => return Ok(bytes),
            }
        }
    }

    fn follow(&self, url: &Url, token: Option<&Secret>, limit: Limit) -> Result<Vec<u8>, Failure> {
        let mut at = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let token = token.filter(|_| at.origin() == url.origin());
            match self.ask(&at, token, limit)? {
                Answer::Body(bytes) => return Ok(bytes),
                Answer::Redirect(location) => {
                    let next = at.join(&location).map_err(|_| self.odd(&at, "it redirects to no URL"))?;
                    if at.scheme() == "https" && next.scheme() != "https" {
                        return Err(self.odd(&at, "it redirects to an address without encryption"));
                    }
                    let checked = self.addresses.checked_http(next.as_str());
                    at = checked.map_err(|problem| Failure::Final(refused(next.as_str(), &problem)))?;
                }
            }
        }
        Err(self.odd(&at, &format!("it redirects more than {MOST_REDIRECTS} times")))
    }

    fn odd(&self, url: &Url, what: &str) -> Failure {
        Failure::Final(failed(url, what))
    }

    fn ask(&self, url: &Url, token: Option<&Secret>, limit: Limit) -> Result<Answer, Failure> {
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        if let Some(words) = self.addresses.reach().refuses(host, port) {
            return Err(out_of_reach(url, &words));
        }
        let proxy = proxy_for(url).map_err(|words| Failure::Final(failed(url, &words)))?;
        let mut request = self.agent.get(url.as_str()).config().proxy(proxy).build();
        if let Some(token) = token {
            request = request.header("authorization", authorization(token));
        }
        let mut response = request.call().map_err(|error| self.explain(url, &error))?;
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        match status {
            200 => {}
            301 | 302 | 303 | 307 | 308 => {
                let location = header("location").filter(|location| location.len() <= 8 * 1024);
                let location = location.ok_or_else(|| self.odd(url, "it redirects to nowhere"))?;
                return Ok(Answer::Redirect(location.to_owned()));
            }
            429 | 500..=599 => {
                let again = header("retry-after").filter(|after| after.len() < 40 && after.is_ascii());
                let again =
                    again.map_or_else(String::new, |after| format!(", to be asked again after `{after}`"));
                let message = format!("`{}` answers {status}{again}", shown(url.as_str()));
                return Err(Failure::Passing(
                    Diagnostic::new(UNREACHABLE, Span::NONE, message).hint("try again later"),
                ));
            }
            status => return Err(self.odd(url, &format!("it answers {status}"))),
        }
        let length = header("content-length").and_then(|length| length.parse::<u64>().ok());
        if length.is_some_and(|length| length > limit.bytes) {
            return Err(Failure::Final(too_large(limit)));
        }
        let bytes = self.read(response.body_mut().as_reader(), url, limit)?;
        if is_page(&bytes) {
            return Err(self.odd(url, "it answers with a page for people: a login, or the wrong address"));
        }
        Ok(Answer::Body(bytes))
    }

    fn read(&self, mut body: impl Read, url: &Url, limit: Limit) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 64 * 1024];
        loop {
            if process::is_cancelled() {
                return Err(Failure::Final(failed(url, "the run was cancelled")));
            }
            let n_read =
                body.read(&mut buffer).map_err(|error| self.explain(url, &ureq::Error::from(error)))?;
            if n_read == 0 {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&buffer[..n_read]);
            if bytes.len() as u64 > limit.bytes {
                return Err(Failure::Final(too_large(limit)));
            }
        }
    }

    fn explain(&self, url: &Url, error: &ureq::Error) -> Failure {
        match error {
            // Another try would take as long again.
            ureq::Error::Timeout(ureq::Timeout::Global) => {
                let words = format!("it took longer than {} s", self.seconds);
                Failure::Final(tree::limit(&words, Some("sourceSeconds")))
            }
            ureq::Error::Io(inner) if inner.kind() == io::ErrorKind::PermissionDenied => {
                out_of_reach(url, &inner.to_string())
            }
            ureq::Error::Io(_) | ureq::Error::Rustls(_) if let Some(words) = tls_problem(error) => {
                Failure::Final(failed(url, &words))
            }
            ureq::Error::Io(inner) => Failure::Passing(broken_off(url, inner)),
            ureq::Error::Timeout(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
                let message = format!("`{}` can not be reached: {error}", shown(url.as_str()));
                Failure::Passing(Diagnostic::new(UNREACHABLE, Span::NONE, message).hint("try again later"))
            }
            error => Failure::Final(failed(url, &error.to_string())),
        }
    }
}

enum Answer {
    Body(Vec<u8>),
    Redirect(String),
}

/// Why a request failed.
enum Failure {
    /// Another try may help.
    Passing(Diagnostic),
    Final(Diagnostic),
}

fn too_large(limit: Limit) -> Diagnostic {
    tree::limit(&format!("more than {} bytes were sent", limit.bytes), Some(limit.key))
}

/// Whether the answer is HTML, whatever its headers say.
fn is_page(bytes: &[u8]) -> bool {
    let head = bytes.trim_ascii_start();
    let head = String::from_utf8_lossy(&head[..head.len().min(64)]).to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html")
}

/// A server may say in its answer what was said to it.
fn without(token: Option<&Secret>, mut diagnostic: Diagnostic) -> Diagnostic {
    if let Some(token) = token.map(ExposeSecret::expose_secret).filter(|token| token.len() > 3) {
        diagnostic.message = diagnostic.message.replace(token, "***");
        for hint in &mut diagnostic.hints {
            *hint = hint.replace(token, "***");
        }
    }
    diagnostic
}

fn authorization(token: &Secret) -> String {
    let token = token.expose_secret();
    if token.contains(':') {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(token))
    } else {
        format!("Bearer {token}")
    }
}

/// An address that must not be connected to.
fn out_of_reach(url: &Url, words: &str) -> Failure {
    let message = format!("the source `{}` can not be used: {words}", shown(url.as_str()));
    let hint = format!("in a network that you trust, `insecure: [\"{}\"]` in hld.yaml", authority(url));
    Failure::Final(Diagnostic::new(SOURCE_REFUSED, Span::NONE, message).hint(hint))
}

fn broken_off(url: &Url, error: &io::Error) -> Diagnostic {
    let message = format!("`{}` can not be reached: {}", shown(url.as_str()), system_words(error));
    Diagnostic::new(UNREACHABLE, Span::NONE, message).hint("try again later")
}

/// What was reached does not give what was asked for.
pub(crate) fn failed(url: &Url, what: &str) -> Diagnostic {
    let message = format!("`{}` can not be fetched: {what}", shown(url.as_str()));
    Diagnostic::new(FETCH_FAILED, Span::NONE, message)
        .hint("check the address; a private source needs a token, see `hld explain HLD0814`")
}
