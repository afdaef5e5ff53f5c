//! JSON as Go's encoding/json reads it.

use std::borrow::Cow;

use hld_diag::{FileId, Span};

use crate::error::{Error, Limit, What};
use crate::fault::{Fault, Result};
use crate::{Data, Dialect, Limits, Map, Value};

/// The value of a JSON text: every number is a float, the last of equal keys counts, nothing may
/// follow the value.
///
/// # Errors
/// What Go's `json.Unmarshal` says, or a limit.
pub fn read_json(text: &str, file: FileId, limits: &Limits) -> std::result::Result<Value, Error> {
    let mut reader =
        Reader { text, bytes: text.as_bytes(), pos: 0, file, limits, n_nodes: 0, stack: Vec::new() };
    reader.document().map_err(|fault| Error::new(*fault, text, file, Dialect::V2))
}

struct Reader<'s> {
    text: &'s str,
    bytes: &'s [u8],
    pos: usize,
    file: FileId,
    limits: &'s Limits,
    n_nodes: usize,
    /// Open collections, and where they begin.
    stack: Vec<(Frame, usize)>,
}

enum Frame {
    Array(Vec<Value>),
    Object(Map, (String, Span)),
}

const VALUE: &str = "looking for beginning of value";
const KEY: &str = "looking for beginning of object key string";

