//! Versions and version constraints, as Masterminds/semver (Helm's) reads them.
//!
//! [`Version::parse`] is its lenient `NewVersion`: `v1`, `1.2` and `01.2.3` are versions.
//! [`Constraint::parse`] is `NewConstraint`: groups divided by `||`, constraints divided by blanks or
//! commas, ranges `1.2 - 2`, wildcards. Both are pure text; recorded answers of the original are the
//! test.

#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod constraint;
mod version;

pub use constraint::Constraint;
pub use version::Version;

/// Why a text is no version or no constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is no version that can be compared")
    }
}

impl std::error::Error for Invalid {}
