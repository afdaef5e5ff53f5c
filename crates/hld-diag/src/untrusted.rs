//! Text from outside, on its way to a reader.

/// Text that came from a file, a chart, a process or the network.
///
/// It has no `Display`: whoever writes it must say for which channel, and gets it escaped.
#[derive(Clone, Copy, Debug)]
pub struct Untrusted<'a>(pub &'a str);

impl Untrusted<'_> {
    /// For a terminal or a log: control characters (but newline and tab), escape sequences, and
    /// characters that turn or hide text become `\u{..}`, and so does what a CI system would take
    /// for a command in its log: `##vso[…]`, `##[…]`, `##teamcity[…]`, `::name …::`.
    #[must_use]
    pub fn terminal(self) -> String {
        without_commands(self.escape(|c| is_hostile(c) && c != '\n' && c != '\t'))
    }

    /// For one line of a terminal or a log: newlines and tabs are escaped as well.
    #[must_use]
    pub fn line(self) -> String {
        without_commands(self.escape(is_hostile))
    }

    fn escape(self, hostile: impl Fn(char) -> bool) -> String {
        if !self.0.chars().any(&hostile) {
            return self.0.to_owned();
        }
        let mut out = String::with_capacity(self.0.len() + 16);
        for c in self.0.chars() {
            if hostile(c) {
                out.extend(c.escape_default());
            } else {
                out.push(c);
            }
        }
        out
    }
}

/// Breaks what is a command in the log of a CI system. Azure Pipelines and GitHub look for `##` with a
/// word and a bracket anywhere in a line, GitHub for `::` where a line begins.
fn without_commands(text: String) -> String {
    if !text.contains("##") && !text.contains("::") {
        return text;
    }
    text.split_inclusive('\n').map(without_command).collect()
}

fn without_command(line: &str) -> String {
    let begin = line.len() - line.trim_start().len();
    let is_command = line[begin..]
        .strip_prefix("::")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.contains("::"));
    let (blank, mut rest) = line.split_at(begin);
    let mut out = blank.to_owned();
    if is_command {
        out.push_str("\\u{3a}:");
        rest = &rest[2..];
    }
    while let Some(at) = rest.find("##") {
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let word = rest[1..].trim_start_matches(|c: char| c.is_ascii_alphabetic());
        if word.starts_with('[') {
            out.push_str("\\u{23}");
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// Characters that move the cursor, start a command of the terminal, reorder text or cannot be seen.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_no_control_characters() {
        let text = "a\u{1b}[2Jb\rc\td\n\u{202e}e\u{9b}f\u{7f}";
        assert_eq!(Untrusted(text).terminal(), "a\\u{1b}[2Jb\\rc\td\n\\u{202e}e\\u{9b}f\\u{7f}");
        assert_eq!(Untrusted("a\n::error::b").line(), "a\\n::error::b");
    }

    #[test]
    fn b160_a_ci_system_gets_no_commands() {
        for (text, expected) in [
            ("a ##vso[task.setvariable variable=a]b", "a #\\u{23}vso[task.setvariable variable=a]b"),
            ("###[error]x ##teamcity[a]", "##\\u{23}[error]x #\\u{23}teamcity[a]"),
            ("x\n  ::set-env name=a::b\ny", "x\n  \\u{3a}:set-env name=a::b\ny"),
            ("a\r::error::b", "a\\r::error::b"),
            ("::stop-commands::x", "\\u{3a}:stop-commands::x"),
        ] {
            assert_eq!(Untrusted(text).terminal(), expected);
        }
        for text in ["## heading", "::1", "a::b::c", "#### x [a]", "fe80::1::"] {
            assert_eq!(Untrusted(text).line(), text);
        }
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(Untrusted("grün 😀 `x`").terminal(), "grün 😀 `x`");
    }
}
