//! The first line of our comment, which nobody sees: it says whose comment it is, and of what.

/// Begins the line.
const BEGIN: &str = "<!-- hld:preview:";

/// The first line of the comment about the definition `id` at a commit. The id is hashed: it may be
/// any text.
pub(crate) fn line(id: &str, head: &str) -> String {
    format!("{}head={} -->", prefix(id), plain(head))
}

/// What the first line begins with, whatever the commit.
fn prefix(id: &str) -> String {
    format!("{BEGIN}{:016x} ", hash(id))
}

/// The commit that the comment about `id` is of; `None` if the text is no such comment.
pub(crate) fn head<'b>(id: &str, body: &'b str) -> Option<&'b str> {
    let first = body.lines().next()?.trim_end();
    first.strip_prefix(&prefix(id))?.strip_prefix("head=")?.strip_suffix(" -->")
}

/// Only what a commit's id has.
fn plain(head: &str) -> String {
    head.chars().filter(char::is_ascii_hexdigit).collect()
}

/// FNV-1a: names are told apart, nothing is protected by it.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
