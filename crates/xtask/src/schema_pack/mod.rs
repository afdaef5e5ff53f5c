//! `cargo xtask schema-pack`: the API of every Kubernetes version as one packed file.
//!
//! It comes from the Python package `kubernetes-validate`: a folder for each version, with the strict definitions in `v<version>-local-strict/_definitions.json`. What comes
//! out is read by `hld-lint`, whose `pack.rs` describes the format.

mod nodes;
mod writer;

use std::path::Path;

use serde_json::Value as Json;

use crate::{Outcome, kubeconform};

/// Where the packed file belongs.
const PACK: &str = "crates/hld-lint/kubernetes.pack";

/// Writes the pack anew.
pub(crate) fn run() -> Outcome {
    let versions = versions(&kubeconform::package()?)?;
    let mut nodes = nodes::Nodes::default();
    for (minor, definitions) in &versions {
        nodes.add_version(*minor, definitions)?;
    }
    let raw = writer::write(&nodes);
    let packed = writer::deflate(&raw)?;
    let path = hld_testkit::repository().join(PACK);
    std::fs::write(&path, &packed).map_err(|error| format!("{PACK}: {error}"))?;
    println!("{PACK}: {} versions, {} bytes, {} unpacked", versions.len(), packed.len(), raw.len());
    Ok(true)
}

/// The definitions of each version, oldest first, by its minor number.
fn versions(folder: &Path) -> Result<Vec<(u64, Json)>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut versions = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(version) = name.strip_prefix("v1.").and_then(|rest| rest.strip_suffix("-local-strict"))
        else {
            continue;
        };
        let minor = version.split('.').next().and_then(|minor| minor.parse().ok());
        let minor = minor.ok_or_else(|| format!("{name} names no version"))?;
        let text =
            std::fs::read(path.join("_definitions.json")).map_err(|error| format!("{name}: {error}"))?;
        let json: Json = serde_json::from_slice(&text).map_err(|error| format!("{name}: {error}"))?;
        versions.push((minor, json["$defs"].clone()));
    }
    versions.sort_by_key(|(minor, _)| *minor);
    if versions.is_empty() { Err(format!("{} has no version", folder.display())) } else { Ok(versions) }
}
