//! Charts, as the compiler sees what renders them.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::path::SourcePath;

/// Renders charts: the real helm today, an engine of our own later.
pub trait ChartEngine: Send + Sync {
    /// The manifests of a chart as `helm template` prints them.
    ///
    /// # Errors
    /// A [`ChartError`] that says what stopped it.
    fn render(&self, request: &ChartRequest<'_>) -> Result<String, ChartError>;
}

/// One chart with all that its output depends on.
#[derive(Clone, Copy, Debug)]
pub struct ChartRequest<'a> {
    /// Folder of the chart in the source.
    pub chart: &'a SourcePath,
    /// Release name.
    pub release: &'a str,
    /// Release namespace.
    pub namespace: &'a str,
    /// Text of the one values file.
    pub values: &'a str,
    /// Kubernetes version that the chart sees: `1.35.0`.
    pub kubernetes_version: &'a str,
    /// API versions that the chart sees besides the built-in ones.
    pub api_versions: &'a [String],
    /// Whether the objects in `crds/` are part of the output.
    pub include_crds: bool,
}

impl ChartRequest<'_> {
    /// A digest that differs wherever the output may: requests of one run are told apart by it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let crds = if self.include_crds { "crds" } else { "" };
        let fields =
            [self.chart.as_str(), self.release, self.namespace, self.values, self.kubernetes_version, crds];
        for field in fields.into_iter().chain(self.api_versions.iter().map(String::as_str)) {
            hasher.update((field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
        hasher.finalize().into()
    }
}

/// What stopped a chart engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChartError {
    /// There is no engine: what was looked for, and how to get it.
    Unavailable {
        /// What is missing.
        message: String,
        /// How to get it.
        hint: String,
    },
    /// The engine refused the chart: its words.
    Failed(String),
    /// The chart has a link that leads out of the repository: the link's path.
    Outside(String),
    /// The run was cancelled.
    Cancelled,
}

impl fmt::Display for ChartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChartError::Unavailable { message, .. } | ChartError::Failed(message) => f.write_str(message),
            ChartError::Outside(path) => write!(f, "`{path}` leads out of the repository"),
            ChartError::Cancelled => f.write_str("cancelled"),
        }
    }
}
