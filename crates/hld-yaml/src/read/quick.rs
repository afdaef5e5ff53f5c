//! Documents without aliases and merge keys: values straight from events.

use std::borrow::Cow;

use hld_diag::{FileId, Span};

use super::late::{Late, Repeated};
use super::{Duplicate, ReadOptions, key};
use crate::events::{Event, EventKind, Parser};
use crate::fault::Result;
use crate::resolve;
use crate::scalar::Scalar;
use crate::{Data, Dialect, Map, Value};

/// Reads one document whose start has been read; `None` if it has something to expand.
pub(super) fn document(
    parser: &mut Parser<'_>,
    file: FileId,
    options: &ReadOptions,
    duplicates: &mut Vec<Duplicate>,
) -> Result<Option<Value>> {
    let mut builder = Builder::new(file, options.dialect);
    loop {
        let event = parser.next_event()?;
        match builder.take(&event)? {
            Step::More => {}
            Step::Expand => return Ok(None),
            Step::Done => break,
        }
    }
    // go-yaml v3 lists repeated keys in an order of its own.
    if builder.repeats && options.dialect == Dialect::V3 {
        return Ok(None);
    }
    let root = builder.root.unwrap_or_else(|| Value { data: Data::Null, span: Span::start_of(file) });
    builder.late.finish((parser.scanner.text(), parser.window), options, duplicates)?;
    Ok(Some(root))
}

/// What an event was to the builder.
enum Step {
    More,
    /// The document has an anchor, an alias, a merge key or a key that is no scalar.
    Expand,
    Done,
}

/// A collection that is being read.
enum Frame<'s> {
    Seq(Vec<Value>),
    Map(Map, Option<PendingKey<'s>>),
}

/// A key whose value is being read.
struct PendingKey<'s> {
    text: Cow<'s, str>,
    span: Span,
    /// It was no string.
    converted: bool,
    /// The source of a key that was no string: go-yaml v3 compares keys by it.
    source: Option<Cow<'s, str>>,
}

struct Builder<'s> {
    file: FileId,
    dialect: Dialect,
    stack: Vec<(Frame<'s>, usize)>,
    root: Option<Value>,
    late: Late,
    /// A key stands twice.
    repeats: bool,
}

impl<'s> Builder<'s> {
    fn new(file: FileId, dialect: Dialect) -> Self {
        Builder {
            file,
            dialect,
            stack: Vec::with_capacity(16),
            root: None,
            late: Late::new(dialect),
            repeats: false,
        }
    }

    #[inline]
    fn take(&mut self, event: &Event<'s>) -> Result<Step> {
        if event.anchor().is_some() {
            return Ok(Step::Expand);
        }
        let expects_key = matches!(self.stack.last(), Some((Frame::Map(_, None), _)));
        match event.kind {
            EventKind::Scalar(scalar) if expects_key => return Ok(self.key(scalar, event)),
            EventKind::Scalar(scalar) => {
                let data = self.scalar(&scalar, event);
                self.put(Value { data, span: Span::new(self.file, event.start, event.end) });
            }
            EventKind::SequenceStart { .. } | EventKind::MappingStart { .. } if expects_key => {
                return Ok(Step::Expand);
            }
            EventKind::SequenceStart { .. } => self.stack.push((Frame::Seq(Vec::new()), event.start)),
            EventKind::MappingStart { .. } => self.stack.push((Frame::Map(Map::new(), None), event.start)),
            EventKind::SequenceEnd | EventKind::MappingEnd => self.end(event.end),
            EventKind::Alias(_) => return Ok(Step::Expand),
            EventKind::DocumentEnd { .. } => return Ok(Step::Done),
            _ => {}
        }
        Ok(Step::More)
    }

    fn key(&mut self, scalar: Scalar<'s>, event: &Event<'s>) -> Step {
        let tag = event.tag();
        if resolve::is_merge_key(&scalar, tag, self.dialect) {
            return Step::Expand;
        }
        let span = Span::new(self.file, event.start, event.end);
        let mut pending = PendingKey { text: "".into(), span, converted: false, source: None };
        match key::key(&scalar, tag, self.dialect, event.start) {
            Ok(key) => {
                pending.source = (key.converted && self.dialect == Dialect::V3).then(|| scalar.text());
                pending.converted = key.converted;
                pending.text = key.text;
            }
            Err(key::Fault::Tag(fault)) => self.late.value(fault),
            Err(key::Fault::Kind(fault)) => {
                pending.converted = true;
                self.late.key(fault);
            }
        }
        if let Some((Frame::Map(_, key), _)) = self.stack.last_mut() {
            *key = Some(pending);
        }
        Step::More
    }

    #[inline]
    fn scalar(&mut self, scalar: &Scalar<'s>, event: &Event<'s>) -> Data {
        match resolve::scalar(scalar, event.tag(), self.dialect, event.start) {
            Ok((resolved, text)) => self.late.data(resolved, text, event.start),
            Err(fault) => {
                self.late.value(fault);
                Data::Null
            }
        }
    }

    /// Puts a value where it belongs.
    #[inline]
    fn put(&mut self, value: Value) {
        match self.stack.last_mut() {
            None => self.root = Some(value),
            Some((Frame::Seq(items), _)) => items.push(value),
            Some((Frame::Map(map, key), _)) => {
                let Some(key) = key.take() else { return };
                let source = key.source.as_deref();
                self.repeats |= source.is_some_and(|source| source != key.text && map.contains_key(source));
                let value_at = value.span.start as usize;
                let (first, text) = map.insert_spanned(key.text, key.span, value);
                if let Some(first) = first {
                    self.repeats = true;
                    let duplicate = Duplicate { key: text.to_owned(), first, second: key.span };
                    self.late.repeated(Repeated { duplicate, value_at, converted: key.converted });
                }
            }
        }
    }

    fn end(&mut self, end: usize) {
        let Some((frame, start)) = self.stack.pop() else { return };
        let data = match frame {
            Frame::Seq(items) => Data::Seq(items),
            Frame::Map(map, _) => Data::Map(map),
        };
        self.put(Value { data, span: Span::new(self.file, start, end) });
    }
}
