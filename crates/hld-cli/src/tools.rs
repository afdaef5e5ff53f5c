//! Programs that hld runs, and where they are found.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hld_source::cache_dir;

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

/// The helm program: the one `hld.yaml` names, else the cache's, else the first on PATH.
pub(crate) fn helm(named: Option<&Path>) -> Result<Found, (String, String)> {
    if let Some(path) = named {
        return by_name(path);
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

/// The program that hld.yaml names. The file may come from whoever opened a pull request: what it
/// names must look like helm and be installed on this machine, not lie in a checkout.
fn by_name(path: &Path) -> Result<Found, (String, String)> {
    let is_named_helm = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("helm"));
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_in_checkout = real.ancestors().any(|folder| folder.join(".git").exists());
    let problem = if !path.is_absolute() {
        "is not an absolute path"
    } else if !is_named_helm {
        "is not named helm"
    } else if is_in_checkout {
        "lies in a git repository"
    } else if !is_program(path) {
        "is no program"
    } else {
        return Ok(Found { path: path.to_owned(), place: "hld.yaml" });
    };
    let message = format!("`helm.binary` of hld.yaml, `{}`, {problem}", path.display());
    Err((
        message,
        "name an installed helm by its absolute path, or remove the key to use the helm on PATH".to_owned(),
    ))
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
