//! Constraints.

use std::cmp::Ordering;

use crate::Invalid;
use crate::version::{MOST_BYTES, Version, compare_prereleases, is_identifier};

/// What a version must be: `^1.2 || >=2.1 <3`.
///
/// A version with a prerelease is taken only by a group of constraints of which one names a
/// prerelease itself, as in Masterminds/semver.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// One of these groups must hold; of a group, everything.
    groups: Vec<Vec<Comparison>>,
}

/// One operator and its version.
#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    version: Version,
    written: Written,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    AtLeast,
    AtMost,
    Tilde,
    Caret,
}

/// How much of a version is written: the rest is a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Nothing,
    Major,
    Minor,
    All,
}

/// Longest first, so that `>=` is not read as `>`.
const OPERATORS: [(&str, Operator); 12] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::AtLeast),
    ("=>", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("=<", Operator::AtMost),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
    ("", Operator::Equal),
];

impl Constraint {
    /// Reads a constraint.
    ///
    /// # Errors
    /// [`Invalid`] where the text is something else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > MOST_BYTES {
            return Err(Invalid);
        }
        let text = rewrite_ranges(text);
        let groups = text.split("||").map(group).collect::<Result<_, _>>()?;
        Ok(Constraint { groups })
    }

    /// Whether the version is one that is meant.
    #[must_use]
    pub fn allows(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let takes_prereleases = group.iter().any(|comparison| comparison.version.is_prerelease());
            (takes_prereleases || !version.is_prerelease())
                && group.iter().all(|comparison| comparison.holds(version))
        })
    }
}

/// `1.2 - 2` to `>= 1.2, <= 2`.
fn rewrite_ranges(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((low, high, behind)) = range(rest) {
            out.push_str(&format!(">= {low}, <= {high} "));
            rest = behind;
            continue;
        }
        let mut chars = rest.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out
}

/// A range at the start of the text: its two ends, and what stands behind it.
fn range(text: &str) -> Option<(&str, &str, &str)> {
    let (low, rest) = split_version(text.trim_start())?;
    let rest = blanks(rest)?.strip_prefix('-')?;
    let (high, rest) = split_version(blanks(rest)?)?;
    Some((low, high, rest.trim_start()))
}

/// What stands behind one blank or more.
fn blanks(text: &str) -> Option<&str> {
    let rest = text.trim_start();
    (rest.len() < text.len()).then_some(rest)
}

/// The longest version, with wildcards, at the start of the text.
fn split_version(text: &str) -> Option<(&str, &str)> {
    let mut rest = text.strip_prefix('v').unwrap_or(text);
    rest = take_part(rest)?;
    for _ in 0..2 {
        rest = rest.strip_prefix('.').and_then(take_part).unwrap_or(rest);
    }
    for mark in ['-', '+'] {
        rest = rest.strip_prefix(mark).and_then(take_identifiers).unwrap_or(rest);
    }
    Some(text.split_at(text.len() - rest.len()))
}

/// What stands behind a number or a wildcard.
fn take_part(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*' | '|'));
    (rest.len() < text.len()).then_some(rest)
}

/// What stands behind identifiers with dots between them.
fn take_identifiers(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.').unwrap_or(text.len());
    let mut parts = text[..end].split('.').take_while(|part| is_identifier(part));
    let length = parts.next()?.len() + parts.map(|part| part.len() + 1).sum::<usize>();
    Some(&text[length..])
}

fn group(text: &str) -> Result<Vec<Comparison>, Invalid> {
    let mut rest = text.trim();
    let mut comparisons = Vec::new();
    loop {
        let (comparison, behind) = comparison(rest)?;
        comparisons.push(comparison);
        if behind.is_empty() {
            return Ok(comparisons);
        }
        let after_blanks = behind.trim_start();
        rest = match after_blanks.strip_prefix(',') {
            Some(rest) => rest.trim_start(),
            None if after_blanks.len() < behind.len() => after_blanks,
            None => return Err(Invalid),
        };
    }
}

fn comparison(text: &str) -> Result<(Comparison, &str), Invalid> {
    let found = OPERATORS.iter().find_map(|(word, operator)| Some((*operator, text.strip_prefix(word)?)));
    let (operator, rest) = found.ok_or(Invalid)?;
    let (version, rest) = split_version(rest.trim_start()).ok_or(Invalid)?;
    let (version, written) = with_wildcards(version)?;
    Ok((Comparison { operator, version, written }, rest))
}

