//! Scalars: which style a text gets, and how it is written in that style.

use super::writer::Writer;
use crate::Dialect;
use crate::resolve::{self, Resolved, number};

/// Lines are folded at the first space behind this column.
const WIDTH: usize = 80;
/// A longer key is written behind `?`.
const MAX_SIMPLE_KEY: usize = 128;

/// A float as Go's JSON and then go-yaml write it: what is an integer is written as one.
pub(super) fn float(float: f64) -> String {
    let mut out = String::new();
    let fits = (-9.223_372_036_854_775_8e18..1.844_674_407_370_955_2e19).contains(&float);
    if float == 0.0 {
        out.push('0');
    } else if float.fract() == 0.0 && fits {
        number::format_plain(float, &mut out);
    } else {
        number::format_float(float, &mut out);
    }
    out
}

/// The text as it comes out of sigs.k8s.io/yaml's detour over JSON, where a NEL stands unescaped in
/// double quotes and is folded as a line break.
fn without_next_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split('\u{85}').peekable();
    let mut n_breaks = 0;
    let mut first = true;
    while let Some(line) = lines.next() {
        let line = if first { line } else { line.trim_start_matches(' ') };
        let line = if lines.peek().is_some() { line.trim_end_matches(' ') } else { line };
        if !first {
            n_breaks += 1;
        }
        let last = lines.peek().is_none();
        if (!line.is_empty() || last) && n_breaks > 0 {
            if n_breaks == 1 {
                out.push(' ')
            } else {
                out.extend(std::iter::repeat_n('\n', n_breaks - 1))
            }
            n_breaks = 0;
        }
        out.push_str(line);
        first = false;
    }
    out
}

