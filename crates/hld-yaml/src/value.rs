//! Values as a dialect reads them.

use hld_diag::Span;
use indexmap::IndexMap;

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

/// A mapping whose keys are strings, in the order they were written.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: IndexMap<String, Entry, foldhash::fast::RandomState>,
}

/// One entry of a [`Map`].
#[derive(Clone, Debug)]
struct Entry {
    key: Span,
    value: Value,
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

impl Map {
    /// A mapping without entries.
    #[must_use]
    pub fn new() -> Self {
        Map::default()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// The value under `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// Where `key` was written.
    #[must_use]
    pub fn key_span(&self, key: &str) -> Option<Span> {
        self.entries.get(key).map(|entry| entry.key)
    }

    /// Puts `value` under `key`: an entry of that key keeps its position, its place and value are
    /// replaced; the old value is returned.
    pub fn insert(&mut self, key: impl Into<String>, key_span: Span, value: Value) -> Option<Value> {
        self.entries.insert(key.into(), Entry { key: key_span, value }).map(|entry| entry.value)
    }

    /// Takes the entry of `key` out; the order of the others stays.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.entries.shift_remove(key).map(|entry| entry.value)
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), &entry.value))
    }

    /// Keys with their places, and values, in order.
    pub fn spanned(&self) -> impl ExactSizeIterator<Item = (&str, Span, &Value)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), entry.key, &entry.value))
    }

    /// Values, in order, to be changed.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Value> {
        self.entries.values_mut().map(|entry| &mut entry.value)
    }

    /// Keys with their places, and values, in order, to be kept.
    pub fn into_entries(self) -> impl ExactSizeIterator<Item = (String, Span, Value)> {
        self.entries.into_iter().map(|(key, entry)| (key, entry.key, entry.value))
    }
}

impl PartialEq for Map {
    /// As mappings: the order of keys does not count.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
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
