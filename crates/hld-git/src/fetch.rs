//! Bringing commits here.

use std::sync::Arc;
use std::time::Duration;

use git2::{AutotagOption, FetchOptions};

use crate::connection::Connection;
use crate::error::{ErrorKind, GitError};
use crate::oid::ObjectId;
use crate::remote::{Remote, RemoteRef};
use crate::repository::Repository;
use crate::tree::MOST_OF_COMMIT;
use crate::{http, list};

/// What a connection may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes that may come in.
    pub bytes: u64,
    /// Objects that may come in.
    pub objects: u64,
    /// Seconds that it may take.
    pub seconds: u64,
    /// How long an HTTP server may say nothing. (For SSH there is [`crate::wait_at_most`].)
    pub silence: Duration,
    /// Most branches and tags that a remote may have.
    pub refs: usize,
    /// How many commits of history are asked for; all of them when `None`.
    pub depth: Option<u16>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: 1 << 30,
            objects: 2_000_000,
            seconds: 600,
            silence: Duration::from_secs(60),
            refs: 500_000,
            depth: None,
        }
    }
}

impl Limits {
    pub(crate) fn out_of_time(&self) -> GitError {
        GitError::new(ErrorKind::Limit, format!("it took longer than {} s (limit of time)", self.seconds))
    }

    pub(crate) fn out_of_bytes(&self) -> GitError {
        let words = format!("more than {} bytes were sent (limit of fetched bytes)", self.bytes);
        GitError::new(ErrorKind::Limit, words)
    }
}

