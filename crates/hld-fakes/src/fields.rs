//! Who owns which field: what server-side apply keeps in `managedFields`.
//!
//! A field is a leaf: a scalar, an empty map, or a list that is replaced as a whole. Lists whose
//! items all have a `name` are merged by it, as those of containers, ports and variables are.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

/// The way to a field. A step is as `fieldsV1` spells it: `f:spec`, `k:{"name":"web"}`.
pub(crate) type Path = Vec<String>;

/// Fields.
pub(crate) type Set = BTreeSet<Path>;

/// Metadata that nobody owns.
const NOT_OWNED: &[&str] = &[
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "managedFields",
    "selfLink",
];

/// The fields that an object says something about.
pub(crate) fn of_object(object: &Json) -> Set {
    let mut set = Set::new();
    for (key, value) in object.as_object().into_iter().flatten() {
        match key.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                let owned = value.as_object().into_iter().flatten();
                for (key, value) in owned.filter(|(key, _)| !NOT_OWNED.contains(&key.as_str())) {
                    leaves(value, vec!["f:metadata".to_owned(), format!("f:{key}")], &mut set);
                }
            }
            _ => leaves(value, vec![format!("f:{key}")], &mut set),
        }
    }
    set
}

fn leaves(value: &Json, path: Path, set: &mut Set) {
    let with = |step: String| path.iter().cloned().chain([step]).collect::<Path>();
    match value {
        Json::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, value)| leaves(value, with(format!("f:{key}")), set));
        }
        Json::Array(items) if is_merged(items) => {
            items.iter().for_each(|item| leaves(item, with(key_of(item)), set));
        }
        _ => {
            set.insert(path);
        }
    }
}

fn is_merged(items: &[Json]) -> bool {
    !items.is_empty() && items.iter().all(|item| item["name"].is_string())
}

fn key_of(item: &Json) -> String {
    format!("k:{}", json!({ "name": item["name"] }))
}

/// The value of a field.
pub(crate) fn get<'o>(object: &'o Json, path: &[String]) -> Option<&'o Json> {
    path.iter().try_fold(object, |value, step| match step.strip_prefix("f:") {
        Some(key) => value.get(key),
        None => value.as_array()?.iter().find(|item| key_of(item) == *step),
    })
}

/// Takes a field out, and what is empty without it.
pub(crate) fn remove(object: &mut Json, path: &[String]) {
    let Some((step, rest)) = path.split_first() else { return };
    match (object, step.strip_prefix("f:")) {
        (Json::Object(map), Some(key)) => {
            if !rest.is_empty()
                && let Some(inner) = map.get_mut(key)
            {
                remove(inner, rest);
            }
            let is_empty = |value: &Json| value.as_object().is_some_and(Map::is_empty) || *value == json!([]);
            if rest.is_empty() || map.get(key).is_some_and(is_empty) {
                map.shift_remove(key);
            }
        }
        (Json::Array(items), None) => {
            if let Some(at) = items.iter().position(|item| key_of(item) == *step) {
                remove(&mut items[at], rest);
                let is_gone = items[at].as_object().is_none_or(|item| !item.contains_key("name"));
                if is_gone {
                    items.remove(at);
                }
            }
        }
        _ => {}
    }
}

/// Puts what `applied` says over `live`.
pub(crate) fn merge(live: &mut Json, applied: &Json) {
    match (live, applied) {
        (Json::Object(live), Json::Object(applied)) => {
            for (key, value) in applied {
                match live.get_mut(key) {
                    Some(inner) => merge(inner, value),
                    None => {
                        live.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Json::Array(live), Json::Array(applied)) if is_merged(live) && is_merged(applied) => {
            for item in applied {
                match live.iter_mut().find(|other| other["name"] == item["name"]) {
                    Some(inner) => merge(inner, item),
                    None => live.push(item.clone()),
                }
            }
        }
        (live, applied) => *live = applied.clone(),
    }
}

/// As `fieldsV1`.
pub(crate) fn to_json(set: &Set) -> Json {
    let mut root = json!({});
    for path in set {
        let mut at = &mut root;
        for step in path {
            at = &mut at[step];
            if at.is_null() {
                *at = json!({});
            }
        }
    }
    root
}

/// As a cause of a conflict names it: `.spec.replicas`, `.spec.containers[name="web"].image`.
pub(crate) fn shown(path: &[String]) -> String {
    let steps = path.iter().map(|step| match step.strip_prefix("f:") {
        Some(key) => format!(".{key}"),
        None => format!("[name={}]", step.trim_start_matches("k:{\"name\":").trim_end_matches('}')),
    });
    steps.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_merged_and_taken_out() {
        let mut live =
            json!({"spec": {"replicas": 3, "containers": [{"name": "a", "image": "1"}, {"name": "b"}]}});
        let set = of_object(&live);
        let shown: Vec<String> = set.iter().map(|path| shown(path)).collect();
        assert_eq!(
            shown,
            [
                ".spec.containers[name=\"a\"].image",
                ".spec.containers[name=\"a\"].name",
                ".spec.containers[name=\"b\"].name",
                ".spec.replicas"
            ]
        );
        merge(&mut live, &json!({"spec": {"containers": [{"name": "b", "image": "2"}]}}));
        assert_eq!(
            get(&live, &["f:spec".into(), "f:containers".into(), "k:{\"name\":\"b\"}".into()]).unwrap()["image"],
            "2"
        );
        for path in set.iter().filter(|path| path.iter().any(|step| step.contains("\"a\""))) {
            remove(&mut live, path);
        }
        assert_eq!(live, json!({"spec": {"replicas": 3, "containers": [{"name": "b", "image": "2"}]}}));
    }
}
