//! Errors that Go finds only after it has read a whole document, and in which order.

use std::borrow::Cow;

use crate::error::What;
use crate::fault::{Fault, Result};
use crate::read::{Duplicate, ReadOptions, Window};
use crate::resolve::Resolved;
use crate::scan::chars;
use crate::{Data, Dialect};

/// What is wrong with a document that has been read.
#[derive(Default)]
pub(crate) struct Late {
    dialect: Dialect,
    /// A scalar does not fit its tag, or a key cannot be one.
    value: Option<Box<Fault>>,
    /// A key cannot be a string.
    key: Option<Box<Fault>>,
    /// A number cannot be JSON.
    json: Option<Box<Fault>>,
    duplicates: Vec<Repeated>,
}

/// A key that stands twice, with what Go says of it.
pub(crate) struct Repeated {
    pub(crate) duplicate: Duplicate,
    /// Where its second value begins: the line that go-yaml v2 names.
    pub(crate) value_at: usize,
    /// The key was no string, and Go shows it without quotes.
    pub(crate) converted: bool,
}

impl Late {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Late { dialect, ..Late::default() }
    }

    /// Keeps the first fault of a value, and lets null stand for it.
    pub(crate) fn value(&mut self, fault: Box<Fault>) {
        self.value.get_or_insert(fault);
    }

    /// Keeps the first fault of a key that can be no string.
    pub(crate) fn key(&mut self, fault: Box<Fault>) {
        self.key.get_or_insert(fault);
    }

    /// Keeps the first number that JSON does not know.
    fn number(&mut self, float: f64, at: usize) {
        let name = if float.is_nan() {
            "NaN"
        } else if float > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        self.json.get_or_insert_with(|| Fault::value(format!("json: unsupported value: {name}"), at));
    }

    /// The value of a scalar that is no key.
    #[inline]
    pub(crate) fn data(&mut self, resolved: Resolved, text: Cow<'_, str>, at: usize) -> Data {
        match resolved {
            Resolved::Null => Data::Null,
            Resolved::Bool(value) => Data::Bool(value),
            Resolved::Int(int) => Data::Int(int),
            Resolved::Uint(int) => Data::Uint(int),
            Resolved::Float(float) => {
                if !float.is_finite() && self.dialect != Dialect::Fabrikate {
                    self.number(float, at);
                }
                Data::Float(float)
            }
            Resolved::Timestamp(time) if self.dialect == Dialect::V3 => Data::String(time.to_json()),
            Resolved::Timestamp(_) | Resolved::Text => Data::String(text.into_owned()),
        }
    }

    /// Keeps a key that stands twice.
    pub(crate) fn repeated(&mut self, repeated: Repeated) {
        self.duplicates.push(repeated);
    }

    /// Refuses the document, or hands its duplicate keys on.
    pub(crate) fn finish(
        self,
        (text, window): (&str, Window),
        options: &ReadOptions,
        duplicates: &mut Vec<Duplicate>,
    ) -> Result<()> {
        if let Some(fault) = self.value {
            return Err(fault);
        }
        if let Some(Repeated { duplicate: first, .. }) = self.duplicates.first()
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
        duplicates.extend(self.duplicates.into_iter().map(|repeated| repeated.duplicate));
        Ok(())
    }
}

/// The duplicates as go-yaml lists them.
fn go_words(duplicates: &[Repeated], (text, window): (&str, Window), dialect: Dialect) -> String {
    let mut words = "unmarshal errors:".to_owned();
    let line = |at: usize| chars::line_of(&text[window.start..], at.saturating_sub(window.start)) + 1;
    for Repeated { duplicate, value_at, converted } in duplicates {
        let key = match duplicate.key.as_str() {
            "" if *converted => "<nil>".to_owned(),
            key if *converted => key.to_owned(),
            key => go_quoted(key),
        };
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
