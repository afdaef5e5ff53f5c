//! What `--provenance` writes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// What `hld generate --provenance FILE` writes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "hld provenance")]
pub struct ProvenanceFile {
    /// Version of this format.
    #[schemars(extend("const" = "hld.dev/provenance/v1"))]
    pub version: String,
    /// One entry an environment, in the order they were asked for.
    pub environments: Vec<EnvironmentProvenance>,
}

/// One environment.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentProvenance {
    /// Its name.
    pub name: String,
    /// Its configs, highest priority first.
    pub configs: Vec<String>,
    /// Its components, parents first.
    pub components: Vec<ComponentProvenance>,
}

/// One component.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentProvenance {
    /// Names from below the root: `infra/traefik`.
    pub path: String,
    /// Its type: `helm`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is defined.
    pub defined: Option<Place>,
    /// Folder that its manifests or its chart come from, relative to the definition.
    pub source: Option<String>,
    /// Namespace and where it was written.
    pub namespace: Option<Place>,
    /// Every config value that the component receives, by its path of keys: `image.tag`, `list[0]`.
    pub config: BTreeMap<String, Place>,
    /// Every object that it makes.
    pub resources: Vec<ResourceProvenance>,
}

/// One Kubernetes object.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceProvenance {
    /// `apiVersion` of the object.
    pub api_version: String,
    /// Kind of the object.
    pub kind: String,
    /// Namespace as written; left out where none is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// File that it is written to, relative to the output folder.
    pub output: String,
    /// Line in that file, from 1.
    pub line: usize,
    /// Manifest file or template that it comes from, and the line where that is known.
    pub origin: Option<Place>,
}

/// A place in a file of the definition.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// File, relative to the definition.
    pub path: String,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

impl From<hld_diag::Location> for Place {
    fn from(at: hld_diag::Location) -> Self {
        Place { path: at.path.to_string(), line: Some(at.line), column: Some(at.column) }
    }
}
