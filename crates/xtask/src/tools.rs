//! `cargo xtask tools`: the real programs, in the tool cache.
//!
//! Each is installed by its language's own client, at a version that is written here or in
//! `hld_testkit::tools`, and found again when it is there.

mod built;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use hld_testkit::tools::{self, GITEA, HELM_3, HELM_4, KWOK};
use tempfile::TempDir;

use crate::Outcome;

/// A program that is not ours, or that has them in it.
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
    /// A Python package of the same name, unpacked and not run.
    Wheel,
    /// A Go module that is built in a copy, with files that it needs beside it.
    Gitea,
    /// The same as `Go`, with files of its module beside it.
    Kwok,
    /// `tests/apiserver`. Its version is that of Kubernetes, with a digest of our sources.
    ControlPlane,
}

/// What tests compare with, and what they run on.
const NEEDED: &[Program] = &[
    Program { name: "helm", version: HELM_4, package: Package::Go("helm.sh/helm/v4/cmd/helm") },
    Program { name: "helm", version: HELM_3, package: Package::Go("helm.sh/helm/v3/cmd/helm") },
    Program { name: "kwok", version: KWOK, package: Package::Kwok },
    Program { name: "gitea", version: GITEA, package: Package::Gitea },
    Program { name: "apiserver", version: "", package: Package::ControlPlane },
];

/// What differences are measured beside.
pub(crate) const DYFF: Program =
    Program { name: "dyff", version: "1.12.0", package: Package::Go("github.com/homeport/dyff/cmd/dyff") };

/// What looks over workflows for GitHub.
pub(crate) const ACTIONLINT: Program = Program {
    name: "actionlint",
    version: "1.7.12",
    package: Package::Go("github.com/rhysd/actionlint/cmd/actionlint"),
};

/// What validation is compared with and measured beside.
pub(crate) const KUBECONFORM: Program = Program {
    name: "kubeconform",
    version: "0.8.0",
    package: Package::Go("github.com/yannh/kubeconform/cmd/kubeconform"),
};

/// The schemas of every version of Kubernetes; the file of this name says that they are beside it.
pub(crate) const KUBERNETES_SCHEMAS: Program =
    Program { name: "kubernetes-validate", version: "1.37.0", package: Package::Wheel };

/// What checks licences and sources of dependencies.
pub(crate) const CARGO_DENY: Program =
    Program { name: "cargo-deny", version: "0.20.2", package: Package::Crate };

/// How the folder begins in which a program is made.
const STAGING: &str = ".installing-";

/// Installs what tests need, or the named ones of it, and lists it.
pub(crate) fn run(names: &[&str]) -> Outcome {
    if let Some(unknown) = names.iter().find(|name| !NEEDED.iter().any(|program| program.name == **name)) {
        return Err(format!("no tool is called `{unknown}`"));
    }
    for program in NEEDED.iter().filter(|program| names.is_empty() || names.contains(&program.name)) {
        let path = ensure(program)?;
        println!("{} {}: {}", program.name, program.version()?, path.display());
    }
    Ok(true)
}

/// Where the program is; installs it if it is not there yet.
pub(crate) fn ensure(program: &Program) -> Result<PathBuf, String> {
    let version = program.version()?;
    let path = tools::path(program.name, &version)?;
    if !path.is_file() {
        println!("installing {} {version} …", program.name);
        install(program, &path)?;
    }
    Ok(path)
}

/// Makes its folder beside its place and moves it there: a killed run leaves nothing that looks whole.
/// Runs with one cache take turns.
fn install(program: &Program, path: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let folder = path.parent().ok_or_else(|| format!("{} has no folder", path.display()))?;
    let tools = folder.parent().ok_or_else(|| format!("{} has no folder", folder.display()))?;
    std::fs::create_dir_all(tools).map_err(failed)?;
    let lock = File::create(tools.join(".lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if path.is_file() {
        return Ok(());
    }
    remove_litter(tools).map_err(failed)?;
    let staging = TempDir::with_prefix_in(STAGING, tools).map_err(failed)?;
    let made = staging.path().join("made");
    std::fs::create_dir(&made).map_err(failed)?;
    program.make(&staging, &made)?;
    if folder.is_dir() {
        std::fs::remove_dir_all(folder).map_err(failed)?;
    }
    std::fs::rename(&made, folder).map_err(failed)
}

/// Removes what killed runs have left. Nobody else installs while we have the lock.
fn remove_litter(tools: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(tools)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(STAGING) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

impl Program {
    fn version(&self) -> Result<String, String> {
        match self.package {
            Package::ControlPlane => tools::control_plane(),
            _ => Ok(self.version.to_owned()),
        }
    }

    /// Puts the program into the folder `made`.
    fn make(&self, staging: &TempDir, made: &Path) -> Result<(), String> {
        match self.package {
            Package::Go(package) => self.go_install(package, made),
            Package::Crate => self.cargo_install(staging, made),
            Package::Wheel => self.unpack(staging, made),
            Package::Gitea => built::gitea(self.version, staging.path(), made),
            Package::Kwok => {
                self.go_install("sigs.k8s.io/kwok/cmd/kwok", made)?;
                built::kwok_stages(self.version, made)
            }
            Package::ControlPlane => built::control_plane(made),
        }
    }

    fn go_install(&self, package: &str, made: &Path) -> Result<(), String> {
        let mut command = go();
        command.arg("install").arg(format!("{package}@v{}", self.version));
        command.env("GOBIN", made).env("CGO_ENABLED", "0").env("GOFLAGS", "-trimpath");
        succeed(&mut command)
    }

    fn unpack(&self, staging: &TempDir, made: &Path) -> Result<(), String> {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest"]);
        succeed(pip.arg(staging.path()).arg(format!("{}=={}", self.name, self.version)))?;
        let name = format!("{}-{}-py3-none-any.whl", self.name.replace('-', "_"), self.version);
        let mut unpack = Command::new("python3");
        unpack.args(["-m", "zipfile", "-e"]).arg(staging.path().join(name)).arg(made);
        succeed(&mut unpack)?;
        std::fs::write(made.join(self.name), self.version).map_err(|error| error.to_string())
    }

    fn cargo_install(&self, staging: &TempDir, made: &Path) -> Result<(), String> {
        let mut command = crate::build::cargo();
        command.args(["install", "--locked", "--version", self.version, self.name]);
        command.arg("--root").arg(staging.path()).env("CARGO_TARGET_DIR", staging.path().join("target"));
        succeed(&mut command)?;
        let program = staging.path().join("bin").join(self.name);
        std::fs::rename(program, made.join(self.name)).map_err(|error| error.to_string())
    }
}

/// Go's client, of the version that a module asks for. It leaves the machine to others.
fn go() -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "10", "go"]).env("GOTOOLCHAIN", "auto").current_dir(std::env::temp_dir());
    command
}

/// Runs it to a good end.
fn succeed(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    let status = command.status().map_err(|error| format!("{shown} can not be run: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown} failed")) }
}
