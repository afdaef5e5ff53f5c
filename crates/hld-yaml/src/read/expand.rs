//! Documents with aliases and merge keys: the tree is decoded as go-yaml decodes it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use hld_diag::{FileId, Span};

use super::late::{Late, Repeated};
use super::{Duplicate, ReadOptions, key};
use crate::error::Limit;
use crate::events::{EventKind, Parser};
use crate::fault::{Fault, Result};
use crate::node::{self, Kind, Node};
use crate::resolve;
use crate::{Data, Dialect, Map, Value};

/// Reads one document, its start included.
pub(super) fn document(
    parser: &mut Parser<'_>,
    file: FileId,
    options: &ReadOptions,
    duplicates: &mut Vec<Duplicate>,
) -> Result<Value> {
    loop {
        let event = parser.next_event()?;
        if let EventKind::DocumentStart { .. } = event.kind {
            let document = node::build(parser, file, event.start)?;
            return Expander::new(document.root(), options).document(duplicates);
        }
    }
}

/// go-yaml's decoder.
pub(crate) struct Expander<'d, 'o> {
    root: Node<'d>,
    options: &'o ReadOptions,
    late: Late,
    n_decoded: usize,
    n_of_aliases: usize,
    /// How many aliases are around what is being decoded.
    alias_depth: usize,
    depth: usize,
    expanded_bytes: usize,
    /// Keys that a merge must not touch, in go-yaml v3.
    merged_fields: Option<HashSet<String, foldhash::fast::RandomState>>,
}

/// A decoded key; `None` where go-yaml v3 drops the entry.
type DecodedKey<'d> = Option<(Cow<'d, str>, Span)>;

impl<'d, 'o> Expander<'d, 'o> {
    pub(crate) fn new(root: Node<'d>, options: &'o ReadOptions) -> Self {
        Expander {
            root,
            options,
            late: Late::new(options.dialect),
            n_decoded: 0,
            n_of_aliases: 0,
            alias_depth: 0,
            depth: 0,
            expanded_bytes: 0,
            merged_fields: None,
        }
    }

    /// The value of the root.
    pub(crate) fn document(mut self, duplicates: &mut Vec<Duplicate>) -> Result<Value> {
        let value = self.value(self.root)?;
        let document = self.root.document;
        self.late.finish((document.text(), document.window), self.options, duplicates)?;
        Ok(value)
    }

    fn value(&mut self, node: Node<'d>) -> Result<Value> {
        self.count(node)?;
        match node.data().kind {
            Kind::Alias(..) => {
                self.alias_depth += 1;
                let value = self.value(node.target());
                self.alias_depth -= 1;
                value
            }
            Kind::Scalar(_) => {
                let data = self.scalar(node)?;
                Ok(Value { data, span: node.span() })
            }
            Kind::Sequence(..) => {
                self.enter(node)?;
                let mut items = Vec::new();
                for item in node.items() {
                    items.push(self.value(item)?);
                }
                self.depth -= 1;
                Ok(Value { data: Data::Seq(items), span: node.span() })
            }
            Kind::Mapping(..) => {
                let mut map = Map::new();
                self.mapping(node, &mut map, is_string_map(node))?;
                Ok(Value { data: Data::Map(map), span: node.span() })
            }
        }
    }

    /// Counts a decoding, and refuses a document of which too much comes from aliases.
    fn count(&mut self, node: Node<'d>) -> Result<()> {
        let at = node.data().start as usize;
        self.n_decoded += 1;
        self.n_of_aliases += usize::from(self.alias_depth > 0);
        if self.n_of_aliases > 100
            && self.n_decoded > 1000
            && self.n_of_aliases as f64 / self.n_decoded as f64 > allowed_alias_ratio(self.n_decoded)
        {
            return Err(Fault::limit(Limit::AliasRatio, at));
        }
        if self.n_decoded > self.options.limits.nodes {
            return Err(Fault::limit(Limit::Nodes { limit: self.options.limits.nodes }, at));
        }
        Ok(())
    }

    fn enter(&mut self, node: Node<'d>) -> Result<()> {
        self.depth += 1;
        let limit = self.options.limits.max_depth();
        if self.depth > limit {
            return Err(Fault::limit(Limit::Depth { limit }, node.data().start as usize));
        }
        Ok(())
    }

    /// Counts text that is there once more than it is written.
    fn expand_text(&mut self, text: &str, at: usize) -> Result<()> {
        if self.alias_depth > 0 {
            self.expanded_bytes += text.len();
        }
        let limit = self.options.limits.expanded_bytes;
        if self.expanded_bytes > limit {
            return Err(Fault::limit(Limit::ExpandedBytes { limit }, at));
        }
        Ok(())
    }

