//! Entries of mappings: set and removed.

use super::{Place, is_null, refused, render};
use crate::error::Error;
use crate::{Data, Node, NodeKind, Style, Value};

/// The text with `value` under `path`.
pub(super) fn set(place: &Place<'_>, path: &[&str], value: &Value) -> Result<String, Error> {
    let Some(root) = place.root() else {
        return Ok(append_document(place, &render::nested(path, value)));
    };
    let mut node = root;
    for (depth, key) in path.iter().enumerate() {
        require_map(node)?;
        let Some((name, child)) = find(node, key) else {
            let new = render::nested(&path[depth + 1..], value);
            return Ok(insert(place, node, key, &new));
        };
        if depth + 1 == path.len() || is_null(child) {
            let new = render::nested(&path[depth + 1..], value);
            return Ok(replace(place, node, (name, child), &new));
        }
        let empty = matches!(child.kind(), NodeKind::Mapping) && child.entries().next().is_none();
        if empty && node.style() == Style::Block {
            let new = render::nested(&path[depth + 1..], value);
            return Ok(replace(place, node, (name, child), &new));
        }
        node = child;
    }
    Err(refused("the path is empty", root.span()))
}

/// The text without what is under `path`.
pub(super) fn remove(place: &Place<'_>, path: &[&str]) -> Result<Option<String>, Error> {
    let (Some(mut node), Some((last, parents))) = (place.root(), path.split_last()) else {
        return Ok(None);
    };
    let mut around = None;
    for key in parents {
        require_map(node)?;
        let Some((name, child)) = find(node, key) else { return Ok(None) };
        around = Some((node, name, child));
        node = child;
    }
    require_map(node)?;
    let Some(entry) = find(node, last) else { return Ok(None) };
    let only = node.entries().count() == 1;
    Ok(Some(match (only, around) {
        (true, Some((parent, name, child))) => {
            let empty = Value::new(crate::Map::new());
            replace(place, parent, (name, child), &empty)
        }
        _ if node.style() == Style::Flow => remove_from_flow(place, node, entry.0, entry.1),
        _ => remove_lines(place, node, entry),
    }))
}

/// Sets a key of a mapping.
pub(super) fn set_key(place: &Place<'_>, node: Node<'_>, key: &str, value: &Value) -> Result<String, Error> {
    require_map(node)?;
    Ok(match find(node, key) {
        Some(entry) => replace(place, node, entry, value),
        None => insert(place, node, key, value),
    })
}

/// Removes a key of a mapping that has others.
pub(super) fn remove_key(place: &Place<'_>, node: Node<'_>, key: &str) -> String {
    match find(node, key) {
        Some((name, value)) if node.style() == Style::Flow => remove_from_flow(place, node, name, value),
        Some(entry) => remove_lines(place, node, entry),
        None => place.text.to_owned(),
    }
}

fn require_map(node: Node<'_>) -> Result<(), Error> {
    match node.kind() {
        NodeKind::Mapping => Ok(()),
        NodeKind::Alias(..) => {
            Err(refused("the path leads through an alias: edit what it stands for", node.span()))
        }
        _ => Err(refused("the path leads through something that is no map", node.span())),
    }
}

/// The entry of that key which counts: the last one.
fn find<'d>(node: Node<'d>, key: &str) -> Option<(Node<'d>, Node<'d>)> {
    node.entries().filter(|(name, _)| name.text().is_some_and(|text| text == key)).last()
}

/// Text for a file that has nothing but comments.
fn append_document(place: &Place<'_>, value: &Value) -> String {
    let style = place.style;
    let new = match &value.data {
        Data::Map(map) => style.block_map(map, 0),
        _ => render::flow(value),
    };
    let mut out = match place.document.as_ref().map(|document| document.root().span()) {
        // `null` and `~` are replaced.
        Some(span) => [&place.text[..span.start as usize], &place.text[span.end as usize..]].concat(),
        None => place.text.to_owned(),
    };
    if !out.is_empty() && !out.ends_with('\n') {
        out += style.line_break;
    }
    out + &new + style.line_break
}

