//! Git as the rest of hld needs it: fetch, read trees, commit without a work tree, push.
//!
//! *Flow*: a [`RemoteUrl`] is parsed once and is what is checked, shown and connected to. A [`Remote`]
//! adds how to log in. A [`Repository`] is a bare folder of objects of ours, or somebody's repository
//! that is only read. [`Repository::fetch`] brings a commit, [`Repository::entries`] and
//! [`Repository::blob`] read it, [`Repository::write_tree`] and [`Repository::commit`] make another,
//! [`Repository::push`] gives it to the remote, if the branch is still where it was.
//!
//! *Guarantees*: there is no work tree, no index and no hook of ours. Nothing is ever forced onto a
//! remote. Secrets go into a connection and nowhere else. Redirects to other hosts are not
//! followed, so that credentials reach no other host.

mod build;
mod connection;
mod credentials;
mod error;
mod fetch;
mod files;
mod host_key;
mod http;
mod list;
mod local;
mod oid;
mod pack;
mod patience;
mod proxy;
mod push;
mod reach;
mod remote;
mod repository;
mod tls;
mod tree;
mod url;

pub use build::{Content, Signature, TreeFile};
pub use credentials::{Credential, Credentials, KeySource, NoCredentials, UserCredentials};
pub use error::{ErrorKind, GitError};
pub use fetch::{Limits, Want};
pub use files::read as read_small_file;
pub use oid::ObjectId;
pub use patience::wait_at_most;
pub use proxy::proxy_for;
pub use push::PushOutcome;
pub use reach::{Guard, Reach};
pub use remote::{Remote, RemoteRef};
pub use repository::{CommitInfo, Repository, RepositoryLock};
pub use tls::problem as tls_problem;
pub use tree::{Change, EntryKind, TreeEntry, TreeLimits};
pub use url::{Allowed, RemoteUrl, UrlProblem};
