//! A text checked without building anything, and its documents found.

use hld_diag::{FileId, Span};

use crate::error::Error;
use crate::events::{Event, EventKind, Parser};
use crate::fault::Result;
use crate::scalar::Scalar;
use crate::{Dialect, Limits};

/// One document of a scanned text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentRange {
    /// Its bytes. The documents of a text lie side by side and cover it: a document goes to the
    /// `---` of the next one, and the first begins with the text.
    pub span: Span,
    /// Where its first node begins, behind `---` and comments.
    pub content: Span,
    /// It holds nothing but an empty scalar.
    pub is_empty: bool,
}

/// Looks on while a text is scanned.
///
/// Of a document's mappings only the paths are followed that [`Visitor::entry`] asks for; what lies
/// beside them costs nothing. A path is the keys from the document's root; lists are not entered.
///
/// ```
/// use hld_yaml::{Limits, Scalar, Visitor, scan_with};
///
/// #[derive(Default)]
/// struct Names(Vec<String>);
///
/// impl<'s> Visitor<'s> for Names {
///     fn entry(&mut self, path: &[Scalar<'s>]) -> bool {
///         matches!(path, [first] if first.text() == "metadata")
///             || matches!(path, [_, second] if second.text() == "name")
///     }
///     fn scalar(&mut self, _: &[Scalar<'s>], value: Scalar<'s>, _: hld_diag::Span) {
///         self.0.push(value.text().into_owned());
///     }
/// }
///
/// let text = "kind: A\nmetadata:\n  name: x\n---\nmetadata: {name: y}\n";
/// let mut names = Names::default();
/// let documents = scan_with(text, hld_diag::FileId::NONE, &Limits::default(), &mut names).unwrap();
/// assert_eq!(documents.len(), 2);
/// assert_eq!(names.0, ["x", "y"]);
/// ```
pub trait Visitor<'s> {
    /// A document begins; they are counted from 0.
    fn document(&mut self, _index: usize) {}

    /// A mapping has this path. Returns whether its value is to be looked at: a scalar will be
    /// shown, a mapping's entries asked for in turn.
    fn entry(&mut self, path: &[Scalar<'s>]) -> bool;

    /// The scalar under a path that was asked for. An empty path is a document that is a scalar.
    fn scalar(&mut self, path: &[Scalar<'s>], value: Scalar<'s>, span: Span);

    /// What stands under a path that was asked for is an alias, a list, or has a tag: reading it
    /// needs [`crate::read`].
    fn other(&mut self, _path: &[Scalar<'s>], _span: Span) {}
}

/// Checks `text` and finds its documents.
///
/// # Errors
/// Syntax or a limit. Anchors are not looked up and scalars not resolved: that is reading.
pub fn scan(text: &str, file: FileId, limits: &Limits) -> std::result::Result<Vec<DocumentRange>, Error> {
    let driven = Scan::new(text, file, limits).and_then(|mut scan| {
        while scan.next_event()?.is_some() {}
        Ok(scan.documents)
    });
    driven.map_err(|fault| Error::new(*fault, text, file, Dialect::V2))
}

/// As [`scan`], with someone looking on.
///
/// # Errors
/// As [`scan`].
pub fn scan_with<'s>(
    text: &'s str,
    file: FileId,
    limits: &Limits,
    visitor: &mut impl Visitor<'s>,
) -> std::result::Result<Vec<DocumentRange>, Error> {
    let driven = Scan::new(text, file, limits).and_then(|mut scan| {
        let mut walk = Walk::default();
        while let Some(event) = scan.next_event()? {
            if let EventKind::DocumentStart { .. } = event.kind {
                walk = Walk { asked: true, ..Walk::default() };
                visitor.document(scan.documents.len() - 1);
            } else {
                walk.take(&event, file, visitor);
            }
        }
        Ok(scan.documents)
    });
    driven.map_err(|fault| Error::new(*fault, text, file, Dialect::V2))
}

/// The events of a text, and the documents found on the way.
struct Scan<'s> {
    parser: Parser<'s>,
    file: FileId,
    documents: Vec<DocumentRange>,
    /// The next node is a document's first.
    at_content: bool,
}

impl<'s> Scan<'s> {
    fn new(text: &'s str, file: FileId, limits: &Limits) -> Result<Self> {
        let parser = Parser::new(text, Dialect::V2, limits)?;
        Ok(Scan { parser, file, documents: Vec::new(), at_content: false })
    }

    #[inline]
    fn next_event(&mut self) -> Result<Option<Event<'s>>> {
        let event = self.parser.next_event()?;
        match event.kind {
            EventKind::DocumentStart { .. } => self.begin(event.start),
            EventKind::StreamEnd => {
                let end = self.parser.scanner.text().len();
                self.end_last(end);
                return Ok(None);
            }
            _ if self.at_content => self.content(&event),
            _ => {}
        }
        Ok(Some(event))
    }

    fn begin(&mut self, start: usize) {
        let start = if self.documents.is_empty() { 0 } else { start };
        self.end_last(start);
        let span = Span::new(self.file, start, start);
        self.documents.push(DocumentRange { span, content: span, is_empty: true });
        self.at_content = true;
    }

    fn end_last(&mut self, end: usize) {
        if let Some(last) = self.documents.last_mut() {
            last.span = Span::new(self.file, last.span.start as usize, end);
        }
    }

    fn content(&mut self, event: &Event<'s>) {
        self.at_content = false;
        if let Some(last) = self.documents.last_mut() {
            last.content = Span::new(self.file, event.start, event.end);
            last.is_empty = event.start == event.end && matches!(event.kind, EventKind::Scalar(_));
        }
    }
}

/// Where a scan is, as far as its visitor cares.
#[derive(Default)]
struct Walk<'s> {
    path: Vec<Scalar<'s>>,
    /// Mappings around this place that are followed.
    followed: usize,
    /// Collections around this place that are not.
    beside: usize,
    /// The next scalar in the innermost followed mapping is a key.
    at_key: bool,
    /// The next node is one that was asked for.
    asked: bool,
}

