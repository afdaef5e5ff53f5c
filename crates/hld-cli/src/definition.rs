//! Opening a definition: its folder, its repository, its settings.

use std::path::{Path, PathBuf};

use hld_compiler::{Settings, SourcePath};
use hld_diag::{Diagnostic, SourceMap};
use hld_source::{Files, Overlay, Revision, system_words};

use crate::error::{CommandError, FailureKind};
use crate::ui;

/// A definition on this machine.
pub(crate) struct Definition {
    /// Absolute path of the folder that holds the root component.
    pub(crate) folder: PathBuf,
    /// Everything below the confinement root, with what is fetched.
    pub(crate) files: Overlay,
    /// The folder, below the confinement root.
    pub(crate) root: SourcePath,
    /// What `hld.yaml` says.
    pub(crate) settings: Settings,
}

impl Definition {
    /// The helm program that `hld.yaml` names.
    pub(crate) fn helm_binary(&self) -> Option<PathBuf> {
        self.settings.helm_binary.as_ref().map(PathBuf::from)
    }
}

/// Opens the definition in `folder`. Its confinement root is the top of the git repository around
/// it, else the folder itself.
///
/// # Errors
/// The folder is not there, or its `hld.yaml` is wrong (shown already).
pub(crate) fn open(folder: &Path) -> Result<Definition, CommandError> {
    open_at(folder, None)
}

/// The same as it was in the commit `revision`, if one is named.
///
/// # Errors
/// The folder is not there, there is no such commit, or its `hld.yaml` is wrong (shown already).
pub(crate) fn open_at(folder: &Path, revision: Option<&str>) -> Result<Definition, CommandError> {
    load(folder, revision).map_err(|error| match error {
        NotOpened::Failed(error) => error,
        NotOpened::Wrong(diagnostics, sources) => {
            ui::show(&diagnostics, &sources);
            CommandError::diagnosed(&diagnostics)
        }
    })
}

/// Why a definition can not be opened.
pub(crate) enum NotOpened {
    /// It can not be had.
    Failed(CommandError),
    /// Its `hld.yaml` is wrong; nothing is shown yet.
    Wrong(Vec<Diagnostic>, SourceMap),
}

impl From<CommandError> for NotOpened {
    fn from(error: CommandError) -> Self {
        NotOpened::Failed(error)
    }
}

/// Opens a definition and shows nothing.
///
/// # Errors
/// As [`open_at`].
pub(crate) fn load(folder: &Path, revision: Option<&str>) -> Result<Definition, NotOpened> {
    let folder = folder.canonicalize().map_err(|error| {
        let message = format!("`{}` can not be opened: {}", folder.display(), system_words(&error));
        CommandError::new(FailureKind::Usage, message).hint("name the folder of a definition with `-C DIR`")
    })?;
    if !folder.is_dir() {
        let message = format!("`{}` is not a folder", folder.display());
        let failed = CommandError::new(FailureKind::Usage, message);
        return Err(failed.hint("name the folder, not a file in it").into());
    }
    let top = top(&folder);
    let files = match revision {
        Some(revision) => Overlay::new(Revision::open(top, revision).map_err(no_revision)?),
        None => Overlay::new(Files::open(top).map_err(|error| {
            let message = format!("`{}` can not be opened: {}", top.display(), system_words(&error));
            CommandError::new(FailureKind::Io, message)
        })?),
    };
    let below = folder.strip_prefix(top).unwrap_or(Path::new("")).to_str();
    let root = below.and_then(|below| SourcePath::clean(below).ok()).ok_or_else(|| {
        CommandError::new(FailureKind::Definition, format!("the path `{}` is not UTF-8", folder.display()))
    })?;
    let sources = SourceMap::default();
    let settings = match Settings::load(&files, &root, &sources) {
        Ok(settings) => settings,
        Err(diagnostics) => return Err(NotOpened::Wrong(diagnostics, sources)),
    };
    Ok(Definition { folder, files, root, settings })
}

fn no_revision(error: hld_git::GitError) -> CommandError {
    let is_usage = error.kind == hld_git::ErrorKind::NotFound;
    let kind = if is_usage { FailureKind::Usage } else { FailureKind::Io };
    let hint = "`--rev` takes what `git rev-parse` does: a branch, a tag, a commit";
    CommandError::new(kind, error.message).hint(hint)
}

/// The top of the git repository around a folder, else the folder itself.
pub(crate) fn top(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(folder)
}
