//! References: components that are loaded from a folder of their own.

use std::sync::Arc;

use hld_diag::{
    Diagnostic, Diagnostics, NO_COMPONENT, NOT_FETCHED, OUTSIDE_ROOT, REFERENCE_CYCLE, Span, TracePoint,
};

use super::Node;
use crate::component::{Component, Kind, Method, Text};
use crate::config::Config;
use crate::environment::{COMMON, Environment};
use crate::path::SourcePath;
use crate::session::Session;

/// Loads the definition's root; if it is itself fetched by git, what it was fetched to.
pub(super) fn load_root(
    session: &Session<'_>,
    environment: &Environment,
    seen: &mut [bool],
    out: &mut Diagnostics,
) -> Option<Node> {
    let dir = session.root().clone();
    let loading = Loading { session, environment, seen, out, asked: Span::NONE, trace: &[] };
    let (component, config) = loading.load(&dir, Config::empty())?;
    let root = Node {
        parent: None,
        path: component.name.value.clone(),
        component,
        logical: String::new(),
        config: Arc::new(config),
        loaded: vec![dir.clone()],
        dir,
        depth: 0,
        trace: Vec::new(),
    };
    if root.component.kind == Kind::Component && root.is_by(Method::Git) {
        return redirect_root(session, environment, root, seen, out);
    }
    Some(root)
}

/// A root that is fetched by git gives way to the component in the fetched folder, with the root's
/// config on top. Its own subcomponents are dropped, as in Fabrikate.
fn redirect_root(
    session: &Session<'_>,
    environment: &Environment,
    mut root: Node,
    seen: &mut [bool],
    out: &mut Diagnostics,
) -> Option<Node> {
    let dir = reference_dir(session, &root.dir, &root.component, out)?;
    let trace = [TracePoint { what: "the root".to_owned(), span: root.component.name.span }];
    let asked = asked_at(&root.component);
    let loading = Loading { session, environment, seen, out, asked, trace: &trace };
    let inherited = Config::clone(&root.config);
    let (component, config) = loading.load(&dir, inherited)?;
    root.loaded.push(dir.clone());
    Some(Node { path: component.name.value.clone(), component, config: Arc::new(config), dir, ..root })
}

/// Loads the component that the reference `node` names; its config is what the parent says, then
/// its own files.
pub(super) fn load(
    session: &Session<'_>,
    environment: &Environment,
    mut node: Node,
    seen: &mut [bool],
    out: &mut Diagnostics,
) -> Option<Node> {
    let reference = node.component.clone();
    let dir = reference_dir(session, &node.dir, &reference, out)?;
    if node.loaded.contains(&dir) {
        out.push(cycle(session, &node, &reference, &dir));
        return None;
    }
    let logical = join_logical(&node.logical, reference.name.as_str());
    let asked = asked_at(&reference);
    let loading = Loading { session, environment, seen, out, asked, trace: &node.trace };
    let (component, config) = loading.load(&dir, Config::clone(&node.config))?;
    node.loaded.push(dir.clone());
    Some(Node { component, config: Arc::new(config), dir, logical, ..node })
}

/// The output folder of a reference: its parent's and its own name.
fn join_logical(parent: &str, name: &str) -> String {
    match (parent, name) {
        (parent, "") => parent.to_owned(),
        ("", name) => name.to_owned(),
        (parent, name) => format!("{parent}/{name}"),
    }
}

/// One loading of a component file with its config files.
struct Loading<'a, 'w> {
    session: &'a Session<'w>,
    environment: &'a Environment,
    /// Which of the environment's configs have been found, anywhere.
    seen: &'a mut [bool],
    out: &'a mut Diagnostics,
    /// Where the folder was asked for.
    asked: Span,
    trace: &'a [TracePoint],
}

