//! The dispatcher: which token comes next.

use super::Scanner;
use super::chars::{BLANK, break_len, is, is_blank_or_end};
use super::token::{Kind, Token};
use crate::error::Limit;
use crate::fault::{Fault, Result};

impl Scanner<'_> {
    /// Reads at least one more token.
    pub(super) fn fetch_next(&mut self) -> Result<()> {
        let before = self.pos;
        self.skip_to_token();
        if self.pos + 4 > self.horizon {
            return Err(self.forbidden_character());
        }
        let end_mark = if self.v3 { before } else { self.pos };
        self.unroll_indent(self.column(), end_mark);
        if self.at_end() {
            return self.fetch_stream_end();
        }
        self.fetch_token()?;
        if self.v3 {
            self.skip_line_comment();
        }
        Ok(())
    }

    fn fetch_token(&mut self) -> Result<()> {
        if self.pos == self.line_start {
            if self.byte() == b'%' {
                return self.fetch_directive();
            }
            if self.at_document_indicator() {
                return self.fetch_document_indicator();
            }
        }
        let lone = is_blank_or_end(self.bytes, self.pos + 1);
        let flow = self.flow_level > 0;
        match self.byte() {
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if lone => self.fetch_block_entry(),
            b'?' if flow || lone => self.fetch_key(),
            b':' if flow || lone => self.fetch_value(),
            b'*' => self.fetch_anchor(Kind::Alias),
            b'&' => self.fetch_anchor(Kind::Anchor),
            b'!' => self.fetch_tag(),
            b'|' if !flow => self.fetch_block_scalar(true),
            b'>' if !flow => self.fetch_block_scalar(false),
            b'\'' => self.fetch_quoted(b'\''),
            b'"' => self.fetch_quoted(b'"'),
            b'#' | b'%' | b'@' | b'`' | b'|' | b'>' | b' ' | b'\t' | b'\n' | b'\r' => Err(self.no_token()),
            _ if break_len(self.bytes, self.pos) > 0 => Err(self.no_token()),
            _ => self.fetch_plain(),
        }
    }

    fn no_token(&self) -> Box<Fault> {
        self.error("found character that cannot start any token", self.pos)
    }

    /// The place of a token; at the end of the text the line after the last one.
    pub(super) fn mark(&self) -> usize {
        if self.at_end() && self.pos != self.line_start { self.bytes.len() + 1 } else { self.pos }
    }

    /// Goes over blanks, comments and line breaks to the next token.
    #[inline]
    fn skip_to_token(&mut self) {
        loop {
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.byte() == b' ' || (tabs && self.byte() == b'\t') {
                self.pos += 1;
            }
            if self.byte() == b'#' {
                self.skip_comment();
                if self.v3 {
                    self.skip_more_comments();
                }
            }
            if !self.skip_break() {
                return;
            }
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// go-yaml v3 reads a comment and those below it as one, whatever blanks are between.
    fn skip_more_comments(&mut self) {
        loop {
            let mut at = self.pos;
            let mut line_start = self.line_start;
            while at - self.pos < super::PIECE {
                let len = break_len(self.bytes, at);
                if len > 0 {
                    at += len;
                    line_start = at;
                } else if is(self.byte_at(at), BLANK) {
                    at += 1;
                } else {
                    break;
                }
            }
            if self.byte_at(at) != b'#' || at - self.pos >= super::PIECE {
                return;
            }
            if line_start > self.line_start && self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
            (self.pos, self.line_start) = (at, line_start);
            self.skip_comment();
        }
    }

    /// go-yaml v3 takes a comment behind a token at once, whatever blanks are before it.
    fn skip_line_comment(&mut self) {
        let last = self.tokens.last().map(|token| (token.kind, token.end as usize));
        let Some((kind, end)) = last else { return };
        if kind == Kind::BlockEntry || (end..self.pos).any(|at| break_len(self.bytes, at) > 0) {
            return;
        }
        let blanks = self.bytes[self.pos..].iter().take_while(|byte| is(**byte, BLANK)).count();
        if self.byte_at(self.pos + blanks) == b'#' {
            self.pos += blanks;
            self.skip_comment();
        }
    }

    fn fetch_stream_end(&mut self) -> Result<()> {
        let end = self.mark();
        self.unroll_indent(-1, end);
        // An error here is on the line after the last one.
        self.remove_simple_key().map_err(|mut fault| {
            fault.at = end;
            fault
        })?;
        self.ended = true;
        self.simple_key_allowed = false;
        self.push(Token::new(Kind::StreamEnd, end, end));
        Ok(())
    }

    fn fetch_document_indicator(&mut self) -> Result<()> {
        self.unroll_indent(-1, self.pos);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let kind = if self.byte() == b'-' { Kind::DocumentStart } else { Kind::DocumentEnd };
        self.push_indicator(kind, 3);
        Ok(())
    }

    fn push_indicator(&mut self, kind: Kind, len: usize) {
        self.push(Token::new(kind, self.pos, self.pos + len));
        self.pos += len;
    }

    fn fetch_flow_start(&mut self, kind: Kind) -> Result<()> {
        self.save_simple_key()?;
        if self.flow_level >= self.max_depth {
            return Err(Fault::limit(Limit::Depth { limit: self.max_depth }, self.pos));
        }
        self.enter_flow();
        self.simple_key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind) -> Result<()> {
        self.remove_simple_key()?;
        self.leave_flow();
        self.simple_key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(Kind::FlowEntry, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                let problem = "block sequence entries are not allowed in this context";
                return Err(self.error(problem, self.pos));
            }
            let token = Token::new(Kind::BlockSequenceStart, self.pos, self.pos);
            self.roll_indent(self.column(), None, token)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(Kind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error("mapping keys are not allowed in this context", self.pos));
            }
            let token = Token::new(Kind::BlockMappingStart, self.pos, self.pos);
            self.roll_indent(self.column(), None, token)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(Kind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<()> {
        let level = self.simple_keys.len() - 1;
        if self.key_is_valid(level)? {
            let key = self.simple_keys[level];
            self.insert(key.token, Token::new(Kind::Key, key.at, key.at));
            let start = Token::new(Kind::BlockMappingStart, key.at, key.at);
            self.roll_indent(key.column, Some(key.token), start)?;
            self.simple_keys[level].possible = false;
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(self.error("mapping values are not allowed in this context", self.pos));
                }
                let token = Token::new(Kind::BlockMappingStart, self.pos, self.pos);
                self.roll_indent(self.column(), None, token)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(Kind::Value, 1);
        Ok(())
    }
}
