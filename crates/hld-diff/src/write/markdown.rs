//! For comments on pull requests, job summaries and wikis.
//!
//! Whatever comes from outside stands in a code span or a code fence that it can not close, where no
//! forge looks for mentions, references, links, images or HTML.

use std::fmt::Write;

use hld_diag::Untrusted;

use super::Comparison;
use crate::lines::{self, Role, Shown};
use crate::{Mark, ObjectChange};

/// A comparison: its name and the counts as a heading, then each object with what changed in it as
/// a block of `diff`.
#[must_use]
pub fn markdown(comparison: &Comparison) -> String {
    let mut out = format!("### {}: {}\n", code(&comparison.name), comparison.difference.summary());
    for object in &comparison.difference.objects {
        let word = object.word();
        write!(out, "\n**{word}** {}\n", code(&object.id().to_string())).expect("a String takes all");
        let text = block(object);
        if !text.is_empty() {
            let fence = "`".repeat(longest_run(&text).max(2) + 1);
            write!(out, "\n{fence}diff\n{text}{fence}\n").expect("a String takes all");
        }
    }
    out
}

/// The lines of an object, with a sign in front of each as in a patch.
fn block(object: &ObjectChange) -> String {
    let mut out = String::new();
    for Shown { role, text } in lines::of_object(object) {
        let sign = match role {
            Role::Path => "# ",
            Role::Note | Role::Content(Mark::Same) => " ",
            Role::Content(Mark::Removed) => "-",
            Role::Content(Mark::Added) => "+",
        };
        // Lines have no line breaks, and tabs of a text are to be seen as such.
        let text = Untrusted(&text).terminal();
        out.push_str(if text.is_empty() { sign.trim_end() } else { sign });
        out.push_str(&text);
        out.push('\n');
    }
    out
}

/// A code span that holds the text.
fn code(text: &str) -> String {
    let text = Untrusted(text).line();
    let marks = "`".repeat(longest_run(&text) + 1);
    // A blank at each side is taken away again, and keeps a backtick of the text from the marks.
    let pad = if text.contains('`') || text.starts_with(' ') || text.is_empty() { " " } else { "" };
    format!("{marks}{pad}{text}{pad}{marks}")
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}
