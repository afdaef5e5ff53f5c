//! Edits that keep everything else: text in, text out.
//!
//! Comments, order, quotes, indentation and line ends of what is not edited stay as they are; what
//! is added follows the style around it. Each edit is checked: the new text must mean the old value
//! with just that change, or the edit fails and says so.

mod entry;
mod item;
mod render;

use hld_diag::{FileId, Span};

use crate::error::{Error, ErrorKind};
use crate::{Data, Document, Documents, Limits, Map, Node, NodeKind, ReadOptions, Value};
use render::Style;

/// Sets what is under `path`, a list of keys; mappings on the way are created.
///
/// # Errors
/// The text cannot be read or has several documents, or the path leads through something that is
/// no mapping.
pub fn set(text: &str, path: &[&str], value: &Value) -> Result<String, Error> {
    let edited = entry::set(&Place::of(text)?, path, value)?;
    check(text, edited, |root| put(root, path, Some(value.clone())))
}

/// Removes what is under `path`; `None` if there is nothing.
///
/// # Errors
/// As [`set`].
pub fn remove(text: &str, path: &[&str]) -> Result<Option<String>, Error> {
    let place = Place::of(text)?;
    let Some(edited) = entry::remove(&place, path)? else { return Ok(None) };
    check(text, edited, |root| put(root, path, None)).map(Some)
}

/// Puts `item`, whose `name` is `name`, into the list of mappings under `path`: in place of the item
/// of that name, of which it keeps the comments, else behind the last one; in a list that is in the
/// order of its names, where it keeps that order.
///
/// # Errors
/// As [`set`]; what is under `path` is no list.
pub fn put_item(text: &str, path: &[&str], name: &str, item: &Map) -> Result<String, Error> {
    let edited = item::put(text, path, name, item)?;
    check(text, edited, |root| {
        let items = list(root, path);
        let value = Value::new(item.clone());
        match items.iter_mut().find(|item| has_name(item, name)) {
            Some(old) => *old = value,
            None => {
                let names = items.iter().map(|item| item.get("name").and_then(Value::as_str));
                let slot = item::slot(names, name);
                items.insert(slot, value);
            }
        }
    })
}

/// Removes the item of that `name` from the list of mappings under `path`; `None` if there is none.
///
/// # Errors
/// As [`set`].
pub fn remove_item(text: &str, path: &[&str], name: &str) -> Result<Option<String>, Error> {
    let place = Place::of(text)?;
    let Some(edited) = item::remove(&place, path, name)? else { return Ok(None) };
    let checked = check(text, edited, |root| {
        let items = list(root, path);
        if let Some(at) = items.iter().position(|item| has_name(item, name)) {
            items.remove(at);
        }
    });
    checked.map(Some)
}

/// A text with one document, about to be edited.
struct Place<'s> {
    text: &'s str,
    document: Option<Document<'s>>,
    style: Style,
}

impl<'s> Place<'s> {
    fn of(text: &'s str) -> Result<Self, Error> {
        let mut documents = crate::parse(text, FileId::NONE, &limits(text))?;
        if let [_, second, ..] = documents.as_slice() {
            return Err(refused("a text of several documents cannot be edited", second.span()));
        }
        let document = documents.pop();
        let style = Style::of(text, document.as_ref());
        Ok(Place { text, document, style })
    }

