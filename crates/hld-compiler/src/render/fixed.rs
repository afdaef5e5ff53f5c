//! `type: static`: every entry of one folder, as it is.
//!
//! As Fabrikate: entries by name, bytewise, whatever their extension; each is `---`, its bytes and
//! a newline. Fabrikate parses nothing. Here a broken manifest is an error, and what is no manifest
//! is a warning.

use std::sync::Arc;

use hld_diag::{Diagnostic, Diagnostics, FileId, NOT_AN_OBJECT, NOT_YAML, OWN_FILES_LEFT_OUT, Span};
use hld_k8s as k8s;

use super::{Generators, Origin, Rendered, Resource};
use crate::path::SourcePath;
use crate::source::{Entry, EntryKind};
use crate::tree::Node;

/// Files and folders of a component's own folder that are no manifests.
const OWN_FILES: [&str; 11] = [
    "component.yaml",
    "component.json",
    "config",
    "access.yaml",
    "hld.yaml",
    "hld.lock",
    "generated",
    "components",
    "helm_repos",
    ".git",
    ".hld",
];

pub(super) fn render(generators: &Generators<'_, '_>, node: &Node) -> Arc<Rendered> {
    let session = generators.session;
    let dir = match super::files(session, node) {
        Ok(dir) => dir,
        Err(missing) => return Arc::new(Rendered { diagnostics: missing, ..Rendered::default() }),
    };
    let mut out = Diagnostics::default();
    let asked = asked(node);
    let Some(entries) = super::folder(session, &dir, &asked, &mut out) else {
        return Arc::new(Rendered { diagnostics: out, ..Rendered::default() });
    };
    let is_own = dir == node.dir;
    let is_left_out = |entry: &Entry| is_own && OWN_FILES.contains(&entry.name.as_str());
    let (own, entries): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_left_out);
    if is_own {
        out.push(own_files_left_out(node, &own));
    }
    let hint = "a static component takes the files of one folder: make the subfolder a component of its own";
    out.extend(super::subfolders(session, &dir, &entries, &asked).map(|diagnostic| diagnostic.hint(hint)));
    let rendered =
        generators.statics.get((dir.clone(), is_own), || Arc::new(collect(generators, &dir, &entries)));
    if out.is_empty() { rendered } else { with(&rendered, out) }
}

/// The same with more to say.
fn with(rendered: &Rendered, mut diagnostics: Diagnostics) -> Arc<Rendered> {
    diagnostics.extend(rendered.diagnostics.clone());
    Arc::new(Rendered {
        text: rendered.text.clone(),
        resources: rendered.resources.clone(),
        source: rendered.source.clone(),
        diagnostics,
    })
}

fn asked(node: &Node) -> crate::component::Text {
    let fields = [&node.component.path, &node.component.source];
    let named = fields.into_iter().find(|text| !text.is_empty()).unwrap_or(&node.component.name);
    let mut named = named.clone();
    named.span = named.span_or(node.component.span);
    named
}

fn own_files_left_out(node: &Node, own: &[Entry]) -> Diagnostic {
    let names: Vec<String> = own.iter().map(|entry| format!("`{}`", entry.name)).collect();
    let message = format!("the component's own files are left out of its manifests: {}", names.join(", "));
    let span = node.component.name.span_or(node.component.span);
    Diagnostic::new(OWN_FILES_LEFT_OUT, span, message)
        .hint("Fabrikate took them for manifests; put the manifests into a folder of their own and name it with `path`")
}

/// All files of a folder, one behind the other.
fn collect(generators: &Generators<'_, '_>, dir: &SourcePath, entries: &[Entry]) -> Rendered {
    let session = generators.session;
    let mut out = Rendered { source: Some(session.shown(dir)), ..Rendered::default() };
    for entry in entries.iter().filter(|entry| entry.kind != EntryKind::Folder) {
        let path = dir.child(&entry.name);
        let appended = match super::special(session, &path, entry.kind) {
            Some(diagnostic) => Err(diagnostic),
            None => append(generators, &path, &mut out),
        };
        if let Err(diagnostic) = appended {
            out.diagnostics.push(diagnostic);
        }
    }
    out
}

/// Appends one entry with its separator.
fn append(generators: &Generators<'_, '_>, path: &SourcePath, out: &mut Rendered) -> Result<(), Diagnostic> {
    let session = generators.session;
    let bytes = session.bytes(path, session.limits().manifest_bytes)?;
    generators.charge(bytes.len(), Span::NONE)?;
    let is_manifest = super::is_manifest(path.name());
    if !is_manifest {
        let file = session.sources().add(session.shown(path), "");
        out.diagnostics.push(not_yaml(path, Span::start_of(file)));
    }
    out.text.extend(b"---\n");
    let begins = out.text.len();
    match session.decode(path, &bytes) {
        Ok((file, text)) => {
            out.text.extend(text.as_bytes());
            let read = k8s::documents(&text, file, &session.manifest_limits());
            match read {
                Ok(documents) => note_objects(path, (&session.shown(path), file, begins), documents, out),
                Err(error) if is_manifest => out.diagnostics.push(super::broken(error.to_diagnostic())),
                Err(_) => {}
            }
        }
        Err(error) if is_manifest => return Err(error),
        // What is no manifest may be anything; it is emitted all the same.
        Err(_) => out.text.extend(bytes),
    }
    out.text.push(b'\n');
    Ok(())
}

fn not_yaml(path: &SourcePath, span: Span) -> Diagnostic {
    let message =
        format!("`{}` is no YAML file by its name; it is part of the output all the same", path.name());
    Diagnostic::new(NOT_YAML, span, message).hint("move it out of the folder of manifests")
}

fn note_objects(
    path: &SourcePath,
    (shown, file, begins): (&str, FileId, usize),
    documents: Vec<k8s::Document>,
    out: &mut Rendered,
) {
    for document in documents {
        let span = Span::new(file, document.content_start, document.content_start);
        let range = begins + document.range.start..begins + document.range.end;
        match document.content {
            k8s::Content::Empty => {}
            k8s::Content::Objects(objects) => {
                let origin = Origin { path: shown.to_owned(), span };
                let resource = |identity| Resource { identity, range: range.clone(), origin: origin.clone() };
                out.resources.extend(objects.into_iter().map(resource));
            }
            k8s::Content::Incomplete(what) | k8s::Content::Other(what) if super::is_manifest(path.name()) => {
                let message = format!("document is no Kubernetes object: {what}");
                let diagnostic = Diagnostic::new(NOT_AN_OBJECT, span, message);
                out.diagnostics.push(diagnostic.hint(
                    "every document of a manifest is a map with `apiVersion`, `kind` and `metadata.name`",
                ));
            }
            k8s::Content::Incomplete(_) | k8s::Content::Other(_) => {}
        }
    }
}
