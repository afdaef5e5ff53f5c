//! The `hld` program, run in a world of its own.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

/// The program, and where it looks for tools. It has an empty home folder, and of the environment's
/// variables nothing but what is given here.
pub struct Hld {
    program: PathBuf,
    cache: PathBuf,
    home: TempDir,
}

/// What one run said.
#[derive(Debug)]
pub struct Told {
    /// The exit code; `None` after a signal.
    pub exit_code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// One diagnostic of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// `note`, `warning`, `error` or `refused`.
    pub severity: String,
    /// `HLD0101`
    pub code: String,
    /// `config/prod.yaml:3`, or nothing where no file is to blame.
    pub at: String,
    /// What is wrong.
    pub message: String,
}

impl Hld {
    /// The program at `program`, with the tools of the folder `cache`.
    ///
    /// # Errors
    /// No temporary folder can be made.
    pub fn new(program: &Path, cache: &Path) -> io::Result<Self> {
        Ok(Hld { program: program.to_owned(), cache: cache.to_owned(), home: TempDir::new()? })
    }

    /// The same program in a world where charts make nothing: its helm prints nothing. What does not
    /// come from charts can be tested with it on every machine.
    ///
    /// # Errors
    /// No temporary folder can be made.
    #[cfg(unix)]
    pub fn without_charts(program: &Path) -> io::Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        let home = TempDir::new()?;
        let folder = home.path().join(format!("cache/tools/helm-{}", crate::tools::HELM_4));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("helm"), "#!/bin/sh\nexit 0\n")?;
        std::fs::set_permissions(folder.join("helm"), std::fs::Permissions::from_mode(0o755))?;
        Ok(Hld { program: program.to_owned(), cache: home.path().join("cache"), home })
    }

    /// Runs it with these arguments in `folder`.
    ///
    /// # Errors
    /// It can not be started.
    pub fn run(&self, folder: &Path, arguments: &[&str]) -> io::Result<Told> {
        let output = Command::new(&self.program)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("HOME", self.home.path())
            .env("HLD_CACHE_DIR", &self.cache)
            .stdin(Stdio::null())
            .output()?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Told { exit_code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) })
    }

    /// Runs `hld generate` in `folder`, with `--format json`.
    ///
    /// # Errors
    /// It can not be started.
    pub fn generate(&self, folder: &Path, arguments: &[&str]) -> io::Result<Told> {
        let arguments: Vec<&str> =
            ["generate", "--format", "json"].into_iter().chain(arguments.iter().copied()).collect();
        self.run(folder, &arguments)
    }
}

impl Told {
    /// The report of `--format json`.
    ///
    /// # Errors
    /// Standard output is something else.
    pub fn report(&self) -> Result<Json, String> {
        serde_json::from_str(&self.stdout)
            .map_err(|error| format!("its output is no report: {error}\n{}{}", self.stdout, self.stderr))
    }

    /// The diagnostics of `--format json`.
    ///
    /// # Errors
    /// Standard output is something else.
    pub fn diagnostics(&self) -> Result<Vec<Said>, String> {
        let report = self.report()?;
        let diagnostics = report["diagnostics"].as_array().ok_or("the report has no `diagnostics`")?;
        Ok(diagnostics.iter().map(said).collect())
    }
}

impl Said {
    /// One a line, for the message of a test.
    #[must_use]
    pub fn list(said: &[Said]) -> String {
        said.iter().map(|said| format!("{said}\n")).collect()
    }
}

fn said(diagnostic: &Json) -> Said {
    let text = |key: &str| diagnostic[key].as_str().unwrap_or_default().to_owned();
    let line = diagnostic["line"].as_u64().map_or_else(String::new, |line| format!(":{line}"));
    Said {
        severity: text("severity"),
        code: text("code"),
        at: format!("{}{line}", text("path")),
        message: text("message"),
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} at `{}`: {}", self.severity, self.code, self.at, self.message)
    }
}
