//! Items of lists of mappings, found by their name.

use hld_diag::Span;

use super::{Place, entry, is_null, refused, render};
use crate::error::Error;
use crate::{Data, Map, Node, NodeKind, Style, Value};

/// The text with `item` in the list under `path`.
pub(super) fn put(text: &str, path: &[&str], name: &str, item: &Map) -> Result<String, Error> {
    let place = Place::of(text)?;
    let Some(list) = find_list(&place, path)? else {
        return entry::set(&place, path, &Value::new(vec![Value::new(item.clone())]));
    };
    if let Some(old) = find(list, name) {
        return update(text, path, old, item);
    }
    let items: Vec<Node<'_>> = list.items().collect();
    let names = items.iter().map(|item| item.get("name").and_then(Node::text));
    let slot = slot(names, name);
    let (Some(first), Some(last)) =
        (items.first(), slot.checked_sub(1).map_or(items.first(), |at| items.get(at)))
    else {
        return entry::set(&place, path, &Value::new(vec![Value::new(item.clone())]));
    };
    if list.style() == Style::Flow {
        let new = render::flow(&Value::new(item.clone()));
        let (start, end) = (first.span().start as usize, place.end_of(*last));
        return Ok(match slot {
            0 => place.splice(start, start, &format!("{new}, ")),
            _ => place.splice(end, end, &format!(", {new}")),
        });
    }
    let dash = place.column(dash_of(&place, *last));
    let line = place.style.item(&Value::new(item.clone()), dash);
    if slot > 0 {
        return Ok(entry::insert_line(&place, place.end_of(*last), dash, &line));
    }
    let start = entry::head(&place, *first, place.line_start(dash_of(&place, *first)));
    let indent = " ".repeat(dash);
    Ok(place.splice(start, start, &format!("{indent}{line}{}", place.style.line_break)))
}

/// Where an item of that name goes among others: behind the last, but in a list that is in the order
/// of its names to the place that keeps it so.
pub(super) fn slot<T: AsRef<str>>(names: impl Iterator<Item = Option<T>>, name: &str) -> usize {
    let names: Vec<Option<T>> = names.collect();
    let known: Option<Vec<&str>> = names.iter().map(|name| name.as_ref().map(AsRef::as_ref)).collect();
    match known {
        Some(known) if known.is_sorted() => known.partition_point(|known| *known < name),
        _ => names.len(),
    }
}

/// The text without the item of that name.
pub(super) fn remove(place: &Place<'_>, path: &[&str], name: &str) -> Result<Option<String>, Error> {
    let Some(list) = find_list(place, path)? else { return Ok(None) };
    let Some(old) = find(list, name) else { return Ok(None) };
    if list.items().count() == 1 {
        return entry::set(place, path, &Value::new(Vec::new())).map(Some);
    }
    if list.style() == Style::Flow {
        return Ok(Some(entry::remove_from_flow(place, list, old, old)));
    }
    let line = place.line_start(dash_of(place, old));
    let end = place.next_line(place.end_of(old));
    Ok(Some(place.splice(entry::head(place, old, line), end, "")))
}

/// The list under `path`; `None` where there is nothing.
fn find_list<'d>(place: &'d Place<'_>, path: &[&str]) -> Result<Option<Node<'d>>, Error> {
    let Some(mut node) = place.root() else { return Ok(None) };
    for key in path {
        let Some(child) = node.get(key) else { return Ok(None) };
        node = child;
    }
    match node.kind() {
        NodeKind::Sequence => Ok(Some(node)),
        _ if is_null(node) => Ok(None),
        _ => Err(refused(format!("`{}` is no list", path.join(".")), node.span())),
    }
}

fn find<'d>(list: Node<'d>, name: &str) -> Option<Node<'d>> {
    list.items().find(|item| item.get("name").and_then(Node::text).is_some_and(|text| text == name))
}

/// The offset of an item's dash.
fn dash_of(place: &Place<'_>, item: Node<'_>) -> usize {
    let start = item.span().start as usize;
    place.text[..start].rfind('-').unwrap_or(start)
}

/// Turns an item into another, key by key, so that its comments stay.
fn update(text: &str, path: &[&str], old: Node<'_>, item: &Map) -> Result<String, Error> {
    let keys: Vec<String> =
        old.entries().filter_map(|(key, _)| key.text()).map(std::borrow::Cow::into_owned).collect();
    let mut edited = text.to_owned();
    for (key, value) in item.iter() {
        edited = in_item(&edited, path, item, |place, node| set_key(place, node, key, value))?;
    }
    for key in keys.iter().filter(|key| !item.contains_key(key)) {
        edited = in_item(&edited, path, item, |place, node| Ok(entry::remove_key(place, node, key)))?;
    }
    Ok(edited)
}

fn set_key(place: &Place<'_>, node: Node<'_>, key: &str, value: &Value) -> Result<String, Error> {
    let same = node.get(key).and_then(|old| old.to_value(&crate::ReadOptions::default()).ok());
    if same.is_some_and(|read| read.documents.first() == Some(value)) {
        return Ok(place.text.to_owned());
    }
    entry::set_key(place, node, key, value)
}

/// Edits the item of the list that has `item`'s name.
fn in_item(
    text: &str,
    path: &[&str],
    item: &Map,
    edit: impl FnOnce(&Place<'_>, Node<'_>) -> Result<String, Error>,
) -> Result<String, Error> {
    let place = Place::of(text)?;
    let name = match item.get("name").map(|name| &name.data) {
        Some(Data::String(name)) => name.as_str(),
        _ => return Err(refused("the item has no name", Span::NONE)),
    };
    let list = find_list(&place, path)?;
    match list.and_then(|list| find(list, name)) {
        Some(node) => edit(&place, node),
        None => Err(refused(format!("`{}` has no item `{name}`", path.join(".")), Span::NONE)),
    }
}
