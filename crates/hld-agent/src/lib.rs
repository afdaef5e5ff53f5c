//! The agent: brings a manifest repository into a cluster, and keeps the cluster like it.
//!
//! *Flow*: [`config`] reads what the agent was told, [`run`] is the loop. [`bootstrap`] writes the
//! manifests that bring the agent itself into a cluster, [`client`] is how people ask it.
//!
//! *Guarantees*: it is level-triggered: it reads the repository and the cluster, and does what is
//! missing. Nothing that a repository or a webhook brings is run, and no URL is taken from either.
//!
//! This crate knows neither the compiler nor the command line of `hld`. How objects are applied,
//! pruned and watched is `hld-apply`'s, how a repository is fetched and read is `hld-git`'s.

mod agent;
pub mod bootstrap;
pub mod client;
mod cluster;
pub mod config;
mod http;
mod log;
mod metrics;
mod own;
mod source;
mod stall;
pub mod status;

pub use agent::{Addresses, StartError, run};
pub use cluster::ConnectError;
pub use log::start as start_log;
