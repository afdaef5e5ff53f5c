//! The texts of one side of a comparison.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hld_compiler::Compilation;
use hld_diag::{FileId, SourceMap};
use hld_diff::Input;
use hld_source::system_words;

use crate::error::{CommandError, FailureKind};

/// Most bytes of the manifests of one side together.
pub(super) const MOST_BYTES: usize = 256 << 20;

/// Most folders below each other.
const DEEPEST: usize = 64;

/// Manifests, and what they are called in spans.
#[derive(Default)]
pub(super) struct Manifests {
    texts: Vec<(Arc<str>, FileId)>,
    n_bytes: usize,
}

/// Whether a file of this name holds manifests.
pub(super) fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending))
}

impl Manifests {
    /// A file, or all files of manifests below a folder; hidden ones and links in it are left out.
    pub(super) fn of_path(path: &Path, sources: &SourceMap) -> Result<Self, CommandError> {
        let mut manifests = Manifests::default();
        let mut files = Vec::new();
        let metadata = path.metadata().map_err(|error| unreadable(path, &error))?;
        if metadata.is_dir() {
            find(path, DEEPEST, &mut files)?;
            files.sort_unstable();
        } else {
            files.push(path.to_owned());
        }
        for file in files {
            manifests.read(&file, sources)?;
        }
        Ok(manifests)
    }

    /// What an environment compiles to.
    pub(super) fn of_compilation(
        compilation: &Compilation,
        sources: &SourceMap,
    ) -> Result<Self, CommandError> {
        let mut manifests = Manifests::default();
        for component in &compilation.components {
            let name = format!("{} (compiled)", component.output);
            manifests.add(&name, &component.rendered.text, sources)?;
        }
        Ok(manifests)
    }

    /// The texts as the comparison takes them.
    pub(super) fn inputs(&self) -> Vec<Input<'_>> {
        self.texts.iter().map(|(text, file)| Input { text, file: *file }).collect()
    }

    fn read(&mut self, path: &Path, sources: &SourceMap) -> Result<(), CommandError> {
        let left = MOST_BYTES - self.n_bytes;
        let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        let mut bytes =
            Vec::with_capacity(usize::try_from(length).map_or(left, |length| length.min(left)) + 1);
        let read = file.take(left as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(path, &error))?;
        self.add(&path.display().to_string(), &bytes, sources)
    }

    fn add(&mut self, name: &str, bytes: &[u8], sources: &SourceMap) -> Result<(), CommandError> {
        self.n_bytes += bytes.len();
        if self.n_bytes > MOST_BYTES {
            let message = format!("`{name}`: the manifests of one side have more than {MOST_BYTES} bytes");
            return Err(CommandError::new(FailureKind::Definition, message));
        }
        let text = hld_yaml::decode(bytes, FileId::NONE).map_err(|error| {
            CommandError::new(FailureKind::Definition, format!("`{name}` is no text: {error}"))
        })?;
        let text: Arc<str> = text.into();
        // Manifests hold secrets: places in them are named, no line is shown.
        let file = sources.add_private(name, text.clone());
        self.texts.push((text, file));
        Ok(())
    }
}

/// Adds the files of manifests below a folder.
fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), CommandError> {
    let failed = |error: io::Error| unreadable(folder, &error);
    if depth == 0 {
        let message = format!("`{}` is more than {DEEPEST} folders deep", folder.display());
        return Err(CommandError::new(FailureKind::Definition, message));
    }
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type().map_err(failed)?;
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            find(&entry.path(), depth - 1, files)?;
        } else if kind.is_file() && is_manifest(&name) {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> CommandError {
    let message = format!("`{}` can not be read: {}", path.display(), system_words(error));
    let kind = match error.kind() {
        io::ErrorKind::NotFound => FailureKind::Usage,
        _ => FailureKind::Io,
    };
    CommandError::new(kind, message)
}
