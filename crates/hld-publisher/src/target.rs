//! Where in a manifest repository is published: a branch, and a folder.

use std::fmt;

use hld_diag::{BAD_TARGET, Diagnostic, Span};

/// Longest name of a branch or a folder, in bytes.
const LONGEST: usize = 1024;

/// A folder of a manifest repository, without `.` and `..`; its top when empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Folder(String);

impl Folder {
    /// Reads `clusters/prod`, `./clusters/`, `.` or nothing.
    ///
    /// # Errors
    /// It is absolute, leads upwards, or has a part that git or a file system takes for something else.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let wrong = |why: &str| {
            let message = format!("`{text}` is no folder of a manifest repository: {why}");
            Err(Diagnostic::new(BAD_TARGET, Span::NONE, message)
                .hint("name it from the top: `clusters/prod`"))
        };
        if text.starts_with('/') {
            return wrong("it begins with `/`");
        }
        if text.len() > LONGEST {
            return wrong("it is too long");
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        match parts.iter().find_map(|part| problem(part)) {
            Some(why) => wrong(why),
            None => Ok(Folder(parts.join("/"))),
        }
    }

    /// A folder below this one.
    ///
    /// # Errors
    /// As [`Folder::parse`].
    pub fn join(&self, below: &str) -> Result<Self, Diagnostic> {
        let below = Folder::parse(below)?;
        let is_inner = !self.0.is_empty() && !below.0.is_empty();
        Ok(Folder(format!("{}{}{}", self.0, if is_inner { "/" } else { "" }, below.0)))
    }

    /// Its path from the top, without `/` at either end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with one part of a path: names that git, or the file system of a clone, takes for
/// something else.
fn problem(part: &str) -> Option<&'static str> {
    // Some file systems leave out characters that can not be seen.
    let ascii: String = part.chars().filter(char::is_ascii).collect();
    let plain = ascii.trim_end_matches(['.', ' ']).to_ascii_lowercase();
    if part == ".." {
        Some("it leads upwards")
    } else if part.chars().any(|c| c.is_control() || c == '\\' || c == ':') {
        Some("it has a control character, `\\` or `:` in it")
    } else if plain == ".git" || plain.starts_with("git~") {
        Some("`.git` is git's own")
    } else {
        None
    }
}

/// A branch of a manifest repository, without `refs/heads/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Branch(String);

impl Branch {
    /// Reads `main` or `refs/heads/main`, which are one (F04).
    ///
    /// # Errors
    /// Git knows no branch of such a name (git-check-ref-format).
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let name = text.strip_prefix("refs/heads/").unwrap_or(text);
        let is_odd = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
        let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
        let is_branch = !name.starts_with('-')
            && !name.ends_with('.')
            && name != "@"
            && !name.contains("..")
            && !name.contains("@{")
            && !name.chars().any(is_odd)
            && name.split('/').all(is_part)
            && !(name.starts_with("refs/") || name == "HEAD")
            && name.len() <= LONGEST;
        if is_branch {
            return Ok(Branch(name.to_owned()));
        }
        let message = format!("`{text}` is no name of a branch");
        Err(Diagnostic::new(BAD_TARGET, Span::NONE, message).hint("name a branch: `main`"))
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_inside_the_repository() {
        for (text, path) in
            [("", ""), (".", ""), ("./a//b/", "a/b"), ("a", "a"), ("a/./b", "a/b"), (".hidden", ".hidden")]
        {
            assert_eq!(Folder::parse(text).unwrap().as_str(), path);
        }
        let wrong = [
            "/a",
            "..",
            "a/../b",
            "a/..",
            ".git",
            "a/.GIT/b",
            ".git.",
            "git~1",
            "a\\b",
            "c:",
            "a\nb",
            ".g\u{200c}it",
        ];
        for text in wrong {
            assert!(Folder::parse(text).is_err(), "{text:?}");
        }
        assert!(Folder::parse(&"a".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn folders_are_joined() {
        let joined = |a: &str, b: &str| Folder::parse(a).unwrap().join(b).unwrap().as_str().to_owned();
        assert_eq!(
            (joined("a", "b/c"), joined("", "b"), joined("a", "")),
            ("a/b/c".into(), "b".into(), "a".into())
        );
        assert!(Folder::default().join("../b").is_err());
    }

    #[test]
    fn f04_one_branch_has_one_name() {
        assert_eq!(Branch::parse("refs/heads/main"), Branch::parse("main"));
        assert!(Branch::parse("release/1.2").is_ok());
        let wrong = [
            "",
            "-f",
            "a..b",
            "a b",
            "a:b",
            "refs/tags/v1",
            "HEAD",
            "@",
            "a@{1}",
            "a/",
            "/a",
            "a//b",
            ".a",
            "a.lock",
            "a.",
            "a\u{7}",
        ];
        for text in wrong {
            assert!(Branch::parse(text).is_err(), "{text:?}");
        }
    }
}
