//! Programs that Go's client can not install by their name: they are built from a module's files.

use std::path::{Path, PathBuf};

use hld_testkit::tools;
use serde_json::Value as Json;

use super::{go, succeed};

/// `tests/apiserver`, which calls itself by the version of Kubernetes that is in it.
pub(super) fn control_plane(made: &Path) -> Result<(), String> {
    let version = tools::kubernetes()?;
    let mut parts = version.split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let set = |name: &str, value: &str| format!("-X k8s.io/component-base/version.{name}={value}");
    let flags =
        [set("gitVersion", &format!("v{version}")), set("gitMajor", major), set("gitMinor", minor)].join(" ");
    let mut command = go();
    command.current_dir(tools::control_plane_sources()).args(["build", "-trimpath", "-buildvcs=false"]);
    command.arg("-ldflags").arg(format!("-s -w {flags}")).arg("-o").arg(made.join("apiserver")).arg(".");
    succeed(command.env("CGO_ENABLED", "0").env_remove("GOFLAGS"))
}

/// Gitea, and the files that it reads while it runs. Its module replaces others, so that it can only be
/// built as the main module, in a folder that can be written.
pub(super) fn gitea(version: &str, staging: &Path, made: &Path) -> Result<(), String> {
    let module = module("code.gitea.io/gitea", version)?;
    let sources = staging.join("sources");
    copy(&module, &sources)?;
    let mut command = go();
    command.current_dir(&sources).args(["build", "-trimpath", "-buildvcs=false"]);
    command.args(["-tags", "sqlite sqlite_unlock_notify", "-ldflags"]);
    command.arg(format!("-s -w -X main.Version={version}")).arg("-o").arg(made.join("gitea")).arg(".");
    succeed(command.env("CGO_ENABLED", "1").env_remove("GOFLAGS"))?;
    for folder in ["options", "public", "templates"] {
        copy(&module.join(folder), &made.join("static").join(folder))?;
    }
    Ok(())
}

/// What kwok does with nodes and pods: they become ready at once.
pub(super) fn kwok_stages(version: &str, made: &Path) -> Result<(), String> {
    const STAGES: [&str; 5] = [
        "node/fast/node-initialize.yaml",
        "node/heartbeat/node-heartbeat.yaml",
        "pod/fast/pod-ready.yaml",
        "pod/fast/pod-complete.yaml",
        "pod/fast/pod-delete.yaml",
    ];
    let folder = module("sigs.k8s.io/kwok", version)?.join("kustomize/stage");
    let read = |stage: &str| {
        let path = folder.join(stage);
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let stages: Vec<String> = STAGES.iter().map(|stage| read(stage)).collect::<Result<_, _>>()?;
    std::fs::write(made.join("stages.yaml"), stages.join("\n---\n")).map_err(|error| error.to_string())
}

/// The folder of a module in Go's cache.
fn module(path: &str, version: &str) -> Result<PathBuf, String> {
    let mut command = go();
    let output = command.args(["mod", "download", "-json"]).arg(format!("{path}@v{version}")).output();
    let output = output.map_err(|error| format!("`go` can not be run: {error}"))?;
    let said: Json = serde_json::from_slice(&output.stdout).unwrap_or_default();
    match said["Dir"].as_str() {
        Some(folder) if output.status.success() => Ok(PathBuf::from(folder)),
        _ => Err(format!("`go mod download {path}@v{version}` failed: {}", said["Error"])),
    }
}

/// A copy of a folder that can be written, without what links lead to.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", from.display());
    std::fs::create_dir_all(to).map_err(failed)?;
    for entry in std::fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (kind, target) = (entry.file_type().map_err(failed)?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).map_err(failed)?;
            std::fs::write(&target, bytes).map_err(failed)?;
        }
    }
    Ok(())
}
