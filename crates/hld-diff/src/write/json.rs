//! For programs.

use serde_json::{Map, Value, json};

use crate::node::SECRET;
use crate::{Change, Comparison, Danger, Folded, Hunk, Item, Mark, Node, ObjectChange, Step, What, danger};

/// Comparisons as one object: `comparisons`, and `folded`, which says of each change where it is: the
/// object's `group`, `kind`, `namespace` and `name`, its `change`, and the names of the comparisons
/// that have it as `in`.
///
/// One of `comparisons` has
///
/// - `name`, and `summary` with the counts `added`, `changed`, `removed`;
/// - `objects`, by group, kind, namespace and name, which are fields of each. `change` is `added` or
///   `removed`, with the object as `content`, or `changed`, with `changes`. `dangers` is a list with
///   `risk`, `path` (empty where it is the whole object) and `reason`.
///
/// One of `changes` has `path`, a list of steps: a key is a string, an item of a list is
/// `{"name": {field: value}, "before": n, "after": n}`, as far as it has a name and was there. And it
/// has `change`: `added` with `after`; `removed` with `before`; `replaced` with both; `moved`;
/// `text` with `hunks`, in which `before` and `after` are line numbers from 0 and each of `lines`
/// begins with ` `, `-` or `+`. Secret values are `"(secret)"`.
#[must_use]
pub fn json(folded: &Folded<'_>) -> Value {
    let name = |at: &usize| folded.comparisons[*at].name.clone();
    let shared = folded.changes.iter().map(|shared| {
        let mut shown = heading(shared.change);
        shown["in"] = shared.within.iter().map(name).collect();
        shown
    });
    json!({
        "comparisons": folded.comparisons.iter().map(comparison).collect::<Vec<_>>(),
        "folded": shared.collect::<Vec<_>>(),
    })
}

fn comparison(comparison: &Comparison) -> Value {
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

fn heading(object: &ObjectChange) -> Value {
    let id = object.id();
    json!({
        "change": object.word(),
        "group": id.group,
        "kind": id.kind,
        "namespace": id.namespace,
        "name": id.name,
    })
}

fn object(object: &ObjectChange) -> Value {
    let mut shown = heading(object);
    let dangers = danger::of(object);
    shown["dangers"] = dangers.iter().map(danger_shown).collect();
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

fn danger_shown(danger: &Danger) -> Value {
    json!({ "risk": danger.risk.name(), "path": danger.path, "reason": danger.reason })
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
