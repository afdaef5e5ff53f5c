//! One object to the server.

use std::sync::Arc;

use hld_k8s::ResourceId;
use http::Method;
use serde_json::{Map, Value as Json, json};

use crate::conflict::{self, Verdict};
use crate::desired::Object;
use crate::discovery::Resource;
use crate::error::{ApiErrorKind, Failure};
use crate::live::{Live, Partial};
use crate::rest::{APPLY, Ask, JSON, METADATA, Rest};
use crate::{FIELD_MANAGER, Force, LABEL};

/// How often one object is sent because of conflicts.
const MOST_TRIES: usize = 4;

/// Metadata that the server sets: it is not applied (B121).
const SET_BY_SERVER: &[&str] = &[
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// An object of the commit, and where it goes.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) object: Arc<Object>,
    /// Its id with the namespace it has in the cluster.
    pub(crate) id: ResourceId,
    pub(crate) resource: Resource,
}

/// Why an object was not applied.
#[derive(Debug)]
pub(crate) enum Refused {
    /// There is another object of this name than the one that was meant, or none any more.
    OtherObject,
    /// Fields belong to others: the reason names them.
    Conflict(String),
    /// What the server says.
    Failure(Failure),
}

/// Who applies.
#[derive(Clone, Copy)]
pub(crate) struct Applier<'a> {
    pub(crate) rest: &'a Rest,
    pub(crate) sync: &'a str,
    pub(crate) force: Force,
}

impl Applier<'_> {
    /// Applies an object: to the one with this UID, or to whatever is there.
    ///
    /// # Errors
    /// Why it was not applied.
    pub(crate) async fn apply(&self, target: &Target, uid: Option<&str>) -> Result<(Live, bool), Refused> {
        let mut body = body(target, self.sync);
        if let Some(uid) = uid {
            body["metadata"]["uid"] = json!(uid);
        }
        let (partial, is_new) = self.send::<Partial>(target, (body, METADATA, false)).await?;
        let live = partial.live(&target.id).map_err(Refused::Failure)?;
        Ok((live, is_new))
    }

    /// What applying an object would make of it.
    ///
    /// # Errors
    /// Why it would not be applied.
    pub(crate) async fn try_out(&self, target: &Target) -> Result<Json, Refused> {
        let body = body(target, self.sync);
        let (object, _) = self.send::<Json>(target, (body, JSON, true)).await?;
        Ok(object)
    }

    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        target: &Target,
        (mut body, accept, is_dry): (Json, &'static str, bool),
    ) -> Result<(T, bool), Refused> {
        let path = target.resource.object_path(&target.id);
        let mut is_forced = false;
        let mut n_tries = 0;
        loop {
            let dry = if is_dry { "&dryRun=All" } else { "" };
            let path = format!("{path}?fieldManager={FIELD_MANAGER}&force={is_forced}{dry}");
            let bytes = body.to_string().into_bytes();
            let ask = Ask { method: Method::PATCH, path: &path, accept, content_type: APPLY, body: bytes };
            let failure = match self.rest.ask(&ask).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            n_tries += 1;
            if failure.kind != ApiErrorKind::Conflict || n_tries >= MOST_TRIES {
                return Err(Refused::Failure(failure));
            }
            if is_other_object(&failure) {
                return Err(Refused::OtherObject);
            }
            let is_fields = failure.causes.iter().any(|cause| cause.reason == "FieldManagerConflict");
            if is_fields && is_forced {
                return Err(Refused::Failure(failure));
            }
            // Without causes two writers met: the server wants it once more.
            if is_fields {
                match conflict::judge(&failure.causes, self.force) {
                    Verdict::Refuse(reason) => return Err(Refused::Conflict(reason)),
                    Verdict::Take { left_out } => {
                        left_out.iter().for_each(|pointer| conflict::leave_out(&mut body, pointer));
                        is_forced = failure.causes.len() > left_out.len();
                    }
                }
            }
        }
    }
}

/// Whether the conflict is about the UID that was sent (apiserver, registry/rest/update.go).
pub(crate) fn is_other_object(failure: &Failure) -> bool {
    let says = |text: &str| failure.message.contains(text);
    failure.kind == ApiErrorKind::Conflict && (says("uid mismatch") || says("UID in precondition"))
}

/// What is sent: the object as written, with our label and its namespace, and without what the server
/// sets.
pub(crate) fn body(target: &Target, sync: &str) -> Json {
    let mut body: Json = serde_json::from_str(&target.object.json).unwrap_or_default();
    if let Some(object) = body.as_object_mut() {
        object.shift_remove("status");
    }
    let metadata = &mut body["metadata"];
    if let Some(metadata) = metadata.as_object_mut() {
        SET_BY_SERVER.iter().for_each(|field| drop(metadata.shift_remove(*field)));
        metadata.shift_remove("namespace");
        metadata.retain(|_, value| !value.is_null());
    }
    if target.resource.is_namespaced {
        metadata["namespace"] = json!(target.id.namespace);
    }
    if metadata["labels"].is_null() {
        metadata["labels"] = Json::Object(Map::new());
    }
    if let Some(labels) = metadata["labels"].as_object_mut() {
        labels.insert(LABEL.to_owned(), json!(sync));
    }
    body
}
