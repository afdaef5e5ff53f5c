//! The examples, and what they compile to.
//!
//! What is recorded stands in `fixtures/examples/<example>/<environment>/`; it is written anew with
//! `UPDATE_EXPECTED=1`, to be read before it is accepted.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::{Files, Hld};

/// One example.
pub struct Example {
    /// The name of its folder.
    pub name: String,
    folder: PathBuf,
    recorded: PathBuf,
}

/// What a run of an example is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All that is recorded.
    Everything,
    /// What charts have no part in: they made nothing.
    WithoutCharts,
}

/// Every example, by name.
///
/// # Errors
/// The folder of examples can not be read.
pub fn all() -> Result<Vec<Example>, String> {
    let repository = crate::repository();
    let entries = std::fs::read_dir(repository.join("examples")).map_err(|error| error.to_string())?;
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    let mut examples: Vec<Example> = folders
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            Example { recorded: repository.join("fixtures/examples").join(&name), folder: entry.path(), name }
        })
        .collect();
    examples.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(examples)
}

impl Example {
    /// Compiles it for every environment, with one thread and with eight, and compares bytes.
    ///
    /// # Errors
    /// What differs.
    pub fn check(&self, hld: &Hld, scope: Scope) -> Result<(), String> {
        let ours = self.compile(hld, "1")?;
        if let Some(what) = self.compile(hld, "8")?.bytes_difference(&ours) {
            return Err(format!("1 and 8 threads differ in {what}"));
        }
        let ours = if scope == Scope::WithoutCharts { self.without_charts(ours, hld)? } else { ours };
        if scope == Scope::Everything
            && std::env::var_os("UPDATE_EXPECTED").is_some_and(|set| !set.is_empty())
        {
            return self.record(&ours).map_err(|error| format!("{}: {error}", self.recorded.display()));
        }
        let recorded = Files::read(&self.recorded).map_err(|error| error.to_string())?;
        let recorded =
            if scope == Scope::WithoutCharts { self.without_charts(recorded, hld)? } else { recorded };
        if recorded.0.is_empty() {
            return Err(format!("nothing is recorded in {}; set UPDATE_EXPECTED=1", self.recorded.display()));
        }
        ours.bytes_difference(&recorded).map_or(Ok(()), Err)
    }

    /// The arguments of each run: `--all`, and `common` alone where no `hld.yaml` names environments.
    fn runs(&self) -> &'static [&'static [&'static str]] {
        if self.folder.join("hld.yaml").exists() { &[&["--all"]] } else { &[&["--all"], &[]] }
    }

    /// All that its runs write.
    fn compile(&self, hld: &Hld, jobs: &str) -> Result<Files, String> {
        let folder = self.copy()?;
        for run in self.runs() {
            let arguments: Vec<&str> = ["--jobs", jobs].iter().chain(*run).copied().collect();
            let told = hld.generate(folder.path(), &arguments).map_err(|error| error.to_string())?;
            if told.exit_code != Some(0) {
                return Err(format!("exit code {:?}\n{}{}", told.exit_code, told.stdout, told.stderr));
            }
        }
        written(folder.path())
    }

    fn copy(&self) -> Result<tempfile::TempDir, String> {
        let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
        let files = Files::read(&self.folder).map_err(|error| error.to_string())?;
        files.write(folder.path()).map_err(|error| error.to_string())?;
        Ok(folder)
    }

    /// The files that no chart has a part in.
    fn without_charts(&self, mut files: Files, hld: &Hld) -> Result<Files, String> {
        let folder = self.copy()?;
        for run in self.runs() {
            let arguments: Vec<&str> = ["tree", "--format", "json"].iter().chain(*run).copied().collect();
            let told = hld.run(folder.path(), &arguments).map_err(|error| error.to_string())?;
            let report = told.report()?;
            let environments = report["environments"].as_array().into_iter().flatten();
            for environment in environments {
                let of_charts = environment["components"].as_array().into_iter().flatten();
                let text = |json: &Json, key: &str| json[key].as_str().unwrap_or_default().to_owned();
                for component in of_charts.filter(|component| component["type"] == "helm") {
                    let place = format!("{}/{}", text(environment, "name"), text(component, "path"));
                    // An inline component, and one with a file of its own.
                    files.0.remove(&format!("{place}.yaml"));
                    files.0.remove(&format!("{place}/{}.yaml", text(component, "name")));
                }
            }
        }
        Ok(files)
    }

    fn record(&self, ours: &Files) -> std::io::Result<()> {
        if self.recorded.exists() {
            std::fs::remove_dir_all(&self.recorded)?;
        }
        ours.write(&self.recorded)
    }
}

fn written(folder: &Path) -> Result<Files, String> {
    let files = Files::read(&folder.join("generated")).map_err(|error| error.to_string())?;
    Ok(files.without(".hld"))
}
