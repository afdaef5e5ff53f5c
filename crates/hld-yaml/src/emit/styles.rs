//! Texts written in each style.

use super::style::{WIDTH, is_break, is_printable};
use super::writer::Writer;

/// Where further lines of a scalar begin, and whether long ones are folded.
#[derive(Clone, Copy)]
pub(super) struct Fold {
    pub(super) indent: i32,
    pub(super) folds: bool,
}

impl Writer<'_> {
    /// Adds text without line breaks.
    #[inline]
    pub(super) fn text(&mut self, text: &str, ascii: bool) {
        if ascii {
            self.ascii(text);
        } else {
            text.chars().for_each(|c| self.push(c));
        }
    }
}

pub(super) fn plain(writer: &mut Writer<'_>, text: &str, fold: Fold) {
    writer.space();
    flow_text(writer, text, fold, Writer::push);
    writer.in_scalar();
}

pub(super) fn single_quoted(writer: &mut Writer<'_>, text: &str, fold: Fold) {
    writer.indicator("'", false);
    flow_text(writer, text, fold, |writer, c| {
        if c == '\'' {
            writer.push('\'');
        }
        writer.push(c);
    });
    writer.indicator_at_once("'");
    writer.in_scalar();
}

/// Writes text that is folded at spaces, and whose line breaks are doubled. Neither its first nor
/// its last character is folded.
fn flow_text<'o>(
    writer: &mut Writer<'o>,
    text: &str,
    fold: Fold,
    mut push: impl FnMut(&mut Writer<'o>, char),
) {
    let Fold { indent, folds } = fold;
    let bytes = text.as_bytes();
    let (mut space, mut line_break) = (false, false);
    for (at, c) in text.char_indices() {
        if c == ' ' {
            let inside = at > 0 && at + 1 < bytes.len() && bytes[at + 1] != b' ';
            if folds && !space && inside && writer.column > WIDTH {
                writer.new_line(indent);
            } else {
                writer.push(' ');
            }
            space = true;
        } else if is_break(c) {
            if !line_break && c == '\n' {
                writer.line_break('\n');
            }
            writer.line_break(c);
            writer.after_break();
            line_break = true;
        } else {
            if line_break {
                writer.new_line(indent);
            }
            push(writer, c);
            writer.after_text();
            (space, line_break) = (false, false);
        }
    }
}

pub(super) fn double_quoted(writer: &mut Writer<'_>, text: &str, Fold { indent, folds }: Fold) {
    writer.indicator("\"", false);
    let bytes = text.as_bytes();
    // go-yaml looks for a byte order mark at the start of the text, whatever character it is at.
    let bom = text.starts_with('\u{feff}');
    let mut space = false;
    for (at, c) in text.char_indices() {
        if c == ' ' && !bom {
            let inside = at > 0 && at + 1 < bytes.len();
            if folds && !space && inside && writer.column > WIDTH {
                writer.new_line(indent);
                if bytes[at + 1] == b' ' {
                    writer.push('\\');
                }
            } else {
                writer.push(' ');
            }
            space = true;
            continue;
        }
        space = false;
        if bom || !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
            escape(writer, c);
        } else {
            writer.push(c);
        }
    }
    writer.indicator_at_once("\"");
    writer.in_scalar();
}

fn escape(writer: &mut Writer<'_>, c: char) {
    let letter = match c {
        '\0' => "\\0",
        '\x07' => "\\a",
        '\x08' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\x0b' => "\\v",
        '\x0c' => "\\f",
        '\r' => "\\r",
        '\x1b' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{a0}' => "\\_",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        _ => {
            let code = u32::from(c);
            let digits = match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
            return writer.ascii(&digits);
        }
    };
    writer.ascii(letter);
}

/// Writes lines as they are, indented. `ascii` says that the text is nothing else.
pub(super) fn literal(writer: &mut Writer<'_>, text: &str, indent: i32, ascii: bool) {
    writer.indicator("|", false);
    if text.starts_with(|c| c == ' ' || is_break(c)) {
        writer.ascii("2");
    }
    let mut from_end = text.chars().rev();
    let (last, before) = (from_end.next(), from_end.next());
    if !last.is_some_and(is_break) {
        writer.ascii("-");
    } else if before.is_none_or(is_break) {
        writer.ascii("+");
    }
    writer.begin_lines();
    let mut rest = text;
    while !rest.is_empty() {
        // In ASCII the only line break that may stand in a block scalar is LF.
        let found = if ascii { memchr::memchr(b'\n', rest.as_bytes()) } else { rest.find(is_break) };
        let end = found.unwrap_or(rest.len());
        if end > 0 {
            writer.new_line(indent);
            writer.text(&rest[..end], ascii);
            writer.after_text();
        }
        rest = &rest[end..];
        if let Some(c) = rest.chars().next() {
            writer.line_break(if c.len_utf8() < 3 { '\n' } else { c });
            writer.after_break();
            rest = &rest[c.len_utf8()..];
        }
    }
}
