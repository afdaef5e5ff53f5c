//! New text in the style of a file.

use hld_diag::Span;

use crate::{Data, Document, Map, Node, NodeKind, Value, emit};

/// How a file is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Columns from a mapping to the one below its key.
    step: usize,
    /// Columns from a key to the dash of its list.
    dash: usize,
    pub(super) line_break: &'static str,
}

impl Style {
    /// As the first nested mapping and the first list of the file are written.
    pub(super) fn of(text: &str, document: Option<&Document<'_>>) -> Self {
        let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut style = Style { step: 0, dash: usize::MAX, line_break };
        if let Some(document) = document {
            style.learn(text, document.root(), 0);
        }
        Style {
            step: if style.step == 0 { 2 } else { style.step },
            dash: if style.dash == usize::MAX { 0 } else { style.dash },
            line_break,
        }
    }

    fn learn(&mut self, text: &str, node: Node<'_>, depth: usize) {
        // What a file looks like shows near its top.
        if depth > 16 || (self.step > 0 && self.dash < usize::MAX) {
            return;
        }
        for (key, value) in node.entries() {
            let column = |at: u32| at as usize - text[..at as usize].rfind('\n').map_or(0, |found| found + 1);
            let deeper = column(value.span().start).saturating_sub(column(key.span().start));
            let block = value.style() == crate::Style::Block;
            match value.kind() {
                NodeKind::Mapping if block && self.step == 0 => self.step = deeper,
                NodeKind::Sequence if block && self.dash == usize::MAX => self.dash = deeper,
                _ => {}
            }
            self.learn(text, value, depth + 1);
        }
        node.items().for_each(|item| self.learn(text, item, depth + 1));
    }

    /// A mapping's entries, one below the other; the first one without its indentation.
    pub(super) fn block_map(self, map: &Map, indent: usize) -> String {
        let entries: Vec<String> = map.iter().map(|(key, value)| self.entry(key, value, indent)).collect();
        entries.join(&self.new_line(indent))
    }

    /// `key: value` in a block mapping of that indentation.
    pub(super) fn entry(self, key: &str, value: &Value, indent: usize) -> String {
        format!("{}:{}", self.key(key), self.value(value, indent))
    }

    /// What stands behind `key:`, beginning with a space or a line break.
    pub(super) fn value(self, value: &Value, indent: usize) -> String {
        match &value.data {
            Data::Map(map) if !map.is_empty() => {
                let inner = indent + self.step;
                format!("{}{}", self.new_line(inner), self.block_map(map, inner))
            }
            Data::Seq(items) if !items.is_empty() => {
                let items: Vec<String> =
                    items.iter().map(|item| self.item(item, indent + self.dash)).collect();
                let new_line = self.new_line(indent + self.dash);
                format!("{new_line}{}", items.join(&new_line))
            }
            _ => format!(" {}", self.scalar(value, indent)),
        }
    }

    /// `- item` with the dash in that column.
    pub(super) fn item(self, item: &Value, dash: usize) -> String {
        match &item.data {
            Data::Map(map) if !map.is_empty() => format!("- {}", self.block_map(map, dash + 2)),
            Data::Seq(items) if !items.is_empty() => format!("- {}", flow(item)),
            _ => format!("- {}", self.scalar(item, dash)),
        }
    }

    /// A scalar; further lines are indented below a key of that indentation.
    fn scalar(self, value: &Value, indent: usize) -> String {
        let text = emit(value);
        let mut lines = text.trim_end_matches('\n').split('\n');
        let first = lines.next().unwrap_or_default().to_owned();
        lines.fold(first, |mut out, line| {
            out += &if line.is_empty() { self.line_break.to_owned() } else { self.new_line(indent) };
            out + line
        })
    }

    pub(super) fn key(self, key: &str) -> String {
        let text = emit(&Value::new(key));
        let one_line = text.trim_end_matches('\n');
        if one_line.contains('\n') || text.len() > 120 { flow(&Value::new(key)) } else { one_line.to_owned() }
    }

    /// A line break and that many spaces.
    pub(super) fn new_line(self, indent: usize) -> String {
        format!("{}{}", self.line_break, " ".repeat(indent))
    }
}

/// A value on one line, fit for flow collections.
pub(super) fn flow(value: &Value) -> String {
    match &value.data {
        Data::Seq(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Data::Map(map) => {
            let entries =
                map.iter().map(|(key, value)| format!("{}: {}", flow(&Value::new(key)), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Data::String(text) => {
            let written = emit(value);
            let written = written.trim_end_matches('\n');
            let quoted = written.starts_with(['"', '\'']) && !written.contains('\n');
            let plain = !written.contains(['\n', ',', '[', ']', '{', '}', '?', ':', '#']);
            if quoted || plain { written.to_owned() } else { double_quoted(text) }
        }
        _ => emit(value).trim_end_matches('\n').to_owned(),
    }
}

/// A text in double quotes, on one line.
fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control()
                || !matches!(c, ' '..='\u{fffd}')
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') =>
            {
                let code = u32::from(c);
                out += &if code < 0x10000 { format!("\\u{code:04X}") } else { format!("\\U{code:08X}") };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value that a mapping's entry needs: `path` as nested mappings around `value`.
pub(super) fn nested(path: &[&str], value: &Value) -> Value {
    path.iter().rev().fold(value.clone(), |inner, key| {
        let mut map = Map::new();
        map.insert(*key, Span::NONE, inner);
        Value::new(map)
    })
}
