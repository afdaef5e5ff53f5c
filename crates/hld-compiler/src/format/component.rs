//! `component.yaml`, as an editor should know it.

#![allow(dead_code)]

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// A component of a high-level definition: a node that holds others, or one that makes manifests.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "hld component")]
pub(crate) struct ComponentFile {
    /// Name of the component: file name of its output, release name of its chart, key of its config.
    pub(crate) name: Option<Scalar>,
    /// What makes its manifests; `component` when missing.
    #[serde(rename = "type")]
    pub(crate) kind: Option<ComponentType>,
    /// Old word for `type`, which it overrides.
    #[schemars(extend("deprecated" = true))]
    pub(crate) generator: Option<ComponentType>,
    /// Where it comes from: a folder, or the URL of a git repository, a chart repository or a file.
    pub(crate) source: Option<Scalar>,
    /// How the source is fetched; `local` when missing.
    pub(crate) method: Option<SourceMethod>,
    /// Path below the source; for `method: helm` the name of the chart.
    pub(crate) path: Option<Scalar>,
    /// Tag, branch or commit (git), or version of the chart (helm). Quote it: `1.10` is a number.
    pub(crate) version: Option<Scalar>,
    /// Branch (git).
    pub(crate) branch: Option<Scalar>,
    /// Shell commands of Fabrikate by event (`before-install`, `after-install`, `before-generate`,
    /// `after-generate`). They are not run.
    pub(crate) hooks: Option<BTreeMap<String, Option<Vec<Scalar>>>>,
    /// What is particular to a chart.
    pub(crate) helm: Option<ChartFields>,
    /// Components below this one: references (`type: component`) or inline ones.
    pub(crate) subcomponents: Option<Vec<ComponentFile>>,
    /// Chart repositories of old definitions; has no effect.
    #[schemars(extend("deprecated" = true))]
    pub(crate) repositories: Option<BTreeMap<String, Scalar>>,
}

/// What is particular to a chart component.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChartFields {
    /// `fabrikate` renders as Fabrikate did: no `crds/`, all hooks.
    pub(crate) compat: Option<ChartCompat>,
    /// `keep` keeps test, delete and rollback hooks, which are otherwise left out.
    pub(crate) hooks: Option<ChartHooks>,
}

/// Which program's habits a chart is rendered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChartCompat {
    /// With `crds/`, without test, delete and rollback hooks.
    Hld,
    /// Without `crds/`, with all hooks.
    Fabrikate,
}

/// What becomes of test, delete and rollback hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChartHooks {
    /// They are left out, with a warning.
    Drop,
    /// They are kept.
    Keep,
}

/// What makes the manifests of a component.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ComponentType {
    Component,
    Helm,
    Static,
    Template,
    Kustomize,
}

/// How a source is fetched.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SourceMethod {
    Local,
    Git,
    Helm,
    Http,
}

/// A scalar of any type, read as the text it is written with.
#[derive(JsonSchema)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Text(String),
    Number(f64),
    Bool(bool),
}
