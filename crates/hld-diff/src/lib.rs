//! The difference of two sets of Kubernetes objects, as data, and its writers.
//!
//! *Flow*: [`compare`] takes the texts of both sides. Documents whose bytes stand on both sides are
//! put aside unread; the others are read, their secrets replaced by keyed hashes ([`Key`]), and
//! objects of one id (group, kind, namespace, name) are compared. The result is a [`Difference`]:
//! plain data, in an order that depends on nothing but the objects. [`fold`] puts comparisons together,
//! tells equal changes once and says what of them can hurt ([`Danger`]). A writer makes text of that:
//! [`write::terminal`], [`write::markdown`], [`write::json`].
//!
//! *Guarantees*: values are equal as Kubernetes reads YAML: the order of keys, comments, quotes and
//! `1.0` for `1` are no difference. What is reported is exactly what differs: the changes of an
//! object, applied to what was before, give what is after. A value of a Secret is not part of a
//! [`Difference`]. Text from outside is escaped by each writer for its channel.
//!
//! This crate knows nothing of git, clusters and forges.

#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod compare;
mod danger;
mod difference;
mod fold;
mod lines;
mod list;
mod node;
mod object;
mod secret;
mod text;
pub mod write;

pub use compare::{Options, Outcome, compare};
pub use danger::{Danger, Risk};
pub use difference::{Change, Difference, Item, Object, ObjectChange, Step, What};
pub use fold::{Comparison, Folded, Shared, SharedDanger, fold};
pub use node::Node;
pub use object::Input;
pub use secret::{Fingerprint, Key};
pub use text::{Hunk, Line, Mark};
