//! Kubernetes objects as `hld` knows them: kinds, ids, the documents of a manifest.
//!
//! A manifest is read without building a tree: only what identifies an object is kept
//! ([`Identity`]), the text stays as it came.

#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod document;
mod id;

pub use document::{Content, Document, Identity, NOTHING, documents, identify};
pub use id::{Gvk, ResourceId};
