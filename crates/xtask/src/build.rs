//! The programs of this workspace, built.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Builds the release `hld` and says where it is.
pub(crate) fn release_hld() -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--release",
            "--package",
            "hld-cli",
            "--bin",
            "hld",
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(hld_testkit::repository())
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
