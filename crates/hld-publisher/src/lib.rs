//! Manifests to a commit in a manifest repository, and back.
//!
//! *Flow*: [`Site::open`] finds a bare repository for the remote. [`publish`] fetches the branch,
//! compares the environments' folders with what is wanted, asks the removal guard, writes blobs, trees
//! and a commit, and pushes. When somebody else was faster it does all of it again on the new tip, for a
//! minute. [`roll_back`] does the same with what stood in the folder before, and leaves a hold.
//!
//! *Guarantees*: the branch is where it was, or at one commit more whose folders are one complete set of
//! manifests; whatever else stands in the repository is carried over as it is. Nothing is forced. A
//! reply that was lost is recognised. What is the same makes no commit.
//!
//! *Assumptions*: the server compares and moves a branch in one step, as git's does.
//!
//! *Errors* are diagnostics; each code stands for what can be done about it.

mod budget;
mod compare;
mod failure;
mod guard;
mod lineage;
mod message;
mod metadata;
mod publish;
mod published;
mod race;
mod rollback;
mod site;
mod standing;
mod target;
mod wanted;

pub use lineage::{Lineage, NoLineage};
pub use message::EnvironmentChange;
pub use metadata::{FILE as METADATA_FILE, Hold, Metadata};
pub use publish::{Consent, EnvironmentOutcome, Outcome, Request, Source, publish};
pub use published::Published;
pub use race::Author;
pub use rollback::{Rollback, roll_back};
pub use site::Site;
pub use target::{Branch, Folder};
pub use wanted::Manifests;
