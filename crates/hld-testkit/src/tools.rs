//! The real programs that tests compare with, in the tool cache.
//!
//! `cargo xtask tools` puts them there; hld itself looks for its helm in the same place.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// The helm that hld is tested with.
pub const HELM_4: &str = "4.1.4";

/// The last helm 3 that recorded answers come from.
pub const HELM_3: &str = "3.21.4";

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
