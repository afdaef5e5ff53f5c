//! The component tree of one environment, with its config.
//!
//! *Flow*: level by level from the root, as Fabrikate walks: a `component` reference is loaded from
//! its folder and gets config files of its own, every other subcomponent is inline and has the
//! folder and the output folder of the component that encloses it. Disabled subtrees are not looked
//! at. The nodes of a level are loaded in parallel and kept in the order they were written.
//!
//! *Guarantees*: ends for every input: a folder that refers to itself is a diagnostic with the
//! whole chain, and depth and number of nodes are limited.

mod reference;

use reference::References;

use std::sync::Arc;

use hld_diag::{
    CONFIG_WITHOUT_COMPONENT, Diagnostic, Diagnostics, Span, TREE_LIMIT, TracePoint, UNKNOWN_ENVIRONMENT,
    nearest,
};
use rayon::prelude::*;

use crate::component::{Component, Kind, Method};
use crate::config::Config;
use crate::dependencies;
use crate::environment::Environment;
use crate::path::SourcePath;
use crate::remote::{self, Remote};
use crate::session::Session;

/// All components of an environment, parents before their children.
#[derive(Debug, Default)]
pub struct Tree {
    /// The components.
    pub nodes: Vec<Node>,
    /// Components that the environment switches off, by their path of names.
    pub disabled: Vec<String>,
    /// Sources that its components need, whether they are there or not.
    pub remotes: Vec<Remote>,
    /// Folders of the definition's own repository with an `access.yaml`, parents first.
    pub access: Vec<SourcePath>,
}

/// One component as it takes part in an environment.
#[derive(Clone, Debug)]
pub struct Node {
    /// Index of the parent in the tree; the root has none.
    pub parent: Option<usize>,
    /// The component.
    pub component: Arc<Component>,
    /// Names from below the root down to this one: `infra/traefik`; the root's is its own name.
    pub path: String,
    /// Folder that its paths are relative to.
    pub dir: SourcePath,
    /// The checkout that the folder belongs to, which no path leaves: the root for the definition's own
    /// repository, else the mount of a fetched source.
    pub checkout: SourcePath,
    /// Output folder below the environment's, empty for the environment's own.
    pub logical: String,
    /// Its merged config.
    pub config: Arc<Config>,
    /// Folders that were loaded on the way here, the own one last.
    loaded: Vec<SourcePath>,
    /// How many components stand above it.
    depth: usize,
    /// The way from the root, for diagnostics.
    pub trace: Vec<TracePoint>,
}

/// What a level's nodes turn out to have below them.
#[derive(Default)]
struct Expansion {
    children: Vec<Node>,
    disabled: Vec<String>,
    remotes: Vec<Remote>,
    access: Vec<SourcePath>,
    diagnostics: Diagnostics,
    /// Which of the environment's configs have been found.
    seen: Vec<bool>,
}

/// The tree of `environment`, and what there is to say about it. With a fatal diagnostic the tree
/// may lack components.
pub(crate) fn walk(session: &Session<'_>, environment: &Environment) -> (Tree, Diagnostics) {
    let mut tree = Tree::default();
    let mut diagnostics = Diagnostics::default();
    let mut seen = vec![false; environment.configs.len()];
    let mut take = |tree: &mut Tree, diagnostics: &mut Diagnostics, expansion: Expansion| {
        tree.disabled.extend(expansion.disabled);
        tree.remotes.extend(expansion.remotes);
        tree.access.extend(expansion.access);
        diagnostics.extend(expansion.diagnostics);
        seen.iter_mut().zip(expansion.seen).for_each(|(seen, here)| *seen |= here);
        expansion.children
    };
    let mut root = Expansion::of(environment);
    let loaded = References { session, environment, out: &mut root }.load_root();
    root.children.extend(loaded);
    let mut level = take(&mut tree, &mut diagnostics, root);
    if level.is_empty() {
        return (tree, diagnostics);
    }
    while !level.is_empty() {
        if let Some(limit) = check_limits(session, tree.nodes.len(), &level) {
            diagnostics.push(limit);
            break;
        }
        let first = tree.nodes.len();
        let expand = |(at, node)| expand(session, environment, first + at, node);
        let expansions: Vec<Expansion> = level.par_iter().enumerate().map(expand).collect();
        tree.nodes.append(&mut level);
        for expansion in expansions {
            level.extend(take(&mut tree, &mut diagnostics, expansion));
        }
    }
    let unmentioned = environment.configs.iter().zip(seen).filter(|(_, seen)| !seen);
    diagnostics.extend(unmentioned.map(|(config, _)| unknown_environment(session, config)));
    (tree, diagnostics)
}