impl Reader<'_> {
    fn document(&mut self) -> Result<Value> {
        if self.text.len() > self.limits.bytes {
            let limit = Limit::Bytes { limit: self.limits.bytes, seen: self.text.len() };
            return Err(Fault::limit(limit, 0));
        }
        let mut done = None;
        while done.is_none() {
            let value = self.begin()?;
            done = match value {
                Some(value) => self.end(value)?,
                None => None,
            };
        }
        self.skip_blanks();
        if self.pos < self.bytes.len() {
            return Err(self.unexpected("after top-level value"));
        }
        Ok(done.unwrap_or_else(|| Value::new(Data::Null)))
    }

    /// Reads a value; `None` where a collection begins that has something in it.
    fn begin(&mut self) -> Result<Option<Value>> {
        self.skip_blanks();
        self.n_nodes += 1;
        if self.n_nodes > self.limits.nodes {
            return Err(Fault::limit(Limit::Nodes { limit: self.limits.nodes }, self.pos));
        }
        let start = self.pos;
        let data = match self.peek() {
            Some(b'[') => {
                self.open()?;
                if self.peek() != Some(b']') {
                    self.stack.push((Frame::Array(Vec::new()), start));
                    return Ok(None);
                }
                self.pos += 1;
                Data::Seq(Vec::new())
            }
            Some(b'{') => {
                self.open()?;
                if self.peek() != Some(b'}') {
                    let key = self.key()?;
                    self.stack.push((Frame::Object(Map::new(), key), start));
                    return Ok(None);
                }
                self.pos += 1;
                Data::Map(Map::new())
            }
            Some(b'"') => Data::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Data::Float(self.number()?),
            Some(b't') => self.literal("true", Data::Bool(true))?,
            Some(b'f') => self.literal("false", Data::Bool(false))?,
            Some(b'n') => self.literal("null", Data::Null)?,
            _ => return Err(self.unexpected(VALUE)),
        };
        Ok(Some(Value { data, span: Span::new(self.file, start, self.pos) }))
    }

    fn open(&mut self) -> Result<()> {
        let limit = self.limits.max_depth();
        if self.stack.len() >= limit {
            return Err(Fault::limit(Limit::Depth { limit }, self.pos));
        }
        self.pos += 1;
        self.skip_blanks();
        Ok(())
    }

    /// Puts a value where it belongs, and closes what it completes; returns the outermost value.
    fn end(&mut self, mut value: Value) -> Result<Option<Value>> {
        loop {
            self.skip_blanks();
            let next = self.peek();
            let Some((frame, start)) = self.stack.last_mut() else { return Ok(Some(value)) };
            let start = *start;
            match (frame, next) {
                (Frame::Array(items), Some(b',' | b']')) => items.push(value),
                (Frame::Object(map, (key, span)), Some(b',' | b'}')) => {
                    map.insert(std::mem::take(key), *span, value);
                }
                (Frame::Array(_), _) => return Err(self.unexpected("after array element")),
                (Frame::Object(..), _) => return Err(self.unexpected("after object key:value pair")),
            }
            self.pos += 1;
            if next == Some(b',') {
                self.skip_blanks();
                if matches!(self.stack.last(), Some((Frame::Object(..), _))) {
                    let key = self.key()?;
                    if let Some((Frame::Object(_, pending), _)) = self.stack.last_mut() {
                        *pending = key;
                    }
                }
                return Ok(None);
            }
            let data = match self.stack.pop() {
                Some((Frame::Array(items), _)) => Data::Seq(items),
                Some((Frame::Object(map, _), _)) => Data::Map(map),
                None => Data::Null,
            };
            value = Value { data, span: Span::new(self.file, start, self.pos) };
        }
    }

    fn key(&mut self) -> Result<(String, Span)> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected(KEY));
        }
        let start = self.pos;
        let key = self.string()?;
        if key.len() > self.limits.key_bytes {
            let limit = Limit::KeyBytes { limit: self.limits.key_bytes, seen: key.len() };
            return Err(Fault::limit(limit, start));
        }
        let span = Span::new(self.file, start, self.pos);
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("after object key"));
        }
        self.pos += 1;
        Ok((key, span))
    }

    fn literal(&mut self, word: &'static str, data: Data) -> Result<Data> {
        for (n, expected) in word.bytes().enumerate() {
            if self.peek() != Some(expected) {
                let place = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(if n == 0 { self.unexpected(VALUE) } else { self.unexpected(&place) });
            }
            self.pos += 1;
        }
        Ok(data)
    }

    fn number(&mut self) -> Result<f64> {
        let start = self.pos;
        if self.peek() == Some(b'-') {
            self.pos += 1;
        }
        match self.peek() {
            Some(b'0') => self.pos += 1,
            Some(b'1'..=b'9') => self.digits("in numeric literal")?,
            _ => return Err(self.unexpected("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.pos += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.pos += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.pos += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let number: Option<f64> = self.text[start..self.pos].parse().ok();
        number
            .filter(|number| number.is_finite())
            .ok_or_else(|| Fault::value("json: cannot unmarshal number into Go value of type float64", start))
    }

    fn digits(&mut self, place: &str) -> Result<()> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected(place));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.pos += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<String> {
        self.pos += 1;
        let mut out = Cow::Borrowed("");
        loop {
            let rest = &self.bytes[self.pos..];
            let run = rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
            let text = &self.text[self.pos..self.pos + run];
            if out.is_empty() {
                out = Cow::Borrowed(text);
            } else {
                out.to_mut().push_str(text);
            }
            self.pos += run;
            match self.peek() {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(out.into_owned());
                }
                Some(b'\\') => {
                    self.pos += 1;
                    let c = self.escape()?;
                    out.to_mut().push(c);
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        let c = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.pos += 1;
                return self.unicode();
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.pos += 1;
        Ok(c)
    }

    /// Four hexadecimal digits, or twice four for a surrogate pair; a lone surrogate is U+FFFD.
    fn unicode(&mut self) -> Result<char> {
        let high = self.hex()?;
        if let Some(c) = char::from_u32(high) {
            return Ok(c);
        }
        let before = self.pos;
        if (0xd800..0xdc00).contains(&high) && self.bytes[self.pos..].starts_with(b"\\u") {
            self.pos += 2;
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.pos = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Result<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected("in \\u hexadecimal character escape"));
            };
            value = value * 16 + digit;
            self.pos += 1;
        }
        Ok(value)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.pos += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    /// Go's words for what is at this place.
    fn unexpected(&self, place: &str) -> Box<Fault> {
        let problem = match self.peek() {
            None => "unexpected end of JSON input".to_owned(),
            Some(b'\'') => format!("invalid character '\\'' {place}"),
            Some(b'"') => format!("invalid character '\"' {place}"),
            // Go looks at bytes.
            Some(byte) => format!("invalid character '{}' {place}", char::from(byte).escape_debug()),
        };
        Box::new(Fault { what: What::Json, problem: problem.into(), at: self.pos, context: 0 })
    }
}
