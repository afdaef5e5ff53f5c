//! Flow collections.

use super::node::Context;
use super::{Event, EventKind, Parser, State};
use crate::fault::Result;
use crate::scan::token::{Kind, Token};

impl<'s> Parser<'s> {
    pub(super) fn flow_sequence_entry(&mut self, first: bool) -> Result<Event<'s>> {
        if first {
            self.enter_flow()?;
        }
        let mut token = self.peek()?;
        if token.kind != Kind::FlowSequenceEnd {
            if !first {
                token = self.flow_entry(token, "did not find expected ',' or ']'")?;
            }
            if token.kind == Kind::Key {
                return self.single_pair(token);
            }
            if token.kind != Kind::FlowSequenceEnd {
                self.states.push(State::FlowSequenceEntry);
                return self.node(Context::Flow);
            }
        }
        Ok(self.end_flow(token, EventKind::SequenceEnd))
    }

    fn enter_flow(&mut self) -> Result<()> {
        let token = self.peek()?;
        self.marks.push(token.start as usize);
        self.skip();
        Ok(())
    }

    /// Goes over the comma between two entries.
    fn flow_entry(&mut self, token: Token, problem: &'static str) -> Result<Token> {
        match token.kind {
            Kind::FlowEntry => self.advance(),
            _ => Err(self.error_in_collection(problem, token)),
        }
    }

    fn end_flow(&mut self, token: Token, kind: EventKind<'s>) -> Event<'s> {
        self.marks.pop();
        self.skip();
        self.close(kind, token.start as usize, token.end as usize)
    }

    /// `[a: b]`: a mapping of one pair.
    fn single_pair(&mut self, token: Token) -> Result<Event<'s>> {
        let start = token.start as usize;
        self.count_node(start)?;
        self.open(start)?;
        self.states.push(State::FlowSequenceEntry);
        self.state = State::FlowSequenceEntryMappingKey;
        self.skip();
        Ok(self.event(EventKind::MappingStart { flow: true }, start, token.end as usize))
    }

    pub(super) fn flow_sequence_entry_mapping_key(&mut self) -> Result<Event<'s>> {
        let token = self.peek()?;
        if !token.is(&[Kind::Value, Kind::FlowEntry, Kind::FlowSequenceEnd]) {
            self.states.push(State::FlowSequenceEntryMappingValue);
            let event = self.node(Context::Flow)?;
            return self.check_key(event);
        }
        self.skip();
        self.state = State::FlowSequenceEntryMappingValue;
        self.empty_scalar(token.end as usize)
    }

    pub(super) fn flow_sequence_entry_mapping_value(&mut self) -> Result<Event<'s>> {
        let mut token = self.peek()?;
        if token.kind == Kind::Value {
            token = self.advance()?;
            if !token.is(&[Kind::FlowEntry, Kind::FlowSequenceEnd]) {
                self.states.push(State::FlowSequenceEntryMappingEnd);
                return self.node(Context::Flow);
            }
        }
        self.state = State::FlowSequenceEntryMappingEnd;
        self.empty_scalar(token.start as usize)
    }

    pub(super) fn flow_sequence_entry_mapping_end(&mut self) -> Result<Event<'s>> {
        let at = self.peek()?.start as usize;
        Ok(self.close(EventKind::MappingEnd, at, at))
    }

    pub(super) fn flow_mapping_key(&mut self, first: bool) -> Result<Event<'s>> {
        if first {
            self.enter_flow()?;
        }
        let mut token = self.peek()?;
        if token.kind != Kind::FlowMappingEnd {
            if !first {
                token = self.flow_entry(token, "did not find expected ',' or '}'")?;
            }
            if token.kind == Kind::Key {
                return self.explicit_flow_key();
            }
            if token.kind != Kind::FlowMappingEnd {
                self.states.push(State::FlowMappingEmptyValue);
                let event = self.node(Context::Flow)?;
                return self.check_key(event);
            }
        }
        Ok(self.end_flow(token, EventKind::MappingEnd))
    }

    fn explicit_flow_key(&mut self) -> Result<Event<'s>> {
        let token = self.advance()?;
        if token.is(&[Kind::Value, Kind::FlowEntry, Kind::FlowMappingEnd]) {
            self.state = State::FlowMappingValue;
            return self.empty_scalar(token.start as usize);
        }
        self.states.push(State::FlowMappingValue);
        let event = self.node(Context::Flow)?;
        self.check_key(event)
    }

    pub(super) fn flow_mapping_value(&mut self, empty: bool) -> Result<Event<'s>> {
        let mut token = self.peek()?;
        if !empty && token.kind == Kind::Value {
            token = self.advance()?;
            if !token.is(&[Kind::FlowEntry, Kind::FlowMappingEnd]) {
                self.states.push(State::FlowMappingKey);
                return self.node(Context::Flow);
            }
        }
        self.state = State::FlowMappingKey;
        self.empty_scalar(token.start as usize)
    }
}
