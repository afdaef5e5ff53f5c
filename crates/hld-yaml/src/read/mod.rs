//! Text to values, by the rules of a dialect.

mod expand;
mod key;
mod late;
mod quick;

use hld_diag::{Diagnostic, FileId, Span};

use crate::error::Error;
use crate::events::{EventKind, Parser};
use crate::fault;
use crate::{Dialect, Limits, Value};

pub(crate) use expand::Expander;

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

/// How many documents of a text are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Documents {
    /// All of them, as kubectl and Helm read manifests. `%` directives are refused, as they are by
    /// every program that cuts a stream at its `---` lines.
    #[default]
    All,
    /// The first, as Go's `Unmarshal` does: what follows it is not even looked at. An empty text
    /// is one document, null.
    First,
}

/// What a text holds.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// The documents in order. An empty one is null.
    pub documents: Vec<Value>,
    /// Keys that stand twice, where that is no error.
    pub duplicates: Vec<Duplicate>,
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
            0 => Some(Value::new(crate::Data::Null)),
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
    read_documents(text, file, options).map_err(|fault| Error::new(*fault, text, file, options.dialect))
}

fn read_documents(text: &str, file: FileId, options: &ReadOptions) -> fault::Result<Read> {
    let mut parser = Parser::new(text, options.dialect, &options.limits)?;
    parser.refuse_directives = options.documents == Documents::All;
    let mut read = Read::default();
    loop {
        let before = parser.clone();
        match parser.next_event()?.kind {
            EventKind::DocumentStart { .. } => {}
            EventKind::StreamEnd => break,
            _ => continue,
        }
        let quick = quick::document(&mut parser, file, options, &mut read.duplicates)?;
        let value = match quick {
            Some(value) => value,
            None => {
                parser = before;
                expand::document(&mut parser, file, options, &mut read.duplicates)?
            }
        };
        read.documents.push(value);
        if options.documents == Documents::First {
            return Ok(read);
        }
    }
    if options.documents == Documents::First {
        read.documents.push(Value { data: crate::Data::Null, span: Span::start_of(file) });
    }
    Ok(read)
}
