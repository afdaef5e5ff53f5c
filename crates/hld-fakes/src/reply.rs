//! Answers.

use serde_json::{Value as Json, json};

use crate::Kind;

/// A refusal: a `Status` with its code.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) body: Json,
}

impl Refusal {
    pub(crate) fn new(code: u16, reason: &str, message: &str) -> Self {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "details": {}, "code": code,
        });
        Refusal { code, body }
    }

    /// The object is not there.
    pub(crate) fn not_found(group: &str, plural: &str, name: &str) -> Self {
        let resource = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
        let mut refusal = Refusal::new(404, "NotFound", &format!("{resource} {name:?} not found"));
        refusal.body["details"] = json!({"name": name, "group": group, "kind": plural});
        refusal
    }

    /// The path is not there.
    pub(crate) fn no_resource() -> Self {
        Refusal::new(404, "NotFound", "the server could not find the requested resource")
    }

    pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.plural);
        Refusal::new(409, "Conflict", &message)
    }

    /// Fields belong to other managers.
    pub(crate) fn fields(conflicts: &[(String, String)]) -> Self {
        let causes = conflicts.iter().map(|(manager, field)| {
            json!({"reason": "FieldManagerConflict", "message": format!("conflict with {manager}"), "field": field})
        });
        let causes: Vec<Json> = causes.collect();
        let message = format!("Apply failed with {} conflicts", causes.len());
        let mut refusal = Refusal::new(409, "Conflict", &message);
        refusal.body["details"] = json!({ "causes": causes });
        refusal
    }
}

/// An object as it is shown: whole, or its metadata alone where that is what was asked for.
pub(crate) fn shown(object: &Json, kind: &Kind, is_partial: bool) -> Json {
    if is_partial {
        let metadata = object["metadata"].clone();
        return json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
    }
    let mut object = object.clone();
    object["kind"] = json!(kind.kind);
    object["apiVersion"] = json!(kind.api_version());
    object
}
