//! Events to a tree.

use std::collections::HashMap;

use hld_diag::{FileId, Span};

use super::{Data, Document, Kind};
use crate::events::{Event, EventKind, Parser};
use crate::fault::{Fault, Result};
use crate::scalar::Scalar;

/// Builds the document whose start, at `start`, has just been read.
pub(crate) fn build<'s>(parser: &mut Parser<'s>, file: FileId, start: usize) -> Result<Document<'s>> {
    let mut builder = Builder::default();
    let end = loop {
        let event = parser.next_event()?;
        if let EventKind::DocumentEnd { .. } = event.kind {
            break event.end;
        }
        builder.take(event)?;
    };
    let text = parser.scanner.text();
    Ok(Document {
        text,
        window: parser.window,
        file,
        nodes: builder.nodes,
        comments: HashMap::default(),
        span: Span::new(file, start, end.min(text.len())),
    })
}

#[derive(Default)]
struct Builder<'s> {
    nodes: Vec<Data<'s>>,
    anchors: HashMap<&'s str, u32, foldhash::fast::RandomState>,
    /// Open collections, and the last node in each, 0 where there is none yet.
    open: Vec<(u32, u32)>,
}

impl<'s> Builder<'s> {
    fn take(&mut self, event: Event<'s>) -> Result<()> {
        match event.kind {
            EventKind::Scalar(scalar) => {
                self.add(event, Kind::Scalar(scalar));
            }
            EventKind::Alias(name) => {
                let target = self.target(name, event.start)?;
                self.add(event, Kind::Alias(name, target));
            }
            EventKind::SequenceStart { flow } => self.begin(event, Kind::Sequence(0, flow)),
            EventKind::MappingStart { flow } => self.begin(event, Kind::Mapping(0, flow)),
            EventKind::SequenceEnd | EventKind::MappingEnd => self.end(&event),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, event: Event<'s>, kind: Kind<'s>) {
        let at = self.add(event, kind);
        self.open.push((at, 0));
    }

    /// Closes a collection. A block collection ends where its last node does, for its own end is
    /// found only behind the blank lines and comments that follow.
    fn end(&mut self, event: &Event<'s>) {
        let Some((at, last)) = self.open.pop() else { return };
        let last_end = self.nodes[last as usize].end;
        let node = &mut self.nodes[at as usize];
        let flow = matches!(node.kind, Kind::Sequence(_, true) | Kind::Mapping(_, true));
        node.end = if flow || last == 0 { event.end as u32 } else { last_end };
    }

    fn add(&mut self, event: Event<'s>, kind: Kind<'s>) -> u32 {
        let at = self.nodes.len() as u32;
        let parent = self.open.last().map_or(0, |(parent, _)| *parent);
        if let Some(name) = event.properties.as_ref().and_then(|properties| properties.anchor) {
            self.anchors.insert(name, at);
        }
        let (start, end) = (event.start as u32, event.end as u32);
        self.nodes.push(Data { kind, start, end, next: 0, parent, properties: event.properties });
        if let Some((parent, last)) = self.open.last_mut() {
            match (*last, &mut self.nodes[*parent as usize].kind) {
                (0, Kind::Sequence(first, _) | Kind::Mapping(first, _)) => *first = at,
                (last, _) => self.nodes[last as usize].next = at,
            }
            *last = at;
        }
        at
    }

    fn target(&self, name: &'s str, at: usize) -> Result<u32> {
        let Some(target) = self.anchors.get(name) else {
            return Err(Fault::value(format!("unknown anchor '{name}' referenced"), at));
        };
        if self.open.iter().any(|(open, _)| open == target) {
            return Err(Fault::value(format!("anchor '{name}' value contains itself"), at));
        }
        Ok(*target)
    }
}

impl Data<'_> {
    /// The scalar in it, for tests of what is written.
    pub(crate) fn scalar(&self) -> Option<&Scalar<'_>> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}
