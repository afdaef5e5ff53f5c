//! What can be wrong with a text.

use std::borrow::Cow;

use hld_diag::{Diagnostic, FileId, Span};

use crate::fault::Fault;
use crate::read::Window;
use crate::scan::chars;
use crate::{Dialect, Duplicate};

/// Why a text was not read.
///
/// Messages are those of libyaml and go-yaml. They never contain a scalar of the text, which may
/// be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of fault it is.
    pub kind: ErrorKind,
    /// Where it is.
    pub span: Span,
    /// What is wrong, in libyaml's words.
    pub message: Cow<'static, str>,
    /// What to do about it, where the cause is a common one.
    pub hint: Option<&'static str>,
    /// The line that Go's message names, if it names one.
    line: Option<usize>,
    /// Go's message has no `yaml: ` in front.
    is_json: bool,
}

/// What kind of fault an [`Error`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not YAML (or JSON).
    Syntax,
    /// The bytes are no text, or hold characters that are not allowed.
    Encoding,
    /// A bound of [`crate::Limits`] was reached.
    Limit(Limit),
    /// It is YAML, but means nothing in this dialect: an unknown anchor, a tag that does not fit.
    Value,
    /// A key stands twice, and the reading was to be strict.
    Duplicate(Box<Duplicate>),
}

/// A bound that was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`crate::Limits::bytes`].
    Bytes {
        /// The bound.
        limit: usize,
        /// The size of the text.
        seen: usize,
    },
    /// [`crate::Limits::depth`].
    Depth {
        /// The bound.
        limit: usize,
    },
    /// [`crate::Limits::nodes`].
    Nodes {
        /// The bound.
        limit: usize,
    },
    /// [`crate::Limits::key_bytes`].
    KeyBytes {
        /// The bound.
        limit: usize,
        /// The size of the key.
        seen: usize,
    },
    /// [`crate::Limits::expanded_bytes`].
    ExpandedBytes {
        /// The bound.
        limit: usize,
    },
    /// Go's own rule: too large a part of the document comes from aliases.
    AliasRatio,
}

impl Limit {
    /// The name of the bound, as settings spell it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Limit::Bytes { .. } => "bytes",
            Limit::Depth { .. } => "depth",
            Limit::Nodes { .. } => "nodes",
            Limit::KeyBytes { .. } => "key bytes",
            Limit::ExpandedBytes { .. } => "expanded bytes",
            Limit::AliasRatio => "alias ratio",
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Bytes { limit, seen } => write!(f, "text has {seen} bytes, the limit is {limit}"),
            Limit::Depth { limit } => write!(f, "nested deeper than the limit of {limit} levels"),
            Limit::Nodes { limit } => write!(f, "more nodes than the limit of {limit}"),
            Limit::KeyBytes { limit, seen } => write!(f, "key has {seen} bytes, the limit is {limit}"),
            Limit::ExpandedBytes { limit } => {
                write!(f, "aliases add more text than the limit of {limit} bytes")
            }
            Limit::AliasRatio => f.write_str("document contains excessive aliasing"),
        }
    }
}

/// The part of the reader that found a fault: it decides how Go counts the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Scanner,
    Parser,
    Json,
    Encoding,
    Limit(Limit),
    Value,
    Duplicate(Box<Duplicate>),
}

impl Error {
    /// Puts a fault into words.
    pub(crate) fn new(fault: Fault, text: &str, file: FileId, dialect: Dialect) -> Self {
        Self::in_window(fault, (text, Window::of(text)), file, dialect)
    }

    /// The same for a part of a text, whose lines Go counts from its start.
    pub(crate) fn in_window(
        fault: Fault,
        (text, window): (&str, Window),
        file: FileId,
        dialect: Dialect,
    ) -> Self {
        let at = fault.at.min(window.end);
        let end = text[floor(text, at)..].chars().next().map_or(at, |c| floor(text, at) + c.len_utf8());
        let hint = match fault.what {
            What::Scanner | What::Parser => crate::hints::hint(text, &fault),
            What::Value => crate::hints::template(text, fault.at),
            _ => None,
        };
        Error {
            line: go_line(&fault, text, window, dialect),
            is_json: fault.what == What::Json || fault.problem.starts_with("json: "),
            kind: match fault.what {
                What::Scanner | What::Parser | What::Json => ErrorKind::Syntax,
                What::Encoding => ErrorKind::Encoding,
                What::Limit(limit) => ErrorKind::Limit(limit),
                What::Value => ErrorKind::Value,
                What::Duplicate(duplicate) => ErrorKind::Duplicate(duplicate),
            },
            span: Span::new(file, floor(text, at), end),
            message: fault.problem,
            hint,
        }
    }

    /// An error that concerns the whole of a text.
    pub(crate) fn whole(kind: ErrorKind, message: impl Into<Cow<'static, str>>, file: FileId) -> Self {
        Error {
            kind,
            span: Span::start_of(file),
            message: message.into(),
            hint: None,
            line: None,
            is_json: false,
        }
    }

    /// The error exactly as Go prints it, but for scalars of the text, which it leaves out:
    /// `yaml: line 3: mapping values are not allowed in this context`.
    #[must_use]
    pub fn go_text(&self) -> String {
        match self.line {
            Some(line) => format!("yaml: line {line}: {}", self.message),
            None if self.is_json => self.message.to_string(),
            None => format!("yaml: {}", self.message),
        }
    }

    /// The error as a diagnostic.
    #[must_use]
    pub fn to_diagnostic(&self) -> Diagnostic {
        let code = match &self.kind {
            ErrorKind::Syntax | ErrorKind::Value => hld_diag::YAML_SYNTAX,
            ErrorKind::Encoding => hld_diag::ENCODING,
            ErrorKind::Limit(_) => hld_diag::READER_LIMIT,
            ErrorKind::Duplicate(duplicate) => {
                return duplicate.to_diagnostic().severity(hld_diag::Severity::Error);
            }
        };
        Diagnostic::new(code, self.span, self.message.clone()).hint_opt(self.hint.map(str::to_owned))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The line that go-yaml names: 0 is no line to it, and a scanner's lines count from one.
fn go_line(fault: &Fault, text: &str, window: Window, dialect: Dialect) -> Option<usize> {
    let from_one = match fault.what {
        What::Scanner => 1,
        What::Parser => 0,
        _ => return None,
    };
    let part = text.get(window.start..window.end).unwrap_or(text);
    let problem = chars::line_of(part, fault.at.saturating_sub(window.start));
    let context = chars::line_of(part, fault.context.saturating_sub(window.start));
    let line = match dialect {
        Dialect::V3 if context != 0 => context + from_one,
        _ if problem != 0 => problem + from_one,
        _ => context,
    };
    (line != 0).then_some(line)
}

/// The character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
