//! A text of manifests beside the schemas of one version of Kubernetes.

use std::collections::BTreeMap;

use hld_diag::{
    DEPRECATED_API, Diagnostic, FileId, NOT_AN_OBJECT, REMOVED_API, Severity, Span, UNKNOWN_KIND,
    UNREAD_TEXT, nearest,
};
use hld_k8s::Gvk;
use hld_yaml::{self as yaml, ErrorKind, Limits, Read, ReadOptions, Value};

use crate::api;
use crate::custom::{Custom, CustomKinds};
use crate::pack::Pack;
use crate::path::Step;
use crate::schema::{Id, Library};
use crate::version::Version;
use crate::walk::Walk;

/// Most levels of lists of objects inside each other.
const DEEPEST_LIST: usize = 8;

/// Groups whose objects are questions to the server: they have no name.
const NAMELESS: [&str; 2] = ["authentication.k8s.io", "authorization.k8s.io"];

/// The checks of one run.
#[derive(Clone, Copy, Debug)]
pub struct Checker<'c> {
    version: Version,
    custom: &'c [&'c CustomKinds],
}

/// What was found in a text.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// How many objects there are.
    pub n_objects: usize,
    /// How many of them have something wrong with them.
    pub n_invalid: usize,
    /// How many objects of each kind have no schema.
    pub without_schema: BTreeMap<Gvk, usize>,
    /// Whether a Secret is among them: then no line of the text may be shown.
    pub has_secret: bool,
    /// What there is to say, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Adds what was found in another text.
    pub fn add(&mut self, other: Checked) {
        self.n_objects += other.n_objects;
        self.n_invalid += other.n_invalid;
        self.has_secret |= other.has_secret;
        self.diagnostics.extend(other.diagnostics);
        for (gvk, n) in other.without_schema {
            *self.without_schema.entry(gvk).or_default() += n;
        }
    }
}

impl<'c> Checker<'c> {
    /// Checks for a version of Kubernetes and the custom kinds of the run; of two sets that have a
    /// kind the first counts.
    #[must_use]
    pub fn new(version: Version, custom: &'c [&'c CustomKinds]) -> Self {
        Checker { version, custom }
    }

    /// Checks a text of manifests, as `kubectl` cuts it into documents; `file` is its name in spans.
    #[must_use]
    pub fn check(&self, text: &str, file: FileId, limits: &Limits) -> Checked {
        let mut checked = Checked::default();
        let read = match read(text, file, limits) {
            Ok(read) => read,
            Err(error) => {
                checked.has_secret = text.contains("Secret");
                checked.diagnostics.push(error.to_diagnostic());
                return checked;
            }
        };
        let duplicates = read.duplicates.iter();
        let duplicates = duplicates.map(|duplicate| duplicate.to_diagnostic().severity(Severity::Error));
        checked.diagnostics.extend(duplicates);
        checked.diagnostics.extend(read.ignored.iter().map(|span| unread(*span)));
        let mut run = Run { checker: self, checked };
        for document in read.documents.iter().filter(|document| !document.is_null()) {
            run.object(document, 0);
        }
        run.checked.n_invalid = run.checked.n_invalid.max(usize::from(!read.duplicates.is_empty()));
        run.checked
    }
}

/// Reads a stream; a JSON text that YAML has no way to read (tabs) is read as JSON.
fn read(text: &str, file: FileId, limits: &Limits) -> Result<Read, yaml::Error> {
    let options = ReadOptions { limits: limits.clone(), ..ReadOptions::default() };
    yaml::read(text, file, &options).or_else(|error| {
        if error.kind != ErrorKind::Syntax || !text.trim_start().starts_with('{') {
            return Err(error);
        }
        let value = yaml::read_json(text, file, limits).map_err(|_| error)?;
        Ok(Read { documents: vec![value], ..Read::default() })
    })
}

fn unread(span: Span) -> Diagnostic {
    let message = "this text is not read by kubectl: it stands behind the end of a document";
    Diagnostic::new(UNREAD_TEXT, span, message).hint("begin a document with a line of `---` alone")
}

/// The check of one text.
struct Run<'r> {
    checker: &'r Checker<'r>,
    checked: Checked,
}