/// A version whose wildcards and missing numbers are 0, and how much of it is written.
fn with_wildcards(text: &str) -> Result<(Version, Written), Invalid> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let prerelease = text[end..].split('+').next().unwrap_or_default();
    let parts: Vec<&str> = text[..end].split('.').collect();
    let is_any = |at: usize| parts.get(at).is_none_or(|part| matches!(*part, "x" | "X" | "*"));
    let (text, written) = if is_any(0) {
        (format!("0.0.0{prerelease}"), Written::Nothing)
    } else if is_any(1) {
        (format!("{}.0.0{prerelease}", parts[0]), Written::Major)
    } else if is_any(2) {
        (format!("{}.{}.0{prerelease}", parts[0], parts[1]), Written::Minor)
    } else {
        (text.to_owned(), Written::All)
    };
    Ok((Version::parse(&text)?, written))
}

impl Comparison {
    fn holds(&self, version: &Version) -> bool {
        match self.operator {
            Operator::Equal if self.written == Written::All => *version == self.version,
            Operator::Equal | Operator::Tilde => self.tilde(version),
            Operator::NotEqual => self.not_equal(version),
            Operator::Greater => self.greater(version),
            Operator::Less => *version < self.version,
            Operator::AtLeast => *version >= self.version,
            Operator::AtMost => self.at_most(version),
            Operator::Caret => self.caret(version),
        }
    }

    /// Whether the minor number is a wildcard.
    fn any_minor(&self) -> bool {
        self.written == Written::Major
    }

    /// Whether the patch number alone is a wildcard.
    fn any_patch(&self) -> bool {
        self.written == Written::Minor
    }

    /// `~1.2.3`: the same minor version (semver constraints.go, constraintTilde).
    fn tilde(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version < wanted {
            return false;
        }
        let is_zero = (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0);
        if is_zero && !self.any_minor() && !self.any_patch() {
            return true;
        }
        version.major == wanted.major && (version.minor == wanted.minor || self.any_minor())
    }

    /// `^1.2.3`: the same first number that is not 0 (constraintCaret).
    fn caret(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version < wanted {
            return false;
        }
        if wanted.major > 0 || self.any_minor() {
            return version.major == wanted.major;
        }
        if version.major > 0 {
            return false;
        }
        if wanted.minor > 0 || self.any_patch() {
            return version.minor == wanted.minor;
        }
        version.minor == 0 && version.patch == wanted.patch
    }

    /// `!=1.2`: of another minor version (constraintNotEqual).
    fn not_equal(&self, version: &Version) -> bool {
        let wanted = &self.version;
        match self.written {
            Written::All => version != wanted,
            Written::Nothing => {
                (version.major, version.minor, version.patch) != (wanted.major, wanted.minor, wanted.patch)
            }
            Written::Major => version.major != wanted.major,
            Written::Minor => {
                (version.major, version.minor) != (wanted.major, wanted.minor)
                    || compare_prereleases(&version.prerelease, &wanted.prerelease) != Ordering::Equal
            }
        }
    }

    /// `>1.2`: of a higher minor version (constraintGreaterThan).
    fn greater(&self, version: &Version) -> bool {
        let wanted = &self.version;
        match self.written {
            Written::Major => version.major > wanted.major,
            Written::Minor => (version.major, version.minor) > (wanted.major, wanted.minor),
            Written::Nothing | Written::All => version > wanted,
        }
    }

    /// `<=1.2`: of that minor version or a lower one (constraintLessThanEqual).
    fn at_most(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if self.written == Written::All {
            return version <= wanted;
        }
        let is_higher_minor =
            version.major == wanted.major && version.minor > wanted.minor && !self.any_minor();
        version.major <= wanted.major && !is_higher_minor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(constraint: &str, version: &str) -> bool {
        Constraint::parse(constraint).unwrap().allows(&Version::parse(version).unwrap())
    }

    #[test]
    fn charts_say_such_things() {
        assert!(allows(">=1.25.0-0", "1.25.3-gke.100"));
        assert!(!allows(">=1.25.0", "1.25.3-gke.100"));
        assert!(allows("^1.2 || 3.x", "3.9.1") && allows("1.2 - 2", "2.9.9"));
        assert!(allows(">=1.2, <2.0", "1.9.9") && !allows(">=1.2 <2.0", "0.0.1"));
        assert!(allows("*", "0.1.0") && !allows("*", "0.1.0-rc.1"));
    }

    #[test]
    fn what_is_no_constraint_is_refused() {
        for text in ["", "==1", "latest", "1.2.3.4", ">", "1,,2", "1.2.3-", "^1 ||", "1<2"] {
            assert!(Constraint::parse(text).is_err(), "{text}");
        }
    }
}
