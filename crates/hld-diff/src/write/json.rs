//! For programs.

use serde_json::{Map, Value, json};

use super::Comparison;
use crate::node::SECRET;
use crate::{Change, Hunk, Item, Mark, Node, ObjectChange, Step, What};

/// A comparison as an object:
///
/// - `name`, and `summary` with the counts `added`, `changed`, `removed`;
/// - `objects`, by group, kind, namespace and name, which are fields of each. `change` is `added` or
///   `removed`, with the object as `content`, or `changed`, with `changes`.
///
/// One of `changes` has `path`, a list of steps: a key is a string, an item of a list is
/// `{"name": {field: value}, "before": n, "after": n}`, as far as it has a name and was there. And it
/// has `change`: `added` with `after`; `removed` with `before`; `replaced` with both; `moved`;
/// `text` with `hunks`, in which `before` and `after` are line numbers from 0 and each of `lines`
/// begins with ` `, `-` or `+`. Secret values are `"(secret)"`.
#[must_use]
pub fn json(comparison: &Comparison) -> Value {
    let difference = &comparison.difference;
    json!({
        "name": comparison.name,
        "summary": {
            "added": difference.count("added"),
            "changed": difference.count("changed"),
            "removed": difference.count("removed"),
        },
        "objects": difference.objects.iter().map(object).collect::<Vec<_>>(),
    })
}

fn object(object: &ObjectChange) -> Value {
    let id = object.id();
    let mut shown = json!({
        "change": object.word(),
        "group": id.group,
        "kind": id.kind,
        "namespace": id.namespace,
        "name": id.name,
    });
    match object {
        ObjectChange::Added(object) | ObjectChange::Removed(object) => {
            shown["content"] = node(&object.content);
        }
        ObjectChange::Changed { changes, .. } => {
            let mut flat = Vec::new();
            flatten(changes, &mut Vec::new(), &mut flat);
            shown["changes"] = Value::Array(flat);
        }
    }
    shown
}

/// Adds every change that has none below it.
fn flatten(changes: &[Change], path: &mut Vec<Value>, flat: &mut Vec<Value>) {
    for Change { step: at, what } in changes {
        path.push(step(at));
        match what {
            What::Inner(changes) => flatten(changes, path, flat),
            what => flat.push(leaf(path, what)),
        }
        path.pop();
    }
}

fn leaf(path: &[Value], what: &What) -> Value {
    let mut shown = json!({ "path": path, "change": word(what) });
    match what {
        What::Added(after) => shown["after"] = node(after),
        What::Removed(before) => shown["before"] = node(before),
        What::Replaced { before, after } => {
            shown["before"] = node(before);
            shown["after"] = node(after);
        }
        What::Text(hunks) => shown["hunks"] = hunks.iter().map(hunk).collect(),
        What::Moved | What::Inner(_) => {}
    }
    shown
}

fn word(what: &What) -> &'static str {
    match what {
        What::Added(_) => "added",
        What::Removed(_) => "removed",
        What::Replaced { .. } => "replaced",
        What::Text(_) => "text",
        What::Moved => "moved",
        What::Inner(_) => "inner",
    }
}

fn step(step: &Step) -> Value {
    match step {
        Step::Key(key) => Value::from(key.as_str()),
        Step::Item(Item { name, before, after }) => {
            let mut shown = Map::new();
            if !name.is_empty() {
                let fields = name.iter().map(|(field, value)| (field.clone(), Value::from(value.as_str())));
                shown.insert("name".to_owned(), Value::Object(fields.collect()));
            }
            shown.extend(before.map(|at| ("before".to_owned(), Value::from(at))));
            shown.extend(after.map(|at| ("after".to_owned(), Value::from(at))));
            Value::Object(shown)
        }
    }
}

fn hunk(hunk: &Hunk) -> Value {
    let lines = hunk.lines.iter().map(|line| {
        let sign = match line.mark {
            Mark::Same => ' ',
            Mark::Removed => '-',
            Mark::Added => '+',
        };
        format!("{sign}{}", line.text)
    });
    json!({ "before": hunk.before, "after": hunk.after, "lines": lines.collect::<Vec<_>>() })
}

fn node(value: &Node) -> Value {
    match value {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::from(*value),
        Node::Int(value) => Value::from(*value),
        Node::Uint(value) => Value::from(*value),
        // What JSON has no number for stays the text that YAML writes.
        Node::Real(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Value::from(number),
            _ => Value::from(text.as_str()),
        },
        Node::Text(text) => Value::from(text.as_str()),
        Node::List(items) => items.iter().map(node).collect(),
        Node::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), node(value))).collect(),
        Node::Secret(_) => Value::from(SECRET),
    }
}
