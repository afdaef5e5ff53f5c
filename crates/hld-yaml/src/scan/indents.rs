//! Indentation: where block collections begin and end.

use super::Scanner;
use super::token::{Kind, Token};
use crate::error::Limit;
use crate::fault::{Fault, Result};

impl Scanner<'_> {
    /// Begins a block collection if `column` is deeper than the current one. Its token goes before
    /// the token number `before`, if one is given.
    pub(super) fn roll_indent(&mut self, column: i32, before: Option<usize>, token: Token) -> Result<()> {
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        if self.indents.len() >= self.max_depth {
            let limit = Limit::Depth { limit: self.max_depth };
            return Err(Fault::limit(limit, token.start as usize));
        }
        self.indents.push(self.indent);
        self.indent = column;
        match before {
            Some(number) => self.insert(number, token),
            None => self.push(token),
        }
        Ok(())
    }

    /// Puts a token before the token of that number, or last if the parser has taken that one.
    pub(super) fn insert(&mut self, number: usize, token: Token) {
        match number.checked_sub(self.parsed) {
            Some(at) => self.tokens.insert(self.head + at, token),
            None => self.push(token),
        }
    }

    /// Ends the block collections that are deeper than `column`.
    #[inline]
    pub(super) fn unroll_indent(&mut self, column: i32, mark: usize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(Token::new(Kind::BlockEnd, mark, mark));
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }
}
