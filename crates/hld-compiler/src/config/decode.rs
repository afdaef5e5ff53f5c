//! Config files to config, by Fabrikate's lenient rules.

use std::sync::LazyLock;

use hld_diag::{CONFIG_TYPE, Diagnostic, Diagnostics, UNKNOWN_CONFIG_KEY, YAML_SYNTAX, nearest};
use hld_yaml::{self as yaml, Data};
use indexmap::IndexMap;

use super::{Config, Namespace, Subconfig};
use crate::component::duplicate_key;
use crate::format::{self, ConfigFile};
use crate::raw::{self, Field, FileText, Raw, Shape};

/// The keys of a config file.
static KEYS: LazyLock<Vec<String>> = LazyLock::new(format::keys::<ConfigFile>);

/// Reads a config file. `None` for one that says nothing, or that a fatal diagnostic is about.
pub(crate) fn decode(source: FileText<'_>) -> (Option<Config>, Diagnostics) {
    let mut out = Diagnostics::default();
    let config = raw::with_root(source, &mut out, |root, out| {
        let mut config = Config::empty();
        merge_node(root?, &mut config, out);
        Some(config)
    });
    (config.flatten(), out)
}

/// Leaves out what a message about broken YAML quotes from the file: it may be a secret. What it
/// quotes of YAML itself, like `':'`, is shorter than any.
pub(crate) fn without_values(mut diagnostic: Diagnostic) -> Diagnostic {
    if diagnostic.code == YAML_SYNTAX {
        for quote in ['\'', '`'] {
            let parts = diagnostic.message.split(quote).enumerate();
            let is_quoted = |at: usize, part: &str| at % 2 == 1 && part.len() > 3;
            let parts = parts.map(|(at, part)| if is_quoted(at, part) { "…" } else { part });
            diagnostic.message = parts.collect::<Vec<_>>().join(&quote.to_string());
        }
    }
    diagnostic
}

/// Reads one node into `config`, whose maps may exist already.
fn merge_node(raw: Raw<'_>, config: &mut Config, out: &mut Diagnostics) {
    let fields = match raw.shape() {
        Shape::Map(fields) => raw::canonical(fields, &KEYS),
        Shape::Null => return,
        _ => {
            let message = format!("config is a map, this is {}", raw.type_name());
            out.push(
                Diagnostic::new(CONFIG_TYPE, raw.span(), message)
                    .hint("it may hold `config`, `namespace` and `subcomponents`"),
            );
            return;
        }
    };
    for (at, field) in fields.iter().enumerate() {
        if let Some(first) = fields[..at].iter().find(|first| first.key == field.key) {
            out.push(duplicate_key(first, field));
        }
        match field.key.as_str() {
            "config" => values(field, config, out),
            "namespace" => config.namespace = namespace(field, out),
            "injectNamespace" => config.inject_namespace = boolean(field, out),
            "disabled" => config.disabled = boolean(field, out),
            "subcomponents" => subcomponents(field, config, out),
            _ => out.push(unknown(field)),
        }
    }
}

/// A second `config` is merged into the first at its first level.
fn values(field: &Field<'_>, config: &mut Config, out: &mut Diagnostics) {
    if field.value.is_empty() {
        config.values = None;
        return;
    }
    let mut said = Vec::new();
    let value = field.value.value(&mut said);
    out.extend(said);
    match value {
        Ok(yaml::Value { data: Data::Map(map), .. }) => {
            let known = config.values.get_or_insert_default();
            for (key, span, value) in map.into_entries() {
                known.insert(key, span, value);
            }
        }
        Ok(_) => out.push(wrong_type(field, "a map")),
        Err(error) => out.push(error),
    }
}

fn namespace(field: &Field<'_>, out: &mut Diagnostics) -> Option<Namespace> {
    let Some(text) = field.value.text() else {
        out.push(wrong_type(field, "a string"));
        return None;
    };
    let name = text.filter(|name| !name.is_empty())?;
    Some(Namespace { name, span: field.value.span_or(field.key_span) })
}

fn boolean(field: &Field<'_>, out: &mut Diagnostics) -> bool {
    match field.value.value(&mut Vec::new()).map(|value| value.data) {
        Ok(Data::Bool(value)) => value,
        Ok(Data::Null) => false,
        _ => {
            out.push(wrong_type(field, "true or false").hint("without quotes"));
            false
        }
    }
}

/// Of a second `subcomponents`, entries replace those of the same name.
fn subcomponents(field: &Field<'_>, config: &mut Config, out: &mut Diagnostics) {
    let entries = match field.value.shape() {
        Shape::Map(entries) => entries,
        Shape::Null => {
            config.subcomponents = None;
            return;
        }
        _ => return out.push(wrong_type(field, "a map of names")),
    };
    let known = config.subcomponents.get_or_insert_default();
    let mut firsts: IndexMap<&str, &Field<'_>> = IndexMap::new();
    for entry in &entries {
        if let Some(first) = firsts.insert(&entry.key, entry) {
            out.push(duplicate_key(first, entry));
        }
        let mut said = Config::default();
        merge_node(entry.value, &mut said, out);
        known.insert(entry.key.clone(), Subconfig { name_span: entry.key_span, config: said });
    }
}

fn unknown(field: &Field<'_>) -> Diagnostic {
    let near =
        nearest(&field.key, KEYS.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
    let hint = near.unwrap_or_else(|| "values for charts and templates go below `config:`".to_owned());
    Diagnostic::new(UNKNOWN_CONFIG_KEY, field.key_span, format!("unknown key `{}` has no effect", field.key))
        .hint(hint)
}

fn wrong_type(field: &Field<'_>, wanted: &str) -> Diagnostic {
    let message = format!("`{}` must be {wanted}, this is {}", field.key, field.value.type_name());
    Diagnostic::new(CONFIG_TYPE, field.key_span, message)
}

#[cfg(test)]
mod tests {
    use hld_diag::FileId;

    use super::*;

    #[test]
    fn every_key_of_the_schema_is_read() {
        assert_eq!(KEYS.len(), 5, "{:?}", *KEYS);
    }

    #[test]
    fn an_entry_of_subcomponents_begins_without_maps() {
        let (config, said) =
            decode(FileText { text: "subcomponents: {a: {}}\n", file: FileId::NONE, form: raw::Form::Yaml });
        let config = config.unwrap();
        assert!(said.is_empty() && config.values.is_some());
        assert_eq!(config.subcomponent("a").values, None);
    }
}
