//! `hld.yaml` as the compiler uses it.

use hld_diag::{BAD_SETTINGS, Diagnostic, FileId, Severity, SourceMap, Span, UNKNOWN_SETTING, nearest};
use hld_yaml as yaml;
use indexmap::IndexMap;

use crate::component::ChartOptions;
use crate::environment::{self, Environment};
use crate::format::settings::{EnvironmentFields, HelmFields, LimitFields, SettingsFile};
use crate::format::{ChartCompat, ChartHooks};
use crate::json;
use crate::limits::Limits;
use crate::path::SourcePath;
use crate::session;
use crate::source::{Source, SourceError};

/// What a definition says about itself as a whole. Without an `hld.yaml` it is the default.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Named environments, in the order of the file.
    pub environments: IndexMap<String, Environment>,
    /// Path of the helm program, if one is named.
    pub helm_binary: Option<String>,
    /// How charts are rendered where a component does not say.
    pub chart: ChartOptions,
    /// How sources are fetched.
    pub sources: SourceSettings,
    /// How much a compilation may cost.
    pub limits: Limits,
    /// Where manifests are published to, as it is written.
    pub publish: PublishTarget,
}

/// Where manifests are published to, as far as `hld.yaml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishTarget {
    /// Address of the manifest repository.
    pub to: Option<String>,
    /// Its branch.
    pub branch: Option<String>,
    /// Its folder that holds the environments' folders.
    pub path: Option<String>,
}

/// How sources are fetched.
#[derive(Clone, Debug, Default)]
pub struct SourceSettings {
    /// What an address begins with, and what stands there instead.
    pub mirrors: Vec<(String, String)>,
    /// Hosts, as `host:port`, that may be asked without encryption and inside of private networks.
    pub insecure: Vec<String>,
}

/// Name of the file, in the folder of the root component.
const FILE: &str = "hld.yaml";

impl Settings {
    /// Reads the `hld.yaml` of the definition in `root`; the default where there is none.
    ///
    /// # Errors
    /// Everything that is wrong with it; the text goes to `sources`.
    pub fn load(
        source: &dyn Source,
        root: &SourcePath,
        sources: &SourceMap,
    ) -> Result<Self, Vec<Diagnostic>> {
        let bytes = match source.read(&root.child(FILE), Limits::default().file_bytes) {
            Ok(bytes) => bytes,
            Err(SourceError::NotFound) => return Ok(Settings::default()),
            Err(error) => return Err(vec![session::unreadable(sources, FILE, &error)]),
        };
        let text = session::as_text(sources, FILE, &bytes).map_err(|error| vec![error])?;
        let file = sources.add(FILE, text.clone());
        Settings::read(&text, file)
    }

    /// Reads the text of an `hld.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(text: &str, file: FileId) -> Result<Self, Vec<Diagnostic>> {
        let options = yaml::ReadOptions::default();
        let read = yaml::read(text, file, &options).map_err(|error| vec![error.to_diagnostic()])?;
        let duplicates = read.duplicates.iter().map(yaml::Duplicate::to_diagnostic);
        let mut errors: Vec<Diagnostic> =
            duplicates.map(|duplicate| duplicate.severity(Severity::Error)).collect();
        let Some(value) = read.documents.into_iter().next().filter(|value| !value.is_null()) else {
            return Err(vec![wrong(Span::start_of(file), "hld.yaml is empty".to_owned())]);
        };
        let schema = serde_json::Value::from(schemars::schema_for!(SettingsFile));
        unknown_keys(&value, &schema, &schema, &mut errors);
        let typed = serde_path_to_error::deserialize::<_, SettingsFile>(json::from_yaml(&value));
        match typed {
            Ok(typed) if errors.is_empty() => Settings::check(typed, &value),
            Ok(_) => Err(errors),
            Err(error) => {
                if errors.is_empty() {
                    errors.push(type_error(&error, &value));
                }
                Err(errors)
            }
        }
    }

    fn check(file: SettingsFile, value: &yaml::Value) -> Result<Self, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut environments = IndexMap::new();
        for (name, fields) in file.environments {
            let at =
                value.get("environments").and_then(yaml::Value::as_map).and_then(|all| all.key_span(&name));
            match named(&name, fields) {
                Ok(environment) => {
                    environments.insert(name, environment);
                }
                Err(diagnostic) => errors.push(Diagnostic { span: at.unwrap_or(value.span), ..diagnostic }),
            }
        }
        errors.extend(overlaps(&environments, value.span));
        let HelmFields { engine: _, binary, compat, hooks } = file.helm;
        let settings = Settings {
            environments,
            helm_binary: binary,
            chart: chart_options(compat, hooks),
            sources: SourceSettings { mirrors: file.mirrors.into_iter().collect(), insecure: file.insecure },
            limits: limits(&file.limits),
            publish: PublishTarget {
                to: file.publish.to,
                branch: file.publish.branch,
                path: file.publish.path,
            },
        };
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }
}

/// What a component or `hld.yaml` says about charts.
pub(crate) fn chart_options(compat: Option<ChartCompat>, hooks: Option<ChartHooks>) -> ChartOptions {
    ChartOptions {
        compat_fabrikate: compat.map(|compat| compat == ChartCompat::Fabrikate),
        keep_hooks: hooks.map(|hooks| hooks == ChartHooks::Keep),
    }
}

