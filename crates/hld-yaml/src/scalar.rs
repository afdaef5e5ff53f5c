//! Scalars as written, and the text they stand for.

use std::borrow::Cow;

use crate::scan::chars::{BLANK, break_len, is};

/// How a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// A scalar in single quotes.
    SingleQuoted,
    /// A scalar in double quotes.
    DoubleQuoted,
    /// A block scalar of `|`.
    Literal,
    /// A block scalar of `>`.
    Folded,
    /// A collection by indentation.
    Block,
    /// A collection in brackets or braces.
    Flow,
}

/// A scalar's style, and what its text needs before it is a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) style: Style,
    /// The source is the value.
    pub(crate) direct: bool,
    pub(crate) chomp: Chomp,
}

/// What becomes of a block scalar's last line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chomp {
    Strip,
    Clip,
    Keep,
}

impl Form {
    pub(crate) const PLAIN: Form = Form { style: Style::Plain, direct: true, chomp: Chomp::Clip };
}

/// A scalar in its source; its value is made when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Scalar<'s> {
    /// Without quotes; of a block scalar the lines only.
    source: &'s str,
    form: Form,
    indent: u32,
}

impl<'s> Scalar<'s> {
    /// The scalar that is not there: `key:`.
    pub(crate) const EMPTY: Scalar<'static> = Scalar { source: "", form: Form::PLAIN, indent: 0 };

    pub(crate) fn new(source: &'s str, form: Form, indent: u32) -> Self {
        Scalar { source, form, indent }
    }

    /// How it is written.
    #[must_use]
    pub fn style(&self) -> Style {
        self.form.style
    }

    /// Whether it is written without quotes, so that its text decides what it is.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.form.style == Style::Plain
    }

    /// What stands in the file, without quotes; of a block scalar the lines below its header.
    #[must_use]
    pub fn source(&self) -> &'s str {
        self.source
    }

    /// The text it stands for: escapes decoded, lines folded.
    #[must_use]
    pub fn text(&self) -> Cow<'s, str> {
        if self.form.direct {
            return Cow::Borrowed(self.source);
        }
        Cow::Owned(match self.form.style {
            Style::Literal | Style::Folded => self.block_text(),
            _ => self.flow_text(),
        })
    }

    /// A block scalar's lines without their indentation, folded if it says so.
    fn block_text(&self) -> String {
        let folded = self.form.style == Style::Folded;
        let bytes = self.source.as_bytes();
        let mut out = String::with_capacity(self.source.len());
        let mut pos = 0;
        let mut pending = Breaks::default();
        let mut leading_blank = false;
        loop {
            pos = self.skip_breaks(pos, &mut pending);
            if pos >= bytes.len() {
                break;
            }
            let blank = is(bytes[pos], BLANK);
            if folded && !leading_blank && !blank && pending.first_folds() {
                pending.push_folded(self.source, &mut out);
            } else {
                pending.push_all(self.source, &mut out);
            }
            leading_blank = blank;
            let end = line_end(bytes, pos);
            out.push_str(&self.source[pos..end]);
            pending = Breaks { first: (end, end + break_len(bytes, end)), rest: (0, 0) };
            pos = pending.first.1;
        }
        match self.form.chomp {
            Chomp::Strip => {}
            Chomp::Clip => push_break(&self.source[pending.first.0..pending.first.1], &mut out),
            Chomp::Keep => pending.push_all(self.source, &mut out),
        }
        out
    }

    /// Skips empty lines and the next line's indentation; the breaks are `breaks.rest`.
    fn skip_breaks(&self, start: usize, breaks: &mut Breaks) -> usize {
        let bytes = self.source.as_bytes();
        let mut pos = start;
        breaks.rest = (start, start);
        loop {
            let line = pos;
            while pos - line < self.indent as usize && bytes.get(pos) == Some(&b' ') {
                pos += 1;
            }
            match break_len(bytes, pos) {
                0 => return pos,
                n => pos += n,
            }
            breaks.rest.1 = pos;
        }
    }

    /// The value of a plain or quoted scalar that has escapes or several lines.
    fn flow_text(&self) -> String {
        let bytes = self.source.as_bytes();
        let mut out = String::with_capacity(self.source.len());
        let mut pos = 0;
        while pos < bytes.len() {
            let run = pos;
            while pos < bytes.len() && !self.is_special(pos) {
                pos += 1;
            }
            out.push_str(&self.source[run..pos]);
            pos = match bytes.get(pos) {
                None => break,
                Some(b'\'') => {
                    out.push('\'');
                    pos + 2
                }
                Some(b'\\') => match break_len(bytes, pos + 1) {
                    0 => push_escape(self.source, pos, &mut out),
                    n => self.fold(pos + 1 + n, None, &mut out),
                },
                Some(_) => self.blanks(pos, &mut out),
            };
        }
        out
    }

    /// Whether the byte at `pos` is more than itself.
    fn is_special(&self, pos: usize) -> bool {
        let bytes = self.source.as_bytes();
        match bytes[pos] {
            b' ' | b'\t' => true,
            b'\\' => self.form.style == Style::DoubleQuoted,
            b'\'' => self.form.style == Style::SingleQuoted,
            _ => break_len(bytes, pos) > 0,
        }
    }

    /// Blanks that stay where the line goes on, and vanish before a line break.
    fn blanks(&self, start: usize, out: &mut String) -> usize {
        let bytes = self.source.as_bytes();
        let mut pos = start;
        while bytes.get(pos).is_some_and(|byte| is(*byte, BLANK)) {
            pos += 1;
        }
        match break_len(bytes, pos) {
            0 => {
                out.push_str(&self.source[start..pos]);
                pos
            }
            n => self.fold(pos + n, Some((pos, pos + n)), out),
        }
    }

    /// Joins lines: one break is a space, further ones stay; behind an escaped break all stay.
    fn fold(&self, start: usize, first: Option<(usize, usize)>, out: &mut String) -> usize {
        let bytes = self.source.as_bytes();
        let mut pos = start;
        let mut rest = String::new();
        loop {
            while bytes.get(pos).is_some_and(|byte| is(*byte, BLANK)) {
                pos += 1;
            }
            match break_len(bytes, pos) {
                0 => break,
                n => {
                    push_break(&self.source[pos..pos + n], &mut rest);
                    pos += n;
                }
            }
        }
        match first.map(|(from, to)| &self.source[from..to]) {
            Some(line) if !folds(line) => out.push_str(line),
            Some(_) if rest.is_empty() => out.push(' '),
            _ => {}
        }
        out.push_str(&rest);
        pos
    }
}

