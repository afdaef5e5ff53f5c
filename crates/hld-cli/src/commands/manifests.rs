//! The texts of one side of a comparison.

use std::borrow::Cow;
use std::path::Path;

use hld_compiler::Compilation;
use hld_diag::{FileId, SourceMap};
use hld_diff::Input;

use crate::error::{CommandError, FailureKind};
use crate::manifest_files;

/// Most bytes of the manifests of one side together.
pub(super) const MOST_BYTES: usize = 256 << 20;

/// Manifests, and what they are called.
#[derive(Default)]
pub(super) struct Manifests<'t> {
    texts: Vec<(String, Cow<'t, str>)>,
    n_bytes: usize,
}

impl<'t> Manifests<'t> {
    /// A file, or all files of manifests below a folder; hidden ones and links in it are left out.
    pub(super) fn of_path(path: &Path) -> Result<Self, CommandError> {
        let mut manifests = Manifests::default();
        for file in manifest_files::find(path)? {
            let bytes = manifest_files::read(&file, MOST_BYTES - manifests.n_bytes)?;
            let name = file.display().to_string();
            let text = match decode(&name, &bytes)? {
                // The bytes are the text: large files are not copied.
                Cow::Borrowed(text) if text.len() == bytes.len() => None,
                text => Some(text.into_owned()),
            };
            let text = text.or_else(|| String::from_utf8(bytes).ok()).unwrap_or_default();
            manifests.add(name, Cow::Owned(text))?;
        }
        Ok(manifests)
    }

    /// Files with their bytes; those that hold no manifests by their names are left out.
    pub(super) fn of_files(files: &'t [(String, Vec<u8>)]) -> Result<Self, CommandError> {
        let mut manifests = Manifests::default();
        for (path, bytes) in files.iter().filter(|(path, _)| manifest_files::is_manifest(path)) {
            let name = format!("{path} (published)");
            let text = decode(&name, bytes)?;
            manifests.add(name, text)?;
        }
        Ok(manifests)
    }

    /// What an environment compiles to.
    pub(super) fn of_compilation(compilation: &'t Compilation) -> Result<Self, CommandError> {
        let mut manifests = Manifests::default();
        for component in &compilation.components {
            let name = format!("{} (compiled)", component.output);
            let text = decode(&name, &component.rendered.text)?;
            manifests.add(name, text)?;
        }
        Ok(manifests)
    }

    /// The texts as the comparison takes them; their places can be found in `sources`, if it is given.
    pub(super) fn inputs(&self, sources: Option<&SourceMap>) -> Vec<Input<'_>> {
        let input = |(name, text): &'_ (String, Cow<'t, str>)| {
            // Manifests hold secrets: places in them are named, no line is shown.
            sources.map_or(FileId::NONE, |sources| sources.add_private(name.as_str(), text.as_ref()))
        };
        self.texts.iter().map(|named| Input { text: &named.1, file: input(named) }).collect()
    }

    fn add(&mut self, name: String, text: Cow<'t, str>) -> Result<(), CommandError> {
        self.n_bytes += text.len();
        if self.n_bytes > MOST_BYTES {
            let message = format!("`{name}`: the manifests of one side have more than {MOST_BYTES} bytes");
            return Err(CommandError::new(FailureKind::Definition, message));
        }
        self.texts.push((name, text));
        Ok(())
    }
}

fn decode<'b>(name: &str, bytes: &'b [u8]) -> Result<Cow<'b, str>, CommandError> {
    hld_yaml::decode(bytes, FileId::NONE)
        .map_err(|error| CommandError::new(FailureKind::Definition, format!("`{name}` is no text: {error}")))
}
