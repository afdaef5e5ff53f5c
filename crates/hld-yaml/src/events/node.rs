//! Nodes: aliases, scalars, and where collections begin.

use std::borrow::Cow;

use super::{Event, EventKind, Parser, Properties, State};
use crate::error::Limit;
use crate::fault::{Fault, Result};
use crate::scalar::{Scalar, Style};
use crate::scan::token::{Kind, Token};

/// What may stand where a node is read.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Context {
    /// Block collections too.
    Block,
    /// Block collections, and a list at the indentation of its key.
    Entry,
    /// Flow collections only.
    Flow,
}

/// Where a node begins, and its properties.
struct Start<'s> {
    at: usize,
    properties: Option<Box<Properties<'s>>>,
}

impl<'s> Parser<'s> {
    /// Reads a node, or its beginning.
    #[inline]
    pub(super) fn node(&mut self, context: Context) -> Result<Event<'s>> {
        let token = self.peek()?;
        match token.kind {
            Kind::Scalar => self.scalar(token, token.start as usize, None),
            Kind::Alias => self.alias(token),
            Kind::Anchor | Kind::Tag => self.node_with_properties(context),
            _ => self.node_content(token, Start { at: token.start as usize, properties: None }, context),
        }
    }

    fn alias(&mut self, token: Token) -> Result<Event<'s>> {
        let (start, end) = (token.start as usize, token.end as usize);
        self.count_node(start)?;
        self.pop_state();
        self.skip();
        let name = &self.scanner.text()[start + 1..end];
        Ok(self.event(EventKind::Alias(name), start, end))
    }

    #[inline]
    fn scalar(
        &mut self,
        token: Token,
        start: usize,
        properties: Option<Box<Properties<'s>>>,
    ) -> Result<Event<'s>> {
        self.count_node(start)?;
        self.pop_state();
        self.skip();
        let (from, to) = match token.form.style {
            Style::SingleQuoted | Style::DoubleQuoted => (token.start + 1, token.end - 1),
            Style::Literal | Style::Folded => (token.a, token.end),
            _ => (token.start, token.end),
        };
        // A block scalar without lines ends before its header does.
        let source = &self.scanner.text()[from as usize..to.max(from) as usize];
        let scalar = Scalar::new(source, token.form, token.b);
        let end = token.end as usize;
        Ok(Event { kind: EventKind::Scalar(scalar), start, end, properties })
    }

    fn node_with_properties(&mut self, context: Context) -> Result<Event<'s>> {
        let mut token = self.peek()?;
        let start = token.start as usize;
        let mut properties = Box::new(Properties::default());
        let mut tag = None;
        loop {
            match token.kind {
                Kind::Anchor if properties.anchor.is_none() => {
                    let name = &self.scanner.text()[token.start as usize + 1..token.end as usize];
                    properties.anchor = Some(name);
                }
                Kind::Tag if tag.is_none() => tag = Some(token),
                _ => break,
            }
            token = self.advance()?;
        }
        properties.tag = tag.map(|tag| self.tag(tag, start)).transpose()?;
        match token.kind {
            Kind::Scalar => self.scalar(token, start, Some(properties)),
            _ => self.node_content(token, Start { at: start, properties: Some(properties) }, context),
        }
    }

    /// The tag in full.
    fn tag(&self, token: Token, start: usize) -> Result<Cow<'s, str>> {
        let (handle, suffix) = &self.scanner.tags[token.a as usize];
        if handle.is_empty() {
            return Ok(suffix.clone());
        }
        let directive = self.tag_directives.iter().find(|(known, _)| known == handle);
        match directive {
            Some((_, prefix)) if !prefix.is_empty() || !suffix.is_empty() => {
                Ok(format!("{prefix}{suffix}").into())
            }
            _ => Err(Fault::parser("found undefined tag handle", token.start as usize, start)),
        }
    }

    /// Begins a collection, or makes the empty scalar that properties alone stand for.
    fn node_content(&mut self, token: Token, node: Start<'s>, context: Context) -> Result<Event<'s>> {
        let Start { at: start, properties } = node;
        let (kind, state) = match token.kind {
            Kind::BlockEntry if context == Context::Entry => {
                (EventKind::SequenceStart { flow: false }, State::IndentlessSequenceEntry)
            }
            Kind::FlowSequenceStart => {
                (EventKind::SequenceStart { flow: true }, State::FlowSequenceFirstEntry)
            }
            Kind::FlowMappingStart => (EventKind::MappingStart { flow: true }, State::FlowMappingFirstKey),
            Kind::BlockSequenceStart if context != Context::Flow => {
                (EventKind::SequenceStart { flow: false }, State::BlockSequenceFirstEntry)
            }
            Kind::BlockMappingStart if context != Context::Flow => {
                (EventKind::MappingStart { flow: false }, State::BlockMappingFirstKey)
            }
            _ if properties.is_some() => {
                self.count_node(start)?;
                self.pop_state();
                let kind = EventKind::Scalar(Scalar::EMPTY);
                return Ok(Event { kind, start, end: start, properties });
            }
            _ => {
                let problem = "did not find expected node content";
                return Err(Fault::parser(problem, token.start as usize, start));
            }
        };
        self.count_node(start)?;
        self.open(start)?;
        self.state = state;
        Ok(Event { properties, ..self.event(kind, start, token.end as usize) })
    }

    /// Refuses keys that are larger than the limit.
    pub(super) fn check_key(&self, event: Event<'s>) -> Result<Event<'s>> {
        if let EventKind::Scalar(scalar) = &event.kind
            && scalar.source().len() > self.max_key
        {
            let limit = Limit::KeyBytes { limit: self.max_key, seen: scalar.source().len() };
            return Err(Fault::limit(limit, event.start));
        }
        Ok(event)
    }
}