    /// The outermost node, unless it is null.
    fn root(&self) -> Option<Node<'_>> {
        let root = self.document.as_ref()?.root();
        (!is_null(root)).then_some(root)
    }

    /// The text with `start..end` replaced.
    fn splice(&self, start: usize, end: usize, new: &str) -> String {
        [&self.text[..start], new, &self.text[end..]].concat()
    }

    /// The offset where the line of `at` begins.
    fn line_start(&self, at: usize) -> usize {
        memchr::memrchr(b'\n', &self.text.as_bytes()[..at]).map_or(0, |found| found + 1)
    }

    /// The end of the line of `at`, its line break not included.
    fn line_end(&self, at: usize) -> usize {
        let end =
            memchr::memchr(b'\n', &self.text.as_bytes()[at..]).map_or(self.text.len(), |found| at + found);
        if end > at && self.text.as_bytes()[end - 1] == b'\r' { end - 1 } else { end }
    }

    /// The start of the line behind the one of `at`.
    fn next_line(&self, at: usize) -> usize {
        let end = memchr::memchr(b'\n', &self.text.as_bytes()[at..]);
        end.map_or(self.text.len(), |found| at + found + 1)
    }

    fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].trim_start_matches('\u{feff}').len()
    }

    /// The offset behind the last character of a node, blank lines behind it not included.
    fn end_of(&self, node: Node<'_>) -> usize {
        let span = node.span();
        let source = self.text[..span.end as usize].trim_end_matches(['\n', '\r']);
        source.len().max(span.start as usize)
    }
}

fn limits(text: &str) -> Limits {
    Limits::of_bytes(text.len().max(Limits::default().bytes))
}

fn refused(message: impl Into<String>, span: Span) -> Error {
    let mut error = Error::whole(ErrorKind::Value, message.into(), span.file);
    error.span = span;
    error
}

fn is_null(node: Node<'_>) -> bool {
    let NodeKind::Scalar(scalar) = node.kind() else { return false };
    scalar.is_plain()
        && node.tag().is_none()
        && matches!(scalar.source(), "" | "~" | "null" | "Null" | "NULL")
}

/// Makes sure that `new` means what `old` means with `change`.
fn check(old: &str, new: String, change: impl FnOnce(&mut Value)) -> Result<String, Error> {
    let read = |text: &str| {
        let options =
            ReadOptions { documents: Documents::First, limits: limits(text), ..ReadOptions::default() };
        crate::read(text, FileId::NONE, &options).map(|read| read.documents.into_iter().next())
    };
    let mut expected = read(old)?.unwrap_or_else(|| Value::new(Data::Null));
    change(&mut expected);
    match read(&new) {
        Ok(Some(value)) if same(&value, &expected) => Ok(new),
        _ => Err(refused("this place cannot be edited without changing something else", Span::NONE)),
    }
}

/// Whether two values are the same; nothing and an empty mapping are.
fn same(a: &Value, b: &Value) -> bool {
    let empty = |value: &Value| value.is_null() || value.as_map().is_some_and(Map::is_empty);
    a == b || (empty(a) && empty(b))
}

/// Changes a value as an edit should change its text.
fn put(root: &mut Value, path: &[&str], value: Option<Value>) {
    let Some((key, rest)) = path.split_first() else {
        *root = value.unwrap_or_else(|| Value::new(Data::Null));
        return;
    };
    let map = as_map(root);
    match (rest, value) {
        ([], None) => drop(map.remove(key)),
        ([], Some(value)) => drop(map.insert(*key, Span::NONE, value)),
        (rest, value) => {
            if map.get(key).is_none() {
                map.insert(*key, Span::NONE, Value::new(Data::Null));
            }
            if let Some(child) = map.get_mut(key) {
                put(child, rest, value);
            }
        }
    }
}

/// The mapping in `value`, which becomes one.
fn as_map(value: &mut Value) -> &mut Map {
    if value.as_map().is_none() {
        value.data = Data::Map(Map::new());
    }
    match &mut value.data {
        Data::Map(map) => map,
        _ => unreachable!("it was just made a mapping"),
    }
}

/// The list under `path`, which is created.
fn list<'v>(root: &'v mut Value, path: &[&str]) -> &'v mut Vec<Value> {
    let mut value = root;
    for key in path {
        let map = as_map(value);
        if map.get(key).is_none() {
            map.insert(*key, Span::NONE, Value::new(Data::Null));
        }
        value = map.get_mut(key).expect("it is there, or was just put there");
    }
    if value.as_seq().is_none() {
        value.data = Data::Seq(Vec::new());
    }
    match &mut value.data {
        Data::Seq(items) => items,
        _ => unreachable!("it was just made a list"),
    }
}

fn has_name(item: &Value, name: &str) -> bool {
    item.get("name").and_then(Value::as_str) == Some(name)
}
