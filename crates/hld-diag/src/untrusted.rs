//! Text from outside, on its way to a reader.

use std::borrow::Cow;

/// Text that came from a file, a chart, a process or the network.
///
/// It has no `Display`: whoever writes it must say for which channel, and gets it escaped.
#[derive(Clone, Copy, Debug)]
pub struct Untrusted<'a>(pub &'a str);

impl Untrusted<'_> {
    /// For a terminal or a log: control characters (but newline and tab), escape sequences,
    /// characters that turn or hide text, and what a CI system takes for a command become `\u{..}`.
    #[must_use]
    pub fn terminal(self) -> String {
        self.escape(|c| is_hostile(c) && c != '\n' && c != '\t')
    }

    /// For one line of a terminal or a log: newlines and tabs are escaped as well.
    #[must_use]
    pub fn line(self) -> String {
        self.escape(is_hostile)
    }

    fn escape(self, hostile: impl Fn(char) -> bool) -> String {
        let text = without_commands(self.0);
        if !text.chars().any(&hostile) {
            return text.into_owned();
        }
        let mut out = String::with_capacity(text.len() + 16);
        for c in text.chars() {
            if hostile(c) {
                out.extend(c.escape_default());
            } else {
                out.push(c);
            }
        }
        out
    }
}

/// Characters that move the cursor, start a command of the terminal, reorder text or cannot be seen.
#[must_use]
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

/// Headings of a log to Buildkite, where a line begins with them.
const HEADINGS: [&str; 4] = ["+++ ", "--- ", "~~~ ", "^^^ "];

/// Escapes the first character of whatever a CI system would take for a command.
fn without_commands(text: &str) -> Cow<'_, str> {
    let commands: Vec<usize> = commands(text).collect();
    if commands.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8 * commands.len());
    let mut done = 0;
    for at in commands {
        out.push_str(&text[done..at]);
        out.extend(text[at..].chars().next().into_iter().flat_map(char::escape_unicode));
        done = at + 1;
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// Where a command of a CI system begins: `##vso[`, `##[`, `##teamcity[` anywhere in a line; `::name` and
/// headings at its start, behind blanks.
fn commands(text: &str) -> impl Iterator<Item = usize> {
    let pairs = text.as_bytes().windows(2).enumerate().filter(|(_, pair)| *pair == b"##");
    let marks = pairs.map(|(at, _)| at).filter(|at| {
        let name = text[at + 2..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        // Cut off, it may go on in whatever is written behind it.
        name.starts_with('[') || name.is_empty()
    });
    let mut found: Vec<usize> = marks.collect();
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let words = line.trim_start();
        let is_call =
            words.strip_prefix("::").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
        if is_call || HEADINGS.iter().any(|heading| words.starts_with(heading)) {
            found.push(start + line.len() - words.len());
        }
        start += line.len();
    }
    found.sort_unstable();
    found.into_iter()
}

/// Whether a line has something that a CI system would take for a command wherever it is written.
pub(crate) fn has_command(line: &str) -> bool {
    commands(line).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_no_control_characters() {
        let text = "a\u{1b}[2Jb\rc\td\n\u{202e}e\u{9b}f\u{7f}";
        assert_eq!(Untrusted(text).terminal(), "a\\u{1b}[2Jb\\rc\td\n\\u{202e}e\\u{9b}f\\u{7f}");
        assert_eq!(Untrusted("a\n::error::b").line(), "a\\n\\u{3a}:error::b");
    }

    #[test]
    fn b160_nothing_is_a_command_of_a_ci_system() {
        for (text, written) in [
            ("##vso[task.setvariable variable=a]b", "\\u{23}#vso[task.setvariable variable=a]b"),
            ("in the middle ##[error]x", "in the middle \\u{23}#[error]x"),
            ("###vso[x]", "#\\u{23}#vso[x]"),
            ("##teamcity[a", "\\u{23}#teamcity[a"),
            ("cut ##vso", "cut \\u{23}#vso"),
            ("::set-env name=a::b", "\\u{3a}:set-env name=a::b"),
            ("  ::add-path::/tmp", "  \\u{3a}:add-path::/tmp"),
            ("a\n::stop-commands::x", "a\n\\u{3a}:stop-commands::x"),
            ("a\r::add-mask::x", "a\\r\\u{3a}:add-mask::x"),
            ("+++ open", "\\u{2b}++ open"),
            ("\u{1b}[0Ksection_start:1:a\r", "\\u{1b}[0Ksection_start:1:a\\r"),
        ] {
            assert_eq!(Untrusted(text).terminal(), written, "{text:?}");
        }
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["grün 😀 `x`", "## heading", "a::b", "::1", "- a", "+ a", "---", "#[derive]", "a %0A b"]
        {
            assert_eq!(Untrusted(text).terminal(), text);
        }
    }
}