impl Loading<'_, '_> {
    fn load(self, dir: &SourcePath, mut config: Config) -> Option<(Arc<Component>, Config)> {
        let loaded = self.session.component(dir);
        self.out.extend(loaded.diagnostics.iter().map(|diagnostic| diagnostic.clone().trace(self.trace)));
        let component = match &loaded.component {
            Some(component) => component.clone(),
            None if loaded.is_missing => {
                self.out.push(missing(self.session, dir, self.asked).trace(self.trace));
                return None;
            }
            None => return None,
        };
        let configs = self.environment.configs.iter().map(String::as_str);
        for (at, name) in configs.chain([COMMON]).enumerate() {
            let file = self.session.config(dir, name);
            self.out.extend(file.diagnostics.iter().map(|diagnostic| diagnostic.clone().trace(self.trace)));
            if let (Some(seen), Some(_)) = (self.seen.get_mut(at), &file.config) {
                *seen = true;
            }
            let said = file.config.as_deref().cloned().unwrap_or_else(Config::empty);
            if let Err(conflict) = config.merge(said) {
                self.out.push(conflict.trace(self.trace));
            }
        }
        Some((component, config))
    }
}

/// The folder that a reference is loaded from (spec: Go's `RelativePathTo` and `path.Join`).
fn reference_dir(
    session: &Session<'_>,
    parent: &SourcePath,
    reference: &Component,
    out: &mut Diagnostics,
) -> Option<SourcePath> {
    let source = reference.source.as_str();
    let path = reference.path.as_str();
    let dir = match reference.method {
        Method::Git => parent.join(&format!("components/{}/{path}", reference.name.value)).ok(),
        _ if source.starts_with('/') => session.absolute(source).and_then(|source| source.join(path).ok()),
        _ => parent.join(source).and_then(|dir| dir.join(path)).ok(),
    };
    if dir.is_none() {
        out.push(outside(asked_text(reference)));
    }
    dir
}

/// A path that leaves the repository.
pub(crate) fn outside(path: &Text) -> Diagnostic {
    let message = format!("`{}` leads out of the repository", path.value);
    Diagnostic::new(OUTSIDE_ROOT, path.span, message)
        .hint("paths may use `..` up to the top of the git repository; copy or vendor what lies outside")
}

/// The field of a reference that says where it leads.
fn asked_text(reference: &Component) -> &Text {
    let fields = [&reference.source, &reference.path];
    fields.into_iter().find(|text| !text.is_empty()).unwrap_or(&reference.name)
}

fn asked_at(reference: &Component) -> Span {
    asked_text(reference).span_or(reference.span)
}

fn missing(session: &Session<'_>, dir: &SourcePath, asked: Span) -> Diagnostic {
    let shown = session.shown(dir);
    let fetched = dir.parts().any(|part| part == "components");
    if asked.is_some() && fetched && !session.exists(dir) {
        let message = format!("`{shown}` does not exist: the source of this component was not fetched");
        let hint = "put the source there, as `fab install` did";
        return Diagnostic::new(NOT_FETCHED, asked, message).hint(hint);
    }
    let message = format!("no component.yaml or component.json in `{shown}`");
    let found = session.has_file(dir, "component.yml");
    let hint = if found {
        "component.yml is not read: name it component.yaml"
    } else if asked.is_some() {
        "a `component` reference leads to a folder with a component file of its own"
    } else {
        "go to the folder of a definition, name it with `-C DIR`, or make one with `hld init`"
    };
    Diagnostic::new(NO_COMPONENT, asked, message).hint(hint)
}

fn cycle(session: &Session<'_>, node: &Node, reference: &Component, dir: &SourcePath) -> Diagnostic {
    let begins = node.loaded.iter().position(|loaded| loaded == dir).unwrap_or(0);
    let chain: Vec<String> =
        node.loaded[begins..].iter().chain([dir]).map(|dir| session.shown(dir)).collect();
    let message =
        format!("reference `{}` leads back to itself: {}", reference.name.value, chain.join(" -> "));
    let diagnostic = Diagnostic::new(REFERENCE_CYCLE, asked_at(reference), message).trace(&node.trace);
    if reference.source.is_empty() && reference.path.is_empty() {
        return diagnostic.hint("a reference needs a `source` or a `path`; or give it another `type`");
    }
    diagnostic.hint("let one of these components refer to another folder")
}
