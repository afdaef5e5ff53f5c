//! Scalars.

use super::style::{Style, Traits, is_break, style};
use super::styles::{Fold, double_quoted, literal, plain, single_quoted};
use super::writer::Writer;
use crate::resolve::number;

/// A longer key is written behind `?`.
const MAX_SIMPLE_KEY: usize = 128;

/// A float as Go's JSON and then go-yaml write it: what is an integer is written as one.
pub(super) fn float(float: f64) -> String {
    let mut out = String::new();
    // What fits 64 bits, with a sign or without.
    let fits = (i64::MIN as f64..u64::MAX as f64).contains(&float);
    if float == 0.0 {
        out.push('0');
    } else if float.fract() == 0.0 && fits {
        number::format_plain(float, &mut out);
    } else {
        number::format_float(float, &mut out);
    }
    out
}

/// The text as it comes out of sigs.k8s.io/yaml's detour over JSON, where a NEL stands unescaped in
/// double quotes and is folded as a line break.
fn without_next_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split('\u{85}').peekable();
    let mut n_breaks = 0;
    let mut first = true;
    while let Some(line) = lines.next() {
        let line = if first { line } else { line.trim_start_matches(' ') };
        let line = if lines.peek().is_some() { line.trim_end_matches(' ') } else { line };
        if !first {
            n_breaks += 1;
        }
        let last = lines.peek().is_none();
        if (!line.is_empty() || last) && n_breaks > 0 {
            let (c, n) = if n_breaks == 1 { (' ', 1) } else { ('\n', n_breaks - 1) };
            out.extend(std::iter::repeat_n(c, n));
            n_breaks = 0;
        }
        out.push_str(line);
        first = false;
    }
    out
}

/// Whether a key may stand without `?`.
pub(super) fn is_simple_key(key: &str) -> bool {
    key.len() <= MAX_SIMPLE_KEY && !key.contains(is_break)
}

/// Writes a string. Lines that it is folded into, or has, are indented by `indent`; a simple key
/// is never folded.
#[inline]
pub(super) fn string(writer: &mut Writer<'_>, text: &str, indent: i32, simple_key: bool) {
    let traits = Traits::of(text);
    if traits.next_line {
        return string(writer, &without_next_line(text), indent, simple_key);
    }
    let fold = Fold { indent, folds: !simple_key };
    match style(text, &traits, simple_key) {
        Style::Plain if !traits.folds(text, writer.column, simple_key) => {
            writer.space();
            writer.text(text, traits.ascii);
            writer.in_scalar();
        }
        Style::Plain => plain(writer, text, fold),
        Style::SingleQuoted => single_quoted(writer, text, fold),
        Style::DoubleQuoted => double_quoted(writer, text, fold),
        Style::Literal => literal(writer, text, indent, traits.ascii),
    }
}
