//! Objects in a cluster: server-side apply, drift, inventory, pruning.
//!
//! *Flow*: [`Desired`] is what one commit says, parsed as a whole or not at all. [`Cluster::sync`]
//! brings a cluster there: it reads the inventory, looks at what lives, writes the inventory that
//! names everything old and new, applies (Namespaces and CRDs first), and deletes what only the
//! inventory still names. The [`Report`] says of each object in one [`Word`] what happened and why.
//! [`Cluster::watch`] says which objects drifted, [`Cluster::diff`] what a sync would change.
//!
//! *Guarantees*: the inventory names every object of ours at every instant, whenever the process
//! dies. An object is deleted only if the inventory names it, [`Desired`] does not, discovery knows
//! its kind for certain, and the live object has our label and the recorded UID. An object that is
//! equal is not written. Nothing of a Secret is part of an error, a report or a difference.
//!
//! *Assumptions*: what is kept between runs is kept in the cluster. What a [`Cluster`] remembers
//! saves requests and nothing else.
//!
//! This crate knows no git, no components and no loop.

mod apply;
mod cluster;
mod conflict;
mod desired;
mod diff;
mod discovery;
mod error;
mod inventory;
mod live;
mod memory;
mod order;
mod plan;
mod prune;
mod report;
mod rest;
mod secrets;
mod sync;
mod view;
mod watch;

pub use cluster::{
    Cluster, FIELD_MANAGER, Force, INVENTORY_LABEL, Identity, LABEL, Options, Scope, Transport,
};
pub use desired::{Desired, Unreadable};
pub use error::{ApiError, ApiErrorKind, Error};
pub use report::{Change, Held, Preview, Pruning, Report, Word};
pub use rest::causes;
