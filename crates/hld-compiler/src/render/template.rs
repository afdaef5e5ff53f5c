//! `type: template`: a folder of manifests in minijinja.
//!
//! Every manifest of the folder is rendered and written as a static component's would be. Files
//! that begin with `_` are partials: they are not rendered, but every file of the folder can be
//! included, imported or extended by its name. Undefined values are errors. Nothing of the outside
//! is in reach: no clock, no environment variable, no file but those of the folder.
//!
//! Context: `values` (the component's config), `namespace` (empty if none), `component.name`,
//! `component.path`, `environment.name`, `environment.configs`, `kubernetes.version`.

use std::sync::Arc;

use hld_diag::{BROKEN_MANIFEST, Diagnostic, Diagnostics, FileId, Span, TEMPLATE};
use hld_k8s as k8s;
use minijinja as jinja;

use super::{Generators, Origin, Rendered, Resource, filters};
use crate::environment::Environment;
use crate::path::SourcePath;
use crate::session::Session;
use crate::source::{Entry, EntryKind};
use crate::tree::Node;

/// The compiled templates of one folder, shared by all environments.
#[derive(Debug)]
pub(super) struct Templates {
    engine: jinja::Environment<'static>,
    /// Every file of the folder by name.
    files: Vec<TemplateFile>,
    diagnostics: Diagnostics,
}

#[derive(Debug)]
struct TemplateFile {
    name: String,
    file: FileId,
    is_rendered: bool,
}

pub(super) fn render(generators: &Generators<'_, '_>, environment: &Environment, node: &Node) -> Rendered {
    let session = generators.session;
    let mut rendered = Rendered::default();
    let path = &node.component.path;
    let dir = match super::files(session, node) {
        Ok(dir) => dir,
        Err(missing) => return Rendered { diagnostics: missing, ..rendered },
    };
    let mut asked = path.clone();
    asked.span = path.span_or(node.component.name.span_or(node.component.span));
    let Some(entries) = super::folder(session, &dir, &asked, &mut rendered.diagnostics) else {
        return rendered;
    };
    let subfolders = super::subfolders(session, &dir, &entries, &asked);
    let hint = "a template component takes the files of one folder";
    rendered.diagnostics.extend(subfolders.map(|diagnostic| diagnostic.hint(hint)));
    let templates = generators.templates.get(dir.clone(), || Arc::new(load(session, &dir, &entries)));
    rendered.source = Some(session.shown(&dir));
    rendered.diagnostics.extend(templates.diagnostics.clone());
    let context = context(environment, node);
    for file in templates.files.iter().filter(|file| file.is_rendered) {
        if let Err(diagnostics) = render_file(generators, &templates, file, (&context, &mut rendered)) {
            rendered.diagnostics.extend(diagnostics);
        }
    }
    rendered
}

/// Compiles every file of a folder.
fn load(session: &Session<'_>, dir: &SourcePath, entries: &[Entry]) -> Templates {
    let mut templates =
        Templates { engine: engine(session), files: Vec::new(), diagnostics: Diagnostics::default() };
    for entry in entries.iter().filter(|entry| entry.kind != EntryKind::Folder) {
        let path = dir.child(&entry.name);
        if let Some(diagnostic) = super::special(session, &path, entry.kind) {
            templates.diagnostics.push(diagnostic);
            continue;
        }
        match session.text(&path, session.limits().manifest_bytes) {
            Ok((file, text)) => add(&mut templates, &entry.name, file, &text),
            Err(diagnostic) => templates.diagnostics.push(diagnostic),
        }
    }
    templates
}

fn add(templates: &mut Templates, name: &str, file: FileId, text: &str) {
    let is_rendered = super::is_manifest(name) && !name.starts_with('_');
    templates.files.push(TemplateFile { name: name.to_owned(), file, is_rendered });
    if let Err(error) = templates.engine.add_template_owned(name.to_owned(), text.to_owned()) {
        templates.diagnostics.push(diagnose(&error, &templates.files, file));
    }
}

