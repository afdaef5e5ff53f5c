//! Files of a definition that commands edit: YAML keeps everything that is not edited, JSON is
//! written anew.

use std::path::{Path, PathBuf};

use hld_diag::{Diagnostic, FileId, SourceMap};
use hld_source::system_words;
use hld_yaml::{self as yaml, Data, Value, edit};

use crate::error::{CommandError, FailureKind};
use crate::{definition, output, ui};

/// A file of a definition in the form it has, or is to have.
pub(crate) struct Document {
    path: PathBuf,
    text: String,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Yaml,
    Json,
}

impl Document {
    /// `<stem>.yaml` of a folder if it is there, else `<stem>.json`; a new, empty YAML file where
    /// neither is.
    ///
    /// # Errors
    /// The file can not be read, or is no YAML (JSON): what is wrong is shown already.
    pub(crate) fn open(folder: &Path, stem: &str) -> Result<Self, CommandError> {
        let yaml = folder.join(format!("{stem}.yaml"));
        let json = folder.join(format!("{stem}.json"));
        let (path, form) =
            if json.exists() && !yaml.exists() { (json, Form::Json) } else { (yaml, Form::Yaml) };
        check_place(folder, &path)?;
        let text = String::from_utf8(read(&path)?).map_err(|_| {
            CommandError::new(FailureKind::Definition, format!("`{}` is not UTF-8", path.display()))
        })?;
        let document = Document { path, text, form };
        document.value()?;
        Ok(document)
    }

    /// Whether there is nothing in it yet.
    pub(crate) fn is_new(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What it says.
    pub(crate) fn value(&self) -> Result<Value, CommandError> {
        let sources = SourceMap::default();
        let file = sources.add_private(self.path.display().to_string(), self.text.as_str());
        let read = match self.form {
            Form::Yaml => yaml::read(&self.text, file, &yaml::ReadOptions::default())
                .map(|read| read.documents.into_iter().next().unwrap_or_else(|| Value::new(Data::Null))),
            Form::Json => yaml::read_json(&self.text, file, &yaml::Limits::default()),
        };
        read.map_err(|error| shown(error.to_diagnostic(), &sources))
    }

    /// Sets what is under a path of keys.
    pub(crate) fn set(&mut self, path: &[&str], value: &Value) -> Result<(), CommandError> {
        self.edit(|text| edit::set(text, path, value).map(Some)).map(|_| ())
    }

    /// Puts a mapping into the list under `list`, in place of the one of that name.
    pub(crate) fn put_item(&mut self, list: &str, name: &str, item: &yaml::Map) -> Result<(), CommandError> {
        self.edit(|text| edit::put_item(text, &[list], name, item).map(Some)).map(|_| ())
    }

    /// Removes the mapping of that name from the list under `list`; whether it was there.
    pub(crate) fn remove_item(&mut self, list: &str, name: &str) -> Result<bool, CommandError> {
        self.edit(|text| edit::remove_item(text, &[list], name))
    }

    /// Edits the text; JSON is edited as the YAML that says the same, and turned back.
    fn edit(
        &mut self,
        change: impl FnOnce(&str) -> Result<Option<String>, yaml::Error>,
    ) -> Result<bool, CommandError> {
        let text = match self.form {
            Form::Yaml => self.text.clone(),
            Form::Json => yaml::emit(&self.value()?),
        };
        let edited = change(&text).map_err(|error| {
            let sources = SourceMap::default();
            let file = sources.add_private(self.path.display().to_string(), text.as_str());
            let mut diagnostic = error.to_diagnostic();
            diagnostic.span.file = file;
            shown(diagnostic, &sources)
        })?;
        let Some(edited) = edited else { return Ok(false) };
        self.text = match self.form {
            Form::Yaml => edited,
            Form::Json => as_json(&edited),
        };
        Ok(true)
    }

    /// Writes it in one step: a reader sees the old text or the new one.
    pub(crate) fn save(&self) -> Result<(), CommandError> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed("creating", folder, &error))?;
        }
        output::replace_file(&self.path, self.text.as_bytes())
            .map_err(|error| failed("writing", &self.path, &error))
    }
}

/// Largest file that is edited: the default bound of a file of a definition.
pub(crate) const MOST_BYTES: u64 = 3 << 20;

/// Refuses a file that lies, or would be made, outside the repository around `folder`.
fn check_place(folder: &Path, path: &Path) -> Result<(), CommandError> {
    let folder = folder.canonicalize().map_err(|error| failed("opening", folder, &error))?;
    let real = path.ancestors().find_map(|path| path.canonicalize().ok());
    if real.is_none_or(|real| real.starts_with(definition::top(&folder))) {
        return Ok(());
    }
    let message = format!("`{}` leads out of the repository", path.display());
    Err(CommandError::new(FailureKind::Refused, message).hint("a link may point anywhere inside it"))
}

/// The bytes of a file; none where it is not there.
fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(_) if path.is_symlink() => {
            let message = format!("`{}` is a link that leads nowhere", path.display());
            return Err(CommandError::new(FailureKind::Definition, message));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("reading", path, &error)),
    };
    let wrong = if metadata.is_file() { None } else { Some("is no regular file".to_owned()) };
    let wrong = wrong.or((metadata.len() > MOST_BYTES).then(|| format!("is larger than {MOST_BYTES} bytes")));
    if let Some(wrong) = wrong {
        return Err(CommandError::new(FailureKind::Definition, format!("`{}` {wrong}", path.display())));
    }
    std::fs::read(path).map_err(|error| failed("reading", path, &error))
}

fn shown(diagnostic: Diagnostic, sources: &SourceMap) -> CommandError {
    let diagnostics = [diagnostic];
    ui::show(&diagnostics, sources);
    CommandError::diagnosed(&diagnostics)
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::new(FailureKind::Io, format!("{what} `{}` failed: {}", path.display(), system_words(error)))
}

/// The same as indented JSON, with a final newline.
fn as_json(text: &str) -> String {
    let read = yaml::read(text, FileId::NONE, &yaml::ReadOptions::default());
    let value = read.ok().and_then(yaml::Read::into_single).unwrap_or_else(|| Value::new(Data::Null));
    format!("{:#}\n", hld_compiler::json_of(&value))
}
