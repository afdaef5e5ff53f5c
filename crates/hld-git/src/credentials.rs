//! How to log in to a remote.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use hld_diag::Secret;

use crate::error::{ErrorKind, GitError};
use crate::url::RemoteUrl;

/// Most bytes of a private key.
const MOST_OF_KEY: u64 = 1 << 20;

/// One way to log in.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Name and password (or token) over HTTP.
    Password {
        /// The user; forges that look at the token alone take any.
        user: String,
        /// The password or token.
        secret: Secret,
    },
    /// A token that is sent as `Authorization: Bearer` with the first request, as CI systems have it.
    Bearer(Secret),
    /// A private key over SSH.
    SshKey {
        /// The key in OpenSSH's or PEM form.
        private: KeySource,
        /// What it is encrypted with.
        passphrase: Option<Secret>,
    },
    /// The keys of the user's SSH agent.
    SshAgent,
    /// What the user's git credential helpers say, asked only when the server wants to know.
    Helper,
}

/// Where a private key is.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// In a file.
    File(PathBuf),
    /// Here.
    Text(Secret),
}

/// Knows how to log in where.
pub trait Credentials: Send + Sync {
    /// Ways to log in to the host of `url`, best first; none is fine where the remote is public.
    ///
    /// # Errors
    /// The credentials that are meant for it can not be used; the message names no secret.
    fn find(&self, url: &RemoteUrl) -> Result<Vec<Credential>, GitError>;
}

/// No way to log in.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCredentials;

impl Credentials for NoCredentials {
    fn find(&self, _: &RemoteUrl) -> Result<Vec<Credential>, GitError> {
        Ok(Vec::new())
    }
}

/// What the user of this machine has: the SSH agent and keys in `~/.ssh`, and git's credential helpers.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserCredentials;

impl Credentials for UserCredentials {
    fn find(&self, url: &RemoteUrl) -> Result<Vec<Credential>, GitError> {
        if url.is_local() {
            return Ok(Vec::new());
        }
        if !url.is_ssh() {
            return Ok(vec![Credential::Helper]);
        }
        let mut found = Vec::new();
        if std::env::var_os("SSH_AUTH_SOCK").is_some() {
            found.push(Credential::SshAgent);
        }
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let keys =
            ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| Some(home.as_ref()?.join(".ssh").join(name)));
        let keys = keys.into_iter().flatten().filter(|path| path.is_file());
        found
            .extend(keys.map(|path| Credential::SshKey { private: KeySource::File(path), passphrase: None }));
        Ok(found)
    }
}

/// Refuses what would end a header or a line, wherever it came from (B037).
///
/// # Errors
/// The name of what is wrong and its byte, never the secret.
pub(crate) fn check_secret(secret: &str) -> Result<(), GitError> {
    let bad = secret.bytes().position(|byte| byte < 0x20 || byte == 0x7f);
    let problem = match bad {
        Some(at) => format!("the token contains a control character at byte {at}"),
        None if secret.is_empty() => "the token is empty".to_owned(),
        None if secret.len() > 64 * 1024 => "the token is longer than 64 KiB".to_owned(),
        None => return Ok(()),
    };
    Err(GitError::new(ErrorKind::Credentials, problem))
}

/// Refuses a private key of ours that others may read, as OpenSSH does (sshkey_perm_ok), and one that is not
/// there.
///
/// # Errors
/// The file and what is wrong with it.
pub(crate) fn check_key_file(path: &Path) -> Result<(), GitError> {
    let bad =
        |what: String| GitError::new(ErrorKind::Credentials, format!("the key `{}` {what}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|error| bad(format!("can not be used: {error}")))?;
    if !metadata.is_file() {
        return Err(bad("is no file".to_owned()));
    }
    if metadata.len() > MOST_OF_KEY {
        return Err(bad(format!("is larger than {MOST_OF_KEY} bytes")));
    }
    let mode = metadata.mode() & 0o777;
    if metadata.uid() == rustix::process::getuid().as_raw() && mode & 0o077 != 0 {
        return Err(bad(format!("may be read by others (mode {mode:04o}): `chmod 600` it")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn b040_key_files_that_are_none() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        let write = |name: &str, size: u64, mode: u32| {
            std::fs::File::create(at(name)).unwrap().set_len(size).unwrap();
            std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        write("good", 100, 0o600);
        write("open", 100, 0o644);
        write("large", 100 << 20, 0o600);
        std::fs::create_dir(at("folder")).unwrap();
        for (link, target) in
            [("link", "good"), ("endless", "/dev/zero"), ("opened", "open"), ("loop", "loop")]
        {
            std::os::unix::fs::symlink(target, at(link)).unwrap();
        }
        assert!(check_key_file(&at("good")).is_ok() && check_key_file(&at("link")).is_ok());
        for (name, words) in [
            ("open", "may be read by others (mode 0644)"),
            ("opened", "may be read by others"),
            ("large", "is larger than"),
            ("folder", "is no file"),
            ("endless", "is no file"),
            ("loop", "can not be used"),
            ("none", "can not be used"),
        ] {
            let error = check_key_file(&at(name)).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Credentials);
            assert!(error.message.contains(words) && error.message.contains(name), "{error}");
        }
    }
}