impl<'r> Run<'r> {
    fn object(&mut self, object: &Value, depth: usize) {
        let gvk = match gvk(object) {
            Ok(gvk) => gvk,
            Err(what) => return self.not_an_object(object, what),
        };
        if let Some(items) = self.items(object, &gvk).filter(|_| depth < DEEPEST_LIST) {
            if object
                .get("metadata")
                .is_some_and(|metadata| !metadata.is_null() && metadata.as_map().is_none())
            {
                self.not_an_object(object, "its `metadata` is no map");
            }
            for item in items {
                self.object(item, depth + 1);
            }
            return;
        }
        self.checked.n_objects += 1;
        self.checked.has_secret |= gvk.group.is_empty() && gvk.kind == "Secret";
        let before = self.checked.diagnostics.iter().filter(is_fatal).count();
        self.check(object, &gvk);
        let after = self.checked.diagnostics.iter().filter(is_fatal).count();
        self.checked.n_invalid += usize::from(after > before);
    }

    /// The objects of a list that counts only by what is in it: the list itself has no schema.
    fn items<'v>(&self, object: &'v Value, gvk: &Gvk) -> Option<&'v [Value]> {
        let items = object.get("items");
        let is_list = gvk.kind == "List" && gvk.group.is_empty();
        if is_list && items.is_none_or(Value::is_null) {
            return Some(&[]);
        }
        let has_schema = || Pack::get().kind(gvk, self.checker.version.minor).is_some();
        items.and_then(Value::as_seq).filter(|_| is_list || gvk.kind.ends_with("List") && !has_schema())
    }

    fn not_an_object(&mut self, object: &Value, what: &str) {
        self.checked.n_objects += 1;
        self.checked.n_invalid += 1;
        let message = format!("document is no Kubernetes object: {what}");
        let hint = "every document of a manifest is a map with `apiVersion`, `kind` and `metadata.name`";
        let diagnostic = Diagnostic::new(NOT_AN_OBJECT, object.span, message).hint(hint);
        self.checked.diagnostics.push(diagnostic.severity(Severity::Error));
    }

    fn check(&mut self, object: &Value, gvk: &Gvk) {
        let minor = self.checker.version.minor;
        let at = object.get("apiVersion").map_or(object.span, |value| value.span);
        if let Some(schema) = Pack::get().kind(gvk, minor) {
            self.walk(object, gvk, (Pack::get().library(minor), schema));
            if gvk.kind == "CustomResourceDefinition" {
                self.checked.diagnostics.extend(CustomKinds::default().learn_object(object));
            }
            if let Some(fate) = api::deprecated(gvk, minor) {
                let since = format!("is deprecated since Kubernetes 1.{}", fate.since);
                self.checked.diagnostics.push(fated(DEPRECATED_API, (gvk, at), &since, fate));
            }
            return;
        }
        match self.custom(gvk) {
            Custom::Schema(library, schema) => self.walk(object, gvk, (library, schema)),
            Custom::NotServed(versions) => {
                let served: Vec<String> = versions.iter().map(|v| api::api_version(&gvk.group, v)).collect();
                let message = format!("the definition of `{}` serves no version `{}`", gvk.kind, gvk.version);
                let hint = (!served.is_empty()).then(|| format!("it serves {}", served.join(", ")));
                self.checked.diagnostics.push(Diagnostic::new(UNKNOWN_KIND, at, message).hint_opt(hint));
            }
            Custom::Free => self.metadata(object, gvk),
            Custom::Unknown => self.unknown(object, gvk, at),
        }
    }

    fn custom(&self, gvk: &Gvk) -> Custom<'r> {
        let found = self.checker.custom.iter().map(|kinds| kinds.find(gvk));
        found.into_iter().find(|custom| !matches!(custom, Custom::Unknown)).unwrap_or(Custom::Unknown)
    }

    /// A kind without a schema: gone, mistyped, or a custom one that is defined elsewhere.
    fn unknown(&mut self, object: &Value, gvk: &Gvk, at: Span) {
        let minor = self.checker.version.minor;
        if let Some(fate) = api::removed(gvk, minor) {
            let since = format!("is no part of Kubernetes since 1.{}", fate.since);
            return self.checked.diagnostics.push(fated(REMOVED_API, (gvk, at), &since, fate));
        }
        let kinds = Pack::get().kinds(minor);
        let of_group: Vec<_> = kinds.iter().filter(|(_, group, _)| *group == gvk.group).collect();
        // The group of a custom kind is a domain with a point in it (apiextensions, `ValidateCustomResourceDefinition`).
        if of_group.is_empty() && gvk.group.contains('.') {
            self.metadata(object, gvk);
            *self.checked.without_schema.entry(gvk.clone()).or_default() += 1;
            return;
        }
        let message = format!("Kubernetes 1.{minor} has no kind `{}` in `{}`", gvk.kind, gvk.api_version());
        let elsewhere = kinds.iter().filter(|(kind, ..)| *kind == gvk.kind);
        let mut hints: Vec<String> =
            elsewhere.map(|(_, group, version)| api::api_version(group, version)).collect();
        hints.dedup();
        let names = of_group.iter().filter(|(_, _, version)| *version == gvk.version).map(|(kind, ..)| *kind);
        let hint = match nearest(&gvk.kind, names) {
            _ if !hints.is_empty() => Some(format!("`{}` is in {}", gvk.kind, hints.join(", "))),
            Some(kind) => Some(format!("did you mean `{kind}`?")),
            None => None,
        };
        self.checked.diagnostics.push(Diagnostic::new(UNKNOWN_KIND, at, message).hint_opt(hint));
    }

    /// Checks what every object has, of a kind without a schema.
    fn metadata(&mut self, object: &Value, gvk: &Gvk) {
        let minor = self.checker.version.minor;
        let subject = subject(object, gvk);
        let (library, schema) = (Pack::get().library(minor), Pack::get().object_meta(minor));
        let mut walk = Walk::new(&subject, (library, schema));
        if let Some((metadata, schema)) = object.get("metadata").zip(schema) {
            walk.path.push(Step::Key("metadata"));
            walk.value(library, schema, metadata);
        }
        self.checked.diagnostics.append(&mut walk.found);
        self.name(object, gvk);
    }

    fn walk(&mut self, object: &Value, gvk: &Gvk, (library, schema): (Library<'_>, Id)) {
        let minor = self.checker.version.minor;
        let subject = subject(object, gvk);
        let mut walk = Walk::new(&subject, (Pack::get().library(minor), Pack::get().object_meta(minor)));
        walk.value(library, schema, object);
        self.checked.diagnostics.extend(walk.unfinished(object.span));
        self.checked.diagnostics.append(&mut walk.found);
        if !gvk.kind.ends_with("List") {
            self.name(object, gvk);
        }
    }

    fn name(&mut self, object: &Value, gvk: &Gvk) {
        let metadata = object.get("metadata");
        let has = |key: &str| {
            let name = metadata.and_then(|metadata| metadata.get(key));
            // What is no string has been found already.
            name.is_some_and(|name| !name.is_null() && name.as_str() != Some(""))
        };
        if has("name") || has("generateName") || NAMELESS.contains(&gvk.group.as_str()) {
            return;
        }
        let message = format!("document is no Kubernetes object: `{}` has no `metadata.name`", gvk.kind);
        let span = metadata.map_or(object.span, |metadata| metadata.span);
        self.checked
            .diagnostics
            .push(Diagnostic::new(NOT_AN_OBJECT, span, message).severity(Severity::Error));
    }
}

