//! Comparisons with the real programs over manifests that are not part of the repository.

mod validate;

pub(crate) use validate::validate;