/// Which commit is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want<'w> {
    /// What the remote's `HEAD` means.
    Head,
    /// The tip of a branch.
    Branch(&'w str),
    /// The commit of a tag.
    Tag(&'w str),
    /// A tag, a branch, or a commit, as `git checkout` reads it.
    Any(&'w str),
    /// Just this commit. `near` is a branch or tag whose history is looked through where the server
    /// does not give out commits by their id.
    Commit {
        /// The commit.
        id: ObjectId,
        /// Where it may be found.
        near: Option<&'w str>,
    },
}

/// A refspec that no remote has: asks for the list of references and for nothing else.
const NOTHING: &str = "refs/hld/nothing:refs/hld/nothing";

impl Repository {
    /// The branches and tags of a remote.
    ///
    /// # Errors
    /// The remote can not be reached, refuses, or has too many.
    pub fn list(&self, remote: &Remote, limits: &Limits) -> Result<Vec<RemoteRef>, GitError> {
        let mut session = Session::open(self, remote, limits)?;
        session.references()
    }

    /// Brings a commit with its tree here, and its history as far as [`Limits::depth`] says.
    ///
    /// What was fetched is kept below `refs/hld/`, so that the next time only what is new is sent.
    ///
    /// # Errors
    /// The remote can not be reached or refuses, or does not have the commit.
    pub fn fetch(&self, remote: &Remote, want: Want<'_>, limits: &Limits) -> Result<ObjectId, GitError> {
        let mut session = Session::open(self, remote, limits)?;
        let references = session.references()?;
        match want {
            Want::Head => {
                let head = find(&references, "HEAD").ok_or_else(|| missing("HEAD", &references))?;
                let name = head.target.clone().unwrap_or_else(|| "HEAD".to_owned());
                session.reference(&name, head.id)
            }
            Want::Branch(name) => session.named(&references, &[&format!("refs/heads/{}", short(name))], name),
            Want::Tag(name) => session.named(&references, &[&format!("refs/tags/{name}")], name),
            Want::Any(name) => session.any(&references, name),
            Want::Commit { id, near } => session.commit(&references, id, near),
        }
    }
}

/// A reference that was listed. git2 panics at names that are no UTF-8, which only SSH can bring here
/// ([`list::List`]): such a reference is passed over.
fn read_head(head: &git2::RemoteHead<'_>) -> Option<RemoteRef> {
    let read = || RemoteRef {
        name: head.name().to_owned(),
        id: ObjectId(head.oid()),
        target: head.symref_target().map(str::to_owned),
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok()
}

/// `main` of `refs/heads/main`.
fn short(branch: &str) -> &str {
    branch.strip_prefix("refs/heads/").unwrap_or(branch)
}

fn find<'a>(references: &'a [RemoteRef], name: &str) -> Option<&'a RemoteRef> {
    references.iter().find(|reference| reference.name == name)
}

fn missing(name: &str, references: &[RemoteRef]) -> GitError {
    if references.is_empty() {
        return GitError::new(ErrorKind::NotFound, "the remote repository is empty");
    }
    let names = references.iter().filter_map(|reference| {
        let branch = reference.name.strip_prefix("refs/heads/");
        branch.or_else(|| reference.name.strip_prefix("refs/tags/").filter(|tag| !tag.ends_with("^{}")))
    });
    let near =
        hld_diag::nearest(name, names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    GitError::new(ErrorKind::NotFound, format!("the remote has no branch, tag or commit `{name}`{near}"))
}

/// Depth of a fetch that leaves the beginning of the history where it is (`GIT_FETCH_DEPTH_FULL`).
const AS_IT_IS: i32 = 0;

/// Depth of a fetch that brings what a shallow one left out (`GIT_FETCH_DEPTH_UNSHALLOW`).
const EVERYTHING: i32 = i32::MAX;

/// One connection that lists and then downloads.
struct Session<'s> {
    repository: &'s Repository,
    connection: Arc<Connection>,
    git: git2::Remote<'s>,
    limits: &'s Limits,
}

impl<'s> Session<'s> {
    fn open(repository: &'s Repository, remote: &Remote, limits: &'s Limits) -> Result<Self, GitError> {
        let git = repository.git.remote_anonymous(&remote.url.wire())?;
        Ok(Session { repository, connection: Connection::new(remote, limits)?, git, limits })
    }

    fn download(&mut self, specs: &[String], depth: i32) -> Result<(), GitError> {
        let _working = http::enter(&self.connection);
        let mut options = FetchOptions::new();
        options.remote_callbacks(self.connection.callbacks());
        options.download_tags(AutotagOption::None).update_fetchhead(false);
        options.depth(depth);
        let done = self.git.download(specs, Some(&mut options));
        drop(options);
        done.map_err(|error| self.connection.explain(error))
    }

    fn references(&mut self) -> Result<Vec<RemoteRef>, GitError> {
        self.download(&[NOTHING.to_owned()], AS_IT_IS)?;
        let heads = self.git.list().map_err(|error| self.connection.explain(error))?;
        if heads.len() > self.limits.refs {
            return Err(list::too_many(self.limits));
        }
        Ok(heads.iter().filter_map(read_head).collect())
    }

    fn any(&mut self, references: &[RemoteRef], name: &str) -> Result<ObjectId, GitError> {
        if let Ok(id) = name.parse::<ObjectId>() {
            return self.commit(references, id, None);
        }
        let found = self.named(
            references,
            &[&format!("refs/tags/{name}"), &format!("refs/heads/{}", short(name))],
            name,
        );
        let is_short_id = (4..40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        match found {
            Err(error) if error.kind == ErrorKind::NotFound && is_short_id => {
                self.everything(references)?;
                self.repository.resolve_id(name).map_err(|_| missing(name, references))
            }
            other => other,
        }
    }

    fn named(&mut self, references: &[RemoteRef], full: &[&str], name: &str) -> Result<ObjectId, GitError> {
        let found = full.iter().find_map(|full| find(references, full));
        let found = found.ok_or_else(|| missing(name, references))?;
        self.reference(&found.name, found.id)
    }

    /// Downloads what a reference points at, and keeps it under a name of ours.
    fn reference(&mut self, name: &str, id: ObjectId) -> Result<ObjectId, GitError> {
        if !git2::Reference::is_valid_name(name) && name != "HEAD" {
            return Err(GitError::new(
                ErrorKind::Protocol,
                format!("`{name}` is no name of a branch or tag"),
            ));
        }
        let kept = kept_name(name);
        if !self.is_complete(id)? {
            self.download(&[format!("+{name}:{kept}")], self.depth())?;
        }
        self.keep(&kept, id)
    }

    /// How much history is asked for.
    fn depth(&self) -> i32 {
        self.limits.depth.map_or_else(|| self.whole(), i32::from)
    }

    /// Asks for all of the history: where only a part is here, the rest has to be asked for by name.
    fn whole(&self) -> i32 {
        if self.repository.git.is_shallow() { EVERYTHING } else { AS_IT_IS }
    }

    /// Whether a commit is here, and its parents as far as they are wanted.
    fn is_complete(&self, id: ObjectId) -> Result<bool, GitError> {
        if !self.repository.has(id)? {
            return Ok(false);
        }
        Ok(self.limits.depth.is_some() || !self.repository.git.is_shallow())
    }

    fn commit(
        &mut self,
        references: &[RemoteRef],
        id: ObjectId,
        near: Option<&str>,
    ) -> Result<ObjectId, GitError> {
        let kept = format!("refs/hld/commits/{id}");
        if self.is_complete(id)? {
            return self.keep(&kept, id);
        }
        if let Some(tip) =
            references.iter().find(|reference| reference.id == id && !reference.name.ends_with("^{}"))
        {
            return self.reference(&tip.name, id);
        }
        // Servers that give out any commit they have: GitHub, Azure DevOps, Gitea.
        self.download(&[format!("+{id}:{kept}")], self.depth()).ok();
        if self.repository.has(id)? {
            return self.keep(&kept, id);
        }
        if let Some(near) = near
            && let Some(found) = [format!("refs/heads/{}", short(near)), format!("refs/tags/{near}")]
                .iter()
                .find_map(|name| find(references, name))
        {
            self.download(&[format!("+{}:{}", found.name, kept_name(&found.name))], self.whole())?;
        }
        if !self.repository.has(id)? {
            self.everything(references)?;
        }
        if self.repository.has(id)? {
            self.keep(&kept, id)
        } else {
            Err(missing(&id.to_string(), references))
        }
    }

    /// Downloads every branch and tag with its history.
    fn everything(&mut self, references: &[RemoteRef]) -> Result<(), GitError> {
        let specs = ["+refs/heads/*:refs/hld/heads/*".to_owned(), "+refs/tags/*:refs/hld/tags/*".to_owned()];
        self.download(&specs, self.whole())?;
        for reference in references.iter().filter(|reference| git2::Reference::is_valid_name(&reference.name))
        {
            if reference.name.starts_with("refs/heads/") || reference.name.starts_with("refs/tags/") {
                self.repository
                    .git
                    .reference(&kept_name(&reference.name), reference.id.0, true, "fetched")
                    .ok();
            }
        }
        Ok(())
    }

    /// Keeps an object under a name and gives the commit that it is or, as a tag, means.
    fn keep(&mut self, name: &str, id: ObjectId) -> Result<ObjectId, GitError> {
        let git = &self.repository.git;
        self.repository.check_size(id, MOST_OF_COMMIT)?;
        let object = git.find_object(id.0, None)?;
        let commit = object
            .peel_to_commit()
            .map_err(|_| GitError::new(ErrorKind::NotFound, format!("`{}` is no commit", id.short())))?;
        if git.find_reference(name).ok().and_then(|reference| reference.target()) != Some(id.0) {
            git.reference(name, id.0, true, "fetched").or_else(|_| {
                self.make_room(name)?;
                git.reference(name, id.0, true, "fetched")
            })?;
        }
        Ok(ObjectId(commit.id()))
    }

    /// Forgets references that no file can stand beside: `x` once was a branch, and now `x/y` is.
    fn make_room(&self, name: &str) -> Result<(), git2::Error> {
        let is_below =
            |name: &str, above: &str| name.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
        for reference in self.repository.git.references_glob("refs/hld/*")? {
            let mut reference = reference?;
            if reference.name().is_ok_and(|other| is_below(name, other) || is_below(other, name)) {
                reference.delete()?;
            }
        }
        Ok(())
    }
}

/// What a reference of the remote is kept as.
fn kept_name(name: &str) -> String {
    match name.strip_prefix("refs/") {
        Some(rest) => format!("refs/hld/{rest}"),
        None => format!("refs/hld/{name}"),
    }
}

impl Repository {
    fn resolve_id(&self, prefix: &str) -> Result<ObjectId, GitError> {
        let commit = self.git.revparse_single(prefix)?.peel_to_commit()?;
        Ok(ObjectId(commit.id()))
    }
}
