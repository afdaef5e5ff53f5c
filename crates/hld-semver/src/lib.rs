//! Versions and version constraints, as Masterminds/semver (Helm's) reads them.

#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
