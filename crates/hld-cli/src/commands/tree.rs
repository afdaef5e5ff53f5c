//! `hld tree`

use hld_compiler::{Node, Session, Tree, trees};
use hld_diag::{Diagnostics, render};
use hld_source::Helm;

use super::environments::environments;
use crate::definition;
use crate::error::CommandError;
use crate::options::{Environments, Global, Sources};
use crate::ui::{self, Format};

/// Show the components of an environment, and where each comes from.
#[derive(clap::Args)]
pub(crate) struct TreeCommand {
    #[command(flatten)]
    environments: Environments,
    #[command(flatten)]
    sources: Sources,
}

pub(crate) fn run(global: &Global, command: &TreeCommand) -> Result<(), CommandError> {
    let definition = definition::open_with(&global.directory, &command.sources)?;
    let (wanted, warnings) = environments(&definition, &command.environments)?;
    let no_charts = Err((String::new(), String::new()));
    let helm = Helm::new(&definition.files, no_charts);
    let session = definition.session(&helm, &wanted)?;
    let mut said = Diagnostics::default();
    said.extend(warnings);
    let mut shown = Vec::new();
    for (environment, (tree, diagnostics)) in wanted.iter().zip(trees(&session, &wanted)) {
        said.extend(diagnostics);
        shown.push((environment.name.clone(), tree));
    }
    let diagnostics = said.into_sorted(session.sources());
    match global.format {
        Format::Json => {
            let environments: Vec<_> =
                shown.iter().map(|(name, tree)| as_json(name, tree, &session)).collect();
            let said: Vec<_> = diagnostics.iter().map(|d| render::json(d, session.sources())).collect();
            ui::print_json(&serde_json::json!({ "environments": environments, "diagnostics": said }));
        }
        _ => {
            ui::show(&diagnostics, session.sources());
            shown.iter().for_each(|(name, tree)| ui::print(&draw(name, tree, &session)));
        }
    }
    let is_broken = diagnostics.iter().any(|diagnostic| diagnostic.severity.is_fatal());
    if is_broken { Err(CommandError::diagnosed(&diagnostics)) } else { Ok(()) }
}

/// The tree with lines, one component each.
fn draw(environment: &str, tree: &Tree, session: &Session<'_>) -> String {
    let mut out = format!("{environment}\n");
    let children = children(tree);
    // Nodes yet to be drawn, with the lines in front of them, next one last.
    let mut waiting: Vec<(usize, String, String)> = Vec::new();
    if !tree.nodes.is_empty() {
        waiting.push((0, String::new(), String::new()));
    }
    while let Some((at, head, indent)) = waiting.pop() {
        out.push_str(&format!("{head}{}\n", describe(&tree.nodes[at], session)));
        let below = children[at].iter().enumerate().rev();
        waiting.extend(below.map(|(place, &child)| {
            let is_last = place + 1 == children[at].len();
            let (branch, rest) = if is_last { ("└── ", "    ") } else { ("├── ", "│   ") };
            (child, format!("{indent}{branch}"), format!("{indent}{rest}"))
        }));
    }
    out.extend(tree.disabled.iter().map(|path| format!("(disabled: {path})\n")));
    out
}

/// The children of each node, in order.
fn children(tree: &Tree) -> Vec<Vec<usize>> {
    let mut children = vec![Vec::new(); tree.nodes.len()];
    for (at, node) in tree.nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            children[parent].push(at);
        }
    }
    children
}

/// `web (helm, ./charts/web, namespace shop)`
fn describe(node: &Node, session: &Session<'_>) -> String {
    let component = &node.component;
    let mut facts = vec![component.kind.word().to_owned()];
    if component.method.is_remote() {
        facts.push(format!("{} {}", component.method.word(), component.source.value));
    }
    facts.push(session.shown(&node.dir));
    facts.extend(node.config.namespace.iter().map(|namespace| format!("namespace {}", namespace.name)));
    format!("{} ({})", node.name(), facts.join(", "))
}

fn as_json(environment: &str, tree: &Tree, session: &Session<'_>) -> serde_json::Value {
    let components = tree.nodes.iter().map(|node| {
        let component = &node.component;
        serde_json::json!({
            "path": node.path,
            "name": component.name.value,
            "type": component.kind.word(),
            "method": component.method.word(),
            "source": component.source.value,
            "folder": session.shown(&node.dir),
            "namespace": node.config.namespace.as_ref().map(|namespace| &namespace.name),
            "parent": node.parent.map(|parent| &tree.nodes[parent].path),
        })
    });
    serde_json::json!({ "name": environment, "components": components.collect::<Vec<_>>(), "disabled": tree.disabled })
}
