//! Comments and the nodes they belong to.

use super::{Comments, Document, Kind};

/// Gives each comment, a range of `text`, to a node.
///
/// - Behind something on its line: the line comment of the last node that ends there, or of the key
///   whose value begins below.
/// - Alone on its line: a head comment of the next node, unless nothing follows, or it stands
///   directly below a node and apart from the next one: then it is a foot comment of that node.
pub(super) fn attach<'s>(text: &'s str, comments: &[(u32, u32)], documents: &mut [Document<'s>]) {
    let mut at = 0;
    while at < comments.len() {
        let end = group_end(text, comments, at);
        let group = &comments[at..end];
        let (start, stop) = (group[0].0 as usize, group[group.len() - 1].1 as usize);
        if let Some(document) = document_of(documents, start) {
            let lines = group.iter().map(|(from, to)| &text[*from as usize..*to as usize]);
            if is_alone(text, start) {
                attach_lines(document, text, (start, stop), lines.collect());
            } else if let Some(node) = ends_before(document, start) {
                document.comments.entry(node).or_default().line = lines.into_iter().next();
            }
        }
        at = end;
    }
}

/// The end of the comments that stand on consecutive lines, in one column.
fn group_end(text: &str, comments: &[(u32, u32)], first: usize) -> usize {
    let mut end = first + 1;
    while end < comments.len() && is_alone(text, comments[first].0 as usize) {
        let between = &text[comments[end - 1].1 as usize..comments[end].0 as usize];
        let breaks = between.bytes().filter(|byte| *byte == b'\n').count();
        if breaks != 1
            || !between.trim().is_empty()
            || column(text, comments[end].0) != column(text, comments[first].0)
        {
            break;
        }
        end += 1;
    }
    end
}

fn line_start(text: &str, at: usize) -> usize {
    memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |found| found + 1)
}

fn column(text: &str, at: u32) -> usize {
    at as usize - line_start(text, at as usize)
}

/// Whether nothing but blanks, and the dashes of a list, is before `at` on its line.
fn is_alone(text: &str, at: usize) -> bool {
    text[line_start(text, at)..at].chars().all(|c| matches!(c, ' ' | '\t' | '-' | '\u{feff}'))
}

/// The last document that begins at or before `at`; what is above the first belongs to it.
fn document_of<'a, 's>(documents: &'a mut [Document<'s>], at: usize) -> Option<&'a mut Document<'s>> {
    let next = documents.partition_point(|document| document.span.start as usize <= at);
    documents.get_mut(next.saturating_sub(1))
}

/// The node that a comment at `at`, behind it on its line, belongs to.
fn ends_before(document: &Document<'_>, at: usize) -> Option<u32> {
    let after = document.nodes.partition_point(|node| (node.start as usize) < at);
    // Of the nodes that begin before it: the last, or the collection that ended last before it.
    let mut node = after.checked_sub(1)?;
    loop {
        let parent = document.nodes[node].parent as usize;
        let closed = document.nodes[parent].end as usize <= at;
        if node == 0 || parent == node || !closed || document.nodes[parent].end <= document.nodes[node].end {
            return Some(node as u32);
        }
        node = parent;
    }
}

fn attach_lines<'s>(
    document: &mut Document<'s>,
    text: &str,
    (start, stop): (usize, usize),
    lines: Vec<&'s str>,
) {
    let next = document.nodes.partition_point(|node| (node.start as usize) < stop);
    let previous = next.checked_sub(1);
    let below = text[stop..].strip_prefix('\r').unwrap_or(&text[stop..]);
    let apart = below
        .strip_prefix('\n')
        .is_none_or(|rest| rest.split('\n').next().is_some_and(|line| line.trim().is_empty()));
    let above = text[..start].trim_end_matches([' ', '\t']);
    let adjoins = !above.is_empty() && !above.trim_end_matches('\n').is_empty() && !above.ends_with("\n\n");
    let is_foot = next >= document.nodes.len() || (apart && adjoins && previous.is_some());
    match (is_foot, previous) {
        (true, Some(previous)) => {
            let node = foot_node(document, text, previous, column(text, start as u32));
            document.comments.entry(node).or_default().foot.extend(lines);
        }
        (true, None) => document.comments.entry(0).or_default().foot.extend(lines),
        (false, _) => {
            let node = head_node(document, next);
            document.comments.entry(node).or_default().head.extend(lines);
        }
    }
}

/// The node that a comment above `first` is about: a list's item as a whole, else the first key.
fn head_node(document: &Document<'_>, first: usize) -> u32 {
    if let Kind::Sequence(item, false) = document.nodes[first].kind
        && item != 0
    {
        return item;
    }
    let parent = document.nodes[first].parent as usize;
    if first != 0 && matches!(document.nodes[parent].kind, Kind::Sequence(..)) {
        return first as u32;
    }
    let start = document.nodes[first].start;
    let same = document.nodes[first..].iter().take_while(|node| node.start == start).count();
    (first + same.max(1) - 1) as u32
}

/// The node below which a comment of `column` stands: the innermost around the last one that begins
/// in that column or before it.
fn foot_node(document: &Document<'_>, text: &str, last: usize, column_of_comment: usize) -> u32 {
    let mut node = last;
    while node != 0 && column(text, document.nodes[node].start) > column_of_comment {
        node = document.nodes[node].parent as usize;
    }
    node as u32
}

impl Comments<'_> {
    /// All of them, from top to bottom.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.head.iter().copied().chain(self.line).chain(self.foot.iter().copied())
    }
}
