//! Proof that a sender knows a secret, compared in constant time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hyper::header::{AUTHORIZATION, HeaderMap};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::Provider;

/// How long a secret is believed before its file is read again.
const FRESH: Duration = Duration::from_secs(10);
/// Most bytes of a file of secrets.
const LARGEST_FILE: u64 = 16 * 1024;

/// Secrets, any of which is good: a new one can be put beside the old one.
pub(super) type Secrets = Arc<Vec<hld_diag::Secret>>;

/// A file with a secret a line. It is read again when it is old, so that a secret can be changed
/// without a restart.
#[derive(Debug)]
pub(super) struct SecretFile {
    path: PathBuf,
    known: Mutex<Option<(Instant, Secrets)>>,
}

impl SecretFile {
    pub(super) fn new(path: PathBuf) -> Self {
        SecretFile { path, known: Mutex::new(None) }
    }

    /// The secrets; none where the file is missing or empty, and then nobody can prove anything.
    pub(super) fn secrets(&self) -> Secrets {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((when, secrets)) = &*known
            && when.elapsed() < FRESH
        {
            return secrets.clone();
        }
        let secrets = Arc::new(self.read());
        *known = Some((Instant::now(), secrets.clone()));
        secrets
    }

    fn read(&self) -> Vec<hld_diag::Secret> {
        let is_small = std::fs::metadata(&self.path).is_ok_and(|file| file.len() <= LARGEST_FILE);
        let text = if is_small { std::fs::read_to_string(&self.path).ok() } else { None };
        let Some(text) = text else {
            tracing::warn!(path = %self.path.display(), "the secret of a webhook receiver can not be read: it stays closed");
            return Vec::new();
        };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(|line| line.to_owned().into()).collect()
    }
}

/// The secrets of a receiver that does not exist: one that nobody knows.
pub(super) fn nobody() -> Secrets {
    Arc::new(vec![String::new().into()])
}

/// What a request brings as its proof.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The hexadecimal HMAC-SHA256 of the body.
    Mac(String),
    /// The secret itself.
    Token(String),
}

/// The proof of a request, in its provider's way; one that proves nothing where there is none.
pub(super) fn proof(provider: Provider, headers: &HeaderMap) -> Proof {
    // A header that is given twice could be judged by one value and meant by another.
    let one = |name: &str| {
        let mut all = headers.get_all(name).iter();
        all.next().filter(|_| all.next().is_none()).and_then(|value| value.to_str().ok())
    };
    let prefixed = |name: &str| one(name).and_then(|value| value.strip_prefix("sha256="));
    match provider {
        Provider::Gitea => Proof::Mac(one("x-gitea-signature").unwrap_or_default().to_owned()),
        Provider::Github => Proof::Mac(prefixed("x-hub-signature-256").unwrap_or_default().to_owned()),
        Provider::Generic => Proof::Mac(prefixed("x-signature").unwrap_or_default().to_owned()),
        Provider::AzureDevops => {
            let token =
                one("x-hld-token").map(str::to_owned).or_else(|| password(one(AUTHORIZATION.as_str())?));
            Proof::Token(token.unwrap_or_default())
        }
    }
}

/// The password of basic authentication; the user's name is of no matter.
fn password(header: &str) -> Option<String> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = STANDARD.decode(encoded).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    Some(text.split_once(':')?.1.to_owned())
}

/// Whether the proof is that of the secret. An empty secret proves nothing.
pub(super) fn proves(proof: &Proof, secret: &hld_diag::Secret, body: &[u8]) -> bool {
    use secrecy::ExposeSecret as _;
    let secret = secret.expose_secret();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    let expected: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let is_equal = match proof {
        Proof::Mac(given) => expected.as_bytes().ct_eq(given.as_bytes()),
        // Digests are of one length, whatever the length of what is guessed.
        Proof::Token(given) => Sha256::digest(secret).ct_eq(&Sha256::digest(given)),
    };
    bool::from(is_equal) && !secret.is_empty()
}
