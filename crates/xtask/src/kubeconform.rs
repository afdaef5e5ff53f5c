//! kubeconform, beside which validation is measured and compared, and schemas as it wants them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value as Json, json};

use crate::tools::{self, KUBECONFORM, KUBERNETES_SCHEMAS};

/// What kubeconform says of one file.
pub(crate) struct Verdict {
    /// `VALID`, `INVALID`, `ERROR`, `SKIPPED` or `EMPTY`; the worst of several.
    pub(crate) status: String,
    pub(crate) message: String,
}

/// kubeconform with the schemas of one version in a folder.
pub(crate) struct Kubeconform {
    program: PathBuf,
    schemas: tempfile::TempDir,
    version: String,
}

/// The folder `kubernetes-json-schema` of the package that has the schemas.
pub(crate) fn package() -> Result<PathBuf, String> {
    let marker = tools::ensure(&KUBERNETES_SCHEMAS)?;
    let folder = marker.parent().ok_or("the package has no folder")?;
    Ok(folder.join("kubernetes_validate/kubernetes-json-schema"))
}

impl Kubeconform {
    /// Writes the schemas of a version, as `1.35`, one file a kind with everything that it refers to.
    pub(crate) fn new(version: &str) -> Result<Self, String> {
        let program = tools::ensure(&KUBECONFORM)?;
        let schemas = tempfile::tempdir().map_err(|error| error.to_string())?;
        let version = format!("{version}.0");
        let source = package()?.join(format!("v{version}-local-strict/_definitions.json"));
        let text = std::fs::read(&source).map_err(|error| format!("{}: {error}", source.display()))?;
        let json: Json = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        let folder = schemas.path().join(format!("v{version}-standalone-strict"));
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let definitions = json["$defs"].as_object().ok_or("there are no definitions")?;
        for (name, schema) in definitions {
            if let Some([gvk]) = schema["x-kubernetes-group-version-kind"].as_array().map(Vec::as_slice) {
                let whole = standalone(definitions, name, schema);
                let path = folder.join(file_name(gvk));
                std::fs::write(&path, whole.to_string()).map_err(|error| error.to_string())?;
            }
        }
        Ok(Kubeconform { program, schemas, version })
    }

    /// The command that checks a folder.
    pub(crate) fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-strict", "-ignore-missing-schemas", "-kubernetes-version", &self.version]);
        command.arg("-schema-location").arg(self.schemas.path()).arg(folder);
        command
    }

    /// What it says of every file in a folder, by the name of the file.
    pub(crate) fn verdicts(&self, folder: &Path) -> Result<BTreeMap<String, Verdict>, String> {
        let mut command = Command::new(&self.program);
        command.args(self.command(folder).get_args().take(6));
        let output = command.args(["-verbose", "-output", "json"]).arg(folder).output();
        let output = output.map_err(|error| error.to_string())?;
        let said: Json = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        let mut verdicts: BTreeMap<String, Verdict> = BTreeMap::new();
        for resource in said["resources"].as_array().ok_or("kubeconform says nothing")? {
            let text = |key: &str| resource[key].as_str().unwrap_or_default().to_owned();
            let file = text("filename").rsplit('/').next().unwrap_or_default().to_owned();
            let status = text("status").trim_start_matches("status").to_uppercase();
            let verdict = Verdict { status, message: text("msg") };
            if !verdicts.get(&file).is_some_and(Verdict::is_bad) {
                verdicts.insert(file, verdict);
            }
        }
        Ok(verdicts)
    }
}

impl Verdict {
    /// Whether it refuses the file.
    pub(crate) fn is_bad(&self) -> bool {
        matches!(self.status.as_str(), "INVALID" | "ERROR")
    }
}

/// `deployment-apps-v1.json`, as kubeconform looks for it.
fn file_name(gvk: &Json) -> String {
    let text = |key: &str| gvk[key].as_str().unwrap_or_default().to_lowercase();
    let group = text("group").split('.').next().unwrap_or_default().to_owned();
    let group = if group.is_empty() { group } else { format!("{group}-") };
    format!("{}-{group}{}.json", text("kind"), text("version"))
}

/// A schema with everything in place of references; what refers to itself is kept beside it, by its name.
fn standalone(definitions: &Map<String, Json>, name: &str, schema: &Json) -> Json {
    let mut inlining = Inlining { definitions, inside: vec![name.to_owned()], recursive: BTreeSet::new() };
    let mut whole = inlining.inlined(schema);
    let mut kept = Map::new();
    while let Some(name) = inlining.recursive.iter().find(|name| !kept.contains_key(*name)).cloned() {
        inlining.inside = vec![name.clone()];
        let schema = inlining.inlined(&definitions[&name]);
        kept.insert(name, schema);
    }
    if !kept.is_empty() {
        whole["definitions"] = Json::Object(kept);
    }
    whole
}

struct Inlining<'d> {
    definitions: &'d Map<String, Json>,
    /// The definitions that are being written into each other.
    inside: Vec<String>,
    recursive: BTreeSet<String>,
}

impl Inlining<'_> {
    fn inlined(&mut self, schema: &Json) -> Json {
        match schema {
            Json::Object(object) => match object.get("$ref").and_then(Json::as_str) {
                Some(name) => self.target(name.trim_start_matches("#/$defs/")),
                None => {
                    let kept =
                        object.iter().filter(|(key, value)| *key != "description" || value.is_object());
                    kept.map(|(key, value)| (key.clone(), self.inlined(value))).collect()
                }
            },
            Json::Array(items) => items.iter().map(|item| self.inlined(item)).collect(),
            other => other.clone(),
        }
    }

    fn target(&mut self, name: &str) -> Json {
        if self.inside.iter().any(|known| known == name) {
            self.recursive.insert(name.to_owned());
            return json!({ "$ref": format!("#/definitions/{name}") });
        }
        let definitions = self.definitions;
        self.inside.push(name.to_owned());
        let whole = self.inlined(&definitions[name]);
        self.inside.pop();
        whole
    }
}
