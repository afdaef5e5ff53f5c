//! `hld add`

use hld_yaml as yaml;
use yaml::{Data, Value};

use super::naming;
use crate::document::Document;
use crate::error::{CommandError, FailureKind};
use crate::options::Global;
use crate::ui;

/// Add a subcomponent to the component in this folder, or replace the one of that name.
///
/// Comments and the order of everything else stay. In a folder without a component a new one is
/// made, named after the folder.
#[derive(clap::Args)]
pub(crate) struct Add {
    /// Name of the subcomponent.
    name: String,
    /// Where it comes from: a folder or a URL.
    #[arg(long, default_value = "", hide_default_value = true)]
    source: String,
    /// How its source is fetched: git, helm, http or local.
    #[arg(long, default_value = "git")]
    method: String,
    /// Branch of a git source.
    #[arg(long)]
    branch: Option<String>,
    /// Path below the source.
    #[arg(long, default_value = "", hide_default_value = true)]
    path: String,
    /// What makes its manifests: component, helm, static or template.
    #[arg(long = "type", default_value = "component")]
    kind: String,
    /// Version, tag or commit.
    #[arg(long, default_value = "", hide_default_value = true)]
    version: String,
}

pub(crate) fn run(global: &Global, command: &Add) -> Result<(), CommandError> {
    naming::check_component_name(&command.name)?;
    let mut document = Document::open(&global.directory, "component")?;
    if document.is_new() {
        let name = naming::folder_name(&global.directory);
        document.set(&["name"], &Value::new(name.as_str()))?;
    }
    document.put_item("subcomponents", &command.name, &item(command)?)?;
    document.save()?;
    ui::note(&format!("added `{}` to {}", command.name, document.path().display()));
    Ok(())
}

/// The fields that say something, in Fabrikate's order.
fn item(command: &Add) -> Result<yaml::Map, CommandError> {
    if !["git", "helm", "http", "local"].contains(&command.method.as_str()) {
        let near = hld_diag::nearest(&command.method, ["git", "helm", "http", "local"]);
        let error = CommandError::new(FailureKind::Usage, format!("unknown method `{}`", command.method));
        return Err(error.hint(near.map_or_else(
            || "known are git, helm, http and local".to_owned(),
            |near| format!("did you mean `{near}`?"),
        )));
    }
    let branch = match (command.method.as_str(), &command.branch) {
        ("git", branch) => branch.as_deref().unwrap_or("master"),
        (_, Some(_)) => {
            ui::note("warning: `--branch` has no effect without `--method git`");
            ""
        }
        _ => "",
    };
    let fields = [
        ("name", command.name.as_str()),
        ("type", &command.kind),
        ("source", &command.source),
        ("method", &command.method),
        ("path", &command.path),
        ("version", &command.version),
        ("branch", branch),
    ];
    let mut item = yaml::Map::new();
    for (key, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        item.insert(key, hld_diag::Span::NONE, Value::new(Data::from(value)));
    }
    Ok(item)
}
