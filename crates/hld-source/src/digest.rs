//! Digests of folders.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// The digest of everything in a folder: `sha256:` and 64 digits.
///
/// It depends on names, bytes, whether a file may be executed, and targets of links; not on times,
/// owners, empty folders or the order in which a system lists them.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(String);

const PREFIX: &str = "sha256:";

impl Digest {
    /// Reads a digest. Other algorithms, other lengths and capital letters are refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == 64 && digits.bytes().all(is_digit)).then(|| Digest(text.to_owned()))
    }

    /// The digest of the folder `root`.
    ///
    /// # Errors
    /// Something in it can not be read.
    pub fn of_folder(root: &Path) -> io::Result<Self> {
        let mut paths = Vec::new();
        collect(root, Path::new(""), &mut paths)?;
        paths.sort_unstable_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
        let mut hasher = Sha256::new();
        for path in paths {
            add(root, &path, &mut hasher)?;
        }
        Ok(Digest::finish(hasher))
    }

    /// The digest of some bytes by themselves.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Digest::finish(Sha256::new().chain_update(bytes))
    }

    fn finish(hasher: Sha256) -> Self {
        let digits: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Digest(format!("{PREFIX}{digits}"))
    }

    /// The digits alone.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0[PREFIX.len()..]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The paths of all files and links below a folder.
fn collect(root: &Path, below: &Path, out: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &path, out)?;
        } else {
            out.push(path);
        }
    }
    Ok(())
}

fn add(root: &Path, path: &Path, hasher: &mut Sha256) -> io::Result<()> {
    let full = root.join(path);
    let metadata = full.symlink_metadata()?;
    let name = path.as_os_str().as_bytes();
    let mut head = |kind: &[u8], length: u64| {
        hasher.update(kind);
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update(length.to_le_bytes());
    };
    if metadata.is_symlink() {
        let target = std::fs::read_link(&full)?;
        head(b"l", target.as_os_str().len() as u64);
        hasher.update(target.as_os_str().as_bytes());
        return Ok(());
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it holds something that is no file"));
    }
    let is_executable = metadata.permissions().mode() & 0o111 != 0;
    head(if is_executable { b"x" } else { b"f" }, metadata.len());
    let mut file = File::open(&full)?;
    let mut buffer = [0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b077_only_whole_digests_of_the_one_algorithm_are_read() {
        let good = Digest::of_bytes(b"x").to_string();
        assert!(Digest::parse(&good).is_some());
        let bad = [
            good.to_uppercase(),
            good[..70].to_owned(),
            format!("{good}0"),
            good.replace("sha256", "sha1"),
            "md5:00".to_owned(),
        ];
        for text in bad {
            assert_eq!(Digest::parse(&text), None, "{text}");
        }
    }

    #[test]
    fn b078_every_change_of_a_folder_changes_its_digest() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        let digest = || Digest::of_folder(folder.path()).unwrap();
        std::fs::create_dir(path("a")).unwrap();
        std::fs::write(path("a/x"), "one").unwrap();
        let first = digest();
        std::fs::create_dir(path("empty")).unwrap();
        assert_eq!(digest(), first, "git has no empty folders");
        std::fs::write(path("a/x"), "onf").unwrap();
        assert_ne!(digest(), first);
        std::fs::write(path("a/x"), "one").unwrap();
        assert_eq!(digest(), first);
        std::fs::set_permissions(path("a/x"), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_ne!(digest(), first);
        std::fs::remove_file(path("a/x")).unwrap();
        std::os::unix::fs::symlink("one", path("a/x")).unwrap();
        assert_ne!(digest(), first);
    }
}
