//! Fabrikate's merge: conjungo with `Overwrite: false`, then `MergeNamespaces`.
//!
//! The target has priority over the source. Maps are merged, lists are concatenated (target
//! first), a scalar of the target stays, null gives way to everything.

use hld_diag::{CONFIG_CONFLICT, Diagnostic, Span};
use hld_yaml as yaml;
use indexmap::map::Entry;
use yaml::Data;

use super::Config;

impl Config {
    /// Merges `source` into this config, which has priority.
    ///
    /// # Errors
    /// A map meets something else, or a list meets something else: the diagnostic has the path of
    /// keys and both places.
    pub fn merge(&mut self, source: Config) -> Result<(), Diagnostic> {
        let namespaces = source.namespaces();
        self.merge_values(source, &mut Vec::new())?;
        self.merge_namespaces(&namespaces);
        Ok(())
    }

    fn merge_values(&mut self, source: Config, path: &mut Vec<String>) -> Result<(), Diagnostic> {
        match (&mut self.values, source.values) {
            (_, None) => {}
            (target @ None, values) => *target = values,
            (Some(target), Some(values)) => within("config", path, |path| merge_map(target, values, path))?,
        }
        match (&mut self.subcomponents, source.subcomponents) {
            (_, None) => {}
            (target @ None, subcomponents) => *target = subcomponents,
            (Some(target), Some(subcomponents)) => within("subcomponents", path, |path| {
                for (name, said) in subcomponents {
                    match target.entry(name) {
                        Entry::Vacant(free) => {
                            free.insert(said);
                        }
                        Entry::Occupied(mut known) => {
                            let name = known.key().clone();
                            let known = &mut known.get_mut().config;
                            within(&name, path, |path| known.merge_values(said.config, path))?;
                        }
                    }
                }
                Ok(())
            })?,
        }
        Ok(())
    }

    /// The same tree without values: what [`Config::merge_namespaces`] needs of a source.
    fn namespaces(&self) -> Config {
        let subcomponents = self.subcomponents.as_ref().map(|all| {
            let bare =
                |said: &super::Subconfig| super::Subconfig { config: said.config.namespaces(), ..*said };
            all.iter().map(|(name, said)| (name.clone(), bare(said))).collect()
        });
        Config {
            values: None,
            namespace: self.namespace.clone(),
            inject_namespace: self.inject_namespace,
            disabled: false,
            subcomponents,
        }
    }

    /// Where no namespace is set, takes both namespace and injection from the source's node of the
    /// same path: from nothing, where the source has none.
    fn merge_namespaces(&mut self, source: &Config) {
        if self.namespace.is_none() {
            self.namespace.clone_from(&source.namespace);
            self.inject_namespace = source.inject_namespace;
        }
        let nothing = Config::default();
        for (name, said) in self.subcomponents.iter_mut().flatten() {
            let theirs = source.subcomponents.as_ref().and_then(|all| all.get(name));
            said.config.merge_namespaces(theirs.map_or(&nothing, |theirs| &theirs.config));
        }
    }
}

fn merge_map(target: &mut yaml::Map, source: yaml::Map, path: &mut Vec<String>) -> Result<(), Diagnostic> {
    for (key, key_span, value) in source.into_entries() {
        match target.get_mut(&key) {
            Some(known) => within(&key, path, |path| merge_value(known, value, path))?,
            None if value.is_null() => {}
            None => {
                target.insert(key, key_span, value);
            }
        }
    }
    Ok(())
}

fn merge_value(
    target: &mut yaml::Value,
    source: yaml::Value,
    path: &mut Vec<String>,
) -> Result<(), Diagnostic> {
    if source.is_null() {
        return Ok(());
    }
    if target.is_null() {
        *target = source;
        return Ok(());
    }
    let places = (target.span, source.span);
    let kinds = (target.type_name(), source.type_name());
    match (&mut target.data, source.data) {
        (Data::Map(target), Data::Map(source)) => merge_map(target, source, path),
        (Data::Seq(target), Data::Seq(source)) => {
            target.extend(source);
            Ok(())
        }
        (Data::Map(_) | Data::Seq(_), _) => Err(conflict(path, places, kinds)),
        _ => Ok(()),
    }
}

/// Runs `merge` with `key` at the end of the path.
fn within<T>(
    key: &str,
    path: &mut Vec<String>,
    merge: impl FnOnce(&mut Vec<String>) -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    path.push(key.to_owned());
    let merged = merge(path);
    path.pop();
    merged
}

