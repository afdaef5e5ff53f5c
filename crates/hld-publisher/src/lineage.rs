//! Which commit of a definition comes before which.

use std::fmt;

/// The history of the definition, as far as it is known here.
pub trait Lineage {
    /// Whether `older` comes before `newer`; `None` where one of them is unknown, as in a shallow checkout.
    fn is_before(&self, older: &str, newer: &str) -> Option<bool>;
}

/// No history is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLineage;

impl Lineage for NoLineage {
    fn is_before(&self, _: &str, _: &str) -> Option<bool> {
        None
    }
}

impl fmt::Debug for dyn Lineage + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lineage")
    }
}
