//! For people at a terminal, and for logs.

use anstyle::{AnsiColor, Style};
use hld_diag::Untrusted;

use super::{Colour, Comparison};
use crate::lines::{self, Role, Shown};
use crate::{Mark, ObjectChange};

/// A comparison: its name with the counts, then each object with what changed in it.
///
/// ```text
/// prod: 1 changed
/// ~ Deployment.apps shop/web
///     spec.replicas
///       - 2
///       + 3
/// ```
#[must_use]
pub fn terminal(comparison: &Comparison, colour: Colour) -> String {
    let name = Untrusted(&comparison.name).line();
    let mut out = format!("{name}: {}\n", comparison.difference.summary());
    for object in &comparison.difference.objects {
        object_lines(object, colour, &mut out);
    }
    out
}

fn object_lines(object: &ObjectChange, colour: Colour, out: &mut String) {
    let (sign, style) = match object {
        ObjectChange::Added(_) => ("+", ADDED),
        ObjectChange::Removed(_) => ("-", REMOVED),
        ObjectChange::Changed { .. } => ("~", CHANGED),
    };
    let heading = format!("{sign} {}", object.id());
    push(out, "", &Untrusted(&heading).line(), (style.bold(), colour));
    for Shown { role, text } in lines::of_object(object) {
        let (indent, sign, style) = match role {
            Role::Path => ("    ", "", PATH),
            Role::Note => ("      ", "", NOTE),
            Role::Content(Mark::Same) => ("      ", "  ", Style::new()),
            Role::Content(Mark::Removed) => ("      ", "- ", REMOVED),
            Role::Content(Mark::Added) => ("      ", "+ ", ADDED),
        };
        // Lines have no line breaks, and tabs of a text are to be seen as such.
        let line = format!("{sign}{}", Untrusted(&text).terminal());
        push(out, indent, if text.is_empty() { line.trim_end() } else { &line }, (style, colour));
    }
}

const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const PATH: Style = Style::new().bold();
const NOTE: Style = AnsiColor::Cyan.on_default();

/// Adds one line.
fn push(out: &mut String, indent: &str, line: &str, (style, colour): (Style, Colour)) {
    out.push_str(if line.is_empty() { "" } else { indent });
    match colour {
        Colour::Ansi if style != Style::new() => out.push_str(&format!("{style}{line}{style:#}")),
        _ => out.push_str(line),
    }
    out.push('\n');
}
