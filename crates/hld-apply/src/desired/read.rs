//! One file to its objects.

use std::sync::Arc;

use hld_diag::{
    BROKEN_MANIFEST, DESIRED_LIMIT, Diagnostic, FileId, NO_MANIFEST, OBJECT_TWICE, OBJECT_UNFIT, SourceMap,
    Span,
};
use hld_k8s::{self as k8s, Content, Identity, ResourceId};
use hld_yaml::{self as yaml, Limits, ReadOptions};
use sha2::{Digest, Sha256};

use super::{Object, Unreadable, json, screen};

/// Most levels of `kind: List` inside each other that are looked into.
const DEEPEST_LIST: usize = 8;

/// Most objects of one sync (reliability.md 3.0).
const MOST_OBJECTS: usize = 100_000;

/// Most bytes of one file.
const MOST_BYTES: usize = 64 << 20;

/// Most bytes of one object: etcd takes 1.5 MiB.
const MOST_OBJECT_BYTES: usize = 1_468_006;

/// Files being read, and what is wrong with them.
#[derive(Default)]
pub(super) struct Reading {
    sources: SourceMap,
    diagnostics: Vec<Diagnostic>,
}

/// A file whose objects are being found.
struct File<'r> {
    path: &'r Arc<str>,
    objects: Vec<Arc<Object>>,
    faults: Vec<Diagnostic>,
}

impl Reading {
    /// The objects of one file. Its text is kept only if something is wrong with it.
    pub(super) fn file(&mut self, path: &Arc<str>, bytes: &[u8]) -> Vec<Arc<Object>> {
        let mut file = File { path, objects: Vec::new(), faults: Vec::new() };
        let text = match screen::problem(bytes) {
            Some((what, hint)) => {
                file.faults.push(Diagnostic::new(NO_MANIFEST, Span::NONE, what).hint(hint));
                None
            }
            None => match yaml::decode(bytes, FileId::NONE) {
                Ok(text) => {
                    file.read(&text);
                    Some(text)
                }
                Err(error) => {
                    let message = format!("manifest can not be read: {error}");
                    file.faults.push(Diagnostic::new(BROKEN_MANIFEST, Span::NONE, message));
                    None
                }
            },
        };
        if !file.faults.is_empty() {
            let text = text.unwrap_or_default();
            let id = self.sources.add_private(path.clone(), &*text);
            let placed = |mut fault: Diagnostic| {
                fault.span = Span { file: id, ..fault.span };
                fault.labels.iter_mut().for_each(|label| label.span.file = id);
                fault
            };
            self.diagnostics.extend(file.faults.into_iter().map(placed));
        }
        file.objects
    }

    /// One object stands in two places.
    pub(super) fn stands_twice(&mut self, first: &Object, second: &Object) {
        let message = match first.path == second.path {
            true => format!("`{}` stands twice in `{}`", first.id, first.path),
            false => format!("`{}` stands in `{}` and in `{}`", first.id, first.path, second.path),
        };
        let file = self.sources.add_private(second.path.clone(), "");
        let fault = Diagnostic::new(OBJECT_TWICE, Span::start_of(file), message);
        self.diagnostics.push(fault.hint("remove one of the two: the last one applied would win, by chance"));
    }

    /// Nothing, if nothing is wrong.
    pub(super) fn end(mut self, n_objects: usize) -> Result<(), Unreadable> {
        if n_objects > MOST_OBJECTS {
            let message = format!("{n_objects} objects are more than the limit of {MOST_OBJECTS}");
            self.diagnostics.push(Diagnostic::new(DESIRED_LIMIT, Span::NONE, message));
        }
        if self.diagnostics.is_empty() {
            return Ok(());
        }
        Err(Unreadable { sources: Arc::new(self.sources), diagnostics: self.diagnostics })
    }
}

