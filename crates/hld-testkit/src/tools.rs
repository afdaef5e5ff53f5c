//! The real programs that tests compare with, in the tool cache.
//!
//! `cargo xtask tools` puts them there; hld itself looks for its helm in the same place.

use std::path::PathBuf;

use etcetera::BaseStrategy;
use sha2::{Digest, Sha256};

use crate::Files;

/// The helm that hld is tested with.
pub const HELM_4: &str = "4.1.4";

/// The last helm 3 that recorded answers come from.
pub const HELM_3: &str = "3.21.4";

/// What plays nodes and pods.
pub const KWOK: &str = "0.8.0";

/// The forge that runs beside tests. Later versions lack modules.
pub const GITEA: &str = "1.26.0";

/// The folder for tools and fetched sources: `HLD_CACHE_DIR`, else the user's cache folder.
///
/// # Errors
/// The user has no home folder.
pub fn cache_dir() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("HLD_CACHE_DIR").filter(|dir| !dir.is_empty()) {
        return Ok(PathBuf::from(named));
    }
    let strategy = etcetera::choose_base_strategy().map_err(|error| format!("no cache folder: {error}"))?;
    Ok(strategy.cache_dir().join("hld"))
}

/// Where the program `name` of a version stands, whether it is there or not.
///
/// # Errors
/// There is no cache folder.
pub fn path(name: &str, version: &str) -> Result<PathBuf, String> {
    Ok(cache_dir()?.join("tools").join(format!("{name}-{version}")).join(name))
}

/// The program `name` of a version.
///
/// # Errors
/// It is not in the cache: `cargo xtask tools` puts it there.
pub fn require(name: &str, version: &str) -> Result<PathBuf, String> {
    let path = path(name, version)?;
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("`{}` is not there: run `cargo xtask tools`", path.display()))
}

/// The folder of the program of ours that is a control plane.
#[must_use]
pub fn control_plane_sources() -> PathBuf {
    crate::repository().join("tests/apiserver")
}

/// The Kubernetes version of the control plane: `1.36.3`.
///
/// # Errors
/// Its `go.mod` does not say it.
pub fn kubernetes() -> Result<String, String> {
    let path = control_plane_sources().join("go.mod");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let version = text.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes v"));
    version.map(str::to_owned).ok_or_else(|| format!("{} requires no k8s.io/kubernetes", path.display()))
}

/// The version of the control plane's program: that of Kubernetes, and a digest of our sources.
///
/// # Errors
/// The sources can not be read.
pub fn control_plane() -> Result<String, String> {
    let folder = control_plane_sources();
    let files = Files::read(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut digest = Sha256::new();
    for (path, bytes) in &files.0 {
        digest.update(format!("{path} {}\n", bytes.len()));
        digest.update(bytes);
    }
    let digest: String = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{}-{digest}", kubernetes()?))
}
