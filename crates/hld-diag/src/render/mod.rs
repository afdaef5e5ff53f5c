//! Diagnostics as text, one file a form.

mod azure;
mod github;
mod json;
mod junit;
mod sarif;
mod terminal;

use crate::{Diagnostic, Location, SourceMap, Span, Untrusted};

pub use azure::azure;
pub use github::github;
pub use json::json;
pub use junit::junit;
pub use sarif::sarif;
pub use terminal::{Colour, terminal};

/// What the forms for other programs need besides the diagnostics.
#[derive(Clone, Copy, Debug)]
pub struct Report<'r> {
    /// All of them, in order.
    pub diagnostics: &'r [Diagnostic],
    /// The texts that they point into.
    pub sources: &'r SourceMap,
    /// Folder that paths begin in, below the top of its repository: the programs that read a report know paths from the
    /// top of the repository on.
    pub base: &'r str,
    /// What was done, a line each: `prod: 12 objects for Kubernetes 1.35, none invalid`.
    pub summary: &'r [String],
}

/// What the text of standard input is called: it is in no folder.
pub const STANDARD_INPUT: &str = "standard input";

/// Most characters of a message in an annotation.
const LONGEST_ANNOTATION: usize = 4000;

impl Report<'_> {
    /// Where a span begins, with a path from the top of the repository on.
    fn locate(&self, span: Span) -> Option<Location> {
        let mut at = self.sources.locate(span)?;
        let below = at.path.strip_prefix("./").unwrap_or(&at.path);
        let is_in_base = !below.starts_with('/') && below != STANDARD_INPUT;
        if is_in_base && !self.base.is_empty() {
            at.path = format!("{}/{below}", self.base.trim_end_matches('/')).into();
        } else if below.len() < at.path.len() {
            at.path = below.into();
        }
        Some(at)
    }
}

/// Message, other places and hints, a line each, escaped.
fn lines(report: &Report<'_>, diagnostic: &Diagnostic) -> Vec<String> {
    let place = |span: Span| report.locate(span).map_or_else(String::new, |at| format!(" at {at}"));
    let labels = diagnostic.labels.iter().map(|label| format!("{}{}", label.message, place(label.span)));
    let trace = diagnostic.trace.iter().map(|step| format!("in {}{}", step.what, place(step.span)));
    let hints = diagnostic.hints.iter().map(|hint| format!("help: {hint}"));
    let all = std::iter::once(diagnostic.message.clone()).chain(labels).chain(trace).chain(hints);
    let mut left = LONGEST_ANNOTATION;
    let mut lines = Vec::new();
    for line in all {
        let line: String = line.chars().take(left).collect();
        left -= line.chars().count();
        if !line.is_empty() {
            lines.push(Untrusted(&line).line());
        }
    }
    lines
}
