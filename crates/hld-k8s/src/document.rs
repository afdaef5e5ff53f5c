//! The documents of a manifest, read without a tree.

use std::collections::HashSet;
use std::ops::Range;

use hld_diag::{FileId, Span};
use hld_yaml::{self as yaml, Dialect, Event, EventKind, Events, Limits};

use crate::{Gvk, ResourceId};

/// What [`Content::Other`] says of a document that holds null or an empty map.
pub const NOTHING: &str = "nothing";

/// Most levels of `kind: List` inside each other that are looked into.
const DEEPEST_LIST: usize = 8;

/// One document of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its bytes: from its `---` line, or the start of the text, to the next document. All ranges
    /// together are the text.
    pub range: Range<usize>,
    /// Where its content begins, behind comments; the start of the range where it has none.
    pub content_start: usize,
    /// What it holds.
    pub content: Content,
}

/// What a document holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing but comments.
    Empty,
    /// An object; for `kind: List` the objects in it.
    Objects(Vec<Identity>),
    /// A map that is no Kubernetes object, and what it lacks.
    Incomplete(&'static str),
    /// Something else than a map.
    Other(&'static str),
}

/// What identifies one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The object's id.
    pub id: ResourceId,
    /// The annotation `helm.sh/hook`.
    pub hook: Option<String>,
    /// Whether it is an item of a list.
    pub in_list: bool,
    /// Where the object begins.
    pub span: Span,
}

/// Reads a stream by Kubernetes' rules.
///
/// # Errors
/// The first place that is no YAML, or where a limit is reached.
pub fn documents(text: &str, file: FileId, limits: &Limits) -> Result<Vec<Document>, yaml::Error> {
    let events = Events::new(text, file, Dialect::V2, limits)?;
    let mut reader =
        Reader { events, file, is_indirect: false, anchors: HashSet::new(), leads_nowhere: false };
    let mut documents: Vec<Document> = Vec::new();
    while let Some(event) = reader.events.next() {
        let event = event?;
        if matches!(event.kind, EventKind::DocumentStart { .. }) {
            reader.anchors.clear();
            documents.push(reader.document(event.start)?);
            if std::mem::take(&mut reader.is_indirect) {
                documents.last_mut().expect("just pushed").content = Content::Incomplete(INDIRECT);
            }
        }
    }
    if reader.leads_nowhere {
        // Whoever reads values knows what to say about the alias and where it stands.
        yaml::read(
            text,
            file,
            &yaml::ReadOptions { limits: limits.clone(), ..yaml::ReadOptions::default() },
        )?;
    }
    stretch(&mut documents, text.len());
    for document in documents.iter_mut().filter(|document| document.content == Content::Incomplete(INDIRECT))
    {
        document.content = indirect(&text[document.range.clone()], document.content_start, (file, limits));
    }
    Ok(documents)
}

/// What a document holds that has been read already: as [`documents`] says it of a text.
#[must_use]
pub fn identify(value: &yaml::Value) -> Content {
    match value.data {
        yaml::Data::Map(_) => Partial::of_value(value, 0).content(value.span, 0),
        yaml::Data::Null => Content::Empty,
        yaml::Data::Seq(_) => Content::Other("it is a list"),
        _ => Content::Other("it is a scalar"),
    }
}

/// Stands for the identity of an object that uses aliases or merge keys where it is named.
const INDIRECT: &str = "(not read yet)";

/// Lets every document reach from its own first byte to the next one's.
fn stretch(documents: &mut [Document], length: usize) {
    if let Some(first) = documents.first_mut() {
        first.range.start = 0;
    }
    for at in 1..documents.len() {
        documents[at - 1].range.end = documents[at].range.start;
    }
    if let Some(last) = documents.last_mut() {
        last.range.end = length;
    }
}

/// What is known of an object while its text goes by.
#[derive(Default)]
struct Partial {
    api_version: String,
    kind: String,
    name: String,
    generate_name: String,
    namespace: String,
    hook: Option<String>,
    items: Vec<Identity>,
    has_items: bool,
    is_empty: bool,
}

