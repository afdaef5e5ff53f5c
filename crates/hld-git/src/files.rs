//! Small files of the user of this machine: read with a bound, and only if they are files.

use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::{ErrorKind, GitError};

/// Most bytes of a file with known hosts.
const MOST_KNOWN_HOSTS: u64 = 16 << 20;

/// The text of a known hosts file; of one that is not there, nothing.
pub(crate) fn known_hosts(path: &Path) -> Result<String, GitError> {
    match read(path, MOST_KNOWN_HOSTS) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => {
            let words = format!("the known hosts in `{}` can not be read: {error}", path.display());
            Err(GitError::new(ErrorKind::Local, words))
        }
    }
}

/// The bytes of a regular file. A link is followed, since dotfiles often are links; a pipe is not waited for.
///
/// # Errors
/// It can not be read, is something else, or is larger than `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = std::fs::File::options().read(true).custom_flags(nonblocking).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it is larger than {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b040_known_hosts_that_are_none() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("good"), "git.example ssh-ed25519 AAAA\n").unwrap();
        std::fs::write(at("bytes"), b"\xff\0 x\n").unwrap();
        std::fs::File::create(at("large")).unwrap().set_len(100 << 20).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("endless")).unwrap();
        std::os::unix::fs::symlink("good", at("link")).unwrap();
        assert_eq!(known_hosts(&at("link")).unwrap(), known_hosts(&at("good")).unwrap());
        assert!(known_hosts(&at("bytes")).is_ok());
        assert_eq!(known_hosts(&at("none")).unwrap(), "");
        for name in ["large", "pipe", "endless", "."] {
            let error = known_hosts(&at(name)).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Local);
            assert!(error.message.contains("known hosts"), "{error}");
        }
    }
}
