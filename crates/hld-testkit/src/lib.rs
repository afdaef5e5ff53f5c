//! What the tests of hld share.
//!
//! Trees of files ([`Files`]), manifests compared as parsed documents ([`manifests`]), the `hld`
//! program run in a world of its own ([`Hld`]), the fixtures of definitions ([`definitions`]) and
//! the examples ([`examples`]), the real programs in the tool cache ([`tools`]), and servers:
//! [`http`] (with [`tls`]) and [`git`] of our own, and the real ones [`cluster`], [`gitea`] and [`sshd`], each a [`process`]
//! that ends with its test.
//!
//! Nothing here asserts: functions say what differs, and the suite decides.

pub mod cluster;
pub mod definitions;
pub mod examples;
mod files;
pub mod git;
pub mod gitea;
mod hld;
pub mod http;
pub mod manifests;
pub mod process;
pub mod sshd;
pub mod tls;
pub mod tools;

use std::path::{Path, PathBuf};

pub use files::Files;
pub use hld::{Hld, Said, Told};

/// The repository's folder.
#[must_use]
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