/// Adds an entry behind the last one of a mapping that has entries or is in braces.
fn insert(place: &Place<'_>, node: Node<'_>, key: &str, value: &Value) -> String {
    let last = node.entries().last();
    if node.style() == Style::Flow {
        let (at, comma) = match last {
            Some((_, value)) => (place.end_of(value), ", "),
            None => (node.span().start as usize + 1, ""),
        };
        let entry = format!("{comma}{}: {}", render::flow(&Value::new(key)), render::flow(value));
        return place.splice(at, at, &entry);
    }
    let Some((name, last)) = last else { return place.text.to_owned() };
    let indent = place.column(name.span().start as usize);
    let entry = place.style.entry(key, value, indent);
    insert_line(place, place.end_of(last).max(place.end_of(name)), indent, &entry)
}

/// Adds a line below the one of `at`.
pub(super) fn insert_line(place: &Place<'_>, at: usize, indent: usize, line: &str) -> String {
    let end = place.line_end(at);
    place.splice(end, end, &format!("{}{line}", place.style.new_line(indent)))
}

/// Replaces the value of an entry of `node`.
fn replace(place: &Place<'_>, node: Node<'_>, (name, old): (Node<'_>, Node<'_>), new: &Value) -> String {
    let (start, end) = (old.span().start as usize, place.end_of(old));
    let nothing = old.source().is_empty();
    let colon = behind_colon(place, place.end_of(name));
    if node.style() == Style::Flow {
        let new = render::flow(new);
        return if nothing {
            place.splice(colon, colon, &format!(" {new}"))
        } else {
            place.splice(start, end, &new)
        };
    }
    let indent = place.column(name.span().start as usize);
    let text = place.style.value(new, indent);
    let own_line = !nothing && place.line_start(start) > place.line_start(place.end_of(name));
    match text.strip_prefix(' ') {
        // A value on the line of its key: what is between them stays.
        Some(text) if !nothing && !own_line => place.splice(start, end, text),
        _ if nothing => place.splice(colon, colon, &text),
        _ => place.splice(colon, end, &text),
    }
}

/// The offset behind the colon that follows a key.
fn behind_colon(place: &Place<'_>, key_end: usize) -> usize {
    place.text[key_end..].find(':').map_or(key_end, |found| key_end + found + 1)
}

/// Removes an entry of a flow mapping, and a comma.
pub(super) fn remove_from_flow(place: &Place<'_>, node: Node<'_>, first: Node<'_>, last: Node<'_>) -> String {
    let (start, end) = (first.span().start as usize, place.end_of(last).max(place.end_of(first)));
    let inside = node.span().start as usize + 1;
    let behind = &place.text[end..];
    let after = behind.len() - behind.trim_start().len();
    if place.text[end + after..].starts_with(',') {
        let rest = &place.text[end + after + 1..];
        return place.splice(start, place.text.len() - rest.trim_start_matches(' ').len(), "");
    }
    let before = place.text[inside..start].trim_end();
    let comma = before.strip_suffix(',').map_or(before.len(), |rest| rest.trim_end().len());
    place.splice(inside + comma, end, "")
}

/// Removes an entry of a block mapping with the comments above it.
fn remove_lines(place: &Place<'_>, node: Node<'_>, (name, value): (Node<'_>, Node<'_>)) -> String {
    let start = name.span().start as usize;
    let line = place.line_start(start);
    let end = place.next_line(place.end_of(value).max(place.end_of(name)));
    if place.text[line..start].trim_start_matches('\u{feff}').trim().is_empty() {
        return place.splice(head(place, name, line), end, "");
    }
    // The first entry of a list's item: the next one takes its place behind the dash.
    let next = node.entries().map(|(key, _)| key.span().start as usize).find(|at| *at > start);
    place.splice(start, next.unwrap_or(end), "")
}

/// Where the comments directly above a node begin, or its own line.
pub(super) fn head(place: &Place<'_>, node: Node<'_>, line: usize) -> usize {
    let n_lines = node.comments().map_or(0, |comments| comments.head.len());
    let mut at = line;
    for _ in 0..n_lines {
        let above = place.line_start(at.saturating_sub(1));
        if at == 0 || !place.text[above..at].trim_start().starts_with('#') {
            break;
        }
        at = above;
    }
    at
}
