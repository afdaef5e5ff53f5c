//! The scanner: text to tokens, by libyaml's rules.
//!
//! It works on bytes and allocates only for its queue: a token is two offsets. Lines are not
//! counted; what must stay on one line is compared with the start of the current line, and the
//! line of an error is counted when there is one.

mod block;
pub(crate) mod chars;
mod directive;
mod fetch;
mod indents;
mod keys;
mod plain;
mod quoted;
mod tag;
pub(crate) mod token;

use std::borrow::Cow;

use crate::fault::{Fault, Result};
use crate::read::Window;
use crate::{Dialect, Limits};
use chars::{BLANK, break_len, is, is_blank_or_end};
use keys::SimpleKey;
use token::{Kind, Token};

/// A text, and what is known of all of it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'s> {
    pub(crate) text: &'s str,
    /// Every line break is one LF.
    only_lf: bool,
    /// The first character that YAML does not allow.
    forbidden: Option<usize>,
}

impl<'s> Source<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        Source { text, only_lf: has_only_lf(text.as_bytes()), forbidden: chars::first_forbidden(text) }
    }
}

/// The reader hands go-yaml its text in pieces of this many bytes: a forbidden character is found
/// when its piece is read.
const PIECE: usize = 512;

/// Handle and suffix of a tag, or handle and prefix of a `%TAG` directive.
pub(crate) type TagParts<'s> = (Cow<'s, str>, Cow<'s, str>);

#[derive(Clone)]
pub(crate) struct Scanner<'s> {
    text: &'s str,
    bytes: &'s [u8],
    pos: usize,
    /// Where column 0 of the current line is.
    line_start: usize,
    /// Every line break is one LF, so that a search for that byte finds it.
    only_lf: bool,
    /// From here on there is a forbidden character; reaching it is an error.
    horizon: usize,
    /// Where that character is.
    forbidden: Option<usize>,
    v3: bool,
    /// Fabrikate's fork, older than the others.
    old: bool,
    /// Tokens that are read ahead of the one the parser is at: v3 looks for comments there.
    lookahead: usize,
    tokens: Vec<Token>,
    head: usize,
    /// How many tokens the parser has taken.
    parsed: usize,
    /// Column of the current block collection, -1 outside of any.
    indent: i32,
    indents: Vec<i32>,
    flow_level: usize,
    /// The key that may have begun, for each level of flow collections.
    simple_keys: Vec<SimpleKey>,
    /// Keys of lower levels are known to be impossible.
    key_cursor: usize,
    simple_key_allowed: bool,
    /// The end of the text was seen: no key goes on from before it.
    ended: bool,
    max_depth: usize,
    pub(crate) tags: Vec<TagParts<'s>>,
    /// Comments from `#` to the end of their lines, if they are kept.
    pub(crate) comments: Option<Vec<(u32, u32)>>,
}

impl<'s> Scanner<'s> {
    /// Scans `window` of the source alone: offsets are those of the whole text.
    pub(crate) fn new(source: &Source<'s>, window: Window, dialect: Dialect, limits: &Limits) -> Self {
        let text = source.text;
        let bytes = &text.as_bytes()[..window.end];
        let bom = bytes[window.start..].starts_with(b"\xef\xbb\xbf");
        let start = if bom { window.start + 3 } else { window.start };
        let forbidden = source.forbidden.filter(|at| (window.start..window.end).contains(at));
        let v3 = dialect == Dialect::V3;
        Scanner {
            text,
            bytes,
            pos: start,
            line_start: start,
            only_lf: source.only_lf,
            horizon: forbidden.map_or(usize::MAX, |at| at - (at - window.start) % PIECE),
            forbidden: source.forbidden,
            v3,
            old: dialect == Dialect::Fabrikate,
            lookahead: if v3 { 2 } else { 0 },
            tokens: vec![Token::new(Kind::StreamStart, start, start)],
            head: 0,
            parsed: 0,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_keys: vec![SimpleKey::IMPOSSIBLE],
            key_cursor: 0,
            simple_key_allowed: true,
            ended: false,
            max_depth: limits.max_depth(),
            tags: Vec::new(),
            comments: None,
        }
    }

    /// The text being read.
    pub(crate) fn text(&self) -> &'s str {
        self.text
    }

    /// The offset that the scanner has come to.
    pub(crate) fn position(&self) -> usize {
        self.pos.min(self.bytes.len())
    }

    /// The token that the parser is at.
    #[inline]
    pub(crate) fn peek(&mut self) -> Result<Token> {
        loop {
            let ahead = self.tokens.len() - self.head;
            if ahead > self.lookahead && !self.head_may_be_key()? {
                return Ok(self.tokens[self.head]);
            }
            self.fetch_next()?;
        }
    }

    /// Goes on to the next token; [`Scanner::peek`] must have succeeded.
    #[inline]
    pub(crate) fn skip(&mut self) {
        self.head += 1;
        self.parsed += 1;
        if self.head == self.tokens.len() {
            self.tokens.clear();
            self.head = 0;
        }
    }

    /// What the forbidden character is, if one is in the text.
    fn forbidden_character(&self) -> Box<Fault> {
        Box::new(Fault {
            what: crate::error::What::Encoding,
            problem: "control characters are not allowed".into(),
            at: self.forbidden.unwrap_or(self.pos),
            context: 0,
        })
    }

    fn column(&self) -> i32 {
        (self.pos - self.line_start) as i32
    }

    fn byte(&self) -> u8 {
        self.byte_at(self.pos)
    }

    /// The byte at `at`; 0, which no text holds, behind the end.
    fn byte_at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn at_end(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    fn at_break(&self) -> bool {
        break_len(self.bytes, self.pos) > 0
    }

    /// Goes over a line break, if one is here.
    fn skip_break(&mut self) -> bool {
        let len = break_len(self.bytes, self.pos);
        if len > 0 {
            self.pos += len;
            self.line_start = self.pos;
        }
        len > 0
    }

    fn skip_blanks(&mut self) {
        while is(self.byte(), BLANK) {
            self.pos += 1;
        }
    }

    /// Goes to the end of the line.
    fn skip_line(&mut self) {
        let rest = &self.bytes[self.pos..];
        if self.only_lf {
            self.pos += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            return;
        }
        while !self.at_end() && !self.at_break() {
            self.pos += 1;
        }
    }

    /// Goes over a comment.
    fn skip_comment(&mut self) {
        let start = self.pos;
        self.skip_line();
        if let Some(comments) = &mut self.comments {
            comments.push((start as u32, self.pos as u32));
        }
    }

    /// Whether `---` or `...` begins this line and stands alone.
    fn at_document_indicator(&self) -> bool {
        self.pos == self.line_start
            && matches!(self.bytes.get(self.pos..self.pos + 3), Some(b"---" | b"..."))
            && is_blank_or_end(self.bytes, self.pos + 3)
    }

    /// An error of the scanner at the current place.
    fn error(&self, problem: &'static str, context: usize) -> Box<Fault> {
        if self.pos + 4 > self.horizon {
            return self.forbidden_character();
        }
        let at = if self.ended { self.mark() } else { self.pos };
        Fault::scanner(problem, at, context)
    }

    fn push(&mut self, token: Token) {
        self.tokens.push(token);
    }
}

/// Whether LF is the only line break in the text.
fn has_only_lf(bytes: &[u8]) -> bool {
    if memchr::memchr(b'\r', bytes).is_some() {
        return false;
    }
    let mut candidates = memchr::memchr2_iter(0xc2, 0xe2, bytes);
    !candidates.any(|at| break_len(bytes, at) > 0)
}