impl Expansion {
    fn of(environment: &Environment) -> Self {
        Expansion { seen: vec![false; environment.configs.len()], ..Expansion::default() }
    }

    /// Notes a source that is needed, with what there is to say about it.
    fn note(&mut self, session: &Session<'_>, remote: Remote) {
        let remarks = session.remarks(&remote.mount).into_iter();
        self.diagnostics
            .extend(remarks.map(|remark| Diagnostic { span: remote.span, ..remark }.trace(&remote.trace)));
        self.remotes.push(remote);
    }
}

fn expand(session: &Session<'_>, environment: &Environment, at: usize, node: &Node) -> Expansion {
    let mut out = Expansion::of(environment);
    check_config(node, &mut out.diagnostics);
    if node.component.kind != Kind::Component
        && let Ok(place) = remote::place(session, (&node.dir, &node.checkout), &node.component)
    {
        if let Some(remote) = remote::remote_of(node, &node.component, &place) {
            out.note(session, remote);
        }
        if node.component.kind == Kind::Helm {
            let asked_in = place.mount.as_ref().unwrap_or(&node.checkout);
            let needed = dependencies::remotes(session, node, (&place.folder, asked_in));
            needed.into_iter().for_each(|remote| out.note(session, remote));
        }
    }
    for sub in &node.component.subcomponents {
        let said = node.config.subcomponent(sub.name.as_str());
        let path = child_path(node, sub);
        if said.disabled {
            out.disabled.push(path);
            continue;
        }
        let child = Node {
            parent: Some(at),
            path,
            component: sub.clone(),
            config: Arc::new(said),
            depth: node.depth + 1,
            trace: trace_of(node, sub),
            ..node.clone()
        };
        let child = match sub.kind {
            Kind::Component => References { session, environment, out: &mut out }.load(child),
            _ => Some(child),
        };
        out.children.extend(child);
    }
    out
}

/// The path of names of `sub` below `node`; the root's own name is not part of it.
fn child_path(node: &Node, sub: &Component) -> String {
    match node.parent {
        None => sub.name.value.clone(),
        Some(_) => format!("{}/{}", node.path, sub.name.value),
    }
}

fn trace_of(node: &Node, sub: &Component) -> Vec<TracePoint> {
    let what = format!("component `{}`", sub.name.value);
    let span = sub.name.span_or(sub.span);
    node.trace.iter().cloned().chain([TracePoint { what, span }]).collect()
}

/// Warns of config for subcomponents that do not exist.
fn check_config(node: &Node, out: &mut Diagnostics) {
    let names = || node.component.subcomponents.iter().map(|sub| sub.name.as_str());
    for (name, said) in node.config.subcomponents.iter().flatten() {
        if names().any(|known| known == name) {
            continue;
        }
        let message =
            format!("config for `{name}`, but `{}` has no such subcomponent", node.component.name.value);
        let near = nearest(name, names()).map(|near| format!("did you mean `{near}`?"));
        let diagnostic = Diagnostic::new(CONFIG_WITHOUT_COMPONENT, said.name_span, message);
        out.push(diagnostic.hint_opt(near));
    }
}

fn check_limits(session: &Session<'_>, n_nodes: usize, level: &[Node]) -> Option<Diagnostic> {
    let limits = session.limits();
    let deepest = level.first().map_or(0, |node| node.depth);
    let first = level.first()?;
    let span = first.component.name.span_or(first.component.span);
    let (what, limit, flag) = if deepest > limits.tree_depth {
        ("deep", limits.tree_depth, "treeDepth")
    } else if n_nodes + level.len() > limits.tree_nodes {
        ("large", limits.tree_nodes, "treeNodes")
    } else {
        return None;
    };
    let found = if what == "deep" { deepest } else { n_nodes + level.len() };
    let message = format!("component tree is too {what}: {found}, the limit `{flag}` is {limit}");
    let hint = format!("set `limits: {{{flag}: …}}` in hld.yaml if that is meant");
    Some(Diagnostic::new(TREE_LIMIT, span, message).hint(hint).trace(&first.trace))
}

fn unknown_environment(session: &Session<'_>, config: &str) -> Diagnostic {
    let known = session.known_configs();
    let near = nearest(config, known.iter().map(String::as_str));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "no component has a config folder with such a file".to_owned(),
        None => format!("known are {}", known.join(", ")),
    };
    let message = format!("environment `{config}` is mentioned by no file: only `common` applies");
    Diagnostic::new(UNKNOWN_ENVIRONMENT, Span::NONE, message).hint(hint)
}

impl Node {
    /// The component's own name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.component.name.as_str()
    }

    /// Whether its files are fetched by this method.
    #[must_use]
    pub fn is_by(&self, method: Method) -> bool {
        self.component.method == method
    }
}
