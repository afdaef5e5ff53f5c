//! Text to values, by the rules of a dialect.

mod expand;
mod key;
mod late;
mod quick;
mod stream;

use hld_diag::{Diagnostic, FileId, Span};

use crate::error::Error;
use crate::events::{EventKind, Parser, check_size};
use crate::fault::{self, Fault};
use crate::scan::Source;
use crate::{Data, Dialect, Limits, Value};

pub(crate) use expand::Expander;
pub(crate) use stream::Window;

/// How a text is read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Whose rules hold.
    pub dialect: Dialect,
    /// What the text may ask for.
    pub limits: Limits,
    /// A key that stands twice is an error, as with `--strict`; else the last one counts. With
    /// [`Dialect::V3`] it is an error in any case.
    pub strict: bool,
    /// How many documents are read.
    pub documents: Documents,
}

/// Which documents of a text are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Documents {
    /// As Kubernetes' programs read a stream of manifests: it is cut at every line of `---`, and the
    /// first document of each part is read. What is lost by that (`--- {a: 1}`, documents behind
    /// `...`) is named in [`Read::ignored`]. A `%` directive is an error, for its part has no
    /// document.
    #[default]
    Stream,
    /// All documents, as YAML itself divides them.
    All,
    /// The first, as Go's `Unmarshal` does: what follows it is not even looked at, but named in
    /// [`Read::ignored`]. An empty text is one document, null.
    First,
}

/// What a text holds.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// The documents in order. An empty one is null.
    pub documents: Vec<Value>,
    /// Keys that stand twice, where that is no error.
    pub duplicates: Vec<Duplicate>,
    /// Text that is there and not read.
    pub ignored: Vec<Span>,
}

/// A key that stands twice in a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The key.
    pub key: String,
    /// Where it stands first.
    pub first: Span,
    /// Where it stands again: this one counts.
    pub second: Span,
}

impl Duplicate {
    /// The warning about it.
    #[must_use]
    pub fn to_diagnostic(&self) -> Diagnostic {
        let message = format!("key `{}` stands twice in this map", self.key);
        Diagnostic::new(hld_diag::DUPLICATE_KEY, self.second, message)
            .label(self.first, "it stands here already")
            .hint("remove one of the two: the last one counts, and the other is lost")
    }
}

impl Read {
    /// The only document: null where there is none, `None` where there are several.
    #[must_use]
    pub fn into_single(mut self) -> Option<Value> {
        match self.documents.len() {
            0 => Some(Value::new(Data::Null)),
            1 => self.documents.pop(),
            _ => None,
        }
    }
}

/// Reads `text`, of which `file` is the name in spans.
///
/// # Errors
/// The first thing that is wrong: syntax, an unknown anchor, a tag that does not fit, a limit, with
/// `strict` a duplicate key.
pub fn read(text: &str, file: FileId, options: &ReadOptions) -> Result<Read, Error> {
    let mut reader = Reader { file, options, read: Read::default() };
    let whole = Window::of(text);
    let in_words =
        |fault: Box<Fault>, window| Error::in_window(*fault, (text, window), file, options.dialect);
    check_size(text, &options.limits).map_err(|fault| in_words(fault, whole))?;
    let source = Source::new(text);
    let mut n_nodes = 0;
    match options.documents {
        Documents::All => reader.all(&source).map_err(|fault| in_words(fault, whole))?,
        Documents::First => {
            reader.first(&source, whole, &mut n_nodes).map_err(|fault| in_words(fault, whole))?;
        }
        Documents::Stream => {
            for part in stream::parts(text) {
                reader.first(&source, part, &mut n_nodes).map_err(|fault| in_words(fault, part))?;
            }
        }
    }
    Ok(reader.read)
}

/// A text that is being read.
struct Reader<'o> {
    file: FileId,
    options: &'o ReadOptions,
    read: Read,
}

impl Reader<'_> {
    fn all(&mut self, source: &Source<'_>) -> fault::Result<()> {
        let window = Window::of(source.text);
        let mut parser = Parser::of_window(source, window, self.options.dialect, &self.options.limits);
        while let Some(value) = self.document(&mut parser)? {
            self.read.documents.push(value);
        }
        Ok(())
    }

    /// Reads the first document of a part: null where there is none. `n_nodes` counts the nodes of
    /// all parts.
    fn first(&mut self, source: &Source<'_>, window: Window, n_nodes: &mut usize) -> fault::Result<()> {
        let mut parser = Parser::of_window(source, window, self.options.dialect, &self.options.limits);
        parser.n_nodes = *n_nodes;
        let null = Value { data: Data::Null, span: Span::new(self.file, window.start, window.start) };
        let value = self.document(&mut parser)?.unwrap_or(null);
        self.read.documents.push(value);
        *n_nodes = parser.n_nodes;
        if let Some(start) = parser.rest() {
            self.ignore(source.text, Window { start, end: window.end });
        }
        Ok(())
    }

    /// The next document. It is read straight from the events; if it turns out to have something to
    /// expand, once more by way of a tree.
    fn document(&mut self, parser: &mut Parser<'_>) -> fault::Result<Option<Value>> {
        let before = parser.clone();
        loop {
            match parser.next_event()?.kind {
                EventKind::DocumentStart { .. } => break,
                EventKind::StreamEnd => return Ok(None),
                _ => {}
            }
        }
        let duplicates = &mut self.read.duplicates;
        if let Some(value) = quick::document(parser, self.file, self.options, duplicates)? {
            return Ok(Some(value));
        }
        *parser = before;
        expand::document(parser, self.file, self.options, duplicates).map(Some)
    }

    /// Notes text that nobody reads, unless it is blank or a comment.
    fn ignore(&mut self, text: &str, window: Window) {
        let rest = text[window.start..window.end].trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            self.read.ignored.push(Span::new(self.file, window.start, window.end));
        }
    }
}
