//! Scalars in quotes. Escapes are checked here and decoded when the value is asked for.

use super::Scanner;
use super::chars::{BLANK, BREAK, QUOTE, break_len, is};
use super::token::{Kind, Token};
use crate::fault::Result;
use crate::scalar::{Chomp, Form, Style, simple_escape};

impl Scanner<'_> {
    pub(super) fn fetch_quoted(&mut self, quote: u8) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_quoted(quote)?;
        self.push(token);
        Ok(())
    }

    fn scan_quoted(&mut self, quote: u8) -> Result<Token> {
        let start = self.pos;
        let mut direct = true;
        self.pos += 1;
        loop {
            let rest = &self.bytes[self.pos..];
            self.pos += rest.iter().position(|byte| is(*byte, BREAK | QUOTE)).unwrap_or(rest.len());
            let byte = self.byte();
            if byte == quote {
                if quote == b'"' || self.byte_at(self.pos + 1) != b'\'' {
                    break;
                }
                direct = false;
                self.pos += 2;
            } else if byte == b'\\' && quote == b'"' {
                direct = false;
                self.skip_escape(start)?;
            } else if self.at_end() {
                return Err(self.unclosed(start));
            } else if break_len(self.bytes, self.pos) > 0 {
                direct = false;
                self.skip_quoted_breaks(start)?;
            } else {
                self.pos += 1;
            }
        }
        self.pos += 1;
        let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        let mut token = Token::new(Kind::Scalar, start, self.pos);
        token.form = Form { style, direct, chomp: Chomp::Clip };
        Ok(token)
    }

    fn unclosed(&self, start: usize) -> Box<crate::fault::Fault> {
        if self.horizon < usize::MAX {
            return self.forbidden_character();
        }
        self.error("found unexpected end of stream", start)
    }

    /// Goes over line breaks and the blanks around them. What looks like the end of the document
    /// is an error, for a quote was not closed.
    fn skip_quoted_breaks(&mut self, start: usize) -> Result<()> {
        while self.skip_break() || is(self.byte(), BLANK) {
            self.skip_blanks();
        }
        if self.at_document_indicator() {
            return Err(self.error("found unexpected document indicator", start));
        }
        Ok(())
    }

    fn skip_escape(&mut self, start: usize) -> Result<()> {
        if break_len(self.bytes, self.pos + 1) > 0 {
            self.pos += 1;
            return self.skip_quoted_breaks(start);
        }
        let code = self.byte_at(self.pos + 1);
        let digits = match code {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ if simple_escape(code).is_some() => 0,
            _ => return Err(self.error("found unknown escape character", start)),
        };
        self.pos += 2;
        let hex = self.text.get(self.pos..self.pos + digits).unwrap_or("?");
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.error("did not find expected hexdecimal number", start));
        }
        if digits > 0 && !u32::from_str_radix(hex, 16).is_ok_and(|value| char::from_u32(value).is_some()) {
            return Err(self.error("found invalid Unicode character escape code", start));
        }
        self.pos += digits;
        Ok(())
    }
}
