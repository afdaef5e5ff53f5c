//! Changes as lines, for the writers that people read.

use crate::{Change, Hunk, Item, Mark, Node, ObjectChange, Step, What};

/// One line about an object. Its text comes from outside, is not escaped and has no line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) role: Role,
    pub(crate) text: String,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Where something changed.
    Path,
    /// Said about the lines around it.
    Note,
    /// A line of a value.
    Content(Mark),
}

/// Longest list of moved items that is told one by one.
const MOST_MOVES: usize = 10;

/// What is told of an object below its heading: all of one that is new, the changes of one that
/// changed.
pub(crate) fn of_object(object: &ObjectChange) -> Vec<Shown> {
    let mut lines = Lines(Vec::new());
    match object {
        ObjectChange::Added(object) => lines.value(Mark::Added, &object.content),
        ObjectChange::Removed(_) => {}
        ObjectChange::Changed { changes, .. } => lines.changes("", changes),
    }
    lines.0
}

struct Lines(Vec<Shown>);

impl Lines {
    fn push(&mut self, role: Role, text: impl Into<String>) {
        self.0.push(Shown { role, text: text.into() });
    }

    fn changes(&mut self, path: &str, changes: &[Change]) {
        let moved: Vec<&Item> = changes.iter().filter_map(moved_item).collect();
        if !moved.is_empty() {
            self.push(Role::Path, path);
            let only = if moved.len() == changes.len() { "only the order changed: " } else { "" };
            self.push(Role::Note, format!("{only}{}", moves(&moved)));
        }
        for Change { step, what } in changes.iter().filter(|change| change.what != What::Moved) {
            self.change(&below(path, step), what);
        }
    }

    fn change(&mut self, path: &str, what: &What) {
        match what {
            What::Inner(changes) => return self.changes(path, changes),
            What::Replaced { before, after } if before.type_name() != after.type_name() => {
                let (old, new) = (before.type_name(), after.type_name());
                self.push(Role::Path, format!("{path} ({new}, was {old})"));
            }
            _ => self.push(Role::Path, path),
        }
        match what {
            What::Added(value) => self.value(Mark::Added, value),
            What::Removed(value) => self.value(Mark::Removed, value),
            What::Replaced { before: Node::Secret(_), after: Node::Secret(_) } => {
                self.push(Role::Note, "the secret value changed");
            }
            What::Replaced { before, after } => {
                self.value(Mark::Removed, before);
                self.value(Mark::Added, after);
            }
            What::Text(hunks) => hunks.iter().for_each(|hunk| self.hunk(hunk)),
            What::Moved | What::Inner(_) => {}
        }
    }

    fn value(&mut self, mark: Mark, value: &Node) {
        for line in value.to_yaml().split_terminator('\n') {
            self.push(Role::Content(mark), line);
        }
    }

    fn hunk(&mut self, hunk: &Hunk) {
        let range = |first: usize, n| format!("{},{n}", if n == 0 { first } else { first + 1 });
        let old = range(hunk.before, hunk.count(Mark::Removed));
        let new = range(hunk.after, hunk.count(Mark::Added));
        self.push(Role::Note, format!("@@ -{old} +{new} @@"));
        for line in &hunk.lines {
            let text = line.text.strip_suffix('\n');
            self.push(Role::Content(line.mark), text.unwrap_or(&line.text));
            if text.is_none() && line.mark != Mark::Same {
                self.push(Role::Note, "(no line break at the end)");
            }
        }
    }
}

fn moved_item(change: &Change) -> Option<&Item> {
    match (&change.step, &change.what) {
        (Step::Item(item), What::Moved) => Some(item),
        _ => None,
    }
}

/// `moved [name=a] from 3 to 1, [name=b] from 5 to 2`, counted from 0 as paths are.
fn moves(items: &[&Item]) -> String {
    let told = items.iter().take(MOST_MOVES).map(|item| {
        let at = |at: Option<usize>| at.map_or_else(String::new, |at| at.to_string());
        let name = if item.name.is_empty() { "an item".to_owned() } else { label(item) };
        format!("{name} from {} to {}", at(item.before), at(item.after))
    });
    let told: Vec<String> = told.collect();
    let more = items.len() - told.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("moved {}{more}", told.join(", "))
}

/// The path of a value below the one at `path`: `spec.ports[port=80,protocol=TCP]`.
fn below(path: &str, step: &Step) -> String {
    match step {
        Step::Key(key) if path.is_empty() => key_text(key),
        Step::Key(key) => format!("{path}.{}", key_text(key)),
        Step::Item(item) => format!("{path}{}", label(item)),
    }
}

/// A key as it stands in a path: in quotes where it has more than letters, digits, `-` and `_`.
fn key_text(key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(is_plain) { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `[name=web]`, or `[3]` by its position on the side that has it, the second one first.
fn label(item: &Item) -> String {
    if item.name.is_empty() {
        let at = item.after.or(item.before).unwrap_or_default();
        return format!("[{at}]");
    }
    let is_plain = |c: char| !c.is_control() && !matches!(c, '"' | '[' | ']' | ',' | '=' | ' ');
    let fields = item.name.iter().map(|(field, value)| {
        let value =
            if !value.is_empty() && value.chars().all(is_plain) { value.clone() } else { quoted(value) };
        format!("{field}={value}")
    });
    format!("[{}]", fields.collect::<Vec<_>>().join(","))
}
