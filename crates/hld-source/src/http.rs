//! Files over HTTP.
//!
//! Redirects are followed by hand, so that each step is checked and a token stays with its host. The
//! address that is connected to is checked where the name is resolved: nothing is resolved twice.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use base64::Engine as _;
use hld_diag::{Diagnostic, FETCH_FAILED, SOURCE_REFUSED, Secret, Span, UNREACHABLE};
use secrecy::ExposeSecret;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
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
        let guard = Guard { inner: DefaultResolver::default(), addresses: addresses.clone() };
        let agent = Agent::with_parts(config, DefaultConnector::default(), guard);
        Client { agent, addresses: addresses.clone() }
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
                Err(Failure::Passing(diagnostic) | Failure::Final(diagnostic)) => return Err(diagnostic),
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
        let mut request = self.agent.get(url.as_str());
        if let Some(token) = token {
            request = request.header("authorization", authorization(token));
        }
        let mut response = request.call().map_err(|error| explain(url, &error))?;
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
        let bytes = read(response.body_mut().as_reader(), url, limit)?;
        if is_page(&bytes) {
            return Err(self.odd(url, "it answers with a page for people: a login, or the wrong address"));
        }
        Ok(Answer::Body(bytes))
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

fn read(mut body: impl Read, url: &Url, limit: Limit) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 64 * 1024];
    loop {
        if process::is_cancelled() {
            return Err(Failure::Final(failed(url, "the run was cancelled")));
        }
        let n_read = body.read(&mut buffer).map_err(|error| Failure::Passing(broken_off(url, &error)))?;
        if n_read == 0 {
            return Ok(bytes);
        }
        bytes.extend_from_slice(&buffer[..n_read]);
        if bytes.len() as u64 > limit.bytes {
            return Err(Failure::Final(too_large(limit)));
        }
    }
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

fn authorization(token: &Secret) -> String {
    let token = token.expose_secret();
    if token.contains(':') {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(token))
    } else {
        format!("Bearer {token}")
    }
}

fn explain(url: &Url, error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::Io(inner) if inner.kind() == io::ErrorKind::PermissionDenied => {
            let message = format!("the source `{}` can not be used: {inner}", shown(url.as_str()));
            let hint =
                format!("in a network that you trust, `insecure: [\"{}\"]` in hld.yaml", authority(url));
            Failure::Final(Diagnostic::new(SOURCE_REFUSED, Span::NONE, message).hint(hint))
        }
        ureq::Error::Io(inner) => Failure::Passing(broken_off(url, inner)),
        ureq::Error::Timeout(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            let message = format!("`{}` can not be reached: {error}", shown(url.as_str()));
            Failure::Passing(Diagnostic::new(UNREACHABLE, Span::NONE, message).hint("try again later"))
        }
        error => Failure::Final(failed(url, &error.to_string())),
    }
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

/// Resolves names, and refuses addresses that the definition did not allow.
#[derive(Debug)]
struct Guard {
    inner: DefaultResolver,
    addresses: Addresses,
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        // A proxy was named by whoever runs hld.
        let is_proxy = config.proxy().is_some_and(|proxy| Some(proxy.host()) == uri.host());
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let is_allowed = self.addresses.is_insecure(&format!("{}:{port}", uri.host().unwrap_or_default()));
        let inner = found.iter().find(|address| !is_public(address.ip()));
        match inner.filter(|_| !is_proxy && !is_allowed) {
            None => Ok(found),
            Some(address) => {
                let words = format!("its address {} is not a public one", address.ip());
                Err(ureq::Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, words)))
            }
        }
    }
}

/// Whether an address belongs to the internet: not to this machine, this network, or nobody.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_inner = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b));
    let is_special = a == 0 || a >= 224 || (a, b, c) == (192, 0, 0) || (a == 198 && (b == 18 || b == 19));
    !is_inner && !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let embedded = |at: usize| {
        let [a, b] = parts[at].to_be_bytes();
        let [c, d] = parts[at + 1].to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // Addresses of the old kind inside: as they are, mapped, of NAT64 and of 6to4.
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => embedded(6),
        [0x2002, ..] => embedded(1),
        // Global unicast, without Teredo and documentation.
        [0x2001, 0 | 0xdb8, ..] => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b070_addresses_that_are_not_public() {
        let inner = [
            "127.0.0.1",
            "169.254.169.254",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.1",
            "::1",
            "::",
            "::ffff:169.254.169.254",
            "::ffff:a9fe:a9fe",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "::127.0.0.1",
        ];
        for address in inner {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "140.82.121.3",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "2a00:1450:4001::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
