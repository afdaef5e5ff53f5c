//! `docs/hld.sample.yaml` shows every key of `hld.yaml`, and means something.

use hld_compiler::{FileFormat, Settings};
use hld_diag::FileId;
use serde_json::Value as Json;

#[test]
fn the_sample_is_read_and_has_every_key() {
    let text = std::fs::read_to_string(hld_testkit::repository().join("docs/hld.sample.yaml")).unwrap();
    let settings = Settings::read(&text, FileId::NONE).unwrap();
    assert!(!settings.environments.is_empty(), "the sample names environments");
    let schema: Json = serde_json::from_str(&FileFormat::Settings.schema()).unwrap();
    let mut keys = Vec::new();
    collect(&schema, &mut keys);
    let is_shown = |key: &String| text.lines().any(|line| line.trim_start().starts_with(&format!("{key}:")));
    let missing: Vec<&String> = keys.iter().filter(|key| !is_shown(key)).collect();
    assert!(keys.len() > 10 && missing.is_empty(), "the sample lacks {missing:?}");
}

/// The names of all properties, at every depth.
fn collect(schema: &Json, keys: &mut Vec<String>) {
    match schema {
        Json::Object(map) => {
            let properties = map.get("properties").and_then(Json::as_object);
            keys.extend(properties.into_iter().flat_map(|properties| properties.keys().cloned()));
            map.values().for_each(|inner| collect(inner, keys));
        }
        Json::Array(items) => items.iter().for_each(|inner| collect(inner, keys)),
        _ => {}
    }
}
