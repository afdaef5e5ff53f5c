//! The step `integrations` of `cargo xtask test`: what CI systems run, built and tried.
//!
//! Node's packages and everything that is built lie in the tool cache; the repository is only read.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use hld_testkit::{Files, repository, tools as cache};

use crate::{Outcome, build, tools};

/// Builds and tests the task for Azure Pipelines, and looks over workflows for GitHub.
pub(crate) fn run() -> Outcome {
    Ok(workflows()? & azure_task()?)
}

/// Workflows that users copy are right in the eyes of actionlint.
fn workflows() -> Outcome {
    let program = tools::ensure(&tools::ACTIONLINT)?;
    let workflow = repository().join("integrations/github/hld.yml");
    // Other programs that it may find would make the verdict depend on the machine.
    Ok(succeeds(Command::new(program).args(["-shellcheck=", "-pyflakes="]).arg(workflow)))
}

fn azure_task() -> Outcome {
    let folder = cache::cache_dir()?.join("integrations/azure-devops");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    // Two runs with one cache take turns.
    let lock = File::create(folder.join(".lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    copy_sources(&folder).map_err(failed)?;
    let hld = build::programs()?.hld;
    let mut test = npm(&folder, &["test"]);
    test.env("HLD_PROGRAM", hld);
    Ok(install_packages(&folder)?
        && succeeds(&mut npm(&folder, &["run", "build"]))
        && succeeds(&mut test)
        && succeeds(&mut npm(&folder, &["run", "package"])))
}

/// Makes the folder's sources those of the repository. Packages stay.
fn copy_sources(folder: &Path) -> std::io::Result<()> {
    let sources = repository().join("integrations/azure-devops");
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_kept = entry.file_name() == "node_modules" || entry.file_name() == ".lock";
        match entry.file_type()?.is_dir() {
            _ if is_kept => {}
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    let mut files = Files::read(&sources)?;
    // What somebody has built by hand.
    for built in ["node_modules", "build", "dist"] {
        files = files.without(built);
    }
    files.write(folder)?;
    fs::copy(repository().join("LICENSE-MIT"), folder.join("LICENSE-MIT")).map(|_| ())
}

/// Installs what the lock file says, if it is not what is installed. No package runs a script.
fn install_packages(folder: &Path) -> Outcome {
    let installed = folder.join("node_modules/.installed-lock.json");
    let wanted = fs::read(folder.join("package-lock.json")).map_err(|error| error.to_string())?;
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(true);
    }
    let is_installed = succeeds(&mut npm(folder, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"]));
    if is_installed {
        fs::write(installed, wanted).map_err(|error| error.to_string())?;
    }
    Ok(is_installed)
}

fn npm(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(folder).env("NPM_CONFIG_UPDATE_NOTIFIER", "false");
    command
}

/// Whether it can be run, and passes.
fn succeeds(command: &mut Command) -> bool {
    let program = PathBuf::from(command.get_program());
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("{}: {error} (Node.js 20.15 or newer is needed)", program.display());
            false
        }
    }
}
