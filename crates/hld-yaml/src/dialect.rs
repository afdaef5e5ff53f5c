//! The three readers whose rules are followed.

/// Whose rules turn text into values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// sigs.k8s.io/yaml on go-yaml v2: Helm, kubectl, the API server.
    #[default]
    V2,
    /// go-yaml v3: kustomize.
    V3,
    /// Fabrikate's own reader, an old fork of go-yaml v2: keys are strings by their source text,
    /// `1e3` and `5.` are strings, `.inf` is a number.
    Fabrikate,
}
