//! `hld.yaml`, as it is written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::component::{ChartCompat, ChartHooks};

/// `hld.yaml` at the root of a definition: named environments, charts and limits. Optional; without
/// it everything works as Fabrikate did.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "hld settings")]
pub(crate) struct SettingsFile {
    /// Version of this format: `hld.dev/v1`.
    #[expect(dead_code, reason = "there is one version")]
    pub(crate) api_version: ApiVersion,
    /// Named environments. A named one beats a config of the same name.
    #[serde(default)]
    pub(crate) environments: IndexMap<String, EnvironmentFields>,
    /// How charts are rendered.
    #[serde(default)]
    pub(crate) helm: HelmFields,
    /// Where sources are fetched from instead: what an address begins with, and what stands there
    /// instead. The longest one counts. Names of components and hld.lock keep the first address.
    #[serde(default)]
    pub(crate) mirrors: IndexMap<String, String>,
    /// Hosts, as `host:port`, that may be asked without encryption, and at addresses of this machine
    /// or of a private network.
    #[serde(default)]
    pub(crate) insecure: Vec<String>,
    /// How much a compilation may cost.
    #[serde(default)]
    pub(crate) limits: LimitFields,
    /// Where manifests are published to, unless the command line says otherwise.
    #[serde(default)]
    pub(crate) publish: PublishFields,
}

/// The one version of the format there is.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) enum ApiVersion {
    #[serde(rename = "hld.dev/v1")]
    V1,
}

/// A named environment.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EnvironmentFields {
    /// Config names, highest priority first; `common` always comes last by itself. When missing,
    /// the environment's own name.
    pub(crate) configs: Option<Vec<String>>,
    /// Kubernetes version of its clusters, for charts: `1.33.0`.
    pub(crate) kubernetes: Option<String>,
    /// API versions of its clusters besides the built-in ones: `monitoring.coreos.com/v1` or
    /// `monitoring.coreos.com/v1/ServiceMonitor`.
    #[serde(default)]
    pub(crate) api_versions: Vec<String>,
    /// Folder below the output folder; when missing, the environment's name.
    pub(crate) output: Option<String>,
}

/// How charts are rendered.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HelmFields {
    /// What renders charts. `binary` is the real helm, the only one so far.
    #[expect(dead_code, reason = "there is one engine")]
    pub(crate) engine: Option<Engine>,
    /// Absolute path of the helm program, named `helm…` and outside every git repository; else it is
    /// looked for in the tool cache and on PATH.
    pub(crate) binary: Option<String>,
    /// `fabrikate` renders as Fabrikate did: no `crds/`, all hooks.
    pub(crate) compat: Option<ChartCompat>,
    /// `keep` keeps test, delete and rollback hooks, which are otherwise left out.
    pub(crate) hooks: Option<ChartHooks>,
}

/// What renders charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    Binary,
}

/// How much a compilation may cost; reaching a limit is an error that names it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LimitFields {
    /// Bytes of a component or config file; 3 MiB when missing.
    pub(crate) file_bytes: Option<u64>,
    /// Bytes of one manifest file; 64 MiB when missing.
    pub(crate) manifest_bytes: Option<u64>,
    /// Bytes of all manifests of one run; 128 MiB when missing.
    pub(crate) output_bytes: Option<u64>,
    /// Components below each other; 64 when missing.
    pub(crate) tree_depth: Option<usize>,
    /// Components of one environment; 10000 when missing.
    pub(crate) tree_nodes: Option<usize>,
    /// Steps that one template may take; 20 million when missing.
    pub(crate) template_fuel: Option<u64>,
    /// Bytes of one source that is fetched, packed or unpacked; 1 GiB when missing.
    pub(crate) source_bytes: Option<u64>,
    /// Files, folders and links of one source that is fetched; 500000 when missing.
    pub(crate) source_entries: Option<usize>,
    /// Seconds that fetching one source may take; 600 when missing.
    pub(crate) source_seconds: Option<u64>,
    /// Bytes of one chart of a chart repository, packed or unpacked; 100 MiB when missing.
    pub(crate) chart_bytes: Option<u64>,
    /// Bytes of the index of a chart repository; 50 MiB when missing.
    pub(crate) index_bytes: Option<u64>,
}

/// Where manifests are published to, unless the command line says otherwise.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PublishFields {
    /// Address of the manifest repository: `https://…`, `ssh://…` or `user@host:path`.
    pub(crate) to: Option<String>,
    /// Branch of the manifest repository; `main` when missing.
    pub(crate) branch: Option<String>,
    /// Folder of the manifest repository that holds the environments' folders; its top when missing.
    pub(crate) path: Option<String>,
}
