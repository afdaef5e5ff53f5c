//! Text from outside in Markdown: code spans and blocks that it can not close, where no forge looks
//! for mentions, references, commands, links, images or HTML.

use hld_diag::Untrusted;

/// A code span that holds the text in one line. In a cell of a table it stays one as well.
#[must_use]
pub fn code_span(text: &str) -> String {
    let text = without_mentions(Untrusted(text).line());
    let marks = "`".repeat(longest_run(&text) + 1);
    // A blank at each side is taken away again, and keeps a backtick of the text from the marks.
    let pad = if text.contains('`') || text.starts_with(' ') || text.is_empty() { " " } else { "" };
    format!("{marks}{pad}{text}{pad}{marks}")
}

/// A block of code in a language, with a line break at its end. Each line is escaped; nothing of the
/// text can close the block.
#[must_use]
pub fn code_block(language: &str, text: &str) -> String {
    let mut escaped = escape(text);
    if !escaped.is_empty() && !escaped.ends_with('\n') {
        escaped.push('\n');
    }
    let fence = "`".repeat(longest_run(&escaped).max(2) + 1);
    format!("{fence}{language}\n{escaped}{fence}\n")
}

/// Text for a block of code.
pub(super) fn escape(text: &str) -> String {
    without_mentions(Untrusted(text).terminal())
}

/// The length of the longest run of backticks.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Azure DevOps looks for `@<id of a user>` in the bare text of a comment, in code as well: the `<`
/// is escaped.
fn without_mentions(text: String) -> String {
    if text.contains("@<") { text.replace("@<", "@\\u{3c}") } else { text }
}
