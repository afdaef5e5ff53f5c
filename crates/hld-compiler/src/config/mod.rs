//! Config: values and namespace for components, as Fabrikate collects them.
//!
//! *Flow*: for every component that has a file of its own, config is what its parent says about it
//! ([`Config::subcomponent`]), then each environment's file in the order of the command line, then
//! `common`; what comes first has priority. An inline component has only what its parent says.
//!
//! *Guarantees*: every value keeps the place it was written at, through all merging.

mod decode;
mod merge;

pub(crate) use decode::{decode, without_values};

use hld_diag::Span;
use hld_yaml as yaml;
use indexmap::IndexMap;

/// What is said about one component, and about those below it (Fabrikate's `ComponentConfig`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Values for the component's generator. `None` is a missing map, which differs from an empty
    /// one: only into a missing one is a whole map, nulls included, taken over.
    pub values: Option<yaml::Map>,
    /// The namespace and where it was written; empty means none.
    pub namespace: Option<Namespace>,
    /// Whether the namespace is put into objects that have none; travels with the namespace.
    pub inject_namespace: bool,
    /// Whether a parent switches this component off.
    pub disabled: bool,
    /// What is said about subcomponents, by reference name.
    pub subcomponents: Option<IndexMap<String, Subconfig>>,
}

/// A namespace and the place it was written at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Its name, never empty.
    pub name: String,
    /// Where it was written.
    pub span: Span,
}

/// The config of a subcomponent and the place of its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Subconfig {
    /// Where the name stands.
    pub name_span: Span,
    /// What is said.
    pub config: Config,
}

impl Config {
    /// Config in which nothing is said, but whose maps exist: what the root inherits and what a
    /// missing file counts as.
    #[must_use]
    pub fn empty() -> Self {
        Config { values: Some(yaml::Map::new()), subcomponents: Some(IndexMap::new()), ..Config::default() }
    }

    /// What is said about the subcomponent `name`; nothing at all if it is not mentioned.
    #[must_use]
    pub fn subcomponent(&self, name: &str) -> Config {
        let said = self.subcomponents.as_ref().and_then(|all| all.get(name));
        said.map_or_else(Config::default, |said| said.config.clone())
    }

    /// The namespace that is injected into objects, if that was asked for.
    #[must_use]
    pub fn injected_namespace(&self) -> Option<&Namespace> {
        self.namespace.as_ref().filter(|_| self.inject_namespace)
    }
}
