//! `hld.lock`, as it is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `hld.lock` beside the root component: what every source was resolved to, and the digest of what it
/// holds. hld writes it; commit it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "hld lock file")]
pub struct LockFile {
    /// Version of this format.
    #[schemars(extend("const" = 1))]
    pub version: u64,
    /// One block a source, sorted.
    pub sources: Vec<LockedSource>,
}

/// One source.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "method", rename_all = "lowercase")]
pub enum LockedSource {
    /// A commit of a git repository.
    Git(LockedGit),
    /// A chart of a chart repository.
    Helm(LockedChart),
    /// A file.
    Http(LockedFile),
}

/// A commit of a git repository.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedGit {
    /// Address, as the component writes it.
    pub source: String,
    /// Branch that was asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// Version that was asked for: commit, tag or branch.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Commit that was found: all its digits.
    #[schemars(regex(pattern = "^[0-9a-f]{40}$"))]
    pub commit: String,
    /// Digest of the files of the commit.
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: String,
}

/// A chart of a chart repository.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedChart {
    /// Address of the chart repository, as the component writes it.
    pub source: String,
    /// Name of the chart.
    pub chart: String,
    /// Version or constraint that was asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Version that was found.
    pub resolved: String,
    /// Digest of the files of the chart.
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: String,
}

/// A file.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedFile {
    /// Address, as the component writes it.
    pub source: String,
    /// Name that it has at the component.
    pub name: String,
    /// Digest of a folder with the file in it.
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: String,
}
