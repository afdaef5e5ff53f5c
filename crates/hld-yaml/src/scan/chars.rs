//! Classes of bytes, and line breaks as libyaml knows them.

/// A space or a tab.
pub(crate) const BLANK: u8 = 1;
/// A byte that may begin a line break: LF, CR, or the first of NEL, LS and PS.
pub(crate) const BREAK: u8 = 2;
/// A byte that ends a plain scalar in flow collections.
pub(crate) const FLOW: u8 = 4;
/// A letter, a digit, `-` or `_`.
pub(crate) const WORD: u8 = 8;
/// A colon.
pub(crate) const COLON: u8 = 16;
/// What may stand in a tag besides [`WORD`].
pub(crate) const URI: u8 = 32;
/// A quote or a backslash.
pub(crate) const QUOTE: u8 = 64;

/// The classes of each byte.
pub(crate) static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let sets: [(&[u8], u8); 6] = [
        (b" \t", BLANK),
        (b"\n\r\xc2\xe2", BREAK),
        (b",?[]{}", FLOW),
        (b":", COLON),
        (b";/?:@&=+$,.!~*'()[]%", URI),
        (b"'\"\\", QUOTE),
    ];
    let mut set = 0;
    while set < sets.len() {
        let mut at = 0;
        while at < sets[set].0.len() {
            table[sets[set].0[at] as usize] |= sets[set].1;
            at += 1;
        }
        set += 1;
    }
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() || byte == b'-' as usize || byte == b'_' as usize {
            table[byte] |= WORD;
        }
        byte += 1;
    }
    table
}

/// Whether `byte` is of one of `classes`.
pub(crate) fn is(byte: u8, classes: u8) -> bool {
    CLASS[byte as usize] & classes != 0
}

/// The length of the line break at `at`, 0 where there is none. CR LF is one break.
pub(crate) fn break_len(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\n') => 1,
        Some(b'\r') => 1 + usize::from(bytes.get(at + 1) == Some(&b'\n')),
        Some(0xc2) if bytes.get(at + 1) == Some(&0x85) => 2,
        Some(0xe2) if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) => 3,
        _ => 0,
    }
}

/// Whether a blank, a line break or the end is at `at`.
pub(crate) fn is_blank_or_end(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| is(*byte, BLANK)) || break_len(bytes, at) > 0
}

/// How many lines end before `at`. A position behind the end means the line behind the last one.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let end = at.min(bytes.len());
    let (mut line, mut pos) = (usize::from(at > bytes.len()), 0);
    while pos < end {
        let found = bytes[pos..end].iter().position(|byte| is(*byte, BREAK));
        let Some(found) = found else { break };
        let len = break_len(bytes, pos + found);
        line += usize::from(len > 0);
        pos += found + len.max(1);
    }
    line
}

/// The first character that YAML does not allow in a text.
pub(crate) fn first_forbidden(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut pos = 0;
    for chunk in bytes.chunks(64) {
        // Branch-free over the chunk, so that it becomes vector code; what it suspects is looked
        // at again.
        let suspect = chunk.iter().fold(false, |acc, &b| acc | (b < 0x20) & (b != b'\n') | (b >= 0x7f));
        if suspect && let Some(at) = (pos..pos + chunk.len()).find(|&at| is_forbidden(bytes, at)) {
            return Some(at);
        }
        pos += chunk.len();
    }
    None
}

/// Whether a forbidden character begins at `at`: a control character, or a code point that is none.
fn is_forbidden(bytes: &[u8], at: usize) -> bool {
    match bytes[at] {
        b'\t' | b'\n' | b'\r' => false,
        0..0x20 | 0x7f => true,
        0xc2 => bytes.get(at + 1).is_some_and(|next| *next < 0xa0 && *next != 0x85),
        0xef => matches!(bytes.get(at + 1..at + 3), Some([0xbf, 0xbe | 0xbf])),
        _ => false,
    }
}
