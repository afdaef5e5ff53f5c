//! Host keys of public forges. A test compares them with the fingerprints that the forges publish.

/// Hosts and their ed25519 keys.
const KNOWN: &[(&str, &str)] = &[
    ("github.com", "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"),
    ("gitlab.com", "AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf"),
];

/// The text of a known hosts file for one host, and whether its key is in it.
pub(super) fn known(host: &str, port: u16) -> (String, bool) {
    match KNOWN.iter().find(|(known, _)| *known == host && port == 22) {
        Some((_, key)) => (format!("{host} ssh-ed25519 {key}\n"), true),
        None => {
            let name = if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") };
            (
                format!("# {name} ssh-ed25519 <put the host's key here; the agent trusts no unknown host>\n"),
                false,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use sha2::{Digest, Sha256};

    /// As GitHub and GitLab publish them.
    const FINGERPRINTS: &[(&str, &str)] = &[
        ("github.com", "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"),
        ("gitlab.com", "eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8"),
    ];

    #[test]
    fn host_keys_have_the_fingerprints_that_are_published() {
        assert_eq!(KNOWN.len(), FINGERPRINTS.len());
        for ((host, key), (named, fingerprint)) in KNOWN.iter().zip(FINGERPRINTS) {
            let digest = Sha256::digest(STANDARD.decode(key).unwrap());
            assert_eq!((*host, STANDARD_NO_PAD.encode(digest).as_str()), (*named, *fingerprint));
        }
    }

    #[test]
    fn an_unknown_host_is_left_to_a_person() {
        assert!(!known("git.example.org", 2222).1);
        assert!(known("git.example.org", 2222).0.starts_with("# [git.example.org]:2222 "));
        assert!(known("github.com", 22).1 && !known("github.com", 443).1);
    }
}
