//! Plain scalars.

use super::Scanner;
use super::chars::{BLANK, BREAK, COLON, FLOW, break_len, is, is_blank_or_end};
use super::token::{Kind, Token};
use crate::fault::Result;
use crate::scalar::Form;

impl Scanner<'_> {
    pub(super) fn fetch_plain(&mut self) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_plain()?;
        self.push(token);
        Ok(())
    }

    fn scan_plain(&mut self) -> Result<Token> {
        let start = self.pos;
        let mut end = start;
        let (mut new_line, mut several_lines) = (false, false);
        loop {
            if (new_line && self.at_document_indicator()) || self.byte() == b'#' {
                break;
            }
            let run = self.pos;
            self.skip_plain_run();
            if self.pos > run {
                end = self.pos;
                several_lines |= new_line;
                new_line = false;
            }
            if !is(self.byte(), BLANK) && !self.at_break() {
                break;
            }
            new_line = self.skip_plain_blanks(start, new_line)?;
            if self.flow_level == 0 && self.column() <= self.indent {
                break;
            }
        }
        // Behind a line break a key may follow.
        self.simple_key_allowed |= new_line;
        let mut token = Token::new(Kind::Scalar, start, end);
        token.form = Form { direct: !several_lines, ..Form::PLAIN };
        Ok(token)
    }

    /// Goes over the bytes that belong to the scalar for sure.
    #[inline]
    fn skip_plain_run(&mut self) {
        let stops = if self.flow_level > 0 { BLANK | BREAK | COLON | FLOW } else { BLANK | BREAK | COLON };
        loop {
            let rest = &self.bytes[self.pos..];
            let run = rest.iter().position(|byte| is(*byte, stops)).unwrap_or(rest.len());
            self.pos += run;
            match self.byte() {
                b':' if !is_blank_or_end(self.bytes, self.pos + 1) => self.pos += 1,
                0xc2 | 0xe2 if break_len(self.bytes, self.pos) == 0 => self.pos += 1,
                _ => return,
            }
        }
    }

    /// Goes over blanks and line breaks; returns whether a line break was among them or before.
    fn skip_plain_blanks(&mut self, start: usize, mut new_line: bool) -> Result<bool> {
        loop {
            let byte = self.byte();
            if is(byte, BLANK) {
                if new_line && byte == b'\t' && self.column() <= self.indent {
                    return Err(self.error("found a tab character that violates indentation", start));
                }
                self.pos += 1;
            } else if self.skip_break() {
                new_line = true;
            } else {
                return Ok(new_line);
            }
        }
    }
}
