//! `access.yaml`: which environment variable holds the token for which source.

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// `access.yaml` beside a component file: for each source URL, exactly as the component writes it,
/// the name of the environment variable that holds its token. Never the token itself.
#[derive(JsonSchema)]
#[schemars(title = "hld access file")]
pub(crate) struct AccessFile(#[allow(dead_code)] BTreeMap<String, String>);