/// The line breaks between two lines of a block scalar: offsets of the first and of the others.
#[derive(Default)]
struct Breaks {
    first: (usize, usize),
    rest: (usize, usize),
}

impl Breaks {
    fn first_folds(&self) -> bool {
        self.first.0 < self.first.1
    }

    /// As a folded scalar joins two lines.
    fn push_folded(&self, source: &str, out: &mut String) {
        let first = &source[self.first.0..self.first.1];
        if !folds(first) {
            out.push_str(first);
        } else if self.rest.0 == self.rest.1 {
            out.push(' ');
        }
        self.push_rest(source, out);
    }

    fn push_all(&self, source: &str, out: &mut String) {
        push_break(&source[self.first.0..self.first.1], out);
        self.push_rest(source, out);
    }

    fn push_rest(&self, source: &str, out: &mut String) {
        let bytes = source.as_bytes();
        let mut pos = self.rest.0;
        while pos < self.rest.1 {
            let n = break_len(bytes, pos);
            push_break(&source[pos..pos + n], out);
            pos += n.max(1);
        }
    }
}

/// Whether a line break is folded: LS and PS are not.
fn folds(line_break: &str) -> bool {
    line_break.len() < 3
}

/// Adds a line break as it is kept: LS and PS as they are, everything else as LF.
fn push_break(line_break: &str, out: &mut String) {
    match line_break.len() {
        0 => {}
        3 => out.push_str(line_break),
        _ => out.push('\n'),
    }
}

/// The end of the line that `pos` is in.
fn line_end(bytes: &[u8], pos: usize) -> usize {
    let mut at = pos;
    loop {
        match bytes[at..].iter().position(|byte| is(*byte, crate::scan::chars::BREAK)) {
            None => return bytes.len(),
            Some(found) if break_len(bytes, at + found) > 0 => return at + found,
            Some(found) => at += found + 1,
        }
    }
}

/// Adds what the escape at `pos` stands for; returns the offset behind it. The scanner has checked it.
fn push_escape(source: &str, pos: usize, out: &mut String) -> usize {
    let bytes = source.as_bytes();
    let code = bytes.get(pos + 1).copied().unwrap_or_default();
    let digits = match code {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => {
            out.push(simple_escape(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            return pos + 2;
        }
    };
    let hex = source.get(pos + 2..pos + 2 + digits).unwrap_or_default();
    let value = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
    out.push(value.unwrap_or(char::REPLACEMENT_CHARACTER));
    pos + 2 + digits
}

/// The character that a one-letter escape stands for; go-yaml knows no `\/`.
pub(crate) fn simple_escape(code: u8) -> Option<char> {
    Some(match code {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0b',
        b'f' => '\x0c',
        b'r' => '\r',
        b'e' => '\x1b',
        b' ' | b'"' | b'\'' | b'\\' => char::from(code),
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