impl File<'_> {
    fn read(&mut self, text: &str) {
        let options =
            ReadOptions { limits: Limits::of_bytes(MOST_BYTES), strict: true, ..ReadOptions::default() };
        match yaml::read(text, FileId::NONE, &options) {
            Ok(read) => {
                for span in &read.ignored {
                    let message = "text that no program of Kubernetes would read";
                    let hint = "begin each document with a line `---`";
                    self.faults.push(Diagnostic::new(BROKEN_MANIFEST, *span, message).hint(hint));
                }
                read.documents.iter().for_each(|document| self.document(document, 0));
            }
            Err(error) => {
                let message = format!("manifest can not be read: {error}");
                let hint = error.hint.map(str::to_owned);
                self.faults.push(Diagnostic::new(BROKEN_MANIFEST, error.span, message).hint_opt(hint));
            }
        }
    }

    /// Keeps the object that `value` is, or the objects of a list.
    fn document(&mut self, value: &yaml::Value, depth: usize) {
        let kind = value.get("kind").and_then(yaml::Value::as_str).unwrap_or_default();
        let items = value.get("items").and_then(yaml::Value::as_seq);
        if let Some(items) = items.filter(|_| kind.ends_with("List") && depth < DEEPEST_LIST) {
            items.iter().for_each(|item| self.document(item, depth + 1));
            return;
        }
        match k8s::identify(value) {
            Content::Objects(found) if found.len() == 1 => {
                let identity = found.into_iter().next().expect("there is one");
                self.object(value, identity);
            }
            Content::Empty | Content::Other(k8s::NOTHING) if depth == 0 => {}
            Content::Objects(_) => self.unfit("lists are nested too deep", value),
            Content::Empty => self.unfit("it is nothing", value),
            Content::Incomplete(why) | Content::Other(why) => self.unfit(why, value),
        }
    }

    fn object(&mut self, value: &yaml::Value, identity: Identity) {
        if let Some(why) = refusal(value, &identity.id) {
            return self.unfit(why, value);
        }
        let mut text = String::new();
        if let Err(span) = json::write(&mut text, value) {
            return self.unfit("a number in it is not finite", &yaml::Value { span, ..yaml::Value::new("") });
        }
        if text.len() > MOST_OBJECT_BYTES {
            let message = format!(
                "`{}` has {} bytes, the limit is {MOST_OBJECT_BYTES}: etcd takes no larger one",
                identity.id,
                text.len()
            );
            self.faults.push(Diagnostic::new(DESIRED_LIMIT, value.span, message));
            return;
        }
        let hash = Sha256::digest(&text);
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash[..16]);
        let path = self.path.clone();
        let object = Object { id: identity.id, gvk: identity.gvk, path, json: text.into_boxed_str(), digest };
        self.objects.push(Arc::new(object));
    }

    fn unfit(&mut self, why: &str, value: &yaml::Value) {
        let message = format!("document can not be applied: {why}");
        let hint = "a manifest repository holds objects with `apiVersion`, `kind` and `metadata.name`, and nothing else";
        self.faults.push(Diagnostic::new(OBJECT_UNFIT, value.span, message).hint(hint));
    }
}

/// Why an object is not one that can be kept equal to a repository.
fn refusal(value: &yaml::Value, id: &ResourceId) -> Option<&'static str> {
    let metadata = value.get("metadata");
    let has = |field: &str| metadata.and_then(|metadata| metadata.get(field)).is_some();
    if has("generateName") && id.name.ends_with('*') {
        return Some("`generateName` makes a new object at every sync");
    }
    if value.get("sops").is_some_and(|sops| sops.get("mac").is_some()) {
        return Some("it is encrypted by SOPS, which this agent does not decrypt yet");
    }
    let is_path = |text: &str| text.is_empty() || text == "." || text == ".." || text.contains(['/', '%']);
    // Names of RBAC objects may hold a colon; none may leave its place in a URL.
    if is_path(&id.name) || (!id.namespace.is_empty() && is_path(&id.namespace)) {
        return Some("its name or namespace can not be part of a URL");
    }
    None
}
