//! Checks of manifests: the schemas of Kubernetes and of custom resources, removed and deprecated APIs.
//!
//! A [`Checker`] is made for one version of Kubernetes and the [`CustomKinds`] of a run. It reads a
//! text of manifests and says what an API server of that version would refuse before it even looks
//! at the cluster: unknown and missing fields, wrong types, keys that stand twice, kinds that are
//! gone. It is as strict as `kubectl apply --validate=strict` and `kubeconform -strict`.
//!
//! What it does not know: how the manifests were made, defaults, admission, and rules that are
//! programs (`x-kubernetes-validations`).

#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod api;
mod check;
mod custom;
mod format;
mod pack;
mod path;
mod rules;
mod schema;
mod version;
mod walk;

pub use check::{Checked, Checker};
pub use custom::CustomKinds;
pub use version::Version;
