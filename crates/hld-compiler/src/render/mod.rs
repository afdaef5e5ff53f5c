//! Generators: what makes the manifests of one component, one file each.

mod chart;
mod filters;
mod fixed;
mod quantity;
mod template;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hld_diag::{Diagnostic, Diagnostics, NO_FOLDER, OUTPUT_LIMIT, SUBFOLDER, Span, TYPE_NOT_SUPPORTED};
use hld_k8s as k8s;

use crate::chart::{ChartError, ChartRequest};
use crate::component::{Kind, Text};
use crate::environment::Environment;
use crate::memo::Memo;
use crate::path::SourcePath;
use crate::remote;
use crate::session::Session;
use crate::source::{Entry, EntryKind, SourceError};
use crate::tree::Node;

/// What a generator made of a component.
#[derive(Debug, Default)]
pub struct Rendered {
    /// The manifests, as they are written in the component layout; empty where there are none.
    pub text: Vec<u8>,
    /// The objects in it, in order.
    pub resources: Vec<Resource>,
    /// Folder that they come from, relative to the definition.
    pub source: Option<String>,
    /// What there is to say about it.
    pub diagnostics: Diagnostics,
}

/// One Kubernetes object in the output of a component.
#[derive(Clone, Debug)]
pub struct Resource {
    /// What identifies it.
    pub identity: k8s::Identity,
    /// Its document in the component's text.
    pub range: Range<usize>,
    /// Where it comes from.
    pub origin: Origin,
}

/// What an object was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Manifest file or template, relative to the definition; for a chart's, below the chart's name
    /// as helm prints it.
    pub path: String,
    /// Where it begins there, for a file that is taken as it is.
    pub span: Span,
}

/// The generators of one run, with what they make once for all its environments.
pub(crate) struct Generators<'s, 'w> {
    session: &'s Session<'w>,
    /// Bytes of manifests so far.
    charged: AtomicU64,
    /// Output of charts, by what it depends on.
    charts: Memo<[u8; 32], Result<Arc<str>, ChartError>>,
    /// What charts make up, by the chart's folder.
    made_up: Memo<SourcePath, Arc<Vec<chart::Use>>>,
    /// Static components by folder, and whether the folder is the component's own.
    statics: Memo<(SourcePath, bool), Arc<Rendered>>,
    /// Compiled templates by folder.
    templates: Memo<SourcePath, Arc<template::Templates>>,
}

impl<'s, 'w> Generators<'s, 'w> {
    /// Generators that have made nothing yet.
    pub(crate) fn new(session: &'s Session<'w>) -> Self {
        Generators {
            session,
            charged: AtomicU64::new(0),
            charts: Memo::default(),
            made_up: Memo::default(),
            statics: Memo::default(),
            templates: Memo::default(),
        }
    }

    /// Renders one component.
    pub(crate) fn render(&self, environment: &Environment, node: &Node) -> Arc<Rendered> {
        match &node.component.kind {
            Kind::Component | Kind::Unknown(_) => Arc::default(),
            Kind::Static => fixed::render(self, node),
            Kind::Helm => chart::render(self, environment, node),
            Kind::Template => Arc::new(template::render(self, environment, node)),
            Kind::Kustomize => {
                Arc::new(Rendered { diagnostics: kustomize(node).into(), ..Rendered::default() })
            }
        }
    }

    /// The output of a chart; the same request is rendered once.
    fn chart(&self, request: &ChartRequest<'_>) -> Result<Arc<str>, ChartError> {
        self.charts.get(request.digest(), || self.session.charts().render(request).map(Arc::from))
    }

    /// Counts bytes of manifests towards the limit of the run.
    fn charge(&self, bytes: usize, span: Span) -> Result<(), Diagnostic> {
        let limit = self.session.limits().output_bytes;
        let seen = self.charged.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if seen <= limit {
            return Ok(());
        }
        let message =
            format!("the manifests of this run have more than `outputBytes`, {limit} bytes (here {seen})");
        Err(Diagnostic::new(OUTPUT_LIMIT, span, message)
            .hint("set `limits: {outputBytes: …}` in hld.yaml if that is meant"))
    }
}

fn kustomize(node: &Node) -> Diagnostic {
    let message = "components of type `kustomize` are not supported yet";
    Diagnostic::new(TYPE_NOT_SUPPORTED, node.component.kind_span, message)
        .hint("build it with `kustomize build` into a folder and take that as `type: static`")
}

/// The folder of a component's files: with its source, if it has one.
fn files(session: &Session<'_>, node: &Node) -> Result<SourcePath, Diagnostics> {
    let place = remote::place(session, (&node.dir, &node.checkout), &node.component)?;
    match place.mount {
        Some(mount) if !session.exists(&mount) => {
            let missing = remote::not_fetched(session, &node.component, &mount);
            Err(missing.map(Diagnostics::from).unwrap_or_default())
        }
        _ => Ok(place.folder),
    }
}

/// The entries of the folder that a component's `path` names.
fn folder(session: &Session<'_>, dir: &SourcePath, path: &Text, out: &mut Diagnostics) -> Option<Vec<Entry>> {
    let shown = session.shown(dir);
    let message = match &*session.list(dir) {
        Ok(entries) => return Some(entries.clone()),
        Err(SourceError::NotFound) => format!("folder `{shown}` does not exist"),
        Err(SourceError::WrongKind(kind)) => format!("`{shown}` is {kind}, not a folder"),
        Err(error @ SourceError::Outside) => {
            out.push(Diagnostic { span: path.span, ..session.unreadable(dir, error) });
            return None;
        }
        Err(error) => format!("folder `{shown}` can not be read: {error}"),
    };
    out.push(
        Diagnostic::new(NO_FOLDER, path.span, message).hint("`path` is relative to the folder of this file"),
    );
    None
}

/// Says of each folder in a folder of manifests that it does not belong there: at the `path` that
/// names the outer one.
fn subfolders(
    session: &Session<'_>,
    dir: &SourcePath,
    entries: &[Entry],
    path: &Text,
) -> impl Iterator<Item = Diagnostic> {
    entries.iter().filter(|entry| entry.kind == EntryKind::Folder).map(move |entry| {
        let message =
            format!("`{}` is a folder inside a folder of manifests", session.shown(&dir.child(&entry.name)));
        Diagnostic::new(SUBFOLDER, path.span, message)
    })
}

/// Whether an entry's name says that it is a manifest.
fn is_manifest(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// A special file in a folder of manifests.
fn special(session: &Session<'_>, path: &SourcePath, kind: EntryKind) -> Option<Diagnostic> {
    (kind == EntryKind::Other).then(|| session.unreadable(path, &SourceError::WrongKind("no regular file")))
}

/// A manifest that is no YAML: the reader's words at the reader's place.
fn broken(mut error: Diagnostic) -> Diagnostic {
    if error.code == hld_diag::YAML_SYNTAX {
        error.code = hld_diag::BROKEN_MANIFEST;
    }
    error
}