fn named(name: &str, fields: EnvironmentFields) -> Result<Environment, Diagnostic> {
    let configs = fields.configs.unwrap_or_else(|| vec![name.to_owned()]);
    for part in configs.iter().map(String::as_str).chain([name]) {
        if let Some(diagnostic) = environment::check_name(part) {
            return Err(diagnostic);
        }
    }
    let (combined, warnings) = Environment::combined(&configs).map_err(|mut errors| errors.remove(0))?;
    if let Some(warning) = warnings.into_iter().next() {
        return Err(warning.severity(Severity::Error));
    }
    let mut environment = Environment::named(name.to_owned(), combined.configs);
    if let Some(version) = fields.kubernetes {
        environment.kubernetes_version = version;
    }
    environment.api_versions = fields.api_versions;
    if let Some(output) = fields.output {
        let path = SourcePath::clean(&output)
            .ok()
            .filter(|path| !path.as_str().is_empty() && !output.starts_with('/'));
        let hidden = |path: &SourcePath| path.parts().any(|part| part.starts_with('.'));
        let Some(path) = path.filter(|path| !hidden(path)) else {
            return Err(wrong(
                Span::NONE,
                format!("output `{output}` of environment `{name}` is no folder below the output folder"),
            ));
        };
        environment.output = path.as_str().to_owned();
    }
    Ok(environment)
}

/// Two environments of which one would be written into the other's folder.
fn overlaps(environments: &IndexMap<String, Environment>, span: Span) -> Option<Diagnostic> {
    let key = |e: &Environment| e.output.split('/').map(str::to_owned).collect::<Vec<_>>();
    let mut outputs: Vec<(Vec<String>, &Environment)> = environments.values().map(|e| (key(e), e)).collect();
    outputs.sort_by(|a, b| a.0.cmp(&b.0));
    let pair = outputs.windows(2).find(|pair| pair[1].0.starts_with(&pair[0].0))?;
    let (first, second) = (pair[0].1, pair[1].1);
    let message = format!(
        "environments `{}` and `{}` would be written into one folder, `{}`",
        first.name, second.name, first.output
    );
    Some(wrong(span, message))
}

fn limits(fields: &LimitFields) -> Limits {
    let default = Limits::default();
    Limits {
        file_bytes: fields.file_bytes.unwrap_or(default.file_bytes),
        manifest_bytes: fields.manifest_bytes.unwrap_or(default.manifest_bytes),
        output_bytes: fields.output_bytes.unwrap_or(default.output_bytes),
        tree_depth: fields.tree_depth.unwrap_or(default.tree_depth),
        tree_nodes: fields.tree_nodes.unwrap_or(default.tree_nodes),
        template_fuel: fields.template_fuel.unwrap_or(default.template_fuel),
        source_bytes: fields.source_bytes.unwrap_or(default.source_bytes),
        source_entries: fields.source_entries.unwrap_or(default.source_entries),
        source_seconds: fields.source_seconds.unwrap_or(default.source_seconds).min(Limits::MOST_SECONDS),
        chart_bytes: fields.chart_bytes.unwrap_or(default.chart_bytes),
        index_bytes: fields.index_bytes.unwrap_or(default.index_bytes),
    }
}

fn wrong(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(BAD_SETTINGS, span, message).hint("`hld schema hld` prints what hld.yaml may hold")
}

/// Reports every key that the schema does not have, at every depth.
fn unknown_keys(
    value: &yaml::Value,
    schema: &serde_json::Value,
    root: &serde_json::Value,
    out: &mut Vec<Diagnostic>,
) {
    let schema = resolve(schema, root);
    let (Some(map), Some(properties)) =
        (value.as_map(), schema.get("properties").and_then(|p| p.as_object()))
    else {
        let (Some(map), Some(inner)) = (value.as_map(), schema.get("additionalProperties")) else { return };
        map.iter().for_each(|(_, value)| unknown_keys(value, inner, root, out));
        return;
    };
    for (key, span, value) in map.spanned() {
        if let Some(inner) = properties.get(key) {
            unknown_keys(value, inner, root, out);
            continue;
        }
        let near = nearest(key, properties.keys().map(String::as_str));
        let known: Vec<String> = properties.keys().map(|key| format!("`{key}`")).collect();
        let hint = near.map_or_else(
            || format!("known are {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        out.push(
            Diagnostic::new(UNKNOWN_SETTING, span, format!("unknown key `{key}` in hld.yaml")).hint(hint),
        );
    }
}

/// Follows a `$ref` into the schema's definitions, also through `anyOf` with null.
fn resolve<'a>(schema: &'a serde_json::Value, root: &'a serde_json::Value) -> &'a serde_json::Value {
    if let Some(reference) = schema.get("$ref").and_then(|reference| reference.as_str()) {
        return root.pointer(reference.trim_start_matches('#')).unwrap_or(schema);
    }
    schema
}

/// What serde says about a value of the wrong type, at its place.
fn type_error(error: &serde_path_to_error::Error<serde_json::Error>, root: &yaml::Value) -> Diagnostic {
    let mut at = root;
    for segment in error.path() {
        let next = match segment {
            serde_path_to_error::Segment::Map { key } => at.get(key),
            serde_path_to_error::Segment::Seq { index } => at.as_seq().and_then(|items| items.get(*index)),
            _ => None,
        };
        let Some(next) = next else { break };
        at = next;
    }
    let path = error.path().to_string();
    let place = if path == "." { String::new() } else { format!("`{path}` in ") };
    wrong(at.span, format!("{place}hld.yaml is wrong: {}", error.inner()))
}
