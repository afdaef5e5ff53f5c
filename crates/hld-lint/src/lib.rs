//! Checks of manifests: the schemas of Kubernetes and of custom resources, removed and deprecated APIs.

#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
