//! Block scalars: `|` and `>`. Their lines are found here; the value is made when asked for.

use super::Scanner;
use super::token::{Kind, Token};
use crate::fault::Result;
use crate::scalar::{Chomp, Form, Style};

const NO_LINE_END: &str = "did not find expected comment or line break";
const ZERO: &str = "found an indentation indicator equal to 0";
const TAB: &str = "found a tab character where an indentation space is expected";

impl Scanner<'_> {
    pub(super) fn fetch_block_scalar(&mut self, literal: bool) -> Result<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let token = self.scan_block_scalar(literal)?;
        self.push(token);
        Ok(())
    }

    fn scan_block_scalar(&mut self, literal: bool) -> Result<Token> {
        let start = self.pos;
        self.pos += 1;
        let (chomp, increment) = self.scan_block_header(start)?;
        let content = self.pos;
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let mut end = self.scan_block_breaks(&mut indent, start)?;
        while self.column() == indent && !self.at_end() {
            self.skip_line();
            self.skip_break();
            end = self.scan_block_breaks(&mut indent, start)?;
        }
        let mut token = Token::new(Kind::Scalar, start, end);
        let style = if literal { Style::Literal } else { Style::Folded };
        token.form = Form { style, direct: false, chomp };
        token.a = content as u32;
        token.b = indent as u32;
        Ok(token)
    }

    /// Reads `+`, `-`, a digit and a comment behind the indicator, and the line's end.
    fn scan_block_header(&mut self, start: usize) -> Result<(Chomp, i32)> {
        let (mut chomp, mut increment) = (self.scan_chomp(), 0);
        if self.byte().is_ascii_digit() {
            if self.byte() == b'0' {
                return Err(self.error(ZERO, start));
            }
            increment = i32::from(self.byte() - b'0');
            self.pos += 1;
            chomp = chomp.or_else(|| self.scan_chomp());
        }
        self.skip_blanks();
        if self.byte() == b'#' {
            self.skip_comment();
        }
        if !self.at_end() && !self.at_break() {
            return Err(self.error(NO_LINE_END, start));
        }
        self.skip_break();
        Ok((chomp.unwrap_or(Chomp::Clip), increment))
    }

    fn scan_chomp(&mut self) -> Option<Chomp> {
        let chomp = match self.byte() {
            b'+' => Chomp::Keep,
            b'-' => Chomp::Strip,
            _ => return None,
        };
        self.pos += 1;
        Some(chomp)
    }

    /// Goes over indentation and empty lines, and finds the indentation out where `indent` is 0.
    /// Returns the offset behind the last line break.
    fn scan_block_breaks(&mut self, indent: &mut i32, start: usize) -> Result<usize> {
        let mut end = self.pos;
        let mut deepest = 0;
        loop {
            let room = if *indent == 0 { i32::MAX } else { *indent };
            while self.column() < room && self.byte() == b' ' {
                self.pos += 1;
            }
            deepest = deepest.max(self.column());
            if self.byte() == b'\t' && self.column() < room {
                return Err(self.error(TAB, start));
            }
            if !self.skip_break() {
                break;
            }
            end = self.pos;
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(end)
    }
}
