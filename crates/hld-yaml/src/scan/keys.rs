//! Simple keys: what may turn out to be a key once its `:` is seen.

use super::Scanner;
use crate::fault::Result;

/// A place where a key without `?` may have begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct SimpleKey {
    pub(super) possible: bool,
    /// The parser waits for it to be decided before it takes its first token.
    awaited: bool,
    /// Nothing but a key can stand there.
    required: bool,
    /// The number of its first token, counted from the start of the stream.
    pub(super) token: usize,
    pub(super) at: usize,
    pub(super) column: i32,
}

impl SimpleKey {
    pub(super) const IMPOSSIBLE: SimpleKey =
        SimpleKey { possible: false, awaited: false, required: false, token: 0, at: 0, column: 0 };
}

/// A simple key ends within this many characters.
const MAX_CHARACTERS: usize = 1024;

const NO_COLON: &str = "could not find expected ':'";

impl Scanner<'_> {
    /// Whether the token that the parser is at may begin a key, so that more must be read first.
    #[inline]
    pub(super) fn head_may_be_key(&mut self) -> Result<bool> {
        while self.key_cursor < self.simple_keys.len() && !self.simple_keys[self.key_cursor].possible {
            self.key_cursor += 1;
        }
        let Some(key) = self.simple_keys.get(self.key_cursor) else { return Ok(false) };
        if !key.awaited || key.token != self.parsed {
            return Ok(false);
        }
        self.key_is_valid(self.key_cursor)
    }

    /// Whether a `:` here would still belong to the key of `level`.
    pub(super) fn key_is_valid(&mut self, level: usize) -> Result<bool> {
        let key = self.simple_keys[level];
        if !key.possible {
            return Ok(false);
        }
        if key.at >= self.line_start && !self.ended && !self.is_far(key.at) {
            return Ok(true);
        }
        if key.required {
            return Err(self.error(NO_COLON, key.at));
        }
        self.simple_keys[level].possible = false;
        Ok(false)
    }

    /// Whether more than the allowed number of characters lie between `at` and here.
    fn is_far(&self, at: usize) -> bool {
        let end = self.pos.min(self.bytes.len());
        self.pos - at > MAX_CHARACTERS
            && self.bytes[at..end].iter().filter(|byte| (**byte & 0xc0) != 0x80).count() > MAX_CHARACTERS
    }

    /// Notes that a key may begin here, if one may.
    #[inline]
    pub(super) fn save_simple_key(&mut self) -> Result<()> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        self.remove_simple_key()?;
        let column = self.column();
        let level = self.simple_keys.len() - 1;
        self.simple_keys[level] = SimpleKey {
            possible: true,
            awaited: true,
            required: self.flow_level == 0 && self.indent == column,
            token: self.next_token(),
            at: self.pos,
            column,
        };
        self.key_cursor = self.key_cursor.min(level);
        Ok(())
    }

    /// Gives up the key of the current level.
    #[inline]
    pub(super) fn remove_simple_key(&mut self) -> Result<()> {
        let level = self.simple_keys.len() - 1;
        let key = self.simple_keys[level];
        if key.possible && key.required {
            return Err(self.error(NO_COLON, key.at));
        }
        self.simple_keys[level].possible = false;
        Ok(())
    }

    /// The number of the token that will be read next.
    fn next_token(&self) -> usize {
        self.parsed + self.tokens.len() - self.head
    }

    pub(super) fn enter_flow(&mut self) {
        self.simple_keys.push(SimpleKey { token: self.next_token(), ..SimpleKey::IMPOSSIBLE });
        self.flow_level += 1;
    }

    /// Newer go-yaml forgets to wait for a key that is an empty flow collection: `{}: a` is read as
    /// `{}`.
    pub(super) fn leave_flow(&mut self) {
        if self.flow_level == 0 {
            return;
        }
        self.flow_level -= 1;
        let left = self.simple_keys.pop().unwrap_or(SimpleKey::IMPOSSIBLE);
        let level = self.simple_keys.len() - 1;
        self.simple_keys[level].awaited &= self.old || self.simple_keys[level].token != left.token;
        self.key_cursor = self.key_cursor.min(level);
    }
}
