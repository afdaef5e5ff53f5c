//! Diagnostics for people: heading, place, excerpt, hints.

use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::untrusted::has_command;
use crate::{Diagnostic, Location, Severity, SourceFile, SourceMap, Span, Untrusted};

/// Longest line that is shown; of a longer one only its place is given.
const LONGEST_LINE: usize = 400;

/// Longest message in characters; of a longer one the middle is left out.
const LONGEST_MESSAGE: usize = 2000;

/// Whether the text may hold colour escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// The reader is a terminal.
    Ansi,
    /// The reader is a file, a pipe or a log.
    Plain,
}

/// One diagnostic as `error[HLD0000]: what`, `--> file:line:column`, an excerpt, the way from the
/// root and the hints; without a final newline.
#[must_use]
pub fn terminal(diagnostic: &Diagnostic, sources: &SourceMap, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Ansi => Renderer::styled(),
        Colour::Plain => Renderer::plain(),
    };
    let code = diagnostic.code.to_string();
    let message = Untrusted(&shorten(&diagnostic.message)).terminal();
    let excerpts = excerpts(diagnostic, sources);
    let mut group = Group::with_title(level(diagnostic.severity).primary_title(&message).id(&code));
    if let Some(place) = hidden(diagnostic.span, sources) {
        let origin = Origin::path(Untrusted(&place.path).line()).line(place.line);
        group = group.element(origin.char_column(place.column));
    }
    for excerpt in &excerpts {
        group = group.element(excerpt.snippet());
    }
    let unseen = diagnostic.labels.iter().filter_map(|label| Some((label, hidden(label.span, sources)?)));
    let unseen = unseen.map(|(label, place)| Untrusted(&format!("{} at {place}", label.message)).line());
    let notes = diagnostic.trace.iter().map(|step| trace_line(step, sources));
    for note in unseen.chain(notes) {
        group = group.element(Level::NOTE.message(shorten(&note).into_owned()));
    }
    for hint in &diagnostic.hints {
        group = group.element(Level::HELP.message(Untrusted(&shorten(hint)).terminal()));
    }
    renderer.render(&[group])
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Note => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
        Severity::Refused => Level::ERROR.with_name("refused"),
    }
}

/// Leaves out the middle of a text that nobody would read.
fn shorten(text: &str) -> Cow<'_, str> {
    let n_chars = text.chars().count();
    if n_chars <= LONGEST_MESSAGE {
        return Cow::Borrowed(text);
    }
    let half = LONGEST_MESSAGE / 2;
    let (begin, end): (String, String) =
        (text.chars().take(half).collect(), text.chars().skip(n_chars - half).collect());
    Cow::Owned(format!("{begin} … {end}"))
}

/// The place of a span whose line is not shown: it is too long, may hold secrets, or has a command of a
/// CI system.
fn hidden(span: Span, sources: &SourceMap) -> Option<Location> {
    let file = sources.get(span.file)?;
    if is_shown(&file, span) { None } else { sources.locate(span) }
}

fn is_shown(file: &SourceFile, span: Span) -> bool {
    let line = line_of(file, span).0;
    !file.is_private() && line.len() <= LONGEST_LINE && !has_command(line)
}

fn trace_line(step: &crate::TracePoint, sources: &SourceMap) -> String {
    let place = sources.locate(step.span).map_or_else(String::new, |at| format!(" at {at}"));
    Untrusted(&format!("in {}{place}", step.what)).line()
}

/// One file's part of a diagnostic, escaped and cut so that a renderer can show it.
struct Excerpt {
    path: String,
    text: String,
    first_line: usize,
    marks: Vec<Mark>,
}

struct Mark {
    kind: AnnotationKind,
    range: std::ops::Range<usize>,
    label: String,
}

impl Excerpt {
    fn snippet(&self) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
        let marks = self.marks.iter().map(|mark| {
            let annotation = mark.kind.span(mark.range.clone());
            if mark.label.is_empty() { annotation } else { annotation.label(mark.label.as_str()) }
        });
        Snippet::source(&self.text).path(&self.path).line_start(self.first_line).annotations(marks)
    }
}

/// An excerpt for the place of the diagnostic and one for each label; a label in the same line
/// joins the first.
fn excerpts(diagnostic: &Diagnostic, sources: &SourceMap) -> Vec<Excerpt> {
    let primary = excerpt(diagnostic.span, AnnotationKind::Primary, "", sources);
    let mut excerpts: Vec<Excerpt> = primary.into_iter().collect();
    for label in &diagnostic.labels {
        let Some(next) = excerpt(label.span, AnnotationKind::Context, &label.message, sources) else {
            continue;
        };
        let same = |e: &&mut Excerpt| e.path == next.path && e.first_line == next.first_line;
        match excerpts.iter_mut().find(same) {
            Some(known) => known.marks.extend(next.marks),
            None => excerpts.push(next),
        }
    }
    excerpts
}

/// The line that `span` begins in, if it may be shown, with what the span covers of it.
fn excerpt(span: Span, kind: AnnotationKind, label: &str, sources: &SourceMap) -> Option<Excerpt> {
    let file = sources.get(span.file).filter(|file| is_shown(file, span))?;
    let (first_line, _) = file.line_column(span.start);
    let (line, start, end) = line_of(&file, span);
    let (text, range) = escape(line, start, end);
    let label = Untrusted(label).line();
    Some(Excerpt {
        path: Untrusted(file.path()).line(),
        text,
        first_line,
        marks: vec![Mark { kind, range, label }],
    })
}

/// The text of the line in which `span` begins, and the part of it that the span covers.
fn line_of(file: &SourceFile, span: Span) -> (&str, usize, usize) {
    let text: &str = file.text();
    let start = floor_char(text, span.start as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let line = text[line_start..line_end].trim_end_matches('\r');
    let end = floor_char(text, (span.end as usize).min(line_start + line.len()));
    (
        line,
        (start - line_start).min(line.len()),
        end.saturating_sub(line_start).max((start - line_start).min(line.len())),
    )
}

fn floor_char(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Escapes a line for the terminal and moves the marked range along.
fn escape(line: &str, start: usize, end: usize) -> (String, std::ops::Range<usize>) {
    let before = Untrusted(&line[..start]).terminal();
    let marked = Untrusted(&line[start..end]).terminal();
    let after = Untrusted(&line[end..]).terminal();
    let range = before.len()..before.len() + marked.len();
    (before + &marked + &after, range)
}
