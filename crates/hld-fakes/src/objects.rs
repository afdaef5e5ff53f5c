//! What can be done with objects.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::fields::{self, Path, Set};
use crate::reply::Refusal;
use crate::state::{Key, State};
use crate::{Establish, Kind};

/// Who writes, and how.
pub(crate) struct Writer<'w> {
    pub(crate) manager: &'w str,
    pub(crate) subresource: &'w str,
    pub(crate) is_forced: bool,
    pub(crate) is_dry: bool,
}

/// What was written: the object, and whether it is new.
pub(crate) type Written = Result<(Json, bool), Refusal>;

/// Metadata that no client sets.
const SET_BY_SERVER: &[&str] =
    &["uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"];

/// The managers of an object: manager, subresource, whether by apply; and their fields.
type Managers = BTreeMap<(String, String, bool), Set>;

impl State {
    /// Server-side apply.
    pub(crate) fn apply(
        &mut self,
        key: &Key,
        kind: &Kind,
        (applied, writer): (Json, &Writer<'_>),
    ) -> Written {
        let applied = settled(applied);
        let live = self.objects.get(key).cloned();
        self.check_uid(key, kind, &applied)?;
        self.check_namespace(key)?;
        let mut managers = managers(live.as_ref());
        let me = (writer.manager.to_owned(), String::new(), true);
        let wanted: Set =
            fields::of_object(&applied).into_iter().filter(|path| path[0] != "f:status").collect();
        let before = live.clone().unwrap_or_else(|| json!({"metadata": {}}));
        let mut conflicts = Vec::new();
        for (other, owned) in managers.iter_mut().filter(|(other, _)| **other != me) {
            let taken: Vec<Path> = wanted
                .iter()
                .filter(|path| {
                    owned.contains(*path) && fields::get(&before, path) != fields::get(&applied, path)
                })
                .cloned()
                .collect();
            for path in taken {
                conflicts.push((named(other), fields::shown(&path)));
                owned.remove(&path);
            }
        }
        if !conflicts.is_empty() && !writer.is_forced {
            return Err(Refusal::fields(&conflicts));
        }
        let mut merged = before.clone();
        let had = managers.insert(me.clone(), wanted.clone()).unwrap_or_default();
        for path in had.difference(&wanted) {
            let is_shared = managers.iter().any(|(other, owned)| *other != me && owned.contains(path));
            if !is_shared {
                fields::remove(&mut merged, path);
            }
        }
        let status = merged.get("status").cloned();
        fields::merge(&mut merged, &applied);
        keep_status(&mut merged, status);
        keep_identity(&mut merged, key, kind);
        self.finish(key, (live, merged), (&managers, writer.is_dry))
    }

    /// `POST`, `PUT` and a merge patch: the object as it is to be.
    pub(crate) fn update(
        &mut self,
        key: &Key,
        kind: &Kind,
        (object, writer): (Json, &Writer<'_>),
    ) -> Written {
        let mut object = settled(object);
        let live = self.objects.get(key).cloned();
        self.check_uid(key, kind, &object)?;
        self.check_namespace(key)?;
        let (wanted, is) = (
            &object["metadata"]["resourceVersion"],
            live.as_ref().map(|live| &live["metadata"]["resourceVersion"]),
        );
        if wanted.as_str().is_some_and(|wanted| !wanted.is_empty() && is != Some(&json!(wanted))) {
            return Err(Refusal::conflict(
                kind,
                &key.name,
                "the object has been modified; please apply your changes to the latest version and try again",
            ));
        }
        keep_identity(&mut object, key, kind);
        let mut managers = managers(live.as_ref());
        if object["metadata"]["managedFields"] == json!([{}]) {
            managers.clear();
        }
        let before = live.clone().unwrap_or_else(|| json!({}));
        let now = fields::of_object(&object);
        let changed: Set = now
            .union(&fields::of_object(&before))
            .filter(|path| fields::get(&before, path) != fields::get(&object, path))
            .cloned()
            .collect();
        for owned in managers.values_mut() {
            owned.retain(|path| !changed.contains(path));
        }
        let me = (writer.manager.to_owned(), writer.subresource.to_owned(), false);
        managers.entry(me).or_default().extend(changed.intersection(&now).cloned());
        self.finish(key, (live, object), (&managers, writer.is_dry))
    }

    /// Keeps what is new about an object, if anything is.
    fn finish(
        &mut self,
        key: &Key,
        (live, mut object): (Option<Json>, Json),
        (managers, is_dry): (&Managers, bool),
    ) -> Written {
        let is_new = live.is_none();
        object["metadata"]["managedFields"] = to_json(managers, &object);
        if let Some(live) = &live {
            for (field, value) in live["metadata"].as_object().into_iter().flatten() {
                if SET_BY_SERVER.contains(&field.as_str()) {
                    object["metadata"][field] = value.clone();
                }
            }
            if object == *live {
                return Ok((object, false));
            }
        }
        if is_dry {
            return Ok((object, is_new));
        }
        let object = self.write(key, object);
        self.after_write(key, is_new);
        let is_leaving = !object["metadata"]["deletionTimestamp"].is_null();
        let has_finalizers = object["metadata"]["finalizers"].as_array().is_some_and(|all| !all.is_empty());
        if is_leaving && !has_finalizers {
            self.erase(key);
            return Ok((object, is_new));
        }
        Ok((self.objects.get(key).cloned().unwrap_or(object), is_new))
    }

    /// A new CRD may be served at once.
    fn after_write(&mut self, key: &Key, is_new: bool) {
        if key.plural == "customresourcedefinitions" && is_new && self.establish == Establish::AtOnce {
            self.serve_crd(key);
        }
    }

    /// Establishes a CRD: its kind is served from now on.
    pub(crate) fn serve_crd(&mut self, key: &Key) {
        let Some(mut crd) = self.objects.get(key).cloned() else { return };
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let spec = &crd["spec"];
        let kind = Kind {
            group: text(&spec["group"]),
            version: text(&spec["versions"][0]["name"]),
            kind: text(&spec["names"]["kind"]),
            plural: text(&spec["names"]["plural"]),
            is_namespaced: spec["scope"] != "Cluster",
        };
        crd["status"] = json!({"conditions": [
            {"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "True"},
        ]});
        self.write(key, crd);
        if self.kind(&kind.group, &kind.plural).is_none() {
            self.kinds.push(kind);
        }
    }

    /// Deletes, if the preconditions hold; what has finalizers stays and is marked.
    pub(crate) fn delete(&mut self, key: &Key, kind: &Kind, options: &Json) -> Result<Json, Refusal> {
        let not_found = || Refusal::not_found(&key.group, &key.plural, &key.name);
        let mut live = self.objects.get(key).cloned().ok_or_else(not_found)?;
        for field in ["uid", "resourceVersion"] {
            let wanted = &options["preconditions"][field];
            if !wanted.is_null() && *wanted != live["metadata"][field] {
                let is = &live["metadata"][field];
                let why = format!(
                    "Precondition failed: {} in precondition: {}, {} in object meta: {}",
                    field.to_uppercase(),
                    wanted.as_str().unwrap_or_default(),
                    field.to_uppercase(),
                    is.as_str().unwrap_or_default()
                );
                return Err(Refusal::conflict(kind, &key.name, &why));
            }
        }
        if options["dryRun"].is_array() {
            return Ok(live);
        }
        if live["metadata"]["finalizers"].as_array().is_some_and(|all| !all.is_empty()) {
            if live["metadata"]["deletionTimestamp"].is_null() {
                live["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
                live = self.write(key, live);
            }
            return Ok(live);
        }
        self.erase(key);
        self.erase_contents(key, &live);
        let uid = live["metadata"]["uid"].clone();
        Ok(json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {"name": key.name, "group": key.group, "kind": key.plural, "uid": uid},
        }))
    }

    /// What goes with a Namespace or a CRD.
    fn erase_contents(&mut self, key: &Key, object: &Json) {
        let spec = &object["spec"];
        let is_content = |other: &&Key| match key.plural.as_str() {
            "namespaces" => other.namespace == key.name,
            "customresourcedefinitions" => {
                spec["group"] == *other.group && spec["names"]["plural"] == *other.plural
            }
            _ => false,
        };
        let contents: Vec<Key> = self.objects.keys().filter(is_content).cloned().collect();
        contents.iter().for_each(|key| self.erase(key));
        if key.plural == "customresourcedefinitions" {
            self.kinds.retain(|kind| spec["group"] != *kind.group || spec["names"]["plural"] != *kind.plural);
        }
    }

    fn check_namespace(&self, key: &Key) -> Result<(), Refusal> {
        let namespace = Key::new(["", "namespaces", "", &key.namespace]);
        if key.namespace.is_empty() || self.objects.contains_key(&namespace) {
            return Ok(());
        }
        Err(Refusal::not_found("", "namespaces", &key.namespace))
    }

    /// A UID in what is written is a precondition.
    fn check_uid(&self, key: &Key, kind: &Kind, object: &Json) -> Result<(), Refusal> {
        let Some(wanted) = object["metadata"]["uid"].as_str().filter(|uid| !uid.is_empty()) else {
            return Ok(());
        };
        let why = match self.objects.get(key) {
            None => format!(
                "uid mismatch: the provided object specified uid {wanted}, and no existing object was found"
            ),
            Some(live) if live["metadata"]["uid"] != wanted => {
                format!(
                    "Precondition failed: UID in precondition: {wanted}, UID in object meta: {}",
                    live["metadata"]["uid"]
                )
            }
            Some(_) => return Ok(()),
        };
        Err(Refusal::conflict(kind, &key.name, &why))
    }
}

/// An object as it is stored: `stringData` becomes `data`.
fn settled(mut object: Json) -> Json {
    if let Some(map) = object.as_object_mut()
        && map.get("kind").is_some_and(|kind| kind == "Secret")
        && let Some(Json::Object(texts)) = map.shift_remove("stringData")
    {
        for (key, text) in texts {
            object["data"][key] = json!(STANDARD.encode(text.as_str().unwrap_or_default()));
        }
    }
    object
}

fn keep_status(object: &mut Json, status: Option<Json>) {
    match status {
        Some(status) => object["status"] = status,
        None => {
            object.as_object_mut().and_then(|map| map.shift_remove("status"));
        }
    }
}

fn keep_identity(object: &mut Json, key: &Key, kind: &Kind) {
    object["apiVersion"] = json!(kind.api_version());
    object["kind"] = json!(kind.kind);
    object["metadata"]["name"] = json!(key.name);
    if !key.namespace.is_empty() {
        object["metadata"]["namespace"] = json!(key.namespace);
    }
}

/// As a cause of a conflict names a manager.
fn named((manager, subresource, is_apply): &(String, String, bool)) -> String {
    let subresource =
        if subresource.is_empty() { String::new() } else { format!(" with subresource {subresource:?}") };
    let using = if *is_apply { "" } else { " using v1 at 2026-01-01T00:00:00Z" };
    format!("{manager:?}{subresource}{using}")
}

fn managers(object: Option<&Json>) -> Managers {
    let entries =
        object.and_then(|object| object["metadata"]["managedFields"].as_array()).into_iter().flatten();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    entries
        .map(|entry| {
            let manager =
                (text(&entry["manager"]), text(&entry["subresource"]), entry["operation"] == "Apply");
            (manager, from_json(&entry["fieldsV1"]))
        })
        .collect()
}

fn from_json(value: &Json) -> Set {
    let mut set = Set::new();
    let mut open: Vec<(Path, &Json)> = vec![(Vec::new(), value)];
    while let Some((path, value)) = open.pop() {
        match value.as_object().filter(|map| !map.is_empty()) {
            Some(map) => open.extend(
                map.iter().map(|(step, value)| (path.iter().cloned().chain([step.clone()]).collect(), value)),
            ),
            None if path.is_empty() => {}
            None => {
                set.insert(path);
            }
        }
    }
    set
}

fn to_json(managers: &Managers, object: &Json) -> Json {
    let entries = managers.iter().filter(|(_, owned)| !owned.is_empty());
    entries
        .map(|((manager, subresource, is_apply), owned)| {
            let mut entry = json!({
                "manager": manager,
                "operation": if *is_apply { "Apply" } else { "Update" },
                "apiVersion": object["apiVersion"],
                "time": "2026-01-01T00:00:00Z",
                "fieldsType": "FieldsV1",
                "fieldsV1": fields::to_json(owned),
            });
            if !subresource.is_empty() {
                entry["subresource"] = json!(subresource);
            }
            entry
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(manager: &str, is_forced: bool) -> Writer<'_> {
        Writer { manager, subresource: "", is_forced, is_dry: false }
    }

    fn config(data: &Json) -> Json {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "default"}, "data": data})
    }

