//! The status in the cluster: the ConfigMap `hld-status-<sync>`.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use hld_apply::FIELD_MANAGER;
use hld_diag::Untrusted;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;

use crate::log::cut;
use crate::status::Status;

/// Key of the whole status.
const STATUS: &str = "status.json";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Most bytes of an API server's words.
const LONGEST: usize = 1024;

/// Name of the ConfigMap.
pub(crate) fn status_name(sync: &str) -> String {
    format!("hld-status-{sync}")
}

/// Where the status is kept.
#[derive(Clone)]
pub(crate) struct Store {
    api: Api<ConfigMap>,
    name: String,
}

/// The status could not be read or written.
#[derive(Debug)]
pub(crate) struct StoreError(pub(crate) String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<kube::Error> for StoreError {
    fn from(error: kube::Error) -> Self {
        StoreError(cut(&Untrusted(&hld_apply::causes(&error)).line(), LONGEST).to_owned())
    }
}

/// What stands in the cluster.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// The status, if there is one that can be read.
    pub(crate) status: Option<Status>,
    /// Its annotations: requests of people.
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Store {
    pub(crate) fn new(client: Client, namespace: &str, sync: &str) -> Self {
        Store { api: Api::namespaced(client, namespace), name: status_name(sync) }
    }

    pub(crate) fn api(&self) -> &Api<ConfigMap> {
        &self.api
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Waits no longer than anything here is worth.
    async fn bounded<T>(answer: impl Future<Output = kube::Result<T>>) -> Result<T, StoreError> {
        let answered = tokio::time::timeout(PATIENCE, answer).await;
        let late = |_| StoreError("the API server does not answer".to_owned());
        Ok(answered.map_err(late)??)
    }

    /// Reads the status. `None` where there is no ConfigMap.
    pub(crate) async fn read(&self) -> Result<Option<Stored>, StoreError> {
        let map = Store::bounded(self.api.get_opt(&self.name)).await?;
        Ok(map.map(|map| Stored {
            status: map.data.and_then(|data| serde_json::from_str(data.get(STATUS)?).ok()),
            annotations: map.metadata.annotations.unwrap_or_default(),
        }))
    }

    /// Writes the status. Annotations, which belong to others, are left alone.
    pub(crate) async fn write(&self, sync: &str, status: &Status) -> Result<(), StoreError> {
        // What is written can be read: `serde_json` writes a plain struct without fail.
        let text = serde_json::to_string_pretty(status).unwrap_or_default();
        let map = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.name, "labels": {"hld.dev/status": sync}},
            "data": {"ready": if status.is_ready() { "True" } else { "False" }, STATUS: text},
        });
        let params = PatchParams::apply(FIELD_MANAGER).force();
        Store::bounded(self.api.patch(&self.name, &params, &Patch::Apply(&map))).await?;
        Ok(())
    }

    /// Sets annotations: how a person asks the agent for something.
    pub(crate) async fn annotate(&self, annotations: &BTreeMap<&str, String>) -> Result<(), StoreError> {
        let patch = json!({"metadata": {"annotations": annotations}});
        Store::bounded(self.api.patch(&self.name, &PatchParams::default(), &Patch::Merge(&patch))).await?;
        Ok(())
    }
}
