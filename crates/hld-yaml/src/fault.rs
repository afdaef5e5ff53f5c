//! What a reader found wrong, before it is put into words.

use std::borrow::Cow;

use crate::error::{Limit, What};

/// A fault and its places, as offsets. An offset behind the end of the text means the line after
/// its last one; a text's very start and no place at all are the same, as they are for Go.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) what: What,
    pub(crate) problem: Cow<'static, str>,
    pub(crate) at: usize,
    /// Where the construct began that could not be read.
    pub(crate) context: usize,
}

/// A result whose error stays small on the way.
pub(crate) type Result<T> = std::result::Result<T, Box<Fault>>;

impl Fault {
    pub(crate) fn scanner(problem: &'static str, at: usize, context: usize) -> Box<Self> {
        Box::new(Fault { what: What::Scanner, problem: problem.into(), at, context })
    }

    pub(crate) fn parser(problem: &'static str, at: usize, context: usize) -> Box<Self> {
        Box::new(Fault { what: What::Parser, problem: problem.into(), at, context })
    }

    /// The text cannot be a value in this dialect.
    pub(crate) fn value(problem: impl Into<Cow<'static, str>>, at: usize) -> Box<Self> {
        Box::new(Fault { what: What::Value, problem: problem.into(), at, context: 0 })
    }

    pub(crate) fn limit(limit: Limit, at: usize) -> Box<Self> {
        let problem = limit.to_string().into();
        Box::new(Fault { what: What::Limit(limit), problem, at, context: 0 })
    }
}
