//! Opening a definition: its folder, its repository, its settings.

use std::path::{Path, PathBuf};

use hld_compiler::{ChartEngine, Environment, Session, Settings, SourcePath};
use hld_diag::{Diagnostic, SourceMap};
use hld_source::{
    Files, Folders, Helm, Installed, LOCK_NAME, Lock, Options, Overlay, Revision, Wanted, system_words,
};

use crate::error::{CommandError, FailureKind};
use crate::options::{Fetching, Sources};
use crate::{output, tools, ui};

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
    /// How sources that are missing are fetched.
    pub(crate) fetching: Fetching,
}

impl Definition {
    /// A folder of the definition on this machine; none for what is fetched.
    pub(crate) fn machine_path(&self, below: &str) -> Option<PathBuf> {
        self.files.machine_path(&self.root.join(below).ok()?)
    }

    /// A session in which the sources of these environments are seen. What is missing is fetched, and
    /// hld.lock written where it says something new.
    ///
    /// # Errors
    /// hld.lock or an access.yaml is wrong (shown already), or hld.lock can not be written.
    pub(crate) fn session<'d>(
        &'d self,
        charts: &'d dyn ChartEngine,
        environments: &[Environment],
    ) -> Result<Session<'d>, CommandError> {
        let installed = self.install(charts, environments)?;
        if installed.is_lock_new {
            self.write_lock(&installed.lock)?;
        }
        Ok(installed.session)
    }

    /// Fetches and mounts what the environments need.
    pub(crate) fn install<'d>(
        &'d self,
        charts: &'d dyn ChartEngine,
        environments: &[Environment],
    ) -> Result<Installed<'d>, CommandError> {
        let progress = ui::Spinner::new();
        let on_fetch = |address: &str| progress.say(&format!("fetching {address}"));
        let options = Options {
            is_locked: self.fetching.locked,
            is_offline: self.fetching.offline,
            cache: hld_source::cache_dir(),
            on_fetch: &on_fetch,
        };
        let Definition { files, root, settings, .. } = self;
        let wanted = Wanted { files, charts, root, settings };
        let installed = hld_source::install(&wanted, environments, &options);
        drop(progress);
        installed.map_err(|diagnostic| {
            let diagnostics = [diagnostic];
            ui::show(&diagnostics, &SourceMap::default());
            CommandError::diagnosed(&diagnostics)
        })
    }

    /// Writes hld.lock; a definition that is read from a commit has none to write.
    pub(crate) fn write_lock(&self, lock: &Lock) -> Result<(), CommandError> {
        let Some(path) = self.files.machine_path(&self.root.child(LOCK_NAME)) else { return Ok(()) };
        output::replace_file(&path, lock.text().as_bytes()).map_err(|error| {
            let words = system_words(&error);
            CommandError::new(FailureKind::Io, format!("writing `{}` failed: {words}", path.display()))
        })
    }

    /// The helm program that `hld.yaml` names.
    pub(crate) fn helm_binary(&self) -> Option<PathBuf> {
        self.settings.helm_binary.as_ref().map(PathBuf::from)
    }

    /// What renders the charts: the helm that `hld.yaml` names, else the one that is found.
    pub(crate) fn helm(&self) -> Helm<'_> {
        let program = tools::helm(self.helm_binary().as_deref()).map(|found| found.path);
        Helm::new(&self.files, program)
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

/// The same as the command line says: at which commit, and how sources are fetched.
///
/// # Errors
/// As those of [`open_at`].
pub(crate) fn open_with(folder: &Path, sources: &Sources) -> Result<Definition, CommandError> {
    let definition = open_at(folder, sources.rev.as_deref())?;
    Ok(Definition { fetching: sources.fetching, ..definition })
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
    Ok(Definition { folder, files, root, settings, fetching: Fetching::default() })
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
