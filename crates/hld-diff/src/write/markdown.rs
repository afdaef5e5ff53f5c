//! For comments on pull requests, job summaries and wikis.
//!
//! Whatever comes from outside stands in a code span or a code fence that it can not close.

use super::budget::{self, Block, Budget, Cut};
use super::code::escape;
use super::{code_block, code_span, plural};
use crate::lines::{self, Role, Shown};
use crate::{Comparison, Folded, Mark, Shared, SharedDanger};

/// Most lines of details that stand open where there are several comparisons.
const MOST_OPEN: usize = 60;

/// Comparisons: what each came to, then what of it is dangerous, then each object with what changed
/// in it as a block of `diff`; equal changes once. With a budget it is cut to it, and what is left
/// out is counted and named.
#[must_use]
pub fn markdown(folded: &Folded<'_>, budget: Option<&Budget<'_>>) -> String {
    let room = budget.map_or(usize::MAX, |budget| budget.bytes);
    let mut out = overview(folded.comparisons, room / 4);
    out.push_str(&dangers(folded, room / 4));
    let mut blocks: Vec<Block> = shown_order(folded).map(|shared| block(folded, shared)).collect();
    let Some(budget) = budget else {
        let all = blocks.iter().map(|block| Cut { n_lines: block.lines.len(), is_shown: true });
        out.push_str(&details(folded, &blocks, &all.collect::<Vec<_>>()));
        return out;
    };
    blocks.iter_mut().for_each(Block::shorten);
    // A quarter of the rest is for saying what is left out, if anything is.
    let left = budget.bytes.saturating_sub(out.len() + WRAPPING);
    let mut cuts = budget::share(&blocks, left);
    if !budget::is_whole(&blocks, &cuts) {
        let note = (left / 4).min(MOST_NOTE);
        cuts = budget::share(&blocks, left.saturating_sub(note));
        out.push('\n');
        out.push_str(&budget::left_out(&blocks, &cuts, (budget.whole, note)));
    }
    out.push_str(&details(folded, &blocks, &cuts));
    out
}

/// Bytes around the details.
const WRAPPING: usize = 120;

/// Most bytes that name what is left out.
const MOST_NOTE: usize = 4_000;

/// What is dangerous first, so that it is cut last.
fn shown_order<'f>(folded: &'f Folded<'_>) -> impl Iterator<Item = &'f Shared<'f>> {
    let is_dangerous = |shared: &&Shared<'_>| !shared.dangers.is_empty();
    let (first, rest): (Vec<_>, Vec<_>) = folded.changes.iter().partition(is_dangerous);
    first.into_iter().chain(rest)
}

/// One comparison as a heading, several as a table of those that differ.
fn overview(comparisons: &[Comparison], room: usize) -> String {
    if let [one] = comparisons {
        return format!("### {}: {}\n", code_span(&one.name), one.difference.summary());
    }
    let (differing, same): (Vec<_>, Vec<_>) = comparisons.iter().partition(|one| !one.difference.is_empty());
    let mut out = String::new();
    if !differing.is_empty() {
        out.push_str("| | added | changed | removed |\n|---|---|---|---|\n");
        let rows: Vec<String> = differing.iter().map(|one| row(one)).collect();
        let n_rows = fitting(&rows, room);
        rows[..n_rows].iter().for_each(|row| out.push_str(row));
        if n_rows < rows.len() {
            out.push_str(&format!("\n… and {} more that differ.\n", rows.len() - n_rows));
        }
    }
    if !same.is_empty() {
        let names: Vec<String> = same.iter().map(|one| format!("{}, ", code_span(&one.name))).collect();
        let n_names = fitting(&names, room);
        let mut said = names[..n_names].concat();
        said.truncate(said.trim_end_matches(", ").len());
        let more = names.len() - n_names;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let blank = if out.is_empty() { "" } else { "\n" };
        out.push_str(&format!("{blank}No difference: {said}{more}.\n"));
    }
    out
}

