//! Stable codes and their pages.

use crate::Severity;

/// The stable name of one kind of diagnostic: `HLD0201`.
///
/// A code can only be made in the table of this crate, which gives it a page: a code without one
/// does not compile.
#[derive(Clone, Copy, Debug)]
pub struct Code(pub(crate) &'static Page);

/// What `hld explain` prints for a code.
#[derive(Debug)]
pub struct Page {
    pub(crate) number: u16,
    pub(crate) severity: Severity,
    pub(crate) text: &'static str,
}

impl Code {
    /// The severity that a diagnostic of this code has unless it says otherwise.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.0.severity
    }

    /// The page in Markdown: its first line is the title.
    #[must_use]
    pub fn page(self) -> &'static str {
        self.0.text
    }

    /// The page's title: one sentence without the code.
    #[must_use]
    pub fn title(self) -> &'static str {
        let first = self.0.text.lines().next().unwrap_or_default();
        first.split_once(": ").map_or(first, |(_, title)| title)
    }

    /// Every code there is, by number.
    pub fn all() -> impl Iterator<Item = Code> {
        crate::codes::TABLE.iter().copied()
    }

    /// The code written as `HLD0201`, `hld201` or `201`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Code> {
        let digits =
            text.get(..3).filter(|head| head.eq_ignore_ascii_case("hld")).map_or(text, |_| &text[3..]);
        let number: u16 = digits.parse().ok()?;
        Code::all().find(|code| code.0.number == number)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HLD{:04}", self.0.number)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }
}

impl Eq for Code {}

impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Code {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.number.cmp(&other.0.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_what_happened_and_how_to_mend_it() {
        for code in Code::all() {
            let page = code.page();
            let title = format!("# {code}: ");
            assert!(page.starts_with(&title), "page of {code} does not begin with `{title}`");
            assert!(page.contains("\n## How to mend it\n"), "page of {code} does not say how to mend it");
            assert!(page.len() > 200, "page of {code} says too little");
        }
    }

    #[test]
    fn codes_are_in_order_and_unique() {
        let numbers: Vec<u16> = Code::all().map(|code| code.0.number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

    #[test]
    fn a_code_is_found_by_every_spelling() {
        for text in ["HLD0101", "hld0101", "0101", "101"] {
            assert_eq!(Code::parse(text).map(|code| code.to_string()).as_deref(), Some("HLD0101"), "{text}");
        }
        for text in ["", "HLD", "HLD9999", "-1", "hld\u{e4}"] {
            assert_eq!(Code::parse(text), None, "{text}");
        }
    }
}
