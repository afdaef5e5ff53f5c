//! Text from outside, on its way to a reader.

/// Text that came from a file, a chart, a process or the network.
///
/// It has no `Display`: whoever writes it must say for which channel, and gets it escaped.
#[derive(Clone, Copy, Debug)]
pub struct Untrusted<'a>(pub &'a str);

impl Untrusted<'_> {
    /// For a terminal or a log: control characters (but newline and tab), escape sequences, and
    /// characters that turn or hide text become `\u{..}`.
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
    fn plain_text_stays_as_it_is() {
        assert_eq!(Untrusted("grün 😀 `x`").terminal(), "grün 😀 `x`");
    }
}
