//! Programs that hld runs, and where they are found.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use etcetera::BaseStrategy;

/// The helm version that hld is tested with.
pub(crate) const HELM_VERSION: &str = "4.1.4";

/// Where a program was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its path.
    pub(crate) path: PathBuf,
    /// Why this one: `hld.yaml`, `cache`, `PATH`.
    pub(crate) place: &'static str,
}

/// The folder for tools and fetched sources: `HLD_CACHE_DIR`, else the user's cache folder.
pub(crate) fn cache_dir() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("HLD_CACHE_DIR").filter(|dir| !dir.is_empty()) {
        return Some(PathBuf::from(named));
    }
    etcetera::choose_base_strategy().ok().map(|strategy| strategy.cache_dir().join("hld"))
}

/// The helm program: the one `hld.yaml` names, else the cache's, else the first on PATH.
pub(crate) fn helm(named: Option<&Path>) -> Result<Found, (String, String)> {
    if let Some(path) = named {
        return if is_program(path) {
            Ok(Found { path: path.to_owned(), place: "hld.yaml" })
        } else {
            let message = format!("helm: hld.yaml names `{}`, which is no program", path.display());
            Err((message, "mend `helm: {binary: …}`, or remove it to use the helm on PATH".to_owned()))
        };
    }
    let cached = cache_dir().map(|dir| dir.join("tools").join(format!("helm-{HELM_VERSION}")).join("helm"));
    if let Some(path) = cached.filter(|path| is_program(path)) {
        return Ok(Found { path, place: "cache" });
    }
    on_path("helm").map(|path| Found { path, place: "PATH" }).ok_or_else(|| {
        let hint = format!(
            "get it with `go install helm.sh/helm/v4/cmd/helm@v{HELM_VERSION}` or from https://helm.sh, \
             or name it in hld.yaml: `helm: {{binary: /path/of/helm}}`"
        );
        ("charts need the program `helm`, which is neither in the cache nor on PATH".to_owned(), hint)
    })
}

/// The first program of this name on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(|candidate| is_program(candidate))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// The first line that a program prints for these arguments.
pub(crate) fn first_line(program: &Path, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}
