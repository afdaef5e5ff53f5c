//! Streams cut at their `---` lines before anything is parsed, as Kubernetes' programs do.

/// A part of a text that is parsed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Window {
    pub(crate) fn of(text: &str) -> Self {
        Window { start: 0, end: text.len() }
    }
}

/// The parts of `text`: what lies between lines of `---` that have nothing else but a comment.
/// Where there is nothing at all between two of them, there is no part.
pub(super) fn parts(text: &str) -> impl Iterator<Item = Window> {
    let finder = memchr::memmem::Finder::new("\n---");
    let mut start = separator(text, 0).unwrap_or(0);
    std::iter::from_fn(move || {
        while let Some(after) = separator(text, start).filter(|_| start > 0) {
            start = after;
        }
        if start >= text.len() {
            return None;
        }
        let mut search = start;
        loop {
            let found = finder.find(&text.as_bytes()[search..]).map(|at| search + at + 1);
            let Some(line) = found else {
                let part = Window { start, end: text.len() };
                start = text.len();
                return Some(part);
            };
            if let Some(after) = separator(text, line) {
                let part = Window { start, end: line };
                start = after;
                return Some(part);
            }
            search = line;
        }
    })
}

/// The start of the line behind the one at `at`, if that one separates two parts.
fn separator(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix("---")?;
    let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
    let behind = rest[..end].trim_ascii();
    let blank = rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']);
    (blank && (behind.is_empty() || behind.starts_with('#'))).then(|| (at + 3 + end + 1).min(text.len()))
}
