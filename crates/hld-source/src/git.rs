//! Git repositories: a request to a commit to a folder of the cache.

use std::sync::Arc;

use hld_compiler::Request;
use hld_diag::{Diagnostic, FETCH_FAILED, NO_TOKEN, SOURCE_REFUSED, Span, UNREACHABLE};
use hld_git::{Credentials, ErrorKind, GitError, Limits, ObjectId, Remote, RemoteUrl, Repository, Want};

use crate::fetch::{Fetched, World};
use crate::{process, tree};

/// Fetches the commit that is asked for, or the one that it was locked to.
pub(crate) fn fetch(
    world: &World<'_>,
    url: &RemoteUrl,
    credentials: Arc<dyn Credentials>,
    (request, locked): (&Request, Option<&str>),
) -> Result<Fetched, Diagnostic> {
    let Request::Git { branch, version, .. } = request else { unreachable!("git fetches git requests") };
    let remote = Remote::new(url.clone(), credentials).cancelled_by(Arc::new(process::is_cancelled));
    let remote = remote.within(world.addresses.reach());
    let scratch = world.cache.scratch()?;
    let folder = scratch.path().join("tree");
    let (repository, lock) = world.cache.repository(&url.key()).map_err(|error| explain(&error))?;
    let limits = Limits {
        bytes: world.limits.source_bytes,
        seconds: world.limits.source_seconds,
        depth: Some(1),
        ..Limits::default()
    };
    let commit = match locked.and_then(|commit| commit.parse().ok()) {
        Some(id) => fetch_commit(&repository, &remote, (id, branch, version), &limits),
        None => fetch_named(&repository, &remote, (branch, version), &limits),
    };
    let commit = commit.map_err(|error| explain(&error))?;
    let root = repository.tree_of(commit).map_err(|error| explain(&error))?;
    tree::write(&repository, root, (&folder, world.limits))?;
    drop(lock);
    let (digest, files) = world.cache.keep(&folder)?;
    Ok(Fetched { resolved: commit.to_string(), digest, files })
}

/// The commit that was locked, wherever the branch or tag points now.
fn fetch_commit(
    repository: &Repository,
    remote: &Remote,
    (id, branch, version): (ObjectId, &str, &str),
    limits: &Limits,
) -> Result<ObjectId, GitError> {
    let near = [branch, version].into_iter().find(|name| !name.is_empty());
    repository.fetch(remote, Want::Commit { id, near }, limits)
}

/// As Fabrikate: a version is a commit, tag or branch and beats the branch, which may be a tag.
fn fetch_named(
    repository: &Repository,
    remote: &Remote,
    (branch, version): (&str, &str),
    limits: &Limits,
) -> Result<ObjectId, GitError> {
    let check = |name: &str| {
        let is_odd = name.starts_with('-') || name.chars().any(|c| c.is_control() || c == ' ' || c == ':');
        if is_odd {
            Err(GitError::new(ErrorKind::Local, format!("`{name}` is no branch, tag or commit")))
        } else {
            Ok(())
        }
    };
    check(branch)?;
    check(version)?;
    if let (Ok(id), false) = (version.parse::<ObjectId>(), branch.is_empty()) {
        return fetch_commit(repository, remote, (id, branch, ""), limits);
    }
    if !version.is_empty() {
        return repository.fetch(remote, Want::Any(version), limits);
    }
    if branch.is_empty() {
        return repository.fetch(remote, Want::Head, limits);
    }
    match repository.fetch(remote, Want::Branch(branch), limits) {
        Err(error) if error.kind == ErrorKind::NotFound => {
            repository.fetch(remote, Want::Tag(branch), limits).map_err(|_| error)
        }
        fetched => fetched,
    }
}

/// What a failure of git means to the author of the definition.
pub(crate) fn explain(error: &GitError) -> Diagnostic {
    let message = format!("the source can not be fetched: {}", error.message);
    let (code, hint) = match error.kind {
        ErrorKind::NotFound => (FETCH_FAILED, "check the address, the branch and the version"),
        ErrorKind::Auth => {
            (FETCH_FAILED, "a private source needs a token: name its environment variable in access.yaml")
        }
        ErrorKind::Untrusted => (
            FETCH_FAILED,
            "hld trusts hosts that `known_hosts` or the system's certificates know, and no other",
        ),
        ErrorKind::Network => {
            (UNREACHABLE, "try again later; with hld.lock and a filled cache no network is needed")
        }
        ErrorKind::Refused => {
            (SOURCE_REFUSED, "in a network that you trust, name it as `host:port` in `insecure` of hld.yaml")
        }
        ErrorKind::Protocol | ErrorKind::Corrupt => {
            (FETCH_FAILED, "what answers there is no sound git repository")
        }
        ErrorKind::Limit => return tree::limit(&error.message, key_of(&error.message)),
        ErrorKind::Credentials => (NO_TOKEN, "check the environment variable that access.yaml names"),
        ErrorKind::Cancelled => (UNREACHABLE, "the run was cancelled"),
        ErrorKind::Local => {
            (FETCH_FAILED, "check the address, the branch and the version, and the cache folder")
        }
    };
    Diagnostic::new(code, Span::NONE, message).hint(hint)
}

/// The key of hld.yaml for a limit, by the words behind it.
fn key_of(message: &str) -> Option<&'static str> {
    let keys = [("limit of time", "sourceSeconds"), ("bytes", "sourceBytes")];
    keys.into_iter().find(|(words, _)| message.contains(words)).map(|(_, key)| key)
}
