//! Comparisons as text, one file a form.

mod json;
mod markdown;
mod terminal;

pub use hld_diag::render::Colour;
pub use json::json;
pub use markdown::markdown;
pub use terminal::terminal;

use crate::Difference;

/// A difference and the name it is shown under.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What was compared: `prod`, `a.yaml -> b.yaml`.
    pub name: String,
    /// What differs.
    pub difference: Difference,
}
