//! `cargo xtask tools`: the real programs, in the tool cache.
//!
//! Each is installed by its language's own client, at a version that is written here, and found
//! again when it is there.

use std::path::Path;
use std::process::Command;

use hld_testkit::tools::{self, HELM_3, HELM_4};

use crate::Outcome;

/// A program of a Go module.
struct GoProgram {
    name: &'static str,
    version: &'static str,
    package: &'static str,
}

const GO_PROGRAMS: &[GoProgram] = &[
    GoProgram { name: "helm", version: HELM_4, package: "helm.sh/helm/v4/cmd/helm" },
    GoProgram { name: "helm", version: HELM_3, package: "helm.sh/helm/v3/cmd/helm" },
];

/// Installs what is not there yet, and lists everything.
pub(crate) fn run() -> Outcome {
    for program in GO_PROGRAMS {
        let path = tools::path(program.name, program.version)?;
        if !path.is_file() {
            println!("installing {} {} …", program.name, program.version);
            install_go(program, &path)?;
        }
        println!("{} {}: {}", program.name, program.version, path.display());
    }
    Ok(true)
}

/// Installs beside its place and moves it there: a killed run leaves nothing that looks whole.
fn install_go(program: &GoProgram, path: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let folder = path.parent().ok_or_else(|| format!("{} has no folder", path.display()))?;
    std::fs::create_dir_all(folder).map_err(failed)?;
    let staging = tempfile::TempDir::new_in(folder).map_err(failed)?;
    let status = Command::new("go")
        .arg("install")
        .arg(format!("{}@v{}", program.package, program.version))
        .env("GOBIN", staging.path())
        .env("GOTOOLCHAIN", "auto")
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-trimpath")
        .status()
        .map_err(|error| format!("`go` can not be run: {error}; get it from https://go.dev"))?;
    if !status.success() {
        return Err(format!("`go install {}@v{}` failed", program.package, program.version));
    }
    std::fs::rename(staging.path().join(program.name), path).map_err(failed)
}
