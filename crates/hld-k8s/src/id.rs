//! What a Kubernetes object is called.

use std::fmt;

/// Group, version and kind of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gvk {
    /// API group; empty for the core group.
    pub group: String,
    /// API version: `v1`.
    pub version: String,
    /// Kind: `ConfigMap`.
    pub kind: String,
}

impl Gvk {
    /// From the two fields that every object has: `apps/v1` and `Deployment`.
    #[must_use]
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        Gvk { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
    }

    /// The object's `apiVersion` field.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// What makes an object one and the same, whatever API version it is written in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace as written; empty where none is.
    pub namespace: String,
    /// Name; for an object without one its `generateName` and `*`.
    pub name: String,
}

impl fmt::Display for ResourceId {
    /// `Deployment.apps shop/web`, `Namespace shop`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        f.write_str(" ")?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_group_has_no_name() {
        let gvk = Gvk::new("v1", "ConfigMap");
        assert_eq!((gvk.group.as_str(), gvk.version.as_str(), gvk.api_version().as_str()), ("", "v1", "v1"));
        let gvk = Gvk::new("rbac.authorization.k8s.io/v1", "Role");
        assert_eq!(gvk.api_version(), "rbac.authorization.k8s.io/v1");
    }
}
