//! Errors that Go finds only after it has read a whole document, and in which order.

use hld_diag::Span;

use crate::error::What;
use crate::fault::{Fault, Result};
use crate::read::{Duplicate, ReadOptions, Window};
use crate::scan::chars;
use crate::{Dialect, Value};

/// What is wrong with a document that has been read.
#[derive(Default)]
pub(crate) struct Late {
    /// A scalar does not fit its tag, or a key cannot be one.
    value: Option<Box<Fault>>,
    /// A key cannot be a string.
    key: Option<Box<Fault>>,
    /// A number cannot be JSON.
    json: Option<Box<Fault>>,
    duplicates: Vec<(Duplicate, usize)>,
}

impl Late {
    /// Keeps the first fault of a value, and lets null stand for it.
    pub(crate) fn value(&mut self, fault: Box<Fault>) {
        self.value.get_or_insert(fault);
    }

    /// Keeps the first fault of a key that can be no string.
    pub(crate) fn key(&mut self, fault: Box<Fault>) {
        self.key.get_or_insert(fault);
    }

    /// Keeps the first number that JSON does not know.
    pub(crate) fn number(&mut self, float: f64, at: usize) {
        let name = if float.is_nan() {
            "NaN"
        } else if float > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        self.json.get_or_insert_with(|| Fault::value(format!("json: unsupported value: {name}"), at));
    }

    /// Keeps a key that stands twice; `value_at` is where its second value begins.
    pub(crate) fn duplicate(&mut self, key: &str, spans: (Span, Span), value_at: usize) {
        let duplicate = Duplicate { key: key.to_owned(), first: spans.0, second: spans.1 };
        self.duplicates.push((duplicate, value_at));
    }

    /// Refuses the document, or hands its duplicate keys on.
    pub(crate) fn finish(
        self,
        value: Value,
        (text, window): (&str, Window),
        options: &ReadOptions,
        duplicates: &mut Vec<Duplicate>,
    ) -> Result<Value> {
        if let Some(fault) = self.value {
            return Err(fault);
        }
        if let Some((first, _)) = self.duplicates.first()
            && (options.strict || options.dialect == Dialect::V3)
        {
            let problem = go_words(&self.duplicates, (text, window), options.dialect);
            let what = What::Duplicate(Box::new(first.clone()));
            let at = first.second.start as usize;
            return Err(Box::new(Fault { what, problem: problem.into(), at, context: 0 }));
        }
        if let Some(fault) = self.key.or(self.json) {
            return Err(fault);
        }
        duplicates.extend(self.duplicates.into_iter().map(|(duplicate, _)| duplicate));
        Ok(value)
    }
}

/// The duplicates as go-yaml lists them.
fn go_words(duplicates: &[(Duplicate, usize)], (text, window): (&str, Window), dialect: Dialect) -> String {
    let mut words = "unmarshal errors:".to_owned();
    let line = |at: usize| chars::line_of(&text[window.start..], at.saturating_sub(window.start)) + 1;
    for (duplicate, value_at) in duplicates {
        let key = go_quoted(&duplicate.key);
        words += &match dialect {
            Dialect::V3 => {
                let (first, second) = (duplicate.first.start as usize, duplicate.second.start as usize);
                format!(
                    "\n  line {}: mapping key {key} already defined at line {}",
                    line(second),
                    line(first)
                )
            }
            _ => format!("\n  line {}: key {key} already set in map", line(*value_at)),
        };
    }
    words
}

/// A string as Go's `%#v` shows it.
fn go_quoted(text: &str) -> String {
    format!("{text:?}")
}
