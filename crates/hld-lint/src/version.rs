//! Versions of Kubernetes whose schemas are known.

use hld_diag::{Diagnostic, KUBERNETES_VERSION, Span};

use crate::pack::Pack;

/// A version of Kubernetes whose schemas are known, by its minor number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    pub(crate) minor: u32,
}

impl Version {
    /// Reads `1.35`, `v1.35.0`, `1.35.2-gke.100`.
    ///
    /// # Errors
    /// No such version, or one whose schemas are not known.
    pub fn parse(text: &str) -> Result<Self, Box<Diagnostic>> {
        let minor = minor(text).filter(|minor| Pack::get().minors().any(|known| known == *minor));
        minor.map(|minor| Version { minor }).ok_or_else(|| Box::new(unknown(text)))
    }

    /// The oldest and the newest version whose schemas are known.
    #[must_use]
    pub fn known() -> (Self, Self) {
        let minors = || Pack::get().minors().map(|minor| Version { minor });
        let (first, last) = (minors().min(), minors().max());
        first.zip(last).expect("the pack has versions")
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

fn minor(text: &str) -> Option<u32> {
    let rest = text.trim().trim_start_matches('v').strip_prefix("1.")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, behind) = rest.split_at(end);
    if behind.is_empty() || behind.starts_with(['.', '+', '-']) { digits.parse().ok() } else { None }
}

fn unknown(text: &str) -> Diagnostic {
    let (first, last) = Version::known();
    let message = format!("the schemas of Kubernetes `{text}` are not known");
    Diagnostic::new(KUBERNETES_VERSION, Span::NONE, message).hint(format!("known are {first} to {last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_people_and_clusters_write_them() {
        for text in ["1.35", "v1.35", "1.35.0", "v1.35.2-gke.100", "1.35+"] {
            assert_eq!(Version::parse(text).unwrap().to_string(), "1.35", "{text}");
        }
    }

    #[test]
    fn an_unknown_version_names_those_that_are_known() {
        for text in ["", "1", "1.24", "1.99.0", "2.35", "1.35x", "latest"] {
            let said = Version::parse(text).unwrap_err();
            assert_eq!(said.hints, ["known are 1.25 to 1.37"], "{text}");
        }
    }
}