fn engine(session: &Session<'_>) -> jinja::Environment<'static> {
    let mut engine = jinja::Environment::new();
    engine.set_undefined_behavior(jinja::UndefinedBehavior::Strict);
    let syntax = jinja::syntax::SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    engine.set_syntax(syntax.expect("the delimiters are the default ones"));
    engine.set_auto_escape_callback(|_| jinja::AutoEscape::None);
    engine.set_fuel(Some(session.limits().template_fuel));
    engine.set_debug(true);
    filters::add(&mut engine);
    engine
}

fn context(environment: &Environment, node: &Node) -> jinja::Value {
    let values = node.config.values.as_ref().map(filters::map_to_jinja).unwrap_or_default();
    let namespace = node.config.namespace.as_ref().map_or("", |namespace| &namespace.name);
    jinja::context! {
        values => values,
        namespace => namespace,
        component => jinja::context! { name => node.component.name.as_str(), path => node.path.as_str() },
        environment => jinja::context! { name => environment.name.as_str(), configs => &environment.configs },
        kubernetes => jinja::context! { version => environment.kubernetes_version.as_str() },
    }
}

/// Renders one file and appends it as a document.
fn render_file(
    generators: &Generators<'_, '_>,
    templates: &Templates,
    file: &TemplateFile,
    (context, out): (&jinja::Value, &mut Rendered),
) -> Result<(), Vec<Diagnostic>> {
    let session = generators.session;
    let Ok(template) = templates.engine.get_template(&file.name) else { return Ok(()) };
    let rendered = template.render(context);
    let text = rendered.map_err(|error| vec![diagnose(&error, &templates.files, file.file)])?;
    generators.charge(text.len(), Span::start_of(file.file)).map_err(|limit| vec![limit])?;
    out.text.extend(b"---\n");
    let begins = out.text.len();
    out.text.extend(text.as_bytes());
    if !text.ends_with('\n') {
        out.text.push(b'\n');
    }
    let documents = k8s::documents(&text, FileId::NONE, &session.manifest_limits());
    let documents =
        documents.map_err(|error| vec![broken(session, file, (&text, &error.to_diagnostic()))])?;
    let path = session.sources().get(file.file).map_or_else(String::new, |file| file.path().to_string());
    for document in documents {
        let range = begins + document.range.start..begins + document.range.end;
        if let k8s::Content::Objects(objects) = document.content {
            let origin = Origin { path: path.clone(), span: Span::start_of(file.file) };
            let resource = |identity| Resource { identity, range: range.clone(), origin: origin.clone() };
            out.resources.extend(objects.into_iter().map(resource));
        }
    }
    Ok(())
}

/// A template whose output is no YAML: points at the template and shows the place in the output.
fn broken(session: &Session<'_>, file: &TemplateFile, (text, error): (&str, &Diagnostic)) -> Diagnostic {
    let shown = session.sources().get(file.file).map_or_else(String::new, |file| file.path().to_string());
    let output = session.sources().add_private(format!("{shown} (rendered)"), text);
    let at = Span { file: output, ..error.span };
    let message = format!("template makes broken YAML: {}", error.message);
    let mut diagnostic =
        Diagnostic::new(BROKEN_MANIFEST, Span::start_of(file.file), message).label(at, "here");
    diagnostic.hints.clone_from(&error.hints);
    diagnostic
}

/// What the engine says, at its place in the template that it names. The text of values is not
/// part of the engine's messages.
fn diagnose(error: &jinja::Error, files: &[TemplateFile], fallback: FileId) -> Diagnostic {
    let named = error.name().and_then(|name| files.iter().find(|file| file.name == name));
    let file = named.map_or(fallback, |file| file.file);
    let span = error.range().map_or(Span::start_of(file), |range| Span::new(file, range.start, range.end));
    let kind = error.kind();
    let message = match error.detail() {
        Some(detail) => format!("{kind}: {detail}"),
        None => kind.to_string(),
    };
    let hint = match kind {
        jinja::ErrorKind::UndefinedError => Some("set it in a config file, or give it a `default`"),
        jinja::ErrorKind::OutOfFuel => Some("set `limits: {templateFuel: …}` in hld.yaml if that is meant"),
        _ => None,
    };
    Diagnostic::new(TEMPLATE, span, message).hint_opt(hint.map(str::to_owned))
}
