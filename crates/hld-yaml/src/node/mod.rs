//! Texts as written: a tree that keeps styles, anchors, tags, comments and every entry.

mod build;
mod comments;
mod resolved;

use std::borrow::Cow;
use std::collections::HashMap;

use hld_diag::{FileId, Span};

use crate::error::Error;
use crate::events::{EventKind, Parser, Properties};
use crate::fault;
use crate::read::Window;
use crate::scalar::{Scalar, Style};
use crate::{Dialect, Limits};

pub(crate) use build::build;

/// One document as written.
#[derive(Clone, Debug)]
pub struct Document<'s> {
    text: &'s str,
    /// The part of the text that was parsed as one.
    pub(crate) window: Window,
    file: FileId,
    nodes: Vec<Data<'s>>,
    comments: HashMap<u32, Comments<'s>, foldhash::fast::RandomState>,
    span: Span,
}

/// The comments that belong to a node, each from its `#` to the end of its line.
#[derive(Clone, Debug, Default)]
pub struct Comments<'s> {
    /// On lines of their own above the node.
    pub head: Vec<&'s str>,
    /// Behind the node, on its line.
    pub line: Option<&'s str>,
    /// On lines of their own below the node, set off from what follows.
    pub foot: Vec<&'s str>,
}

/// A node of a [`Document`]. It is a place in the document, and cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    pub(crate) document: &'d Document<'d>,
    pub(crate) at: u32,
}

/// What a [`Node`] is.
#[derive(Clone, Copy, Debug)]
pub enum NodeKind<'d> {
    /// A scalar.
    Scalar(Scalar<'d>),
    /// A list.
    Sequence,
    /// A mapping.
    Mapping,
    /// `*name`, and the node it stands for.
    Alias(&'d str, Node<'d>),
}

/// What the tree keeps of a node.
#[derive(Clone, Debug)]
pub(crate) struct Data<'s> {
    pub(crate) kind: Kind<'s>,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The number of the next node in the same collection, 0 for none: 0 is the root.
    next: u32,
    parent: u32,
    properties: Option<Box<Properties<'s>>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind<'s> {
    Scalar(Scalar<'s>),
    /// The number of the first item, and whether it is written in brackets.
    Sequence(u32, bool),
    /// The number of the first key, and whether it is written in braces.
    Mapping(u32, bool),
    Alias(&'s str, u32),
}

/// Reads `text` into trees, one for each document; `file` is its name in spans.
///
/// # Errors
/// Syntax, a limit, an unknown anchor, an anchor that contains itself.
pub fn parse<'s>(text: &'s str, file: FileId, limits: &Limits) -> Result<Vec<Document<'s>>, Error> {
    parse_documents(text, file, limits).map_err(|fault| Error::new(*fault, text, file, Dialect::V2))
}

fn parse_documents<'s>(text: &'s str, file: FileId, limits: &Limits) -> fault::Result<Vec<Document<'s>>> {
    let mut parser = Parser::new(text, Dialect::V2, limits)?;
    parser.scanner.comments = Some(Vec::new());
    let mut documents: Vec<Document<'s>> = Vec::new();
    loop {
        let event = parser.next_event()?;
        match event.kind {
            EventKind::DocumentStart { .. } => documents.push(build(&mut parser, file, event.start)?),
            EventKind::StreamEnd => break,
            _ => {}
        }
    }
    let comments = parser.scanner.comments.take().unwrap_or_default();
    comments::attach(text, &comments, &mut documents);
    Ok(documents)
}

impl<'s> Document<'s> {
    /// The outermost node.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node { document: self, at: 0 }
    }

    /// From the document's first byte to its last.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The whole text that the document is a part of.
    #[must_use]
    pub fn text(&self) -> &'s str {
        self.text
    }
}

impl<'d> Node<'d> {
    pub(crate) fn data(self) -> &'d Data<'d> {
        &self.document.nodes[self.at as usize]
    }

    fn other(self, at: u32) -> Node<'d> {
        Node { document: self.document, at }
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> NodeKind<'d> {
        match self.data().kind {
            Kind::Scalar(scalar) => NodeKind::Scalar(scalar),
            Kind::Sequence(..) => NodeKind::Sequence,
            Kind::Mapping(..) => NodeKind::Mapping,
            Kind::Alias(name, target) => NodeKind::Alias(name, self.other(target)),
        }
    }

    /// Where it is written, its anchor and tag included.
    #[must_use]
    pub fn span(self) -> Span {
        let data = self.data();
        Span { file: self.document.file, start: data.start, end: data.end }
    }

    /// How it is written; an alias is plain.
    #[must_use]
    pub fn style(self) -> Style {
        match self.data().kind {
            Kind::Scalar(scalar) => scalar.style(),
            Kind::Sequence(_, flow) | Kind::Mapping(_, flow) => {
                if flow {
                    Style::Flow
                } else {
                    Style::Block
                }
            }
            Kind::Alias(..) => Style::Plain,
        }
    }

    /// Its tag in full, if one is written.
    #[must_use]
    pub fn tag(self) -> Option<&'d str> {
        self.data().properties.as_ref()?.tag.as_deref()
    }

    /// The name of its anchor, if it has one.
    #[must_use]
    pub fn anchor(self) -> Option<&'d str> {
        self.data().properties.as_ref()?.anchor
    }

    /// Its comments.
    #[must_use]
    pub fn comments(self) -> Option<&'d Comments<'d>> {
        self.document.comments.get(&self.at)
    }

    /// The node itself, or what an alias stands for.
    #[must_use]
    pub fn target(self) -> Node<'d> {
        match self.data().kind {
            Kind::Alias(_, target) => self.other(target),
            _ => self,
        }
    }

    /// The scalar, if it is one.
    #[must_use]
    pub fn as_scalar(self) -> Option<Scalar<'d>> {
        match self.data().kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text that a scalar stands for, quotes and folding undone; `None` for collections. An
    /// alias is followed.
    #[must_use]
    pub fn text(self) -> Option<Cow<'d, str>> {
        self.target().as_scalar().map(|scalar| scalar.text())
    }

    /// The source of the whole node, quotes and brackets included.
    #[must_use]
    pub fn source(self) -> &'d str {
        let data = self.data();
        self.document.text.get(data.start as usize..data.end as usize).unwrap_or_default()
    }

    /// The items of a list; nothing for other nodes.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        let first = match self.data().kind {
            Kind::Sequence(first, _) => first,
            _ => 0,
        };
        self.chain(first)
    }

    /// Every entry of a mapping as written, the same key twice included; nothing for other nodes.
    pub fn entries(self) -> impl Iterator<Item = (Node<'d>, Node<'d>)> {
        let first = match self.data().kind {
            Kind::Mapping(first, _) => first,
            _ => 0,
        };
        let mut children = self.chain(first);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// A node and those that follow it in its collection.
    fn chain(self, first: u32) -> impl Iterator<Item = Node<'d>> {
        let mut at = first;
        std::iter::from_fn(move || {
            let node = (at != 0).then(|| self.other(at))?;
            at = node.data().next;
            Some(node)
        })
    }

    /// The value of the last entry whose key is the scalar `key`, by its text.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        self.entries()
            .filter(|(name, _)| name.text().is_some_and(|text| text == key))
            .last()
            .map(|(_, value)| value)
    }
}