    fn fixture() -> (State, Key, Kind) {
        let state = State::new();
        let kind = state.kind("", "configmaps").unwrap().clone();
        (state, Key::new(["", "configmaps", "default", "web"]), kind)
    }

    #[test]
    fn applying_the_same_again_writes_nothing() {
        let (mut state, key, kind) = fixture();
        let apply = |state: &mut State, data: Json| {
            state.apply(&key, &kind, (config(&data), &writer("a", false))).unwrap()
        };
        assert!(apply(&mut state, json!({"x": "1", "y": "1"})).1);
        let version = state.version;
        assert!(!apply(&mut state, json!({"x": "1", "y": "1"})).1);
        assert_eq!(state.version, version);
        let (object, _) = apply(&mut state, json!({"x": "1"}));
        assert_eq!(object["data"], json!({"x": "1"}), "what is no longer applied goes");
    }

    #[test]
    fn a_field_has_one_owner_of_a_value() {
        let (mut state, key, kind) = fixture();
        state.apply(&key, &kind, (config(&json!({"x": "1"})), &writer("a", false))).unwrap();
        state.update(&key, &kind, (config(&json!({"x": "2"})), &writer("edit", false))).unwrap();
        let refused =
            state.apply(&key, &kind, (config(&json!({"x": "1"})), &writer("a", false))).unwrap_err();
        assert_eq!(refused.body["details"]["causes"][0]["field"], ".data.x");
        let (object, _) = state.apply(&key, &kind, (config(&json!({"x": "1"})), &writer("a", true))).unwrap();
        assert_eq!(object["data"]["x"], "1");
        assert_eq!(object["metadata"]["managedFields"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn preconditions_hold() {
        let (mut state, key, kind) = fixture();
        let mut object = config(&json!({}));
        object["metadata"]["uid"] = json!("x");
        assert_eq!(state.apply(&key, &kind, (object, &writer("a", false))).unwrap_err().code, 409);
        state.apply(&key, &kind, (config(&json!({})), &writer("a", false))).unwrap();
        assert_eq!(state.delete(&key, &kind, &json!({"preconditions": {"uid": "x"}})).unwrap_err().code, 409);
        assert!(state.delete(&key, &kind, &json!({})).is_ok());
        assert_eq!(state.delete(&key, &kind, &json!({})).unwrap_err().code, 404);
    }
}
