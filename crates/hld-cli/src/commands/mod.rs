//! Subcommands, one file each.

pub(crate) mod add;
pub(crate) mod agent;
mod comparing;
mod compiled;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod doctor;
mod environments;
pub(crate) mod explain;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod install;
mod manifests;
mod naming;
pub(crate) mod preview;
pub(crate) mod publish;
pub(crate) mod remove;
pub(crate) mod rollback;
pub(crate) mod schema;
pub(crate) mod set;
mod sides;
pub(crate) mod tree;
pub(crate) mod validate;
pub(crate) mod version;