fn row(comparison: &Comparison) -> String {
    let counts = ["added", "changed", "removed"].map(|word| match comparison.difference.count(word) {
        0 => String::new(),
        n => n.to_string(),
    });
    // A bar would end the cell, in a code span as well.
    format!("| {} | {} |\n", code_span(&comparison.name).replace('|', "\\|"), counts.join(" | "))
}

/// How many of the texts fit.
fn fitting(texts: &[String], room: usize) -> usize {
    let mut left = room;
    let fits = |text: &&String| {
        let does = text.len() <= left;
        left = left.saturating_sub(text.len());
        does
    };
    texts.iter().take_while(fits).count()
}

/// What can hurt, worst first.
fn dangers(folded: &Folded<'_>, room: usize) -> String {
    let dangers = folded.dangers();
    if dangers.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = dangers.iter().map(|shared| danger_line(folded, shared)).collect();
    let n_lines = fitting(&lines, room);
    let more = lines.len() - n_lines;
    let more = if more > 0 { format!("- … and {more} more\n") } else { String::new() };
    format!("\n⚠️ **{}**\n\n{}{more}", plural(lines.len(), "dangerous change"), lines[..n_lines].concat())
}

fn danger_line(folded: &Folded<'_>, shared: &SharedDanger<'_>) -> String {
    let danger = shared.danger;
    let word = shared.change.word();
    let path = if danger.path.is_empty() { String::new() } else { format!(", {}", code_span(&danger.path)) };
    let within = folded
        .names(&shared.within)
        .map_or_else(String::new, |names| format!(" ({})", names.said(code_span)));
    let object = code_span(&shared.change.id().to_string());
    format!("- **{}**: {object} {word}{path}: {}{within}\n", danger.risk.name(), danger.reason)
}

/// The blocks as far as they are shown, closed where they are many beside several comparisons.
fn details(folded: &Folded<'_>, blocks: &[Block], cuts: &[Cut]) -> String {
    let n_lines: usize = cuts.iter().map(|cut| cut.n_lines).sum();
    let is_closed = folded.comparisons.len() > 1 && n_lines > MOST_OPEN;
    let mut out = String::new();
    if is_closed {
        let n_objects = cuts.iter().filter(|cut| cut.is_shown).count();
        let said = format!("{}, {}", plural(n_objects, "object"), plural(n_lines, "line"));
        out.push_str(&format!("\n<details>\n<summary>Details: {said}</summary>\n"));
    }
    for (block, cut) in blocks.iter().zip(cuts).filter(|(_, cut)| cut.is_shown) {
        out.push_str(&format!("\n{}\n", block.heading));
        if cut.n_lines > 0 {
            out.push('\n');
            out.push_str(&code_block("diff", &block.lines[..cut.n_lines].join("\n")));
        }
        let n_left = block.lines.len() - cut.n_lines;
        if n_left > 0 {
            out.push_str(&format!("\n… {} of this object left out\n", plural(n_left, "more line")));
        }
    }
    if is_closed {
        out.push_str("\n</details>\n");
    }
    out
}

/// A change: its heading, and its lines with a sign in front of each as in a patch.
fn block(folded: &Folded<'_>, shared: &Shared<'_>) -> Block {
    let name = shared.change.id().to_string();
    let within =
        folded.names(&shared.within).map_or_else(String::new, |names| format!(" {}", names.said(code_span)));
    let heading = format!("**{}** {}{within}", shared.change.word(), code_span(&name));
    let mut block = Block { heading, name, lines: Vec::new(), n_shortened: 0 };
    for Shown { role, text } in lines::of_object(shared.change) {
        let sign = match role {
            Role::Path => "# ",
            Role::Note | Role::Content(Mark::Same) => " ",
            Role::Content(Mark::Removed) => "-",
            Role::Content(Mark::Added) => "+",
        };
        // Lines have no line breaks, and tabs of a text are to be seen as such.
        let text = escape(&text);
        block.lines.push(format!("{}{text}", if text.is_empty() { sign.trim_end() } else { sign }));
    }
    block
}
