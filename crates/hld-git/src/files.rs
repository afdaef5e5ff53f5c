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
fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
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
