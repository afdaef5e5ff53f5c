//! Versions and version constraints, as Masterminds/semver (Helm's) reads them.
