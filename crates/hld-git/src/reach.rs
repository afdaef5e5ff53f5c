//! Which addresses are connected to.
//!
//! A name that somebody else chose may lead into the network that we stand in: to this machine, to a neighbour, to
//! the metadata service of a cloud. What counts is the address that a name has when it is connected to, so this is
//! asked where names are resolved, and nothing is resolved twice.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::error::{ErrorKind, GitError};

/// Which addresses a name may have.
#[derive(Clone, Debug, Default)]
pub enum Reach {
    /// Any: whoever runs the program has named the host.
    #[default]
    Anywhere,
    /// Those of the internet, and the hosts `host:port` that are named here.
    Public(Vec<String>),
}

impl Reach {
    fn allows(&self, host: &str, port: u16) -> bool {
        match self {
            Reach::Anywhere => true,
            Reach::Public(except) => {
                let authority = format!("{host}:{port}");
                except.iter().any(|named| named.eq_ignore_ascii_case(&authority))
            }
        }
    }

    /// Why a host that is written as an address, or is this machine by its name, is out of reach. Behind a proxy
    /// nobody here resolves names, and it is the proxy that has to know what they mean.
    #[must_use]
    pub fn refuses(&self, host: &str, port: u16) -> Option<String> {
        let address = match host.trim_matches(['[', ']']) {
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            host => host.parse().ok()?,
        };
        (!is_public(address) && !self.allows(host, port)).then(|| inner(address))
    }

    /// Resolves a name before somebody else does it once more, who can not be watched.
    pub(crate) fn check(&self, host: &str, port: u16) -> Result<(), GitError> {
        if self.allows(host, port) {
            return Ok(());
        }
        let found = (host.trim_matches(['[', ']']), port).to_socket_addrs();
        match found.into_iter().flatten().find(|address| !is_public(address.ip())) {
            Some(address) => Err(GitError::new(ErrorKind::Refused, inner(address.ip()))),
            None => Ok(()),
        }
    }
}

fn inner(address: IpAddr) -> String {
    format!("its address {address} is not a public one")
}

/// Resolves names for HTTP, and refuses addresses that are out of reach, as an error of the kind
/// [`io::ErrorKind::PermissionDenied`].
#[derive(Debug, Default)]
pub struct Guard {
    inner: DefaultResolver,
    reach: Reach,
}

impl Guard {
    /// A resolver that keeps to `reach`.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        Guard { inner: DefaultResolver::default(), reach }
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        // A proxy was named by whoever runs the program.
        let is_proxy = config.proxy().is_some_and(|proxy| Some(proxy.host()) == uri.host());
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        if is_proxy || self.reach.allows(uri.host().unwrap_or_default(), port) {
            return Ok(found);
        }
        match found.iter().find(|address| !is_public(address.ip())) {
            None => Ok(found),
            Some(address) => {
                Err(ureq::Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, inner(address.ip()))))
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
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
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
