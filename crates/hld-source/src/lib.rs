//! The outside as the compiler sees it: local files, commits, what is fetched, and the helm program.
//!
//! [`Files`] is a folder of the machine, [`Revision`] a commit of a repository; an [`Overlay`] is one of
//! them with fetched folders mounted in it. [`Helm`] renders charts of any of these.

mod copies;
mod files;
mod helm;
mod overlay;
pub mod process;
mod revision;
mod scratch;

pub use files::{Files, system_words};
pub use helm::Helm;
pub use overlay::{Folders, Overlay};
pub use revision::Revision;
pub use scratch::cache_dir;