fn conflict(path: &[String], places: (Span, Span), kinds: (&str, &str)) -> Diagnostic {
    let path = path.join(".");
    let message = format!("`{path}` is {} here, but {} in a file of higher priority", kinds.1, kinds.0);
    Diagnostic::new(CONFIG_CONFLICT, places.1, message)
        .label(places.0, format!("{} here", kinds.0))
        .hint("give both the same type, or remove one of them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Namespace;

    /// Config of one document, read by a tiny notation: JSON.
    fn config(json: &serde_json::Value) -> Config {
        let sub = json.get("subcomponents").and_then(|all| all.as_object()).map(|all| {
            let said =
                |v: &serde_json::Value| crate::config::Subconfig { name_span: Span::NONE, config: config(v) };
            all.iter().map(|(name, v)| (name.clone(), said(v))).collect()
        });
        let name = json.get("namespace").and_then(|name| name.as_str());
        Config {
            values: json.get("config").map(|v| match value(v).data {
                Data::Map(map) => map,
                _ => panic!("config is a map"),
            }),
            namespace: name.map(|name| Namespace { name: name.to_owned(), span: Span::NONE }),
            inject_namespace: json.get("injectNamespace").is_some_and(|v| v == true),
            disabled: json.get("disabled").is_some_and(|v| v == true),
            subcomponents: sub,
        }
    }

    fn value(json: &serde_json::Value) -> yaml::Value {
        use serde_json::Value as Json;
        yaml::Value::new(match json {
            Json::Null => Data::Null,
            Json::Bool(b) => Data::Bool(*b),
            Json::Number(n) => Data::Int(n.as_i64().unwrap()),
            Json::String(s) => Data::String(s.clone()),
            Json::Array(items) => Data::Seq(items.iter().map(value).collect()),
            Json::Object(map) => {
                let mut out = yaml::Map::new();
                for (key, v) in map {
                    out.insert(key, Span::NONE, value(v));
                }
                Data::Map(out)
            }
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    fn check(target: serde_json::Value, source: serde_json::Value, merged: serde_json::Value) {
        let mut ours = config(&target);
        ours.merge(config(&source)).unwrap();
        assert_eq!(ours, config(&merged), "{target} <- {source}");
    }

    #[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    fn check_conflict(target: serde_json::Value, source: serde_json::Value, path: &str) {
        let error = config(&target).merge(config(&source)).unwrap_err();
        assert!(error.message.contains(&format!("`{path}`")), "{}", error.message);
    }

    use serde_json::json;

    #[test]
    fn lists_are_concatenated_and_scalars_stay() {
        check(
            json!({"config": {"a": [1], "b": ""}}),
            json!({"config": {"a": [2], "b": "x"}}),
            json!({"config": {"a": [1, 2], "b": ""}}),
        );
        check(json!({"config": {"a": 1}}), json!({"config": {"a": {"b": 1}}}), json!({"config": {"a": 1}}));
    }

    #[test]
    fn null_gives_way_and_is_taken_over_only_with_a_whole_map() {
        check(json!({"config": {"a": null}}), json!({"config": {"a": 5}}), json!({"config": {"a": 5}}));
        check(json!({"config": {}}), json!({"config": {"a": null}}), json!({"config": {}}));
        check(json!({}), json!({"config": {"a": null}}), json!({"config": {"a": null}}));
        check(
            json!({"config": {}}),
            json!({"config": {"n": {"d": null}}}),
            json!({"config": {"n": {"d": null}}}),
        );
    }

    #[test]
    fn a_map_and_a_list_meet_only_their_like() {
        check_conflict(json!({"config": {"a": {"b": 1}}}), json!({"config": {"a": 1}}), "config.a");
        check_conflict(json!({"config": {"a": [1]}}), json!({"config": {"a": {"b": 1}}}), "config.a");
        check_conflict(
            json!({"subcomponents": {"x": {"config": {"a": {"b": []}}}}}),
            json!({"subcomponents": {"x": {"config": {"a": {"b": "text"}}}}}),
            "subcomponents.x.config.a.b",
        );
    }

    #[test]
    fn namespace_and_injection_travel_as_a_pair() {
        check(
            json!({"namespace": "a"}),
            json!({"namespace": "b", "injectNamespace": true}),
            json!({"namespace": "a"}),
        );
        check(json!({"injectNamespace": true}), json!({"namespace": "b"}), json!({"namespace": "b"}));
        check(json!({"injectNamespace": true}), json!({}), json!({}));
        check(
            json!({"subcomponents": {"x": {"injectNamespace": true}}}),
            json!({}),
            json!({"subcomponents": {"x": {}}}),
        );
    }

    #[test]
    fn whoever_mentions_a_component_first_decides_whether_it_is_disabled() {
        let off = json!({"subcomponents": {"x": {"disabled": true}}});
        check(json!({"subcomponents": {"x": {}}}), off.clone(), json!({"subcomponents": {"x": {}}}));
        check(json!({"subcomponents": {}}), off.clone(), off.clone());
        check(off.clone(), json!({"subcomponents": {"x": {"disabled": false}}}), off);
    }
}
