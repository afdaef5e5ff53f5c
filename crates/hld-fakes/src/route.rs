//! Which request is about what, and what comes of it.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::objects::Writer;
use crate::reply::{Refusal, shown};
use crate::state::{Key, State};
use crate::watch::Watch;
use crate::{Call, Establish, Kind, discovery};

/// What is to be answered.
pub(crate) enum Reply {
    Json(u16, Json),
    Watch(Watch),
}

/// A path that names objects.
struct Target {
    kind: Kind,
    key: Key,
    subresource: String,
}

/// Which labels an object must have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector(Vec<(String, Option<String>)>);

pub(crate) fn perform(state: &mut State, call: &Call) -> Result<Reply, Refusal> {
    let segments: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    let found = |body: Option<Json>| {
        body.map(|body| Reply::Json(200, body)).ok_or_else(|| {
            Refusal::new(503, "ServiceUnavailable", "the server is currently unable to handle the request")
        })
    };
    match segments.as_slice() {
        ["version"] => Ok(Reply::Json(200, json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3"}))),
        ["readyz" | "livez" | "healthz"] => Ok(Reply::Json(200, json!("ok"))),
        ["api"] => found(Some(discovery::root(state, true, &call.accept))),
        ["apis"] => found(Some(discovery::root(state, false, &call.accept))),
        ["api", version] => found(discovery::version(state, "", version)),
        ["apis", group, version] => {
            state.asked(group);
            found(discovery::version(state, group, version))
        }
        ["api", version, rest @ ..] => target(state, ["", version], rest).and_then(|to| act(state, call, to)),
        ["apis", group, version, rest @ ..] => {
            target(state, [group, version], rest).and_then(|to| act(state, call, to))
        }
        _ => Err(Refusal::no_resource()),
    }
}

/// What a path is about, behind the group and version.
fn target(state: &State, [group, version]: [&str; 2], rest: &[&str]) -> Result<Target, Refusal> {
    let (namespace, rest) = match rest {
        ["namespaces", namespace, plural, ..] if !matches!(*plural, "status" | "finalize") => {
            (*namespace, &rest[2..])
        }
        _ => ("", rest),
    };
    let [plural, rest @ ..] = rest else { return Err(Refusal::no_resource()) };
    let kind = state.kind(group, plural).filter(|kind| kind.version == version);
    let kind = kind.ok_or_else(Refusal::no_resource)?.clone();
    let name = rest.first().copied().unwrap_or_default();
    let subresource = rest.get(1).copied().unwrap_or_default().to_owned();
    Ok(Target { key: Key::new([group, plural, namespace, name]), kind, subresource })
}

fn act(state: &mut State, call: &Call, to: Target) -> Result<Reply, Refusal> {
    let is_partial = call.accept.contains("as=PartialObjectMetadata");
    let Target { kind, mut key, subresource } = to;
    if key.name.is_empty() && call.verb != "POST" {
        return list(state, call, (&kind, &key));
    }
    let manager = call.query.get("fieldManager").cloned().unwrap_or_else(|| "unknown".to_owned());
    let writer = Writer {
        manager: &manager,
        subresource: &subresource,
        is_forced: call.query.get("force").is_some_and(|force| force == "true"),
        is_dry: call.query.contains_key("dryRun"),
    };
    let not_found = || Refusal::not_found(&key.group, &key.plural, &key.name);
    let (object, is_new) = match (call.verb.as_str(), call.content_type.as_str()) {
        ("GET", _) => (state.objects.get(&key).cloned().ok_or_else(not_found)?, false),
        ("POST", _) => {
            key.name = call.body["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            if let Some(prefix) =
                call.body["metadata"]["generateName"].as_str().filter(|_| key.name.is_empty())
            {
                key.name = format!("{prefix}{}", state.version);
            }
            if state.objects.contains_key(&key) {
                let message = format!("{} {:?} already exists", kind.plural, key.name);
                return Err(Refusal::new(409, "AlreadyExists", &message));
            }
            state.update(&key, &kind, (call.body.clone(), &writer))?
        }
        ("PATCH", "application/apply-patch+yaml") if subresource.is_empty() => {
            state.apply(&key, &kind, (call.body.clone(), &writer))?
        }
        ("PUT" | "PATCH", content_type) => {
            let live = state.objects.get(&key).cloned().ok_or_else(not_found)?;
            let object = match (call.verb.as_str(), content_type, subresource.as_str()) {
                ("PUT", _, "") => call.body.clone(),
                ("PUT", _, "status") => {
                    let mut object = live;
                    object["status"] = call.body["status"].clone();
                    object
                }
                (_, "application/apply-patch+yaml", "status") | (_, "application/merge-patch+json", _) => {
                    let mut object = live;
                    merge_patch(&mut object, &call.body);
                    object
                }
                _ => return Err(Refusal::new(415, "UnsupportedMediaType", "this patch is not understood")),
            };
            state.update(&key, &kind, (object, &writer))?
        }
        ("DELETE", _) => {
            let body = state.delete(&key, &kind, &call.body)?;
            let is_status = body["kind"] == "Status";
            return Ok(Reply::Json(200, if is_status { body } else { shown(&body, &kind, is_partial) }));
        }
        _ => return Err(Refusal::new(405, "MethodNotAllowed", "the method is not allowed")),
    };
    Ok(Reply::Json(if is_new { 201 } else { 200 }, shown(&object, &kind, is_partial)))
}

impl State {
    /// A CRD that is waited for may be served by being asked for.
    fn asked(&mut self, group: &str) {
        let Establish::AfterReads(wanted) = self.establish else { return };
        let is_it = |(key, crd): &(&Key, &Json)| {
            key.plural == "customresourcedefinitions"
                && crd["spec"]["group"] == group
                && crd["status"].is_null()
        };
        let pending: Vec<Key> = self.objects.iter().filter(is_it).map(|(key, _)| key.clone()).collect();
        for key in pending {
            let n_reads = self.n_reads.entry(key.clone()).or_default();
            *n_reads += 1;
            if *n_reads == wanted {
                self.serve_crd(&key);
            }
        }
    }
}

fn list(state: &State, call: &Call, (kind, key): (&Kind, &Key)) -> Result<Reply, Refusal> {
    let asked = |name: &str| call.query.get(name).map_or("", String::as_str);
    let selector = Selector::parse(asked("labelSelector"));
    let is_partial = call.accept.contains("as=PartialObjectMetadata");
    match call.verb.as_str() {
        "WATCH" => {
            let version: u64 = asked("resourceVersion").parse().unwrap_or(state.version);
            let timeout = Duration::from_secs(asked("timeoutSeconds").parse().unwrap_or(300));
            let namespace = key.namespace.clone();
            return Ok(Reply::Watch(Watch {
                kind: kind.clone(),
                namespace,
                selector,
                is_partial,
                version,
                timeout,
            }));
        }
        "GET" => {}
        _ => return Err(Refusal::new(405, "MethodNotAllowed", "the method is not allowed")),
    }
    let is_listed = |(other, object): &(&Key, &Json)| {
        (other.group == key.group && other.plural == key.plural)
            && (key.namespace.is_empty() || other.namespace == key.namespace)
            && selector.takes(object)
    };
    let all: Vec<&Json> = state.objects.iter().filter(is_listed).map(|(_, object)| object).collect();
    let from: usize = asked("continue").parse().unwrap_or(0);
    let limit: usize = asked("limit").parse().unwrap_or(usize::MAX);
    let page = all.iter().skip(from).take(limit).map(|object| shown(object, kind, is_partial));
    let mut metadata = json!({"resourceVersion": state.version.to_string()});
    if from.saturating_add(limit) < all.len() {
        metadata["continue"] = json!((from + limit).to_string());
        metadata["remainingItemCount"] = json!(all.len() - from - limit);
    }
    let (list, version) = match is_partial {
        true => ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned()),
        false => (format!("{}List", kind.kind), kind.api_version()),
    };
    let items: Vec<Json> = page.collect();
    Ok(Reply::Json(200, json!({"kind": list, "apiVersion": version, "metadata": metadata, "items": items})))
}
impl Selector {
    fn parse(text: &str) -> Self {
        let parts = text.split(',').filter(|part| !part.is_empty());
        Selector(
            parts
                .map(|part| match part.split_once('=') {
                    Some((key, value)) => (key.to_owned(), Some(value.trim_start_matches('=').to_owned())),
                    None => (part.to_owned(), None),
                })
                .collect(),
        )
    }

    pub(crate) fn takes(&self, object: &Json) -> bool {
        let labels = &object["metadata"]["labels"];
        self.0.iter().all(|(key, value)| match (labels[key].as_str(), value) {
            (Some(is), Some(wanted)) => is == wanted,
            (is, None) => is.is_some(),
            (None, Some(_)) => false,
        })
    }
}

pub(crate) fn merge_patch(object: &mut Json, patch: &Json) {
    let Json::Object(patch) = patch else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (key, value) in patch {
        match value {
            Json::Null => {
                object.as_object_mut().expect("it is one").shift_remove(key);
            }
            value => merge_patch(&mut object[key], value),
        }
    }
}
