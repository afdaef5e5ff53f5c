//! Comparisons as text, one file a form.

mod budget;
mod code;
mod json;
mod markdown;
mod terminal;

pub use budget::Budget;
pub use code::{code_block, code_span};
pub use hld_diag::render::Colour;
pub use json::json;
pub use markdown::markdown;
pub use terminal::terminal;

/// `1 object`, `2 objects`.
fn plural(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}
