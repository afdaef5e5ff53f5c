//! Whether the key of an SSH host is one we know.
//!
//! The files are those of OpenSSH (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). A host that none of them
//! names is refused, as is a host with another key (F25): nobody is asked, nothing is added.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// What the known hosts say about a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the host's.
    Known,
    /// The host has other keys: their fingerprints.
    Changed(Vec<String>),
    /// It was revoked.
    Revoked,
    /// Nothing is known about the host.
    Unknown,
}

/// Judges the key of `host:port` by the lines of the known hosts files.
pub(crate) fn judge(files: &[String], host: &str, port: u16, key: &[u8]) -> Verdict {
    let name = if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") };
    let mut others = Vec::new();
    let mut is_known = false;
    for line in files.iter().flat_map(|text| text.lines()).map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (marker, rest) = match line.strip_prefix('@') {
            Some(marked) => marked.split_once(char::is_whitespace).unwrap_or((marked, "")),
            None => ("", line),
        };
        let mut words = rest.split_whitespace();
        let (Some(hosts), Some(_), Some(blob)) = (words.next(), words.next(), words.next()) else { continue };
        let Ok(known) = STANDARD.decode(blob) else { continue };
        if !names(hosts, &name) {
            continue;
        }
        match marker {
            "revoked" if known == key => return Verdict::Revoked,
            "" if known == key => is_known = true,
            "" => others.push(fingerprint(&known)),
            _ => {}
        }
    }
    match (is_known, others.is_empty()) {
        (true, _) => Verdict::Known,
        (false, true) => Verdict::Unknown,
        (false, false) => Verdict::Changed(others),
    }
}

/// A key as `ssh-keygen -l` shows it.
pub(crate) fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key)))
}

/// Whether the first field of a line means the host.
fn names(field: &str, name: &str) -> bool {
    if let Some(hashed) = field.strip_prefix("|1|") {
        return is_hash_of(hashed, name).unwrap_or(false);
    }
    let mut is_named = false;
    for pattern in field.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern.as_bytes(), name.as_bytes()) => return false,
            Some(_) => {}
            None => is_named |= matches(pattern.as_bytes(), name.as_bytes()),
        }
    }
    is_named
}

fn is_hash_of(hashed: &str, name: &str) -> Option<bool> {
    let (salt, hash) = hashed.split_once('|')?;
    let mut mac = Hmac::<Sha1>::new_from_slice(&STANDARD.decode(salt).ok()?).ok()?;
    mac.update(name.as_bytes());
    Some(mac.verify_slice(&STANDARD.decode(hash).ok()?).is_ok())
}

/// OpenSSH's patterns: `*` and `?`, letter case aside.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted.eq_ignore_ascii_case(&name[read]) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((starred, from)) = star else { return false };
                star = Some((starred, from + 1));
                at = starred + 1;
                read = from + 1;
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(host: &str, key: &[u8]) -> String {
        format!("{host} ssh-ed25519 {}\n", STANDARD.encode(key))
    }

    #[test]
    fn a_host_is_known_by_its_key_and_port() {
        let files = [line("git.example", b"one"), line("[git.example]:2222", b"two")];
        assert_eq!(judge(&files, "git.example", 22, b"one"), Verdict::Known);
        assert_eq!(judge(&files, "git.example", 2222, b"two"), Verdict::Known);
        assert_eq!(judge(&files, "git.example", 22, b"two"), Verdict::Changed(vec![fingerprint(b"one")]));
        assert_eq!(judge(&files, "other.example", 22, b"one"), Verdict::Unknown);
    }

    #[test]
    fn patterns_hashes_and_revoked_keys_are_read() {
        let mut mac = Hmac::<Sha1>::new_from_slice(b"salt").expect("any length");
        mac.update(b"git.example");
        let hash = STANDARD.encode(mac.finalize().into_bytes());
        let hashed = format!("|1|{}|{hash}", STANDARD.encode(b"salt"));
        assert_eq!(judge(&[line(&hashed, b"k")], "git.example", 22, b"k"), Verdict::Known);
        assert_eq!(judge(&[line("*.example,!bad.example", b"k")], "a.example", 22, b"k"), Verdict::Known);
        assert_eq!(judge(&[line("*.example,!bad.example", b"k")], "bad.example", 22, b"k"), Verdict::Unknown);
        let revoked = format!("{}@revoked {}", line("git.example", b"k"), line("*", b"k"));
        assert_eq!(judge(&[revoked], "git.example", 22, b"k"), Verdict::Revoked);
    }
}