fn is_fatal(diagnostic: &&Diagnostic) -> bool {
    diagnostic.severity.is_fatal()
}

/// Group, version and kind, or what there is instead of them.
fn gvk(object: &Value) -> Result<Gvk, &'static str> {
    if object.as_map().is_none() {
        return Err(if object.as_seq().is_some() { "it is a list" } else { "it is a scalar" });
    }
    let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = text("kind").ok_or("it has no `kind`")?;
    let api_version = text("apiVersion").ok_or("it has no `apiVersion`")?;
    Ok(Gvk::new(api_version, kind))
}

/// `Deployment.apps shop/web`
fn subject(object: &Value, gvk: &Gvk) -> String {
    let text = |key: &str| {
        let value = object.get("metadata").and_then(|metadata| metadata.get(key)).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let id = hld_k8s::ResourceId {
        group: gvk.group.clone(),
        kind: gvk.kind.clone(),
        namespace: text("namespace"),
        name: text("name"),
    };
    id.to_string().trim_end_matches([' ', '/']).to_owned()
}

fn fated(code: hld_diag::Code, (gvk, at): (&Gvk, Span), since: &str, fate: api::Fate) -> Diagnostic {
    let message = format!("`{}` of `{}` {since}", gvk.kind, gvk.api_version());
    Diagnostic::new(code, at, message).hint_opt(fate.instead.map(|instead| format!("use {instead}")))
}