/// Whether a key may stand without `?`.
pub(super) fn is_simple_key(key: &str) -> bool {
    key.len() <= MAX_SIMPLE_KEY && !key.contains(is_break)
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Writes a string. Lines that it is folded into, or has, are indented by `indent`; a simple key
/// is never folded.
#[inline]
pub(super) fn string(writer: &mut Writer<'_>, text: &str, indent: i32, simple_key: bool) {
    let traits = Traits::of(text);
    if traits.next_line {
        return string(writer, &without_next_line(text), indent, simple_key);
    }
    match style(text, &traits, simple_key) {
        Style::Plain if !traits.folds(text, writer.column, simple_key) => {
            writer.space();
            writer.text(text, traits.ascii);
            writer.in_scalar();
        }
        Style::Plain => plain(writer, text, indent, !simple_key),
        Style::SingleQuoted => single_quoted(writer, text, indent, !simple_key),
        Style::DoubleQuoted => double_quoted(writer, text, indent, !simple_key),
        Style::Literal => literal(writer, text, indent),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What the style depends on.
#[derive(Default)]
struct Traits {
    ascii: bool,
    line_breaks: bool,
    /// There is a NEL.
    next_line: bool,
    spaces: bool,
    plain_allowed: bool,
    single_quoted_allowed: bool,
    literal_allowed: bool,
}

fn style(text: &str, traits: &Traits, simple_key: bool) -> Style {
    if traits.line_breaks && text.contains('\n') {
        let literal = traits.literal_allowed && !simple_key;
        return if literal { Style::Literal } else { Style::DoubleQuoted };
    }
    if traits.line_breaks && simple_key {
        return Style::DoubleQuoted;
    }
    if !is_text(text) {
        return Style::DoubleQuoted;
    }
    match traits {
        Traits { plain_allowed: true, .. } if !text.is_empty() => Style::Plain,
        Traits { single_quoted_allowed: true, .. } => Style::SingleQuoted,
        _ => Style::DoubleQuoted,
    }
}

/// Whether a text without quotes would be read as text.
fn is_text(text: &str) -> bool {
    resolve::plain(text, Dialect::V2) == Resolved::Text && !is_base60(text)
}

/// Whether YAML 1.1 would read a number to the base of 60: `12:30`.
fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) || !unsigned.contains(':') {
        return false;
    }
    let whole = match unsigned.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_') => whole,
        Some(_) => return false,
        None => unsigned,
    };
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    first.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && parts.all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// Bytes that may mean something: what is none of these stands for itself wherever it is.
static NOTEWORTHY: [bool; 256] = noteworthy();

const fn noteworthy() -> [bool; 256] {
    let mut table = [true; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        table[byte] = byte == b':' as usize || byte == b'#' as usize;
        byte += 1;
    }
    table
}

impl Traits {
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let Some(first) = bytes.first() else {
            return Traits { ascii: true, single_quoted_allowed: true, ..Traits::default() };
        };
        let mut traits = Traits {
            ascii: true,
            plain_allowed: true,
            single_quoted_allowed: true,
            literal_allowed: true,
            ..Traits::default()
        };
        let alone = matches!(bytes.get(1), None | Some(b' ' | b'\t'));
        let indicator = match first {
            b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => true,
            b'?' | b':' | b'-' if alone => true,
            b'-' => bytes.starts_with(b"---"),
            b'.' => bytes.starts_with(b"..."),
            _ => false,
        };
        traits.plain_allowed = !indicator && *first != b' ' && bytes[bytes.len() - 1] != b' ';
        if bytes.iter().any(|byte| NOTEWORTHY[*byte as usize]) {
            traits.look_closely(text);
        }
        traits
    }

    fn look_closely(&mut self, text: &str) {
        let (mut space, mut line_break) = (false, false);
        let mut chars = text.char_indices().peekable();
        let bytes = text.as_bytes();
        while let Some((at, c)) = chars.next() {
            self.ascii &= c.is_ascii();
            let next = at + c.len_utf8();
            match c {
                ' ' => {
                    self.spaces = true;
                    if line_break {
                        self.plain_allowed = false;
                        self.single_quoted_allowed = false;
                    }
                    if next == bytes.len() {
                        self.literal_allowed = false;
                    }
                    (space, line_break) = (true, false);
                    continue;
                }
                ':' if matches!(bytes.get(next), None | Some(b' ' | b'\t')) => self.plain_allowed = false,
                '#' if space || line_break => self.plain_allowed = false,
                _ => {}
            }
            if !is_printable(c) {
                self.forbid_all_but_double();
            }
            self.next_line |= c == '\u{85}';
            let is_break = is_break(c);
            if is_break {
                self.line_breaks = true;
                self.plain_allowed = false;
                if space {
                    self.forbid_all_but_double();
                }
            }
            (space, line_break) = (false, is_break);
        }
    }

    fn forbid_all_but_double(&mut self) {
        self.plain_allowed = false;
        self.single_quoted_allowed = false;
        self.literal_allowed = false;
    }

    /// Whether writing the text from `column` on could fold it.
    fn folds(&self, text: &str, column: usize, simple_key: bool) -> bool {
        self.spaces && !simple_key && column + 1 + text.len() > WIDTH
    }
}

/// What libyaml's emitter calls printable; beyond the first plane nothing is.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{feff}' | '\u{ff00}'..='\u{fffd}') && c != '\u{feff}'
}

impl Writer<'_> {
    /// Adds text without line breaks.
    #[inline]
    fn text(&mut self, text: &str, ascii: bool) {
        if ascii {
            self.ascii(text);
        } else {
            text.chars().for_each(|c| self.push(c));
        }
    }
}

fn plain(writer: &mut Writer<'_>, text: &str, indent: i32, folds: bool) {
    writer.space();
    flow_text(writer, text, indent, folds, |writer, c| writer.push(c));
    writer.in_scalar();
}

fn single_quoted(writer: &mut Writer<'_>, text: &str, indent: i32, folds: bool) {
    writer.indicator("'", false);
    flow_text(writer, text, indent, folds, |writer, c| {
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
fn flow_text(
    writer: &mut Writer<'_>,
    text: &str,
    indent: i32,
    folds: bool,
    mut push: impl FnMut(&mut Writer<'_>, char),
) {
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

fn double_quoted(writer: &mut Writer<'_>, text: &str, indent: i32, folds: bool) {
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
                ..0x100 => format!("\\x{code:02X}"),
                ..0x10000 => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
            return writer.ascii(&digits);
        }
    };
    writer.ascii(letter);
}

fn literal(writer: &mut Writer<'_>, text: &str, indent: i32) {
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
        let end = rest.find(is_break).unwrap_or(rest.len());
        if end > 0 {
            writer.new_line(indent);
            writer.text(&rest[..end], false);
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
