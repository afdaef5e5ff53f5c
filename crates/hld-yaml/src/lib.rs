//! Kubernetes' YAML: read as Helm, kubectl, kustomize and Fabrikate read it, written as
//! sigs.k8s.io/yaml writes it.
//!
//! The scanner and parser follow libyaml and go-yaml, whose rules (and errors) are what Kubernetes
//! means by YAML. Four ways lead through a text, each doing only what it must:
//!
//! - [`scan`] checks it and finds its documents; no tree is built. A [`Visitor`] may watch.
//! - [`Events`] is the pull parser below all others.
//! - [`read`] gives each document as a [`Value`] in one of three [`Dialect`]s: aliases and merge
//!   keys expanded, keys turned to strings, duplicate keys reported.
//! - [`parse`] keeps what is written: styles, anchors, tags, comments, every entry of a mapping.
//!
//! [`read_json`] is Go's encoding/json, [`emit`] writes a [`Value`], and [`edit`] changes a text and
//! leaves the rest of it alone.
//!
//! Texts are untrusted: [`Limits`] hold everywhere, nothing recurses deeper than they allow, and
//! an [`Error`] never contains a scalar of the text. This crate does no I/O and shows no type of
//! another YAML crate.

#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod dialect;
pub mod edit;
mod emit;
mod encoding;
mod error;
mod events;
mod fault;
mod hints;
mod json;
mod limits;
mod map;
mod node;
mod read;
mod resolve;
mod scalar;
mod scan;
mod summary;
mod value;

pub use dialect::Dialect;
pub use emit::{emit, emit_into};
pub use encoding::decode;
pub use error::{Error, ErrorKind, Limit};
pub use events::{Event, EventKind, Events, Properties};
pub use json::read_json;
pub use limits::Limits;
pub use map::Map;
pub use node::{Comments, Document, Node, NodeKind, parse};
pub use read::{Documents, Duplicate, Read, ReadOptions, read};
pub use scalar::{Scalar, Style};
pub use summary::{DocumentRange, Visitor, scan, scan_with};
pub use value::{Data, Value};
