//! Which style a text gets.

use crate::Dialect;
use crate::resolve::{self, Resolved};

/// Lines are folded at the first space behind this column.
pub(super) const WIDTH: usize = 80;

/// A scalar's style.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What the style depends on.
#[derive(Default)]
pub(super) struct Traits {
    pub(super) ascii: bool,
    line_breaks: bool,
    /// There is a NEL.
    pub(super) next_line: bool,
    spaces: bool,
    plain_allowed: bool,
    single_quoted_allowed: bool,
    literal_allowed: bool,
}

/// The style of a text of these traits.
pub(super) fn style(text: &str, traits: &Traits, simple_key: bool) -> Style {
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

/// What a byte can mean within a text.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    /// Itself, wherever it stands.
    Safe,
    Space,
    LineFeed,
    Colon,
    Hash,
    /// A control character, or a part of one that is not ASCII.
    Odd,
}

static CLASS: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut table = [Class::Odd; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        table[byte] = Class::Safe;
        byte += 1;
    }
    table[b' ' as usize] = Class::Space;
    table[b'\n' as usize] = Class::LineFeed;
    table[b':' as usize] = Class::Colon;
    table[b'#' as usize] = Class::Hash;
    table
}

impl Traits {
    pub(super) fn of(text: &str) -> Self {
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
        if !traits.look_at_bytes(bytes) {
            traits.look_at_characters(text);
        }
        traits
    }

    /// Looks at a text of printable ASCII; returns false if it is none.
    fn look_at_bytes(&mut self, bytes: &[u8]) -> bool {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            let Some(found) = rest.iter().position(|byte| CLASS[*byte as usize] != Class::Safe) else {
                return true;
            };
            at += found;
            let before = at.checked_sub(1).map(|at| bytes[at]);
            let next = bytes.get(at + 1).copied();
            match CLASS[bytes[at] as usize] {
                Class::Space => {
                    self.spaces = true;
                    self.literal_allowed &= next.is_some();
                }
                Class::Colon => self.plain_allowed &= !matches!(next, None | Some(b' ' | b'\t')),
                Class::Hash => self.plain_allowed &= !matches!(before, Some(b' ' | b'\n')),
                Class::LineFeed => {
                    self.line_breaks = true;
                    self.plain_allowed = false;
                    self.single_quoted_allowed &= next != Some(b' ');
                    if before == Some(b' ') {
                        self.forbid_all_but_double();
                    }
                }
                Class::Safe | Class::Odd => return false,
            }
            at += 1;
        }
    }

    /// Looks at any text, character by character.
    fn look_at_characters(&mut self, text: &str) {
        let (mut space, mut line_break) = (false, false);
        let bytes = text.as_bytes();
        for (at, c) in text.char_indices() {
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
    pub(super) fn folds(&self, text: &str, column: usize, simple_key: bool) -> bool {
        self.spaces && !simple_key && column + 1 + text.len() > WIDTH
    }
}

/// What libyaml's emitter calls printable; beyond the first plane nothing is.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{feff}' | '\u{ff00}'..='\u{fffd}') && c != '\u{feff}'
}

/// What libyaml's emitter calls a line break.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
