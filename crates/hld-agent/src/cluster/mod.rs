//! The cluster as the agent's own state uses it: its status, requests of people, events.
//!
//! Objects of the repository are `hld-apply`'s business.

mod connect;
mod events;
mod requests;
mod store;

pub use connect::ConnectError;
pub(crate) use connect::{connect, connect_as_user};
pub(crate) use events::Events;
pub(crate) use requests::{ALLOW_REMOVALS, ALLOW_REWRITE, Approvals, REQUESTED, follow};
pub(crate) use store::{Store, StoreError};
