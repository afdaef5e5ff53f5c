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

/// Loads the components of one environment that have files of their own.
pub(super) struct References<'a, 'w> {
    /// The run.
    pub(super) session: &'a Session<'w>,
    /// The environment whose config files are read.
    pub(super) environment: &'a Environment,
    /// Which of the environment's configs have been found, anywhere.
    pub(super) seen: &'a mut [bool],
    /// What there is to say.
    pub(super) out: &'a mut Diagnostics,
}

/// Where a folder was asked for.
struct Asked<'t> {
    span: Span,
    trace: &'t [TracePoint],
}

impl References<'_, '_> {
    /// Loads the definition's root; if it is itself fetched by git, what it was fetched to.
    pub(super) fn load_root(&mut self) -> Option<Node> {
        let dir = self.session.root().clone();
        let asked = Asked { span: Span::NONE, trace: &[] };
        let (component, config) = self.load_files(&dir, Config::empty(), &asked)?;
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
        let is_fetched = root.component.kind == Kind::Component && root.is_by(Method::Git);
        if is_fetched { self.redirect_root(root) } else { Some(root) }
    }

    /// A root that is fetched by git gives way to the component in the fetched folder, with the
    /// root's config on top. Its own subcomponents are dropped, as in Fabrikate.
    fn redirect_root(&mut self, mut root: Node) -> Option<Node> {
        let dir = self.reference_dir(&root.dir, &root.component)?;
        let trace = [TracePoint { what: "the root".to_owned(), span: root.component.name.span }];
        let asked = Asked { span: asked_at(&root.component), trace: &trace };
        let (component, config) = self.load_files(&dir, Config::clone(&root.config), &asked)?;
        root.loaded.push(dir.clone());
        Some(Node { path: component.name.value.clone(), component, config: Arc::new(config), dir, ..root })
    }

    /// Loads the component that the reference `node` names; its config is what the parent says,
    /// then its own files.
    pub(super) fn load(&mut self, mut node: Node) -> Option<Node> {
        let reference = node.component.clone();
        let dir = self.reference_dir(&node.dir, &reference)?;
        if node.loaded.contains(&dir) {
            self.out.push(cycle(self.session, &node, &reference, &dir));
            return None;
        }
        let logical = join_logical(&node.logical, reference.name.as_str());
        let asked = Asked { span: asked_at(&reference), trace: &node.trace };
        let (component, config) = self.load_files(&dir, Config::clone(&node.config), &asked)?;
        node.loaded.push(dir.clone());
        Some(Node { component, config: Arc::new(config), dir, logical, ..node })
    }

    /// The component file of a folder, and its config files merged below `config`.
    fn load_files(
        &mut self,
        dir: &SourcePath,
        mut config: Config,
        asked: &Asked<'_>,
    ) -> Option<(Arc<Component>, Config)> {
        let loaded = self.session.component(dir);
        self.say(&loaded.diagnostics, asked);
        if loaded.is_missing {
            self.out.push(missing(self.session, dir, asked.span).trace(asked.trace));
        }
        let component = loaded.component.clone()?;
        let configs = self.environment.configs.iter().map(String::as_str);
        for (at, name) in configs.chain([COMMON]).enumerate() {
            let file = self.session.config(dir, name);
            self.say(&file.diagnostics, asked);
            if let (Some(seen), Some(_)) = (self.seen.get_mut(at), &file.config) {
                *seen = true;
            }
            let said = file.config.as_deref().cloned().unwrap_or_else(Config::empty);
            if let Err(conflict) = config.merge(said) {
                self.out.push(conflict.trace(asked.trace));
            }
        }
        Some((component, config))
    }

    fn say(&mut self, diagnostics: &[Diagnostic], asked: &Asked<'_>) {
        self.out.extend(diagnostics.iter().map(|diagnostic| diagnostic.clone().trace(asked.trace)));
    }

    /// The folder that a reference is loaded from (spec: Go's `RelativePathTo` and `path.Join`).
    fn reference_dir(&mut self, parent: &SourcePath, reference: &Component) -> Option<SourcePath> {
        let source = reference.source.as_str();
        let path = reference.path.as_str();
        let dir = match reference.method {
            Method::Git => parent.join(&format!("components/{}/{path}", reference.name.value)).ok(),
            _ if source.starts_with('/') => {
                self.session.absolute(source).and_then(|source| source.join(path).ok())
            }
            _ => parent.join(source).and_then(|dir| dir.join(path)).ok(),
        };
        if dir.is_none() {
            self.out.push(outside(asked_text(reference)));
        }
        dir
    }
}

/// The output folder of a reference: its parent's and its own name.
fn join_logical(parent: &str, name: &str) -> String {
    match (parent, name) {
        (parent, "") => parent.to_owned(),
        ("", name) => name.to_owned(),
        (parent, name) => format!("{parent}/{name}"),
    }
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
