//! `cargo xtask tools`: the real programs, in the tool cache.
//!
//! Each is installed by its language's own client, at a version that is written here, and found
//! again when it is there.

use std::path::{Path, PathBuf};
use std::process::Command;

use hld_testkit::tools::{self, HELM_3, HELM_4};

use crate::Outcome;

/// A program that is not ours.
pub(crate) struct Program {
    name: &'static str,
    version: &'static str,
    package: Package,
}

/// What a program is installed from.
enum Package {
    /// A Go package.
    Go(&'static str),
    /// A crate of the same name.
    Crate,
}

/// What tests compare with.
const COMPARED: &[Program] = &[
    Program { name: "helm", version: HELM_4, package: Package::Go("helm.sh/helm/v4/cmd/helm") },
    Program { name: "helm", version: HELM_3, package: Package::Go("helm.sh/helm/v3/cmd/helm") },
];

/// What differences are measured beside.
pub(crate) const DYFF: Program =
    Program { name: "dyff", version: "1.12.0", package: Package::Go("github.com/homeport/dyff/cmd/dyff") };

/// What checks licences and sources of dependencies.
pub(crate) const CARGO_DENY: Program =
    Program { name: "cargo-deny", version: "0.20.2", package: Package::Crate };

/// Installs what tests compare with and lists it.
pub(crate) fn run() -> Outcome {
    for program in COMPARED {
        let path = ensure(program)?;
        println!("{} {}: {}", program.name, program.version, path.display());
    }
    Ok(true)
}

/// Where the program is; installs it if it is not there yet.
pub(crate) fn ensure(program: &Program) -> Result<PathBuf, String> {
    let path = tools::path(program.name, program.version)?;
    if !path.is_file() {
        println!("installing {} {} …", program.name, program.version);
        install(program, &path)?;
    }
    Ok(path)
}

/// Installs beside its place and moves it there: a killed run leaves nothing that looks whole.
fn install(program: &Program, path: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let folder = path.parent().ok_or_else(|| format!("{} has no folder", path.display()))?;
    std::fs::create_dir_all(folder).map_err(failed)?;
    let staging = tempfile::TempDir::new_in(folder).map_err(failed)?;
    let mut command = program.client(staging.path());
    let client = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("`{client}` can not be run: {error}"))?;
    if !status.success() {
        return Err(format!("`{client} install` of {} {} failed", program.name, program.version));
    }
    std::fs::rename(staging.path().join("bin").join(program.name), path).map_err(failed)
}

impl Program {
    /// The command that installs it to `bin` below `folder`.
    fn client(&self, folder: &Path) -> Command {
        match self.package {
            Package::Go(package) => {
                let mut command = Command::new("go");
                command.arg("install").arg(format!("{package}@v{}", self.version));
                command.env("GOBIN", folder.join("bin")).env("GOTOOLCHAIN", "auto");
                command.env("CGO_ENABLED", "0").env("GOFLAGS", "-trimpath");
                command
            }
            Package::Crate => {
                let mut command = crate::build::cargo();
                command.args(["install", "--locked", "--version", self.version, self.name]);
                command.arg("--root").arg(folder).env("CARGO_TARGET_DIR", folder.join("target"));
                command
            }
        }
    }
}
