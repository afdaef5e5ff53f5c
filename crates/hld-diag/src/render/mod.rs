//! Diagnostics as text, one file a form.

mod json;
mod terminal;

pub use json::json;
pub use terminal::{Colour, terminal};
