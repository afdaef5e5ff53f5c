//! Events: the structure of a text without a tree.

mod block;
mod document;
mod flow;
mod node;

use std::borrow::Cow;

use hld_diag::FileId;
use node::Context;

use crate::error::{Error, Limit};
use crate::fault::{Fault, Result};
use crate::read::Window;
use crate::scalar::Scalar;
use crate::scan::token::{Kind, Token};
use crate::scan::{Scanner, Source};
use crate::{Dialect, Limits};

/// One step through a text, in the order of the text.
#[derive(Clone, Debug)]
pub struct Event<'s> {
    /// What begins, ends or stands here.
    pub kind: EventKind<'s>,
    /// The offset of its first byte; of a node with properties, of the first property.
    pub start: usize,
    /// The offset behind its last byte.
    pub end: usize,
    /// Anchor and tag of a node, if it has any.
    pub properties: Option<Box<Properties<'s>>>,
}

impl<'s> Event<'s> {
    /// The name of the node's anchor, if it has one.
    #[must_use]
    pub fn anchor(&self) -> Option<&'s str> {
        self.properties.as_ref()?.anchor
    }

    /// The node's tag in full, if it has one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.properties.as_ref()?.tag.as_deref()
    }
}

/// What an [`Event`] is.
#[derive(Clone, Copy, Debug)]
pub enum EventKind<'s> {
    /// The first event.
    StreamStart,
    /// The last event.
    StreamEnd,
    /// A document begins, with `---` or without.
    DocumentStart {
        /// `---` is written.
        explicit: bool,
    },
    /// A document ends, with `...` or without.
    DocumentEnd {
        /// `...` is written.
        explicit: bool,
    },
    /// `*name`.
    Alias(&'s str),
    /// A scalar.
    Scalar(Scalar<'s>),
    /// A list begins.
    SequenceStart {
        /// It is written in brackets.
        flow: bool,
    },
    /// A list ends.
    SequenceEnd,
    /// A mapping begins: keys and values follow in turn.
    MappingStart {
        /// It is written in braces.
        flow: bool,
    },
    /// A mapping ends.
    MappingEnd,
}

/// What stands before a node.
#[derive(Clone, Debug, Default)]
pub struct Properties<'s> {
    /// `&name`.
    pub anchor: Option<&'s str>,
    /// The tag in full: `tag:yaml.org,2002:str` for `!!str`; `!` is the tag that says nothing.
    pub tag: Option<Cow<'s, str>>,
}

/// A pull parser.
///
/// It stops at the first error, and after the event [`EventKind::StreamEnd`].
pub struct Events<'s> {
    parser: Parser<'s>,
    file: FileId,
    dialect: Dialect,
    done: bool,
}

impl<'s> Events<'s> {
    /// Reads `text`, of which `file` is the name in errors.
    ///
    /// # Errors
    /// The text is larger than the limit.
    pub fn new(
        text: &'s str,
        file: FileId,
        dialect: Dialect,
        limits: &Limits,
    ) -> std::result::Result<Self, Error> {
        let parser =
            Parser::new(text, dialect, limits).map_err(|fault| Error::new(*fault, text, file, dialect))?;
        Ok(Events { parser, file, dialect, done: false })
    }
}

impl<'s> Iterator for Events<'s> {
    type Item = std::result::Result<Event<'s>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let event = self.parser.next_event();
        self.done = !matches!(&event, Ok(event) if !matches!(event.kind, EventKind::StreamEnd));
        let text = self.parser.scanner.text();
        Some(event.map_err(|fault| Error::new(*fault, text, self.file, self.dialect)))
    }
}

/// Where the parser is: what may come next.
#[derive(Clone, Copy, Debug)]
enum State {
    StreamStart,
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirstEntry,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirstKey,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirstEntry,
    FlowSequenceEntry,
    FlowSequenceEntryMappingKey,
    FlowSequenceEntryMappingValue,
    FlowSequenceEntryMappingEnd,
    FlowMappingFirstKey,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// The state machine from tokens to events, by libyaml's grammar.
#[derive(Clone)]
pub(crate) struct Parser<'s> {
    pub(crate) scanner: Scanner<'s>,
    /// The part of the text that is parsed.
    pub(crate) window: Window,
    state: State,
    states: Vec<State>,
    /// Where the open collections began, for errors.
    marks: Vec<usize>,
    /// Handles and prefixes of this document's `%TAG` directives, and the two that always hold.
    tag_directives: Vec<(Cow<'s, str>, Cow<'s, str>)>,
    pub(crate) n_nodes: usize,
    depth: usize,
    max_nodes: usize,
    max_depth: usize,
    max_key: usize,
}

