//! The outside as the compiler sees it: local files, commits, what is fetched, and the helm program.
//!
//! [`Files`] is a folder of the machine, [`Revision`] a commit of a repository; an [`Overlay`] is one of
//! them with fetched folders mounted in it. [`install`] fetches what a definition needs, by its [`Lock`]
//! and through a cache. [`Helm`] renders charts of any of these.

mod access;
mod address;
mod archive;
mod cache;
mod chart;
mod copies;
mod digest;
mod fetch;
mod files;
mod git;
mod helm;
mod http;
mod index;
mod install;
mod lock;
mod overlay;
pub mod process;
mod revision;
mod scratch;
mod tree;

pub use access::credentials;
pub use digest::Digest;
pub use files::{Files, system_words};
pub use helm::Helm;
pub use install::{Installed, Options, Wanted, install};
pub use lock::{LOCK_NAME, Lock, Locked};
pub use overlay::{Folders, Overlay};
pub use revision::Revision;
pub use scratch::cache_dir;
