//! Directives: `%YAML` and `%TAG`.

use std::borrow::Cow;

use super::Scanner;
use super::chars::{BLANK, is, is_blank_or_end};
use super::token::{Kind, Token};
use crate::fault::Result;

/// A version number has at most so many digits.
const MAX_DIGITS: usize = 2;

impl Scanner<'_> {
    pub(super) fn fetch_directive(&mut self) -> Result<()> {
        self.unroll_indent(-1, self.pos);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_directive()?;
        self.push(token);
        Ok(())
    }

    fn scan_directive(&mut self) -> Result<Token> {
        let start = self.pos;
        self.pos += 1;
        let from = self.pos;
        self.skip_word();
        if self.pos == from {
            return Err(self.error("could not find expected directive name", start));
        }
        if !is_blank_or_end(self.bytes, self.pos) {
            return Err(self.error("found unexpected non-alphabetical character", start));
        }
        let mut token = match &self.text[from..self.pos] {
            "YAML" => self.scan_version(start)?,
            "TAG" => self.scan_tag_directive(start)?,
            _ => return Err(self.error("found unknown directive name", start)),
        };
        token.end = self.pos as u32;
        self.skip_blanks();
        if self.byte() == b'#' {
            self.skip_comment();
        }
        if !self.at_end() && !self.at_break() {
            return Err(self.error("did not find expected comment or line break", start));
        }
        self.skip_break();
        Ok(token)
    }

    fn scan_version(&mut self, start: usize) -> Result<Token> {
        self.skip_blanks();
        let mut token = Token::new(Kind::VersionDirective, start, start);
        token.a = self.scan_version_number(start)?;
        if self.byte() != b'.' {
            return Err(self.error("did not find expected digit or '.' character", start));
        }
        self.pos += 1;
        token.b = self.scan_version_number(start)?;
        Ok(token)
    }

    fn scan_version_number(&mut self, start: usize) -> Result<u32> {
        let from = self.pos;
        let mut value = 0;
        while self.byte().is_ascii_digit() {
            if self.pos - from >= MAX_DIGITS {
                return Err(self.error("found extremely long version number", start));
            }
            value = value * 10 + u32::from(self.byte() - b'0');
            self.pos += 1;
        }
        if self.pos == from {
            return Err(self.error("did not find expected version number", start));
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self, start: usize) -> Result<Token> {
        self.skip_blanks();
        let handle = self.scan_tag_handle(start, "directive")?;
        if !is(self.byte(), BLANK) {
            return Err(self.error("did not find expected whitespace", start));
        }
        self.skip_blanks();
        let prefix = self.scan_tag_uri("", start)?;
        if !is_blank_or_end(self.bytes, self.pos) {
            return Err(self.error("did not find expected whitespace or line break", start));
        }
        let mut token = Token::new(Kind::TagDirective, start, start);
        token.a = self.keep_tag((Cow::Borrowed(handle), prefix));
        Ok(token)
    }
}
