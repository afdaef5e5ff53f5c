//! Certificates of a test, and who signs them. What is wrong with one is up to the test.

use std::io;
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;

use base64::Engine as _;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// Years in which a certificate is valid: the first of January of each.
pub type Years = (u16, u16);

/// From a while ago until long after this project.
pub const VALID: Years = (2020, 2049);

/// Somebody who signs certificates.
pub struct Authority {
    name: String,
    key: Key,
    certificate: Vec<u8>,
}

/// What a server shows: its certificate, and the key to it.
pub struct Identity {
    key: Key,
    certificate: Vec<u8>,
    /// What it shows besides, as if it led to somebody who is trusted.
    others: Vec<Vec<u8>>,
}

struct Key {
    pkcs8: Vec<u8>,
    pair: EcdsaKeyPair,
}

/// Whether a server wants to know who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clients {
    /// Anybody may ask.
    Anybody,
    /// A client has to show a certificate.
    WithCertificate,
}

impl Authority {
    /// An authority of this name.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn new(name: &str) -> io::Result<Self> {
        Authority::with(name, &[])
    }

    /// An authority that may sign for addresses `10.x.x.x` alone.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn for_ten(name: &str) -> io::Result<Self> {
        let ten = der(0x87, &[&[10, 0, 0, 0, 255, 0, 0, 0]]);
        let constraint = der(0x30, &[&der(0xa0, &[&der(0x30, &[&ten])])]);
        Authority::with(name, &extension(&[0x55, 0x1d, 0x1e], &constraint))
    }

    fn with(name: &str, more: &[u8]) -> io::Result<Self> {
        let key = Key::new()?;
        let may_sign = extension(&[0x55, 0x1d, 0x13], &der(0x30, &[&der(1, &[&[0xff]])]));
        let extensions = [&may_sign, more].concat();
        let certificate = certificate((name, &key), (name, &key), (VALID, &extensions))?;
        Ok(Authority { name: name.to_owned(), key, certificate })
    }

    /// Its certificate, as it stands in a file of authorities that are trusted.
    #[must_use]
    pub fn pem(&self) -> String {
        pem(&self.certificate)
    }

    /// Signs a certificate for `host`, a name or an address.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn sign(&self, host: &str, years: Years) -> io::Result<Identity> {
        let key = Key::new()?;
        let certificate = certificate((&self.name, &self.key), (host, &key), (years, &names(host)))?;
        Ok(Identity { key, certificate, others: Vec::new() })
    }
}

impl Identity {
    /// One that nobody has signed but itself.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn self_signed(host: &str) -> io::Result<Self> {
        let key = Key::new()?;
        let certificate = certificate((host, &key), (host, &key), (VALID, &names(host)))?;
        Ok(Identity { key, certificate, others: Vec::new() })
    }

    /// Shows the certificates of this many authorities as well.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn behind(mut self, n_authorities: usize) -> io::Result<Self> {
        let others = (0..n_authorities).map(|n| Ok(Authority::new(&format!("Number {n}"))?.certificate));
        self.others = others.collect::<io::Result<_>>()?;
        Ok(self)
    }

    pub(crate) fn server(&self, clients: Clients) -> io::Result<Arc<ServerConfig>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let own = CertificateDer::from(self.certificate.clone());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let builder = match clients {
            Clients::Anybody => builder.with_no_client_auth(),
            Clients::WithCertificate => {
                let mut known = RootCertStore::empty();
                known.add(own.clone()).map_err(io::Error::other)?;
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(known), provider);
                builder.with_client_cert_verifier(verifier.build().map_err(io::Error::other)?)
            }
        };
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.pkcs8.clone()));
        let others = self.others.iter().map(|other| CertificateDer::from(other.clone()));
        builder
            .with_single_cert([own].into_iter().chain(others).collect(), key)
            .map(Arc::new)
            .map_err(io::Error::other)
    }
}

/// A connection that a client has opened.
pub(crate) fn accept(
    config: &Arc<ServerConfig>,
    stream: TcpStream,
) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let connection = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

impl Key {
    fn new() -> io::Result<Self> {
        let random = SystemRandom::new();
        let failed = |_| io::Error::other("no key can be made");
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).map_err(failed)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random);
        let pair = pair.map_err(|_| io::Error::other("no key can be made"))?;
        Ok(Key { pkcs8: pkcs8.as_ref().to_vec(), pair })
    }
}

/// A certificate (RFC 5280, 4.1) of `subject`, signed by `issuer`.
fn certificate(
    issuer: (&str, &Key),
    subject: (&str, &Key),
    (years, extensions): (Years, &[u8]),
) -> io::Result<Vec<u8>> {
    const SIGNED_BY_ECDSA: [u8; 10] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    const EC_KEY: [u8; 9] = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    const P256: [u8; 10] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let algorithm = der(0x30, &[&SIGNED_BY_ECDSA]);
    let time = |year: u16| der(0x17, &[format!("{:02}0101000000Z", year % 100).as_bytes()]);
    let public = subject.1.pair.public_key().as_ref();
    let mut serial = public[1..9].to_vec();
    serial[0] = serial[0] & 0x3f | 0x40;
    let body = der(
        0x30,
        &[
            &der(0xa0, &[&der(2, &[&[2]])]),
            &der(2, &[&serial]),
            &algorithm,
            &name(issuer.0),
            &der(0x30, &[&time(years.0), &time(years.1)]),
            &name(subject.0),
            &der(0x30, &[&der(0x30, &[&EC_KEY, &P256]), &der(3, &[&[0], public])]),
            &der(0xa3, &[&der(0x30, &[extensions])]),
        ],
    );
    let signature = issuer.1.pair.sign(&SystemRandom::new(), &body);
    let signature = signature.map_err(|_| io::Error::other("nothing can be signed"))?;
    Ok(der(0x30, &[&body, &algorithm, &der(3, &[&[0], signature.as_ref()])]))
}

fn name(text: &str) -> Vec<u8> {
    const COMMON_NAME: [u8; 5] = [6, 3, 0x55, 4, 3];
    der(0x30, &[&der(0x31, &[&der(0x30, &[&COMMON_NAME, &der(0x0c, &[text.as_bytes()])])])])
}

/// The extension that says whom a certificate is for.
fn names(host: &str) -> Vec<u8> {
    let name = match host.parse() {
        Ok(IpAddr::V4(address)) => der(0x87, &[&address.octets()]),
        Ok(IpAddr::V6(address)) => der(0x87, &[&address.octets()]),
        Err(_) => der(0x82, &[host.as_bytes()]),
    };
    extension(&[0x55, 0x1d, 0x11], &der(0x30, &[&name]))
}

fn extension(id: &[u8], value: &[u8]) -> Vec<u8> {
    der(0x30, &[&der(6, &[id]), &der(4, &[value])])
}

/// A tag, a length, and what is in it (X.690).
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [.., high, low] = content.len().to_be_bytes();
    let mut bytes = match content.len() {
        0..128 => vec![tag, low],
        128..256 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    bytes.extend_from_slice(&content);
    bytes
}

fn pem(certificate: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
