//! The stream and its documents.

use std::borrow::Cow;

use super::node::Context;
use super::{Event, EventKind, Parser, State};
use crate::fault::{Fault, Result};
use crate::scan::token::{Kind, Token};

const NO_START: &str = "did not find expected <document start>";

impl<'s> Parser<'s> {
    pub(super) fn stream_start(&mut self) -> Result<Event<'s>> {
        let token = self.peek()?;
        self.skip();
        self.state = State::ImplicitDocumentStart;
        Ok(self.event(EventKind::StreamStart, token.start as usize, token.end as usize))
    }

    pub(super) fn document_start(&mut self, implicit: bool) -> Result<Event<'s>> {
        let mut token = self.peek()?;
        while !implicit && token.kind == Kind::DocumentEnd {
            token = self.advance()?;
        }
        let start = token.start as usize;
        let directive = token.is(&[Kind::VersionDirective, Kind::TagDirective]);
        match token.kind {
            Kind::StreamEnd => {
                self.state = State::End;
                Ok(self.event(EventKind::StreamEnd, start, token.end as usize))
            }
            _ if implicit && !directive && token.kind != Kind::DocumentStart => {
                self.directives()?;
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                Ok(self.event(EventKind::DocumentStart { explicit: false }, start, start))
            }
            _ => {
                let token = self.directives()?;
                if token.kind != Kind::DocumentStart {
                    return Err(Fault::parser(NO_START, token.start as usize, 0));
                }
                self.skip();
                self.states.push(State::DocumentEnd);
                self.state = State::DocumentContent;
                Ok(self.event(EventKind::DocumentStart { explicit: true }, start, token.end as usize))
            }
        }
    }

    /// Reads `%YAML` and `%TAG`; returns the token behind them.
    fn directives(&mut self) -> Result<Token> {
        let mut version = false;
        let mut token = self.peek()?;
        loop {
            let at = token.start as usize;
            match token.kind {
                Kind::VersionDirective if version => {
                    return Err(Fault::parser("found duplicate %YAML directive", at, 0));
                }
                Kind::VersionDirective if (token.a, token.b) != (1, 1) => {
                    return Err(Fault::parser("found incompatible YAML document", at, 0));
                }
                Kind::VersionDirective => version = true,
                Kind::TagDirective => {
                    let parts = self.scanner.tags[token.a as usize].clone();
                    if self.tag_directives.iter().any(|(handle, _)| *handle == parts.0) {
                        return Err(Fault::parser("found duplicate %TAG directive", at, 0));
                    }
                    self.tag_directives.push(parts);
                }
                _ => break,
            }
            token = self.advance()?;
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tag_directives.iter().any(|(known, _)| known == handle) {
                self.tag_directives.push((Cow::Borrowed(handle), Cow::Borrowed(prefix)));
            }
        }
        Ok(token)
    }

    pub(super) fn document_content(&mut self) -> Result<Event<'s>> {
        let token = self.peek()?;
        let ends = [
            Kind::VersionDirective,
            Kind::TagDirective,
            Kind::DocumentStart,
            Kind::DocumentEnd,
            Kind::StreamEnd,
        ];
        if token.is(&ends) {
            self.pop_state();
            return self.empty_scalar(token.start as usize);
        }
        self.node(Context::Block)
    }

    /// Where the next document begins, or whatever it is that follows the last one; `None` at the
    /// end of the text.
    pub(crate) fn rest(&mut self) -> Option<usize> {
        let here = self.scanner.position();
        match self.peek() {
            Ok(token) if token.kind == Kind::StreamEnd => None,
            Ok(token) => Some((token.start as usize).min(self.window.end)),
            Err(_) => Some(here),
        }
    }

    pub(super) fn document_end(&mut self) -> Result<Event<'s>> {
        let token = self.peek()?;
        let explicit = token.kind == Kind::DocumentEnd;
        let start = token.start as usize;
        let end = if explicit { token.end as usize } else { start };
        if explicit {
            self.skip();
        }
        self.tag_directives.clear();
        self.scanner.forget_tags();
        self.state = State::DocumentStart;
        Ok(self.event(EventKind::DocumentEnd { explicit }, start, end))
    }
}
