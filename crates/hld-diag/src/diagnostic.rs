//! What is wrong with the input, where, and what to do about it.

use crate::{Code, SourceMap, Span};

/// How much a [`Diagnostic`] weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Probably not what was meant; an error under `--strict`.
    Warning,
    /// The definition is wrong: exit code 1.
    Error,
    /// Refused by policy: exit code 3.
    Refused,
}

impl Severity {
    /// The word in front of a message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Refused => "refused",
        }
    }

    /// Whether nothing may be written because of it.
    #[must_use]
    pub fn is_fatal(self) -> bool {
        self >= Severity::Error
    }
}

/// A second place that a diagnostic talks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What stands there: `first defined here`.
    pub message: String,
}

/// One step of the way from the root to the place of a diagnostic, outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracePoint {
    /// What was being done: ``component `infra` ``.
    pub what: String,
    /// Where that was asked for.
    pub span: Span,
}

/// Something to tell the author of the input.
///
/// Message, labels and hints may hold text from files: renderers escape them for their channel.
/// Values of config are never part of a message, only their paths and types, for they may be
/// secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: Severity,
    /// The stable code, which `hld explain` has a page for.
    pub code: Code,
    /// Where the author should look; [`Span::NONE`] where no file is to blame.
    pub span: Span,
    /// What is wrong: lower case, no final period, names in backticks, subject first.
    pub message: String,
    /// Other places that matter.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// The way from the root.
    pub trace: Vec<TracePoint>,
}

impl Diagnostic {
    /// A diagnostic with the default severity of its code.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: code.severity(),
            code,
            span,
            message: message.into(),
            labels: Vec::new(),
            hints: Vec::new(),
            trace: Vec::new(),
        }
    }

    /// Weighs it differently from its code's default.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a hint where there is one.
    #[must_use]
    pub fn hint_opt(mut self, hint: Option<String>) -> Self {
        self.hints.extend(hint);
        self
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Puts the way from the root in front, where none is set yet.
    #[must_use]
    pub fn trace(mut self, trace: &[TracePoint]) -> Self {
        if self.trace.is_empty() {
            self.trace = trace.to_vec();
        }
        self
    }
}

/// Diagnostics in the making: collected from many places, given out in one stable order.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds many.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(diagnostics);
    }

    /// Whether one of them stops the output.
    #[must_use]
    pub fn has_fatal(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity.is_fatal())
    }

    /// Turns warnings into errors, for `--strict`.
    pub fn make_strict(&mut self) {
        for diagnostic in &mut self.0 {
            if diagnostic.severity == Severity::Warning {
                diagnostic.severity = Severity::Error;
            }
        }
    }

    /// Gives all of one code another weight.
    pub fn raise(&mut self, code: Code, severity: Severity) {
        for diagnostic in self.0.iter_mut().filter(|diagnostic| diagnostic.code == code) {
            diagnostic.severity = severity;
        }
    }

    /// All of them, once each, by place and code: the same for every order of collecting.
    #[must_use]
    pub fn into_sorted(self, sources: &SourceMap) -> Vec<Diagnostic> {
        let mut keyed: Vec<_> = self.0.into_iter().map(|d| ((sources.locate(d.span), d.code), d)).collect();
        keyed.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.message.cmp(&y.message)));
        // One text may be loaded twice: places are compared as people see them.
        keyed.dedup_by(|(a, x), (b, y)| a == b && x.message == y.message);
        keyed.into_iter().map(|(_, diagnostic)| diagnostic).collect()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Diagnostics(vec![diagnostic])
    }
}
