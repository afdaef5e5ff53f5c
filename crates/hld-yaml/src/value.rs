//! Values as a dialect reads them.

use hld_diag::Span;

use crate::Map;

/// A value and where it was written.
///
/// Two values are equal when their data are; places do not count.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// Where it was written: for a value that came through an alias, the place of the anchor.
    pub span: Span,
}

/// What a [`Value`] is.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `null`, `~` or nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer that fits.
    Int(i64),
    /// An integer above [`i64::MAX`].
    Uint(u64),
    /// A number with a fraction or an exponent, or an integer beyond 64 bits.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    Seq(Vec<Value>),
    /// A mapping.
    Map(Map),
}

impl Value {
    /// A value of no file.
    #[must_use]
    pub fn new(data: impl Into<Data>) -> Self {
        Value { data: data.into(), span: Span::NONE }
    }

    /// The mapping, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    #[must_use]
    pub fn as_seq(&self) -> Option<&[Value]> {
        match &self.data {
            Data::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// The value under `key`, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// What it is, in the words of a message: `a map`, `a list`, `a string` …
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.data {
            Data::Null => "null",
            Data::Bool(_) => "a boolean",
            Data::Int(_) | Data::Uint(_) => "an integer",
            Data::Float(_) => "a number",
            Data::String(_) => "a string",
            Data::Seq(_) => "a list",
            Data::Map(_) => "a map",
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

macro_rules! data_from {
    ($($type:ty => $variant:ident),* $(,)?) => {
        $(impl From<$type> for Data {
            fn from(value: $type) -> Self {
                Data::$variant(value.into())
            }
        })*
    };
}

data_from!(bool => Bool, i64 => Int, f64 => Float, &str => String, String => String, Vec<Value> => Seq, Map => Map);
