//! `config/<name>.yaml`, as an editor should know it.

#![allow(dead_code)]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::component::Scalar;

/// Config of a component and of those below it, for one environment or for all (`common`).
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "hld config")]
pub(crate) struct ConfigFile {
    /// Values for the component's own generator: what its chart or its templates receive.
    pub(crate) config: Option<BTreeMap<String, serde_json::Value>>,
    /// Namespace of the component's release; not inherited by subcomponents.
    pub(crate) namespace: Option<Scalar>,
    /// Whether the namespace is put into objects that have none. Travels with `namespace`.
    pub(crate) inject_namespace: Option<bool>,
    /// Whether the component is left out, with all below it. Only in a parent's `subcomponents`.
    pub(crate) disabled: Option<bool>,
    /// Config of subcomponents, by the name that the parent knows them by.
    pub(crate) subcomponents: Option<BTreeMap<String, Option<ConfigFile>>>,
}
