//! Tags, anchors and aliases.

use std::borrow::Cow;

use super::chars::{URI, WORD, is, is_blank_or_end};
use super::token::{Kind, Token};
use super::{Scanner, TagParts};
use crate::fault::Result;

impl<'s> Scanner<'s> {
    /// Reads the name of an anchor or alias.
    pub(super) fn fetch_anchor(&mut self, kind: Kind) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.pos;
        self.pos += 1;
        self.skip_word();
        let ends = is_blank_or_end(self.bytes, self.pos)
            || matches!(self.byte(), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if self.pos == start + 1 || !ends {
            return Err(self.error("did not find expected alphabetic or numeric character", start));
        }
        self.push(Token::new(kind, start, self.pos));
        Ok(())
    }

    pub(super) fn skip_word(&mut self) {
        while is(self.byte(), WORD) {
            self.pos += 1;
        }
    }

    pub(super) fn fetch_tag(&mut self) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.pos;
        let parts = self.scan_tag(start)?;
        if !is_blank_or_end(self.bytes, self.pos) {
            return Err(self.error("did not find expected whitespace or line break", start));
        }
        let mut token = Token::new(Kind::Tag, start, self.pos);
        token.a = self.keep_tag(parts);
        self.push(token);
        Ok(())
    }

    /// Keeps the parts of a tag; returns their number.
    pub(super) fn keep_tag(&mut self, parts: TagParts<'s>) -> u32 {
        self.tags.push(parts);
        (self.tags.len() - 1) as u32
    }

    /// Drops the tags of a document that has been read, so that they do not pile up.
    pub(crate) fn forget_tags(&mut self) {
        let waiting = &self.tokens[self.head..];
        if !waiting.iter().any(|token| matches!(token.kind, Kind::Tag | Kind::TagDirective)) {
            self.tags.clear();
        }
    }

    /// Handle and suffix: `!<suffix>`, `!handle!suffix`, `!suffix` or `!`.
    fn scan_tag(&mut self, start: usize) -> Result<TagParts<'s>> {
        if self.byte_at(self.pos + 1) == b'<' {
            self.pos += 2;
            let suffix = self.scan_tag_uri("", start)?;
            if self.byte() != b'>' {
                return Err(self.error("did not find the expected '>'", start));
            }
            self.pos += 1;
            return Ok((Cow::Borrowed(""), suffix));
        }
        let handle = self.scan_tag_handle(start, "")?;
        if handle.len() > 1 && handle.ends_with('!') {
            return Ok((Cow::Borrowed(handle), self.scan_tag_uri("", start)?));
        }
        let suffix = self.scan_tag_uri(handle, start)?;
        if suffix.is_empty() {
            return Ok((Cow::Borrowed(""), Cow::Borrowed("!")));
        }
        Ok((Cow::Borrowed("!"), suffix))
    }

    /// Reads `!`, a word and, where it is there, a second `!`. `directive` is what must follow a
    /// word that is not closed: nothing may in a directive.
    pub(super) fn scan_tag_handle(&mut self, start: usize, directive: &str) -> Result<&'s str> {
        if self.byte() != b'!' {
            return Err(self.error("did not find expected '!'", start));
        }
        let from = self.pos;
        self.pos += 1;
        self.skip_word();
        if self.byte() == b'!' {
            self.pos += 1;
        } else if !directive.is_empty() && self.pos > from + 1 {
            return Err(self.error("did not find expected '!'", start));
        }
        Ok(&self.text[from..self.pos])
    }

    /// Reads a URI that goes on from `head`, of which the leading `!` does not count.
    pub(super) fn scan_tag_uri(&mut self, head: &'s str, start: usize) -> Result<Cow<'s, str>> {
        let from = self.pos;
        let mut escaped: Option<Vec<u8>> = None;
        while is(self.byte(), WORD | URI) {
            if self.byte() == b'%' {
                let done = &self.bytes[from..self.pos];
                let mut uri = escaped.take().unwrap_or_else(|| done.to_vec());
                self.scan_uri_escape(&mut uri, start)?;
                escaped = Some(uri);
            } else {
                if let Some(uri) = &mut escaped {
                    uri.push(self.bytes[self.pos]);
                }
                self.pos += 1;
            }
        }
        if head.is_empty() && self.pos == from {
            return Err(self.error("did not find expected tag URI", start));
        }
        let head = head.get(1..).unwrap_or_default();
        // A handle that was none lies directly before the rest.
        Ok(match escaped {
            None => Cow::Borrowed(&self.text[from - head.len()..self.pos]),
            Some(uri) => Cow::Owned(head.to_owned() + &String::from_utf8_lossy(&uri)),
        })
    }

    /// Reads the `%xx` escapes of one character.
    fn scan_uri_escape(&mut self, uri: &mut Vec<u8>, start: usize) -> Result<()> {
        let mut left = None;
        while left != Some(0) {
            let hex = self.text.get(self.pos + 1..self.pos + 3).unwrap_or_default();
            let octet = u8::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with('+'));
            let Some(octet) = octet.filter(|_| self.byte() == b'%') else {
                return Err(self.error("did not find URI escaped octet", start));
            };
            left = Some(match left {
                None => match width(octet) {
                    0 => return Err(self.error("found an incorrect leading UTF-8 octet", start)),
                    n => n - 1,
                },
                Some(_) if octet & 0xc0 != 0x80 => {
                    return Err(self.error("found an incorrect trailing UTF-8 octet", start));
                }
                Some(n) => n - 1,
            });
            uri.push(octet);
            self.pos += 3;
        }
        Ok(())
    }
}

/// The length of the UTF-8 sequence that `octet` leads, 0 where it leads none.
fn width(octet: u8) -> usize {
    match octet {
        0..0x80 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf8 => 4,
        _ => 0,
    }
}