impl<'s> Walk<'s> {
    #[inline]
    fn take(&mut self, event: &Event<'s>, file: FileId, visitor: &mut impl Visitor<'s>) {
        match event.kind {
            EventKind::SequenceStart { .. } | EventKind::MappingStart { .. } if self.beside > 0 => {
                self.beside += 1;
            }
            EventKind::SequenceEnd | EventKind::MappingEnd if self.beside > 0 => {
                self.beside -= 1;
                if self.beside == 0 {
                    self.after_node();
                }
            }
            EventKind::MappingEnd => {
                self.followed -= 1;
                self.after_node();
            }
            _ if self.beside > 0 => {}
            EventKind::Scalar(key) if self.at_key => {
                self.path.truncate(self.followed - 1);
                self.path.push(key);
                self.at_key = false;
                self.asked = visitor.entry(&self.path);
            }
            _ => self.node(event, file, visitor),
        }
    }

    fn node(&mut self, event: &Event<'s>, file: FileId, visitor: &mut impl Visitor<'s>) {
        let span = Span::new(file, event.start, event.end);
        let tagged = event.tag().is_some();
        let asked = self.asked && !self.at_key;
        match event.kind {
            EventKind::MappingStart { .. } if asked => {
                self.followed += 1;
                self.at_key = true;
            }
            EventKind::MappingStart { .. } | EventKind::SequenceStart { .. } => {
                if asked {
                    visitor.other(&self.path, span);
                }
                self.beside = 1;
            }
            EventKind::Scalar(scalar) => {
                match asked {
                    true if tagged => visitor.other(&self.path, span),
                    true => visitor.scalar(&self.path, scalar, span),
                    false => {}
                }
                self.after_node();
            }
            EventKind::Alias(_) => {
                if asked {
                    visitor.other(&self.path, span);
                }
                self.after_node();
            }
            _ => {}
        }
    }

    /// A node has ended: a key or its value, or the root.
    fn after_node(&mut self) {
        self.path.truncate(self.followed);
        self.asked = false;
        // A key that is no scalar has no path; its value is beside.
        self.at_key = self.followed > 0 && !self.at_key;
    }
}
