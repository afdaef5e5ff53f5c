//! The file system as the compiler's source.
//!
//! Everything is opened below one folder, the confinement root, by the operating system's own
//! check (`openat2` with `RESOLVE_BENEATH` where there is one): neither `..` nor a symbolic link
//! leads out of it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, FileType, OpenOptions, OpenOptionsExt};
use hld_compiler::{Entry, EntryKind, Source, SourceError, SourcePath};

/// Most entries of one folder that are looked at.
const MOST_ENTRIES: usize = 200_000;

/// A folder of the machine and what lies below it.
#[derive(Debug)]
pub struct Files {
    dir: Dir,
    root: PathBuf,
}

impl Files {
    /// Everything below `root`, which must be an absolute path without links.
    ///
    /// # Errors
    /// The folder can not be opened.
    pub fn open(root: &Path) -> io::Result<Self> {
        let dir = Dir::open_ambient_dir(root, cap_std::ambient_authority())?;
        Ok(Files { dir, root: root.to_owned() })
    }

    /// The path of the machine that `path` means.
    pub(crate) fn path_of(&self, path: &SourcePath) -> PathBuf {
        self.root.join(path.as_str())
    }

    fn kind(&self, path: &Path, file_type: FileType) -> EntryKind {
        if file_type.is_file() {
            EntryKind::File
        } else if file_type.is_dir() {
            EntryKind::Folder
        } else if file_type.is_symlink() {
            match self.dir.metadata(path) {
                Ok(target) if target.is_file() => EntryKind::File,
                Ok(target) if target.is_dir() => EntryKind::Folder,
                _ => EntryKind::Other,
            }
        } else {
            EntryKind::Other
        }
    }
}

impl Source for Files {
    fn read(&self, path: &SourcePath, limit: u64) -> Result<Vec<u8>, SourceError> {
        let mut options = OpenOptions::new();
        options.read(true);
        // A FIFO would wait for a writer otherwise; what was opened is looked at before it is read.
        options.custom_flags(nonblocking());
        let opened = self.dir.open_with(local(path), &options);
        let file = opened.map_err(|error| match refused(&error) {
            // What is listed with the sign for bytes that are no text is found under no name.
            SourceError::NotFound if path.as_str().contains(char::REPLACEMENT_CHARACTER) => {
                SourceError::WrongKind("a file whose name is no UTF-8")
            }
            refused => refused,
        })?;
        let metadata = file.metadata().map_err(|error| refused(&error))?;
        if !metadata.is_file() {
            let kind = if metadata.is_dir() { "a folder" } else { "no regular file" };
            return Err(SourceError::WrongKind(kind));
        }
        if metadata.len() > limit {
            return Err(SourceError::TooLarge(limit));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| refused(&error))?;
        if bytes.len() as u64 > limit {
            return Err(SourceError::TooLarge(limit));
        }
        Ok(bytes)
    }

    fn list(&self, folder: &SourcePath) -> Result<Vec<Entry>, SourceError> {
        let entries = self.dir.read_dir(local(folder)).map_err(|error| refused(&error))?;
        let mut listed = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| refused(&error))?;
            let file_type = entry.file_type().map_err(|error| refused(&error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = self.kind(&local(folder).join(entry.file_name()), file_type);
            listed.push(Entry { name, kind });
            if listed.len() > MOST_ENTRIES {
                return Err(SourceError::Io(format!("it has more than {MOST_ENTRIES} entries")));
            }
        }
        listed.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    fn absolute(&self, path: &str) -> Option<SourcePath> {
        let below = Path::new(path).strip_prefix(&self.root).ok()?;
        SourcePath::clean(below.to_str()?).ok()
    }
}

#[cfg(unix)]
fn nonblocking() -> i32 {
    i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0)
}

fn local(path: &SourcePath) -> &Path {
    Path::new(if path.as_str().is_empty() { "." } else { path.as_str() })
}

fn refused(error: &io::Error) -> SourceError {
    match error.kind() {
        io::ErrorKind::NotFound => SourceError::NotFound,
        io::ErrorKind::NotADirectory => SourceError::WrongKind("a file"),
        io::ErrorKind::IsADirectory => SourceError::WrongKind("a folder"),
        // cap-std's own word for a path that leads out; the system's refusals have a number.
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => SourceError::Outside,
        _ => SourceError::Io(system_words(error)),
    }
}

/// What the system says, without the number.
#[must_use]
pub fn system_words(error: &io::Error) -> String {
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or(&words);
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
