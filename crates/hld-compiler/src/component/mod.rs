//! Components as their files define them.

mod decode;
mod names;

pub(crate) use decode::{decode, duplicate_key};
use names::check_names;
pub use names::name_problem;

use std::sync::Arc;

use hld_diag::Span;

/// Text of a field and where it stands; empty where the field is missing, null or empty, which
/// Fabrikate does not tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub value: String,
    /// Where it stands; [`Span::NONE`] for a missing field.
    pub span: Span,
}

/// One node of a definition, as written in a component file: the file's own or an entry of
/// `subcomponents`.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name: file name of the output, release name of a chart, key of its config.
    pub name: Text,
    /// What makes its manifests.
    pub kind: Kind,
    /// Where the type stands, or the component if none does.
    pub kind_span: Span,
    /// How its source is fetched.
    pub method: Method,
    /// URL or folder; what it means depends on type and method.
    pub source: Text,
    /// Path below the source.
    pub path: Text,
    /// Version, tag or commit of the source.
    pub version: Text,
    /// Branch of the source.
    pub branch: Text,
    /// What is particular to charts.
    pub chart: ChartOptions,
    /// Components below it.
    pub subcomponents: Vec<Arc<Component>>,
    /// The whole node.
    pub span: Span,
}

/// What makes the manifests of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: it holds others, and is loaded from a folder of its own.
    Component,
    /// A chart.
    Helm,
    /// A folder of manifests, taken as they are.
    Static,
    /// A folder of manifest templates.
    Template,
    /// A folder with a kustomization; not yet supported.
    Kustomize,
    /// Something else: Fabrikate makes nothing of it, without a word.
    Unknown(String),
}

/// How a source is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// It is in the definition's own repository.
    Local,
    /// Cloned.
    Git,
    /// Pulled from a chart repository.
    Helm,
    /// Downloaded.
    Http,
}

/// What is particular to a chart component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChartOptions {
    /// Whether it is rendered as Fabrikate did: no `crds/`, all hooks.
    pub compat_fabrikate: Option<bool>,
    /// Whether test, delete and rollback hooks are kept.
    pub keep_hooks: Option<bool>,
}

impl Kind {
    /// The word in a component file.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Kind::Component => "component",
            Kind::Helm => "helm",
            Kind::Static => "static",
            Kind::Template => "template",
            Kind::Kustomize => "kustomize",
            Kind::Unknown(word) => word,
        }
    }

    /// The type that a word means; every word means something.
    #[must_use]
    pub fn of(word: &str) -> Kind {
        match word {
            "" | "component" => Kind::Component,
            "helm" => Kind::Helm,
            "static" => Kind::Static,
            "template" => Kind::Template,
            "kustomize" => Kind::Kustomize,
            other => Kind::Unknown(other.to_owned()),
        }
    }
}

impl Method {
    /// Whether it has to be fetched.
    #[must_use]
    pub fn is_remote(self) -> bool {
        self != Method::Local
    }

    /// The word in a component file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Method::Local => "local",
            Method::Git => "git",
            Method::Helm => "helm",
            Method::Http => "http",
        }
    }
}

impl Text {
    /// A missing field.
    #[must_use]
    pub fn missing() -> Self {
        Text { value: String::new(), span: Span::NONE }
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Where the text stands, or `otherwise` if the field is missing.
    #[must_use]
    pub fn span_or(&self, otherwise: Span) -> Span {
        if self.span.is_some() { self.span } else { otherwise }
    }
}
