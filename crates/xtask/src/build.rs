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
    let built = build(&["--release", "--package", "hld-cli", "--bin", "hld"])?;
    named(&built, "hld")
}

/// Builds the release `hld-agent` and says where it is.
pub(crate) fn release_agent() -> Result<PathBuf, String> {
    let built = build(&["--release", "--package", "hld-agent", "--bin", "hld-agent"])?;
    named(&built, "hld-agent")
}

/// The programs that people have.
pub(crate) struct Programs {
    pub(crate) hld: PathBuf,
    pub(crate) agent: PathBuf,
}

/// Builds the programs that tests run, of the same parts as `cargo test` does.
pub(crate) fn programs() -> Result<Programs, String> {
    let built = build(&["--workspace", "--features", "real-programs", "--bins"])?;
    Ok(Programs { hld: named(&built, "hld")?, agent: named(&built, "hld-agent")? })
}

/// The executables that `cargo build` makes.
fn build(arguments: &[&str]) -> Result<Vec<PathBuf>, String> {
    let output = cargo()
        .args(["build", "--locked", "--message-format", "json-render-diagnostics"])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo can not be run: {error}"))?;
    if !output.status.success() {
        return Err("hld does not build".to_owned());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executables = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    Ok(executables.collect())
}

fn named(built: &[PathBuf], name: &str) -> Result<PathBuf, String> {
    let found = built.iter().find(|path| path.file_name().is_some_and(|file| file == name));
    found.cloned().ok_or_else(|| format!("cargo does not say where it put {name}"))
}
