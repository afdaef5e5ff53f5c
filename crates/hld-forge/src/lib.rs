//! Pull requests on forges: one comment that is kept up to date, and a status.
//!
//! *Flow*: a [`Target`] says which pull request of which forge is meant; [`detect`] finds it in the
//! variables of a CI system. [`open`] makes a [`Forge`] of it. [`post`] puts a text into its one
//! comment, [`Forge::set_status`] sets the status of a commit.
//!
//! *Guarantees*: the token goes to the host of the API and to no other; no address that a server names
//! is followed to another host. Only comments of one's own are changed. Everything is bounded: tries,
//! waiting, pages and bytes. An error never holds the token.
//!
//! What a comment says is somebody else's business; its text must be safe already.

mod azure;
mod ci;
mod error;
mod forge;
mod gitea;
mod github;
mod http;
mod marker;
mod rest;
mod sticky;

pub use ci::{Kind, Outside, Target, detect};
pub use error::ForgeError;
pub use forge::{Comment, Forge, Pull, State, Status, Text};
pub use http::Patience;
pub use sticky::{Post, Posted, post, room};

use hld_diag::Secret;

/// How a forge may be spoken to.
#[derive(Clone, Debug)]
pub struct Access {
    /// The token.
    pub token: Secret,
    /// Hosts with a port, `host:port`, that may be spoken to without encryption.
    pub insecure: Vec<String>,
    /// How long to wait and how often to try.
    pub patience: Patience,
}

/// Opens a pull request. Nothing is asked yet.
///
/// # Errors
/// The address or the token can not be used.
pub fn open(target: &Target, access: &Access) -> Result<Box<dyn Forge>, ForgeError> {
    Ok(match target.kind {
        Kind::Azure => Box::new(azure::Azure::open(target, access)?),
        Kind::Github => Box::new(github::Github::open(target, access)?),
        Kind::Gitea => Box::new(gitea::Gitea::open(target, access)?),
    })
}