impl<'s> Parser<'s> {
    /// Parses the whole of `text`.
    pub(crate) fn new(text: &'s str, dialect: Dialect, limits: &Limits) -> Result<Self> {
        check_size(text, limits)?;
        Ok(Self::of_window(&Source::new(text), Window::of(text), dialect, limits))
    }

    /// Parses a part of a text, whose size has been checked.
    pub(crate) fn of_window(source: &Source<'s>, window: Window, dialect: Dialect, limits: &Limits) -> Self {
        Parser {
            scanner: Scanner::new(source, window, dialect, limits),
            window,
            state: State::StreamStart,
            states: Vec::new(),
            marks: Vec::new(),
            tag_directives: Vec::new(),
            n_nodes: 0,
            depth: 0,
            max_nodes: limits.nodes,
            max_depth: limits.max_depth(),
            max_key: limits.key_bytes,
        }
    }

    /// The next event; after the end of the stream always that end.
    #[inline]
    pub(crate) fn next_event(&mut self) -> Result<Event<'s>> {
        match self.state {
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::BlockMappingFirstKey => self.block_mapping_first_key(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::BlockSequenceFirstEntry => self.block_sequence_first_entry(),
            State::BlockNode => self.node(Context::Block),
            State::StreamStart => self.stream_start(),
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::FlowSequenceFirstEntry => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowSequenceEntryMappingKey => self.flow_sequence_entry_mapping_key(),
            State::FlowSequenceEntryMappingValue => self.flow_sequence_entry_mapping_value(),
            State::FlowSequenceEntryMappingEnd => self.flow_sequence_entry_mapping_end(),
            State::FlowMappingFirstKey => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
            State::End => {
                let end = self.window.end;
                Ok(self.event(EventKind::StreamEnd, end, end))
            }
        }
    }

    /// An event at a place within the text: what follows the last line is at its end.
    #[inline]
    fn event(&self, kind: EventKind<'s>, start: usize, end: usize) -> Event<'s> {
        let last = self.window.end;
        Event { kind, start: start.min(last), end: end.min(last), properties: None }
    }

    fn peek(&mut self) -> Result<Token> {
        self.scanner.peek()
    }

    fn skip(&mut self) {
        self.scanner.skip();
    }

    /// Skips the current token and returns the next.
    fn advance(&mut self) -> Result<Token> {
        self.scanner.skip();
        self.scanner.peek()
    }

    /// Returns to what was being read around this.
    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// A collection begins.
    fn open(&mut self, at: usize) -> Result<()> {
        self.depth += 1;
        if self.depth > self.max_depth {
            return Err(Fault::limit(Limit::Depth { limit: self.max_depth }, at));
        }
        Ok(())
    }

    /// A collection ends at `token`.
    fn close(&mut self, kind: EventKind<'s>, start: usize, end: usize) -> Event<'s> {
        self.depth -= 1;
        self.pop_state();
        self.event(kind, start, end)
    }

    fn count_node(&mut self, at: usize) -> Result<()> {
        self.n_nodes += 1;
        if self.n_nodes > self.max_nodes {
            return Err(Fault::limit(Limit::Nodes { limit: self.max_nodes }, at));
        }
        Ok(())
    }

    /// The scalar that is not written, at `at`.
    fn empty_scalar(&mut self, at: usize) -> Result<Event<'s>> {
        self.count_node(at)?;
        Ok(self.event(EventKind::Scalar(Scalar::EMPTY), at, at))
    }

    /// An error in the innermost open collection, which is closed by it.
    fn error_in_collection(&mut self, problem: &'static str, token: Token) -> Box<Fault> {
        let context = self.marks.pop().unwrap_or_default();
        Fault::parser(problem, token.start as usize, context)
    }
}

/// Refuses a text that is larger than the limit, or than offsets of 32 bits.
pub(crate) fn check_size(text: &str, limits: &Limits) -> Result<()> {
    let limit = limits.bytes.min(u32::MAX as usize - 8);
    if text.len() > limit {
        return Err(Fault::limit(Limit::Bytes { limit, seen: text.len() }, 0));
    }
    Ok(())
}

impl Token {
    fn is(self, kinds: &[Kind]) -> bool {
        kinds.contains(&self.kind)
    }
}
