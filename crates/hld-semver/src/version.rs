//! Versions.

use std::cmp::Ordering;
use std::fmt;

use crate::Invalid;

/// Most bytes of a version or of a constraint.
pub(crate) const MOST_BYTES: usize = 1024;

/// A version: three numbers, a prerelease, and metadata that no comparison looks at.
#[derive(Clone, Debug)]
pub struct Version {
    /// First number.
    pub major: u64,
    /// Second number; 0 where it is not written.
    pub minor: u64,
    /// Third number; 0 where it is not written.
    pub patch: u64,
    /// What stands behind `-`, without it: `rc.1`.
    pub prerelease: String,
    /// What stands behind `+`, without it.
    pub metadata: String,
}

impl Version {
    /// Reads a version as Masterminds' `NewVersion` does: `v` in front is fine, missing numbers are 0.
    ///
    /// # Errors
    /// [`Invalid`] where the text is something else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > MOST_BYTES {
            return Err(Invalid);
        }
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = split(text, '+')?;
        let (numbers, prerelease) = split(text, '-')?;
        let mut parts = numbers.split('.').map(number);
        let major = parts.next().ok_or(Invalid)??;
        let minor = parts.next().unwrap_or(Ok(0))?;
        let patch = parts.next().unwrap_or(Ok(0))?;
        if parts.next().is_some() || prerelease.split('.').any(is_padded) {
            return Err(Invalid);
        }
        Ok(Version { major, minor, patch, prerelease: prerelease.to_owned(), metadata: metadata.to_owned() })
    }

    /// Whether it is a prerelease: `2.0.0-rc.1`.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        !self.prerelease.is_empty()
    }
}

/// The text in front of the first `mark`, and the identifiers behind it.
fn split(text: &str, mark: char) -> Result<(&str, &str), Invalid> {
    match text.split_once(mark) {
        None => Ok((text, "")),
        Some((text, behind)) if behind.split('.').all(is_identifier) => Ok((text, behind)),
        Some(_) => Err(Invalid),
    }
}

pub(crate) fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A number with a zero in front, which a prerelease may not have.
fn is_padded(part: &str) -> bool {
    part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(text: &str) -> Result<u64, Invalid> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().map_err(|_| Invalid) } else { Err(Invalid) }
}

/// Prereleases by their parts; none at all is higher than any.
pub(crate) fn compare_prereleases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let ordering = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (number(a), number(b)) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = |version: &Version| (version.major, version.minor, version.patch);
        numbers(self)
            .cmp(&numbers(other))
            .then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_leniently_and_compared_by_the_rules() {
        let parse = |text| Version::parse(text).unwrap();
        assert_eq!(parse("v1").to_string(), "1.0.0");
        assert_eq!(parse("01.2").to_string(), "1.2.0");
        let sorted = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.1"];
        assert!(sorted.map(parse).is_sorted());
        assert_eq!(parse("1.2.3+a"), parse("1.2.3+b"));
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "v", "1.2.3.4", "a", "1.2.3-", "1.2.3-01", "1..2", "-1", "99999999999999999999"] {
            assert_eq!(Version::parse(text), Err(Invalid), "{text}");
        }
        assert_eq!(Version::parse(&"1".repeat(2000)), Err(Invalid));
    }
}
