//! The texts of one side of a comparison.

use std::path::Path;
use std::sync::Arc;

use hld_compiler::Compilation;
use hld_diag::{FileId, SourceMap};
use hld_diff::Input;

use crate::error::{CommandError, FailureKind};
use crate::manifest_files;

/// Most bytes of the manifests of one side together.
pub(super) const MOST_BYTES: usize = 256 << 20;

/// Manifests, and what they are called in spans.
#[derive(Default)]
pub(super) struct Manifests {
    texts: Vec<(Arc<str>, FileId)>,
    n_bytes: usize,
}

impl Manifests {
    /// A file, or all files of manifests below a folder; hidden ones and links in it are left out.
    pub(super) fn of_path(path: &Path, sources: &SourceMap) -> Result<Self, CommandError> {
        let mut manifests = Manifests::default();
        for file in manifest_files::find(path)? {
            let bytes = manifest_files::read(&file, MOST_BYTES - manifests.n_bytes)?;
            manifests.add(&file.display().to_string(), &bytes, sources)?;
        }
        Ok(manifests)
    }

    /// Files with their bytes; those that hold no manifests by their names are left out.
    pub(super) fn of_files(files: &[(String, Vec<u8>)], sources: &SourceMap) -> Result<Self, CommandError> {
        let mut manifests = Manifests::default();
        for (path, bytes) in files.iter().filter(|(path, _)| manifest_files::is_manifest(path)) {
            manifests.add(&format!("{path} (published)"), bytes, sources)?;
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
