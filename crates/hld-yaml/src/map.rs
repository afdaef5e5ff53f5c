//! Mappings whose keys are strings.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hld_diag::Span;

use crate::Value;

/// A mapping of more entries than this has an index; a smaller one is searched through.
const INDEXED_FROM: usize = 12;

/// A mapping whose keys are strings, in the order they were written.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<Entry>,
    index: Option<Box<Index>>,
}

/// One entry of a [`Map`].
#[derive(Clone, Debug)]
struct Entry {
    key: String,
    key_span: Span,
    value: Value,
}

/// Positions by the hash of their keys. The hash is seeded anew for each mapping, so that nobody
/// can write keys that collide.
#[derive(Clone, Debug)]
struct Index {
    hasher: RandomState,
    positions: HashTable<u32>,
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
        self.position(key).map(|at| &self.entries[at].value)
    }

    /// The value under `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.position(key).map(|at| &mut self.entries[at].value)
    }

    /// Whether there is an entry of `key`.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Where `key` was written.
    #[must_use]
    pub fn key_span(&self, key: &str) -> Option<Span> {
        self.position(key).map(|at| self.entries[at].key_span)
    }

    /// Puts `value` under `key`: an entry of that key keeps its position, its place and value are
    /// replaced; the old value is returned.
    pub fn insert(&mut self, key: impl Into<String>, key_span: Span, value: Value) -> Option<Value> {
        let key = key.into();
        if let Some(at) = self.position(&key) {
            let entry = &mut self.entries[at];
            entry.key_span = key_span;
            return Some(std::mem::replace(&mut entry.value, value));
        }
        self.push(key, key_span, value);
        None
    }

    /// As [`Map::insert`]; returns where the key stood before, and the key.
    #[inline]
    pub(crate) fn insert_spanned(
        &mut self,
        key: Cow<'_, str>,
        key_span: Span,
        value: Value,
    ) -> (Option<Span>, &str) {
        if let Some(at) = self.position(&key) {
            let entry = &mut self.entries[at];
            let first = std::mem::replace(&mut entry.key_span, key_span);
            entry.value = value;
            return (Some(first), &entry.key);
        }
        self.push(key.into_owned(), key_span, value);
        (None, "")
    }

    /// Adds an entry whose key is not there.
    #[inline]
    fn push(&mut self, key: String, key_span: Span, value: Value) {
        if let Some(index) = &mut self.index {
            index.add(&self.entries, &key, self.entries.len());
        }
        self.entries.push(Entry { key, key_span, value });
        if self.index.is_none() && self.entries.len() > INDEXED_FROM {
            self.index = Some(Box::new(Index::of(&self.entries)));
        }
    }

    /// Takes the entry of `key` out; the order of the others stays.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.position(key)?;
        let entry = self.entries.remove(at);
        let indexed = self.entries.len() > INDEXED_FROM;
        self.index = indexed.then(|| Box::new(Index::of(&self.entries)));
        Some(entry.value)
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|entry| (entry.key.as_str(), &entry.value))
    }

    /// Keys with their places, and values, in order.
    pub fn spanned(&self) -> impl ExactSizeIterator<Item = (&str, Span, &Value)> {
        self.entries.iter().map(|entry| (entry.key.as_str(), entry.key_span, &entry.value))
    }

    /// Values, in order, to be changed.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Value> {
        self.entries.iter_mut().map(|entry| &mut entry.value)
    }

    /// Keys with their places, and values, in order, to be kept.
    pub fn into_entries(self) -> impl ExactSizeIterator<Item = (String, Span, Value)> {
        self.entries.into_iter().map(|entry| (entry.key, entry.key_span, entry.value))
    }

    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.find(&self.entries, key),
            None => self.entries.iter().position(|entry| entry.key == key),
        }
    }
}

impl Index {
    fn of(entries: &[Entry]) -> Self {
        let positions = HashTable::with_capacity(entries.len());
        let mut index = Index { hasher: RandomState::default(), positions };
        for (at, entry) in entries.iter().enumerate() {
            index.add(entries, &entry.key, at);
        }
        index
    }

    fn find(&self, entries: &[Entry], key: &str) -> Option<usize> {
        let hash = self.hasher.hash_one(key);
        self.positions.find(hash, |at| entries[*at as usize].key == key).map(|at| *at as usize)
    }

    fn add(&mut self, entries: &[Entry], key: &str, at: usize) {
        let hasher = &self.hasher;
        let at = u32::try_from(at).expect("a mapping has fewer entries than its text has bytes");
        self.positions.insert_unique(hasher.hash_one(key), at, |at| {
            hasher.hash_one(entries[*at as usize].key.as_str())
        });
    }
}

impl PartialEq for Map {
    /// As mappings: the order of keys does not count.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K: Into<String>> FromIterator<(K, Value)> for Map {
    /// A mapping of no file; of equal keys the last counts.
    fn from_iter<T: IntoIterator<Item = (K, Value)>>(entries: T) -> Self {
        let mut map = Map::new();
        for (key, value) in entries {
            map.insert(key, Span::NONE, value);
        }
        map
    }
}
