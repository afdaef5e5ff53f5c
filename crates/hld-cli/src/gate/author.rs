//! Where the author of a component should look for what was found in its manifests.
//!
//! A manifest that is taken as it is has its own lines. What a template or a local chart makes has
//! the template's, if one line of it alone can be meant: the one that writes the same key. All else
//! stands in the manifest that is written.

use std::collections::BTreeMap;

use hld_compiler::{Compilation, CompiledComponent, Kind, Method, Resource, Source};
use hld_diag::{Diagnostic, FileId, Label, Span};
use hld_k8s::Document;
use hld_lint::Checked;

use super::{Gate, move_to};

/// Most bytes of a template that is searched.
const MOST_TEMPLATE_BYTES: u64 = 1 << 20;

/// The author of a component's manifests.
pub(super) struct Author<'a> {
    gate: &'a Gate<'a>,
    /// The component's manifests.
    text: &'a str,
    /// Folder of the environment below the output folder.
    folder: &'a str,
    component: &'a CompiledComponent,
    /// What has been loaded because something was found.
    loaded: Loaded,
}

/// Texts that findings point into, each loaded once.
#[derive(Default)]
struct Loaded {
    /// The manifests as they are written.
    made: Option<FileId>,
    /// Templates by their path.
    templates: BTreeMap<String, Option<FileId>>,
    /// For a file with a Secret in it, the same without its lines.
    unshown: Option<(FileId, FileId)>,
}

impl<'a> Author<'a> {
    /// The author of what a component of an environment makes.
    pub(super) fn new(
        gate: &'a Gate<'a>,
        text: &'a str,
        (compilation, component): (&'a Compilation, &'a CompiledComponent),
    ) -> Self {
        let folder = &compilation.environment.output;
        Author { gate, text, folder, component, loaded: Loaded::default() }
    }

    /// Gives what was found in a document its places, which are offsets in the document so far.
    pub(super) fn place(&mut self, found: &mut Checked, document: &Document) {
        if found.diagnostics.is_empty() {
            return;
        }
        let resources = &self.component.rendered.resources;
        let at = resources.partition_point(|resource| resource.range.end <= document.content_start);
        let resource = resources.get(at).filter(|resource| resource.range.contains(&document.content_start));
        let of_static = resource.filter(|_| self.component.node.component.kind == Kind::Static);
        if !of_static.is_some_and(|resource| self.in_source(found, document, resource)) {
            let made = self.made();
            move_to(&mut found.diagnostics, made, offset(document.range.start));
            self.in_template(&mut found.diagnostics, resource);
        }
        for diagnostic in &mut found.diagnostics {
            *diagnostic = diagnostic.clone().trace(&self.component.node.trace);
        }
    }

    /// Points into the file that the document was taken from.
    fn in_source(&mut self, found: &mut Checked, document: &Document, resource: &Resource) -> bool {
        let sources = self.gate.session.sources();
        let origin = resource.origin.span;
        let Some(source) = sources.get(origin.file) else { return false };
        let unshown = self.loaded.unshown.filter(|(of, _)| *of == origin.file);
        let file = match unshown {
            Some((_, unshown)) => unshown,
            None if !found.has_secret => origin.file,
            None => {
                let unshown = sources.add_private(source.path().clone(), source.text().clone());
                self.loaded.unshown = Some((origin.file, unshown));
                unshown
            }
        };
        let before = document.content_start - document.range.start;
        move_to(&mut found.diagnostics, file, i64::from(origin.start) - offset(before));
        true
    }

    /// The manifests as they are written; they may hold what config keeps secret.
    fn made(&mut self) -> FileId {
        let sources = self.gate.session.sources();
        let name = || format!("generated/{}/{}", self.folder, self.component.output);
        *self.loaded.made.get_or_insert_with(|| sources.add_private(name(), self.text))
    }

    /// Points at the one line of the template that can be meant, where there is one.
    fn in_template(&mut self, diagnostics: &mut [Diagnostic], resource: Option<&Resource>) {
        let Some(template) = resource.and_then(|resource| self.template(resource)) else { return };
        let Some(source) = self.gate.session.sources().get(template) else { return };
        for diagnostic in diagnostics {
            let start = diagnostic.span.start as usize;
            let Some(line) = key_at(self.text, start).and_then(|key| only_line(source.text(), key)) else {
                continue;
            };
            let made = Label { span: diagnostic.span, message: "in the manifest that it makes".to_owned() };
            diagnostic.labels.insert(0, made);
            diagnostic.span = Span::new(template, line.start, line.end);
        }
    }

    fn template(&mut self, resource: &Resource) -> Option<FileId> {
        let component = &self.component.node.component;
        if component.kind == Kind::Template {
            return Some(resource.origin.span.file);
        }
        let is_local_chart = component.kind == Kind::Helm && component.method == Method::Local;
        let folder = self.component.source.as_deref().filter(|_| is_local_chart)?;
        let path = &resource.origin.path;
        if let Some(known) = self.loaded.templates.get(path) {
            return *known;
        }
        let template = self.load(folder, path);
        self.loaded.templates.insert(path.clone(), template);
        template
    }

    /// Loads a template of a chart that is part of the definition.
    fn load(&self, folder: &str, path: &str) -> Option<FileId> {
        // Helm names templates from the chart's name on.
        let (_, below) = path.split_once('/')?;
        let definition = self.gate.definition;
        let path = definition.root.join(folder).ok()?.join(below).ok()?;
        let bytes = definition.files.read(&path, MOST_TEMPLATE_BYTES).ok()?;
        let session = self.gate.session;
        Some(session.sources().add_private(session.shown(&path), String::from_utf8(bytes).ok()?))
    }
}

fn offset(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The key that the line around `at` writes: `image` in `  - image: web`.
fn key_at(text: &str, at: usize) -> Option<&str> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next()?;
    key_of(line)
}

fn key_of(line: &str) -> Option<&str> {
    let line = line.trim_start_matches([' ', '-']);
    let (key, rest) = line.split_once(':')?;
    let is_key = !key.is_empty() && !key.contains([' ', '{', '#']) && !rest.starts_with(['/', ':']);
    is_key.then_some(key)
}

/// The one line of a template that writes `key`.
fn only_line(text: &str, key: &str) -> Option<std::ops::Range<usize>> {
    let mut at = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        if key_of(line) == Some(key) {
            if found.is_some() {
                return None;
            }
            let start = at + (line.len() - line.trim_start_matches([' ', '-']).len());
            found = Some(start..start + key.len());
        }
        at += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_meant_if_it_alone_writes_the_key() {
        let template = "spec:\n  replcas: {{ .Values.n }}\n  a:\n    - name: x\n    - name: y\n";
        let meant = |made: &str, word: &str| {
            let key = key_at(made, made.find(word).unwrap()).unwrap();
            only_line(template, key).map(|range| &template[range])
        };
        assert_eq!(meant("kind: A\nspec:\n  replcas: 3\n", "replcas"), Some("replcas"));
        assert_eq!(meant("kind: A\nspec:\n  replcas: 3\n", "3"), Some("replcas"));
        assert_eq!(meant("a:\n- name: x\n", "x"), None);
        assert_eq!(meant("  other: 1\n", "other"), None);
    }
}