    fn scalar(&mut self, node: Node<'d>) -> Result<Data> {
        let at = node.data().start as usize;
        let Some(scalar) = node.data().scalar() else { return Ok(Data::Null) };
        match resolve::scalar(scalar, node.tag(), self.options.dialect, at) {
            Ok((resolved, text)) => {
                self.expand_text(&text, at)?;
                Ok(self.late.data(resolved, text, at))
            }
            Err(fault) => {
                self.late.value(fault);
                Ok(Data::Null)
            }
        }
    }

    /// Adds the entries of a mapping to `map`.
    fn mapping(&mut self, node: Node<'d>, map: &mut Map, string_keys: bool) -> Result<()> {
        self.enter(node)?;
        match self.options.dialect {
            Dialect::V3 => self.mapping_v3(node, map, string_keys)?,
            _ => self.mapping_v2(node, map)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// go-yaml v2: entries and merges in the order they stand, a later one over an earlier.
    fn mapping_v2(&mut self, node: Node<'d>, map: &mut Map) -> Result<()> {
        let mut merged = false;
        let mut explicit: HashSet<u32, foldhash::fast::RandomState> = HashSet::default();
        for (name, value) in node.entries() {
            if self.is_merge(name) {
                merged = true;
                self.merge_v2(value, map)?;
                continue;
            }
            let Some((key, span)) = self.key(name, false)? else { continue };
            let converted = name.text().is_some_and(|text| !self.is_text_key(name, &text));
            let value_at = value.data().start as usize;
            let value = self.value(value)?;
            explicit.insert(span.start);
            let (first, key) = map.insert_spanned(key, span, value);
            // What a merge brought may be replaced; strictly not even that.
            if let Some(first) = first
                && (self.options.strict || !merged || explicit.contains(&first.start))
            {
                let duplicate = Duplicate { key: key.to_owned(), first, second: span };
                self.late.repeated(Repeated { duplicate, value_at, converted });
            }
        }
        Ok(())
    }

    fn merge_v2(&mut self, value: Node<'d>, map: &mut Map) -> Result<()> {
        let sources = match value.merge_sources() {
            Ok(sources) => sources,
            Err(fault) => {
                self.late.value(fault);
                return Ok(());
            }
        };
        // Earlier mappings win, so they come last.
        for source in sources.into_iter().rev() {
            self.merged(source, |expander| {
                if !expander.options.strict {
                    return expander.mapping(source, map, false);
                }
                let mut entries = Map::new();
                expander.mapping(source, &mut entries, false)?;
                for (key, span, entry) in entries.into_entries() {
                    let value_at = entry.span.start as usize;
                    if let Some(first) = map.key_span(&key) {
                        let duplicate = Duplicate { key, first, second: span };
                        expander.late.repeated(Repeated { duplicate, value_at, converted: false });
                    } else {
                        map.insert(key, span, entry);
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Decodes a mapping that is merged into another, as an alias if it lies outside of it.
    fn merged(&mut self, source: Node<'d>, decode: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.count(source)?;
        self.alias_depth += 1;
        let result = decode(self);
        self.alias_depth -= 1;
        result
    }

    /// go-yaml v3: entries first, then the merges, which touch nothing that is there.
    fn mapping_v3(&mut self, node: Node<'d>, map: &mut Map, string_keys: bool) -> Result<()> {
        if self.repeats(node) {
            return Ok(());
        }
        let mut fields = self.merged_fields.take();
        let mut merge = None;
        for (name, value) in node.entries() {
            if self.is_merge(name) {
                merge = Some(value);
                continue;
            }
            let Some((key, span)) = self.key(name, string_keys)? else { continue };
            if let Some(fields) = &mut fields
                && !fields.insert(key.clone().into_owned())
            {
                continue;
            }
            let value = self.value(value)?;
            map.insert_spanned(key, span, value);
        }
        self.merged_fields = fields;
        match merge {
            Some(merge) => self.merge_v3(merge, map, string_keys),
            None => Ok(()),
        }
    }

    fn merge_v3(&mut self, value: Node<'d>, map: &mut Map, string_keys: bool) -> Result<()> {
        let sources = match value.merge_sources() {
            Ok(sources) => sources,
            Err(fault) => {
                self.late.value(fault);
                return Ok(());
            }
        };
        let outermost = self.merged_fields.is_none();
        if outermost {
            self.merged_fields = Some(map.iter().map(|(key, _)| key.to_owned()).collect());
        }
        for source in sources {
            self.merged(source, |expander| expander.mapping(source, map, string_keys))?;
        }
        if outermost {
            self.merged_fields = None;
        }
        Ok(())
    }

    /// Whether two keys of a mapping have the same kind and text; go-yaml v3 refuses such a mapping.
    fn repeats(&mut self, node: Node<'d>) -> bool {
        let mut seen = HashMap::with_hasher(foldhash::fast::RandomState::default());
        let mut repeated = Vec::new();
        for (name, value) in node.entries() {
            let (kind, text) = match name.data().kind {
                Kind::Scalar(scalar) => (0, scalar.text()),
                Kind::Sequence(..) => (1, Cow::Borrowed("")),
                Kind::Mapping(..) => (2, Cow::Borrowed("")),
                Kind::Alias(alias, _) => (3, Cow::Borrowed(alias)),
            };
            let first = *seen.entry((kind, text.clone())).or_insert_with(|| name.span());
            if first != name.span() {
                let duplicate = Duplicate { key: text.into_owned(), first, second: name.span() };
                let value_at = value.data().start as usize;
                repeated.push(Repeated { duplicate, value_at, converted: false });
            }
        }
        // In the order of the keys that are repeated.
        repeated.sort_by_key(|repeated| repeated.duplicate.first.start);
        let any = !repeated.is_empty();
        repeated.into_iter().for_each(|repeated| self.late.repeated(repeated));
        any
    }

    /// Whether a key is text as it stands, and no number or truth value.
    fn is_text_key(&self, name: Node<'d>, text: &str) -> bool {
        let plain = name.target().as_scalar().is_some_and(|scalar| scalar.is_plain());
        !plain || resolve::plain(text, self.options.dialect) == resolve::Resolved::Text
    }

    fn is_merge(&self, name: Node<'d>) -> bool {
        let scalar = name.as_scalar();
        scalar.is_some_and(|scalar| resolve::is_merge_key(&scalar, name.tag(), self.options.dialect))
    }

    /// A key as a string. `string_keys` says that a merge goes into a mapping of strings alone: there
    /// go-yaml v3 takes source texts, and drops null.
    fn key(&mut self, name: Node<'d>, string_keys: bool) -> Result<DecodedKey<'d>> {
        self.count(name)?;
        if let Kind::Alias(..) = name.data().kind {
            self.alias_depth += 1;
            let key = self.key(name.target(), string_keys);
            self.alias_depth -= 1;
            // The key is written where the alias is.
            return key.map(|key| key.map(|(text, _)| (text, name.span())));
        }
        let at = name.data().start as usize;
        let Some(scalar) = name.as_scalar() else {
            let kind = if matches!(name.data().kind, Kind::Mapping(..)) { "a map" } else { "a list" };
            self.late.value(Fault::value(format!("invalid map key: {kind}"), at));
            return Ok(None);
        };
        let key = match key::key(&scalar, name.tag(), self.options.dialect, at) {
            Ok(key) if string_keys && key.converted => {
                let null =
                    scalar.is_plain() && matches!(&*scalar.text(), "" | "~" | "null" | "Null" | "NULL");
                if null {
                    return Ok(None);
                }
                scalar.text()
            }
            Ok(key) => key.text,
            Err(key::Fault::Tag(fault)) => {
                self.late.value(fault);
                return Ok(None);
            }
            Err(key::Fault::Kind(fault)) => {
                self.late.key(fault);
                return Ok(None);
            }
        };
        self.expand_text(&key, at)?;
        Ok(Some((key, name.span())))
    }
}

/// Whether all keys of a mapping are strings, merge keys aside.
fn is_string_map(node: Node<'_>) -> bool {
    node.entries().all(|(name, _)| {
        let Some(scalar) = name.target().as_scalar() else { return false };
        let tag = name.target().tag();
        resolve::is_merge_key(&scalar, tag, Dialect::V3)
            || matches!(resolve::scalar(&scalar, tag, Dialect::V3, 0), Ok((resolve::Resolved::Text, _)))
    })
}

/// The part of a document that aliases may make up: nearly all of a small one, a tenth of a large one.
fn allowed_alias_ratio(n_decoded: usize) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let beyond = (n_decoded as f64 - LOW).clamp(0.0, HIGH - LOW);
    0.99 - 0.89 * (beyond / (HIGH - LOW))
}
