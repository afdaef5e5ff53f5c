//! The programs of this workspace, built.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The cargo that runs this program, in the repository's folder.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(hld_testkit::repository());
    command
}

/// Builds the release `hld` and says where it is.
pub(crate) fn release_hld() -> Result<PathBuf, String> {
    hld(&["--release", "--package", "hld-cli"])
}

/// Builds the `hld` that tests run, of the same parts as `cargo test` does, and says where it is.
pub(crate) fn debug_hld() -> Result<PathBuf, String> {
    hld(&["--workspace", "--features", "real-programs"])
}

fn hld(selected: &[&str]) -> Result<PathBuf, String> {
    let output = cargo()
        .args(["build", "--bin", "hld"])
        .args(selected)
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo can not be run: {error}"))?;
    if !output.status.success() {
        return Err("hld does not build".to_owned());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut executables = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executables.next().ok_or_else(|| "cargo does not say where it put hld".to_owned())
}
