//! References: components that are loaded from a folder of their own.

use std::sync::Arc;

use hld_diag::{ACCESS_IGNORED, Diagnostic, NO_COMPONENT, REFERENCE_CYCLE, Span, TracePoint};

use super::{Expansion, Node};
use crate::component::{Component, Kind, Method};
use crate::config::Config;
use crate::environment::{COMMON, Environment};
use crate::path::SourcePath;
use crate::remote::{self, asked_text};
use crate::session::Session;

/// Loads the components of one environment that have files of their own.
pub(super) struct References<'a, 'w> {
    /// The run.
    pub(super) session: &'a Session<'w>,
    /// The environment whose config files are read.
    pub(super) environment: &'a Environment,
    /// What is found and what there is to say.
    pub(super) out: &'a mut Expansion,
}

/// Which environment variable holds the token for which source.
const ACCESS_FILE: &str = "access.yaml";

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
        let checkout = SourcePath::root();
        let (component, config) = self.load_files((&dir, &checkout), Config::empty(), &asked)?;
        let root = Node {
            parent: None,
            path: component.name.value.clone(),
            component,
            logical: String::new(),
            config: Arc::new(config),
            loaded: vec![dir.clone()],
            dir,
            checkout,
            depth: 0,
            trace: Vec::new(),
        };
        let is_fetched = root.component.kind == Kind::Component && root.is_by(Method::Git);
        if is_fetched { self.redirect_root(root) } else { Some(root) }
    }

    /// A root that is fetched by git gives way to the component in the fetched folder, with the
    /// root's config on top. Its own subcomponents are dropped, as in Fabrikate.
    fn redirect_root(&mut self, mut root: Node) -> Option<Node> {
        let (dir, checkout) = self.find(&root)?;
        let trace = [TracePoint { what: "the root".to_owned(), span: root.component.name.span }];
        let asked = Asked { span: asked_at(&root.component), trace: &trace };
        let (component, config) = self.load_files((&dir, &checkout), Config::clone(&root.config), &asked)?;
        root.loaded.push(dir.clone());
        let path = component.name.value.clone();
        Some(Node { path, component, config: Arc::new(config), dir, checkout, ..root })
    }

    /// Loads the component that the reference `node` names; its config is what the parent says,
    /// then its own files.
    pub(super) fn load(&mut self, mut node: Node) -> Option<Node> {
        let reference = node.component.clone();
        let (dir, checkout) = self.find(&node)?;
        if node.loaded.contains(&dir) {
            self.out.diagnostics.push(cycle(self.session, &node, &reference, &dir));
            return None;
        }
        let logical = join_logical(&node.logical, reference.name.as_str());
        let asked = Asked { span: asked_at(&reference), trace: &node.trace };
        let (component, config) = self.load_files((&dir, &checkout), Config::clone(&node.config), &asked)?;
        node.loaded.push(dir.clone());
        Some(Node { component, config: Arc::new(config), dir, checkout, logical, ..node })
    }

    /// The folder that the reference `node` leads to, and the checkout that it belongs to.
    fn find(&mut self, node: &Node) -> Option<(SourcePath, SourcePath)> {
        let reference = &node.component;
        let place = match remote::place(self.session, (&node.dir, &node.checkout), reference) {
            Ok(place) => place,
            Err(outside) => {
                self.out.diagnostics.push(outside);
                return None;
            }
        };
        if let Some(remote) = remote::remote_of(node, reference, &place) {
            self.out.note(self.session, remote);
        }
        let Some(mount) = place.mount else { return Some((place.folder, node.checkout.clone())) };
        if self.session.exists(&mount) {
            return Some((place.folder, mount));
        }
        let missing = remote::not_fetched(self.session, reference, &mount);
        self.out.diagnostics.extend(missing.map(|missing| missing.trace(&node.trace)));
        None
    }

    /// The component file of a folder, and its config files merged below `config`.
    fn load_files(
        &mut self,
        (dir, checkout): (&SourcePath, &SourcePath),
        mut config: Config,
        asked: &Asked<'_>,
    ) -> Option<(Arc<Component>, Config)> {
        let loaded = self.session.component(dir);
        self.say(&loaded.diagnostics, asked);
        if loaded.is_missing {
            self.out.diagnostics.push(missing(self.session, dir, asked.span).trace(asked.trace));
        }
        let component = loaded.component.clone()?;
        self.note_access(dir, checkout, asked);
        let configs = self.environment.configs.iter().map(String::as_str);
        for (at, name) in configs.chain([COMMON]).enumerate() {
            let file = self.session.config(dir, name);
            self.say(&file.diagnostics, asked);
            if let (Some(seen), Some(_)) = (self.out.seen.get_mut(at), &file.config) {
                *seen = true;
            }
            let said = file.config.as_deref().cloned().unwrap_or_else(Config::empty);
            if let Err(conflict) = config.merge(said) {
                self.out.diagnostics.push(conflict.trace(asked.trace));
            }
        }
        Some((component, config))
    }

    /// An `access.yaml` says which environment variable is sent where: only the definition's own
    /// repository may.
    fn note_access(&mut self, dir: &SourcePath, checkout: &SourcePath, asked: &Asked<'_>) {
        if !self.session.has_file(dir, ACCESS_FILE) {
            return;
        }
        if checkout.as_str().is_empty() {
            self.out.access.push(dir.clone());
            return;
        }
        let shown = self.session.shown(&dir.child(ACCESS_FILE));
        let message = format!("`{shown}` is not used: it belongs to a fetched component");
        let hint = "a fetched component can not have environment variables sent anywhere; put what it needs \
                    into the access.yaml of this definition";
        let diagnostic = Diagnostic::new(ACCESS_IGNORED, asked.span, message).hint(hint);
        self.out.diagnostics.push(diagnostic.trace(asked.trace));
    }

    fn say(&mut self, diagnostics: &[Diagnostic], asked: &Asked<'_>) {
        let said = diagnostics.iter().map(|diagnostic| diagnostic.clone().trace(asked.trace));
        self.out.diagnostics.extend(said);
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

fn asked_at(reference: &Component) -> Span {
    asked_text(reference).span_or(reference.span)
}

fn missing(session: &Session<'_>, dir: &SourcePath, asked: Span) -> Diagnostic {
    let shown = session.shown(dir);
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
