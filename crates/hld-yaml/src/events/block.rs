//! Block collections.

use super::node::Context;
use super::{Event, EventKind, Parser, State};
use crate::fault::Result;
use crate::scan::token::{Kind, Token};

impl<'s> Parser<'s> {
    pub(super) fn block_sequence_first_entry(&mut self) -> Result<Event<'s>> {
        let token = self.peek()?;
        self.marks.push(token.start as usize);
        self.skip();
        self.block_sequence_entry()
    }

    pub(super) fn block_sequence_entry(&mut self) -> Result<Event<'s>> {
        let token = self.peek()?;
        match token.kind {
            Kind::BlockEntry => {
                let next = self.advance()?;
                if next.is(&[Kind::BlockEntry, Kind::BlockEnd]) {
                    self.state = State::BlockSequenceEntry;
                    return self.empty_scalar(token.end as usize);
                }
                self.states.push(State::BlockSequenceEntry);
                self.node(Context::Block)
            }
            Kind::BlockEnd => Ok(self.end_block(token, EventKind::SequenceEnd)),
            _ => Err(self.error_in_collection("did not find expected '-' indicator", token)),
        }
    }

    fn end_block(&mut self, token: Token, kind: EventKind<'s>) -> Event<'s> {
        self.marks.pop();
        self.skip();
        self.close(kind, token.start as usize, token.end as usize)
    }

    pub(super) fn indentless_sequence_entry(&mut self) -> Result<Event<'s>> {
        let token = self.peek()?;
        if token.kind != Kind::BlockEntry {
            let at = token.start as usize;
            return Ok(self.close(EventKind::SequenceEnd, at, at));
        }
        let next = self.advance()?;
        if next.is(&[Kind::BlockEntry, Kind::Key, Kind::Value, Kind::BlockEnd]) {
            self.state = State::IndentlessSequenceEntry;
            return self.empty_scalar(token.end as usize);
        }
        self.states.push(State::IndentlessSequenceEntry);
        self.node(Context::Block)
    }

    pub(super) fn block_mapping_first_key(&mut self) -> Result<Event<'s>> {
        let token = self.peek()?;
        self.marks.push(token.start as usize);
        self.skip();
        self.block_mapping_key()
    }

    #[inline]
    pub(super) fn block_mapping_key(&mut self) -> Result<Event<'s>> {
        let token = self.peek()?;
        match token.kind {
            Kind::Key => {
                let next = self.advance()?;
                if next.is(&[Kind::Key, Kind::Value, Kind::BlockEnd]) {
                    self.state = State::BlockMappingValue;
                    return self.empty_scalar(token.end as usize);
                }
                self.states.push(State::BlockMappingValue);
                let event = self.node(Context::Entry)?;
                self.check_key(event)
            }
            Kind::BlockEnd => Ok(self.end_block(token, EventKind::MappingEnd)),
            _ => Err(self.error_in_collection("did not find expected key", token)),
        }
    }

    #[inline]
    pub(super) fn block_mapping_value(&mut self) -> Result<Event<'s>> {
        let token = self.peek()?;
        if token.kind != Kind::Value {
            self.state = State::BlockMappingKey;
            return self.empty_scalar(token.start as usize);
        }
        let next = self.advance()?;
        if next.is(&[Kind::Key, Kind::Value, Kind::BlockEnd]) {
            self.state = State::BlockMappingKey;
            return self.empty_scalar(token.end as usize);
        }
        self.states.push(State::BlockMappingKey);
        self.node(Context::Entry)
    }
}
