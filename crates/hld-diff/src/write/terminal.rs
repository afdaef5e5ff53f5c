//! For people at a terminal, and for logs.

use anstyle::{AnsiColor, Style};
use hld_diag::Untrusted;

use super::{Colour, plural};
use crate::lines::{self, Role, Shown};
use crate::{Folded, Mark, ObjectChange, Shared, SharedDanger};

/// Comparisons: a line with the counts of each, then what of it is dangerous, then each object with
/// what changed in it; equal changes once.
///
/// ```text
/// prod: 1 changed
/// ~ Deployment.apps shop/web
///     spec.replicas
///       - 2
///       + 3
/// ```
#[must_use]
pub fn terminal(folded: &Folded<'_>, colour: Colour) -> String {
    let mut out = String::new();
    for comparison in folded.comparisons {
        let name = Untrusted(&comparison.name).line();
        out.push_str(&format!("{name}: {}\n", comparison.difference.summary()));
    }
    let dangers = folded.dangers();
    if !dangers.is_empty() {
        let heading = plural(dangers.len(), "dangerous change");
        push(&mut out, "", &format!("{heading}:"), (REMOVED.bold(), colour));
        for shared in &dangers {
            push(&mut out, "  ", &danger_line(folded, shared), (REMOVED, colour));
        }
    }
    for shared in &folded.changes {
        object_lines(folded, shared, colour, &mut out);
    }
    out
}

/// `! data loss: Namespace shop removed: everything in it is deleted with it (in all 4)`
fn danger_line(folded: &Folded<'_>, shared: &SharedDanger<'_>) -> String {
    let danger = shared.danger;
    let object = Untrusted(&shared.change.id().to_string()).line();
    let path = Untrusted(&danger.path).line();
    let path = if path.is_empty() { path } else { format!(", {path}") };
    let word = shared.change.word();
    let within = within(folded, &shared.within);
    format!("! {}: {object} {word}{path}: {}{within}", danger.risk.name(), danger.reason)
}

/// ` (in prod, dev (of 3))`; nothing where there is but one comparison.
fn within(folded: &Folded<'_>, within: &[usize]) -> String {
    let show = |name: &str| Untrusted(name).line();
    folded.names(within).map_or_else(String::new, |names| format!(" ({})", names.said(show)))
}

fn object_lines(folded: &Folded<'_>, shared: &Shared<'_>, colour: Colour, out: &mut String) {
    let object = shared.change;
    let (sign, style) = match object {
        ObjectChange::Added(_) => ("+", ADDED),
        ObjectChange::Removed(_) => ("-", REMOVED),
        ObjectChange::Changed { .. } => ("~", CHANGED),
    };
    let heading = format!("{sign} {}", object.id());
    let heading = format!("{}{}", Untrusted(&heading).line(), within(folded, &shared.within));
    push(out, "", &heading, (style.bold(), colour));
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
