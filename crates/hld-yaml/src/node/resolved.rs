//! The tree as a dialect understands it: aliases followed, merge keys expanded.

use hld_diag::FileId;

use super::Node;
use crate::error::Error;
use crate::read::{Expander, Read, ReadOptions};
use crate::resolve;
use crate::{Dialect, fault};

impl<'d> Node<'d> {
    /// The value of this node, as [`crate::read`] would give it, and the duplicate keys within.
    ///
    /// # Errors
    /// As [`crate::read`].
    pub fn to_value(self, options: &ReadOptions) -> Result<Read, Error> {
        let mut duplicates = Vec::new();
        let value = Expander::new(self, options).document(&mut duplicates);
        let value = value.map_err(|fault| self.error(*fault, options.dialect))?;
        Ok(Read { documents: vec![value], duplicates, ..Read::default() })
    }

    fn error(self, fault: fault::Fault, dialect: Dialect) -> Error {
        let file: FileId = self.document.file;
        Error::in_window(fault, (self.document.text, self.document.window), file, dialect)
    }

    /// The entries of a mapping with merge keys expanded: aliases are followed, merged entries
    /// stand where the dialect's reading puts them, and keys may repeat: the last one counts.
    ///
    /// # Errors
    /// A merge key's value is no mapping, or its mappings are nested too deeply.
    pub fn merged_entries(self, dialect: Dialect) -> Result<Vec<(Node<'d>, Node<'d>)>, Error> {
        let mut entries = Vec::new();
        let mut budget = 10_000;
        self.target()
            .merge_into(dialect, &mut budget, &mut entries)
            .map_err(|fault| self.error(*fault, dialect))?;
        Ok(entries)
    }

    fn merge_into(
        self,
        dialect: Dialect,
        budget: &mut usize,
        entries: &mut Vec<(Node<'d>, Node<'d>)>,
    ) -> fault::Result<()> {
        let start = entries.len();
        for (key, value) in self.entries() {
            *budget = budget
                .checked_sub(1)
                .ok_or_else(|| fault::Fault::limit(crate::Limit::AliasRatio, key.data().start as usize))?;
            let scalar = key.as_scalar();
            if !scalar.is_some_and(|scalar| resolve::is_merge_key(&scalar, key.tag(), dialect)) {
                entries.push((key, value));
                continue;
            }
            let mut merged = Vec::new();
            for source in value.merge_sources()?.into_iter().rev() {
                source.merge_into(dialect, budget, &mut merged)?;
            }
            match dialect {
                // Explicit entries win wherever they stand.
                Dialect::V3 => drop(entries.splice(start..start, merged)),
                _ => entries.extend(merged),
            }
        }
        Ok(())
    }

    /// The mappings that a merge key's value names, in order.
    pub(crate) fn merge_sources(self) -> fault::Result<Vec<Node<'d>>> {
        let is_mapping = |node: &Node<'d>| matches!(node.target().data().kind, super::Kind::Mapping(..));
        let sources: Vec<Node<'d>> = match self.data().kind {
            super::Kind::Sequence(..) => self.items().collect(),
            _ => vec![self],
        };
        if sources.iter().all(is_mapping) {
            return Ok(sources.into_iter().map(Node::target).collect());
        }
        let problem = "map merge requires map or sequence of maps as the value";
        Err(fault::Fault::value(problem, self.data().start as usize))
    }
}
