//! A deploy key: ed25519, in OpenSSH's own format (PROTOCOL.key of OpenSSH).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hld_diag::Secret;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};

/// Name of the algorithm.
const ALGORITHM: &str = "ssh-ed25519";
/// Characters of a line of the private key.
const LINE: usize = 70;

/// A pair of keys: one for the agent alone, one for the forge.
#[derive(Debug)]
pub struct DeployKey {
    /// The private key: the text of a key file.
    pub private: Secret,
    /// The public key: one line, as forges take it.
    pub public: String,
}

impl DeployKey {
    /// Makes a key from the system's randomness.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn make(comment: &str) -> Result<Self, NoRandomness> {
        let random = SystemRandom::new();
        let (mut seed, mut check) = ([0; 32], [0; 4]);
        random.fill(&mut seed).map_err(|_| NoRandomness)?;
        random.fill(&mut check).map_err(|_| NoRandomness)?;
        from_seed(&seed, check, comment)
    }
}

/// The system has no randomness to give.
#[derive(Debug)]
pub struct NoRandomness;

fn from_seed(seed: &[u8; 32], check: [u8; 4], comment: &str) -> Result<DeployKey, NoRandomness> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoRandomness)?;
    let public_key = pair.public_key().as_ref();
    let public_blob = [string(ALGORITHM.as_bytes()), string(public_key)].concat();
    let both = [seed.as_slice(), public_key].concat();
    let mut private_part = [check, check].concat();
    for field in [ALGORITHM.as_bytes(), public_key, &both, comment.as_bytes()] {
        private_part.extend(string(field));
    }
    // Filled up with 1, 2, 3 … to the block of the cipher, which for `none` is 8 bytes.
    private_part.extend((1..=8).take((8 - private_part.len() % 8) % 8));
    let mut file = b"openssh-key-v1\0".to_vec();
    for field in [b"none".as_slice(), b"none", b""] {
        file.extend(string(field));
    }
    file.extend(1_u32.to_be_bytes());
    file.extend(string(&public_blob));
    file.extend(string(&private_part));
    let public = format!("{ALGORITHM} {} {comment}", STANDARD.encode(&public_blob));
    Ok(DeployKey { private: pem(&file).into(), public })
}

fn pem(file: &[u8]) -> String {
    let encoded = STANDARD.encode(file);
    let mut text = String::from("-----BEGIN OPENSSH PRIVATE KEY-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        // base64 is ASCII: every place is between characters.
        let (line, behind) = rest.split_at(LINE.min(rest.len()));
        text.push_str(line);
        text.push('\n');
        rest = behind;
    }
    text.push_str("-----END OPENSSH PRIVATE KEY-----\n");
    text
}

/// A field: its length, then its bytes.
fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [length.to_be_bytes().as_slice(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    /// The first test vector of RFC 8032.
    const SEED: [u8; 32] = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44,
        0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    ];

    #[test]
    fn a_key_is_in_the_format_of_openssh() {
        let key = from_seed(&SEED, [1, 2, 3, 4], "hld-agent").unwrap();
        assert_eq!(
            key.public,
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea hld-agent"
        );
        let private = key.private.expose_secret();
        let body: String = private.lines().filter(|line| !line.starts_with("-----")).collect();
        let file = STANDARD.decode(body).unwrap();
        assert!(
            file.starts_with(b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01\0\0\0\x33")
        );
        assert!(file.windows(32).any(|part| part == SEED), "the seed is in the file");
        assert!(file.ends_with(b"hld-agent\x01\x02\x03\x04"), "padding counts up to the block");
        assert!(private.lines().all(|line| line.len() <= LINE) && private.ends_with("-----\n"));
    }

    #[test]
    fn a_key_is_made_anew_each_time_and_not_shown() {
        let (one, other) = (DeployKey::make("a").unwrap(), DeployKey::make("a").unwrap());
        assert_ne!(one.public, other.public);
        assert!(!format!("{one:?}").contains("OPENSSH"), "{one:?}");
    }
}