struct Reader<'s> {
    events: Events<'s>,
    file: FileId,
    /// Whether an alias or a merge key stands where an object is named.
    is_indirect: bool,
    /// The anchors of the document so far.
    anchors: HashSet<&'s str>,
    /// Whether an alias has no anchor in front of it.
    leads_nowhere: bool,
}

impl<'s> Reader<'s> {
    /// The next event; a stream ends with its own event, so there always is one.
    fn next(&mut self) -> Result<Event<'s>, yaml::Error> {
        let event =
            self.events.next().expect("the end of the stream is an event, and nobody reads on behind it")?;
        if let Some(anchor) = event.anchor() {
            self.anchors.insert(anchor);
        }
        if let EventKind::Alias(name) = event.kind {
            self.leads_nowhere |= !self.anchors.contains(name);
        }
        Ok(event)
    }

    fn document(&mut self, start: usize) -> Result<Document, yaml::Error> {
        let root = self.next()?;
        let content = match root.kind {
            EventKind::MappingStart { .. } => {
                let object = self.object(0)?;
                object.content(Span::new(self.file, root.start, root.start), 0)
            }
            EventKind::SequenceStart { .. } => {
                self.skip_rest()?;
                Content::Other("it is a list")
            }
            EventKind::Scalar(scalar) if scalar.is_plain() => match &*scalar.text() {
                "" if root.properties.is_none() => Content::Empty,
                "" | "~" | "null" | "Null" | "NULL" => Content::Other(NOTHING),
                _ => Content::Other("it is a scalar"),
            },
            _ => Content::Other("it is a scalar"),
        };
        Ok(Document { range: start..start, content_start: root.start, content })
    }

    /// Reads a mapping whose start has been read.
    fn object(&mut self, depth: usize) -> Result<Partial, yaml::Error> {
        let mut object = Partial { is_empty: true, ..Partial::default() };
        while let Some(key) = self.key()? {
            object.is_empty = false;
            match key.as_str() {
                "apiVersion" => object.api_version = self.text()?,
                "kind" => object.kind = self.text()?,
                "metadata" => self.metadata(&mut object)?,
                "items" => self.items(&mut object, depth)?,
                _ => self.skip()?,
            }
        }
        Ok(object)
    }

    fn metadata(&mut self, object: &mut Partial) -> Result<(), yaml::Error> {
        if !self.enter_mapping()? {
            return Ok(());
        }
        while let Some(key) = self.key()? {
            match key.as_str() {
                "name" => object.name = self.text()?,
                "generateName" => object.generate_name = self.text()?,
                "namespace" => object.namespace = self.text()?,
                "annotations" => self.annotations(object)?,
                _ => self.skip()?,
            }
        }
        Ok(())
    }

    fn annotations(&mut self, object: &mut Partial) -> Result<(), yaml::Error> {
        if !self.enter_mapping()? {
            return Ok(());
        }
        while let Some(key) = self.key()? {
            match key.as_str() {
                "helm.sh/hook" => object.hook = Some(self.text()?),
                _ => self.skip()?,
            }
        }
        Ok(())
    }

    fn items(&mut self, list: &mut Partial, depth: usize) -> Result<(), yaml::Error> {
        let event = self.next()?;
        if !matches!(event.kind, EventKind::SequenceStart { .. }) || depth >= DEEPEST_LIST {
            return self.skip_from(&event);
        }
        list.has_items = true;
        loop {
            let event = self.next()?;
            match event.kind {
                EventKind::SequenceEnd => return Ok(()),
                EventKind::MappingStart { .. } => {
                    let item = self.object(depth + 1)?;
                    let span = Span::new(self.file, event.start, event.start);
                    if let Content::Objects(objects) = item.content(span, depth + 1) {
                        list.items.extend(objects);
                    }
                }
                _ => self.skip_from(&event)?,
            }
        }
    }

    /// The text of the next key; `None` at the end of the mapping. A key that is no scalar is skipped.
    fn key(&mut self) -> Result<Option<String>, yaml::Error> {
        let event = self.next()?;
        match event.kind {
            EventKind::MappingEnd => Ok(None),
            EventKind::Scalar(scalar) => {
                let text = scalar.text().into_owned();
                self.is_indirect |= text == "<<";
                Ok(Some(text))
            }
            _ => {
                self.skip_from(&event)?;
                Ok(Some(String::new()))
            }
        }
    }

    /// The text of the next value, if it is a scalar that says something.
    fn text(&mut self) -> Result<String, yaml::Error> {
        let event = self.next()?;
        match event.kind {
            EventKind::Scalar(scalar) => {
                let text = scalar.text();
                let is_null = scalar.is_plain() && matches!(&*text, "~" | "null" | "Null" | "NULL");
                Ok(if is_null { String::new() } else { text.into_owned() })
            }
            EventKind::Alias(_) => {
                self.is_indirect = true;
                Ok(String::new())
            }
            _ => {
                self.skip_from(&event)?;
                Ok(String::new())
            }
        }
    }

    /// Whether the next value is a mapping; anything else is skipped.
    fn enter_mapping(&mut self) -> Result<bool, yaml::Error> {
        let event = self.next()?;
        match event.kind {
            EventKind::MappingStart { .. } => Ok(true),
            EventKind::Alias(_) => {
                self.is_indirect = true;
                Ok(false)
            }
            _ => {
                self.skip_from(&event)?;
                Ok(false)
            }
        }
    }

    /// Skips the next node.
    fn skip(&mut self) -> Result<(), yaml::Error> {
        let event = self.next()?;
        self.skip_from(&event)
    }

    /// Skips the rest of the node that `event` begins.
    fn skip_from(&mut self, event: &Event<'s>) -> Result<(), yaml::Error> {
        match event.kind {
            EventKind::MappingStart { .. } | EventKind::SequenceStart { .. } => self.skip_rest(),
            _ => Ok(()),
        }
    }

    /// Skips to the end of the collection that has been entered.
    fn skip_rest(&mut self) -> Result<(), yaml::Error> {
        let mut depth = 1;
        while depth > 0 {
            match self.next()?.kind {
                EventKind::MappingStart { .. } | EventKind::SequenceStart { .. } => depth += 1,
                EventKind::MappingEnd | EventKind::SequenceEnd => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }
}

impl Partial {
    fn content(self, span: Span, depth: usize) -> Content {
        if self.is_empty {
            return Content::Other(NOTHING);
        }
        if self.kind.is_empty() {
            return Content::Incomplete("it has no `kind`");
        }
        if self.api_version.is_empty() {
            return Content::Incomplete("it has no `apiVersion`");
        }
        if self.has_items && self.kind.ends_with("List") {
            return Content::Objects(self.items);
        }
        if self.name.is_empty() && self.generate_name.is_empty() {
            return Content::Incomplete("it has no `metadata.name`");
        }
        let gvk = Gvk::new(&self.api_version, &self.kind);
        let name = if self.name.is_empty() { format!("{}*", self.generate_name) } else { self.name };
        let id = ResourceId { group: gvk.group.clone(), kind: self.kind, namespace: self.namespace, name };
        Content::Objects(vec![Identity { gvk, id, hook: self.hook, in_list: depth > 0, span }])
    }

    /// The same from a value: the slow way, for objects with aliases and merge keys.
    fn of_value(value: &yaml::Value, depth: usize) -> Self {
        let text = |value: Option<&yaml::Value>| match value.map(|value| &value.data) {
            Some(yaml::Data::String(text)) => text.clone(),
            Some(yaml::Data::Int(number)) => number.to_string(),
            Some(yaml::Data::Bool(value)) => value.to_string(),
            _ => String::new(),
        };
        let metadata = value.get("metadata");
        let field = |name: &str| text(metadata.and_then(|metadata| metadata.get(name)));
        let hook = metadata.and_then(|metadata| metadata.get("annotations")?.get("helm.sh/hook"));
        let items = value.get("items").and_then(yaml::Value::as_seq);
        let of_item =
            |item: &yaml::Value| match Partial::of_value(item, depth + 1).content(item.span, depth + 1) {
                Content::Objects(objects) => objects,
                _ => Vec::new(),
            };
        Partial {
            api_version: text(value.get("apiVersion")),
            kind: text(value.get("kind")),
            name: field("name"),
            generate_name: field("generateName"),
            namespace: field("namespace"),
            hook: hook.map(|hook| text(Some(hook))),
            items: items.filter(|_| depth < DEEPEST_LIST).into_iter().flatten().flat_map(of_item).collect(),
            has_items: items.is_some(),
            is_empty: value.as_map().is_none_or(yaml::Map::is_empty),
        }
    }
}

/// Reads one document as a tree.
fn indirect(text: &str, start: usize, (file, limits): (FileId, &Limits)) -> Content {
    let options = yaml::ReadOptions { limits: limits.clone(), ..yaml::ReadOptions::default() };
    let value = yaml::read(text, FileId::NONE, &options).ok().and_then(yaml::Read::into_single);
    match value {
        Some(value) => Partial::of_value(&value, 0).content(Span::new(file, start, start), 0),
        None => Content::Incomplete("its aliases lead nowhere"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let documents = documents(text, FileId::NONE, &Limits::default()).unwrap();
        let shown: Vec<String> = documents
            .iter()
            .map(|document| match &document.content {
                Content::Empty => "empty".to_owned(),
                Content::Objects(objects) => {
                    objects.iter().map(|object| object.id.to_string()).collect::<Vec<_>>().join(", ")
                }
                Content::Incomplete(what) | Content::Other(what) => (*what).to_owned(),
            })
            .collect();
        assert_eq!(shown, expected, "{text}");
        let covered: String = documents.iter().map(|document| &text[document.range.clone()]).collect();
        assert_eq!(covered, text, "ranges cover the text");
    }

    #[test]
    fn a_value_is_identified_as_its_text_is() {
        for text in [
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: 1}\n",
            "kind: Pod\n",
            "- a\n",
            "a\n",
            "{}\n",
        ] {
            let read = yaml::read(text, FileId::NONE, &yaml::ReadOptions::default()).unwrap();
            let of_text = documents(text, FileId::NONE, &Limits::default()).unwrap().remove(0).content;
            match (identify(&read.documents[0]), of_text) {
                (Content::Objects(value), Content::Objects(text)) => assert_eq!(value[0].id, text[0].id),
                (value, of_text) => assert_eq!(value, of_text, "{text}"),
            }
        }
    }

    #[test]
    fn objects_are_identified_without_a_tree() {
        check(
            "---\n# a\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n---\nkind: Pod\n",
            &["Deployment.apps shop/web", "it has no `apiVersion`"],
        );
        check("apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n", &["Pod a-*"]);
    }

    #[test]
    fn lists_are_their_items() {
        check(
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: a}}\n- {apiVersion: v1, kind: B, metadata: {name: b}}\n",
            &["A a, B b"],
        );
    }

    #[test]
    fn aliases_where_an_object_is_named_are_followed() {
        check("x: &n web\napiVersion: v1\nkind: Pod\nmetadata: {name: *n}\n", &["Pod web"]);
        check("x: &m {name: web}\napiVersion: v1\nkind: Pod\nmetadata: *m\n", &["Pod web"]);
    }

    #[test]
    fn what_is_no_object_is_said() {
        check(
            "---\n# only a comment\n---\n- a\n---\ntext\n---\n{}\n---\n~\n---\nkind: A\napiVersion: v1\n",
            &["empty", "it is a list", "it is a scalar", "nothing", "nothing", "it has no `metadata.name`"],
        );
    }
}
