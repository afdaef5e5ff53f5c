//! What is published was made of what, and by whom.

use std::time::SystemTime;

use hld_git::{ObjectId, Repository};
use hld_publisher::{Author, Lineage, Source};
use sha2::{Digest, Sha256};

use crate::definition::Definition;

/// Most bytes of a lock file that is hashed.
const MOST_LOCK_BYTES: u64 = 16 << 20;

/// The repository of the definition, and the commit that is compiled.
pub(crate) struct Origin {
    repository: Option<Repository>,
    commit: Option<ObjectId>,
    is_modified: bool,
}

impl Origin {
    pub(crate) fn of(definition: &Definition, revision: Option<&str>) -> Self {
        let repository = Repository::discover(&definition.folder).ok();
        let commit =
            repository.as_ref().and_then(|repository| repository.resolve(revision.unwrap_or("HEAD")).ok());
        // A commit that was named is read as it is.
        let is_modified = revision.is_none()
            && repository.as_ref().is_some_and(|repository| repository.has_changes().unwrap_or(false));
        Origin { repository, commit, is_modified }
    }

    pub(crate) fn repository(&self) -> Option<&Repository> {
        self.repository.as_ref()
    }

    /// Where the definition comes from: what git says, else what the CI system does.
    pub(crate) fn source(&self, definition: &Definition) -> Source {
        let origin = self.repository.as_ref().and_then(Repository::origin);
        let from_ci = || {
            let github = variable("GITHUB_SERVER_URL").zip(variable("GITHUB_REPOSITORY"));
            let github = github.map(|(server, path)| format!("{server}/{path}"));
            variable("BUILD_REPOSITORY_URI").or(github).or_else(|| variable("CI_PROJECT_URL"))
        };
        let commit = self.commit.map(|commit| commit.to_string());
        let commit = commit.or_else(|| {
            ["BUILD_SOURCEVERSION", "GITHUB_SHA", "CI_COMMIT_SHA"].iter().find_map(|name| variable(name))
        });
        Source {
            repository: origin.or_else(from_ci).and_then(|address| without_secrets(&address)),
            commit,
            is_modified: self.is_modified,
            lock_digest: lock_digest(definition),
            hld_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl Lineage for Origin {
    fn is_before(&self, older: &str, newer: &str) -> Option<bool> {
        let repository = self.repository.as_ref()?;
        let (older, newer) = (older.parse().ok()?, newer.parse().ok()?);
        let are_known = repository.has(older).ok()? && repository.has(newer).ok()?;
        if are_known { repository.is_ancestor(older, newer).ok() } else { None }
    }
}

fn lock_digest(definition: &Definition) -> Option<String> {
    use hld_compiler::Source as _;
    let bytes = definition.files.read(&definition.root.child("hld.lock"), MOST_LOCK_BYTES).ok()?;
    let hex: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("sha256:{hex}"))
}

/// An address as it may be shown: checkouts of CI systems have tokens in theirs. A folder of this machine
/// is nobody else's business.
fn without_secrets(address: &str) -> Option<String> {
    if address.starts_with('/') || address.starts_with('.') || address.starts_with("file:") {
        return None;
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        // `user@host:path` has no room for a password.
        return Some(address.to_owned());
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let is_ssh = scheme.contains("ssh");
    let user = user.split(':').next().filter(|user| is_ssh && !user.is_empty());
    let path = path.split(['?', '#']).next().unwrap_or_default();
    Some(format!("{scheme}://{}{host}{path}", user.map(|user| format!("{user}@")).unwrap_or_default()))
}

/// Who publishes: as for git, the environment and the configuration; else who started the CI run.
pub(crate) fn author(repository: Option<&Repository>) -> Author {
    let config = |key| repository.and_then(|repository| repository.config(key));
    let pairs = [
        (variable("GIT_AUTHOR_NAME"), variable("GIT_AUTHOR_EMAIL")),
        (config("user.name"), config("user.email")),
        (variable("BUILD_REQUESTEDFOR"), variable("BUILD_REQUESTEDFOREMAIL")),
        (variable("GITLAB_USER_NAME"), variable("GITLAB_USER_EMAIL")),
        (
            variable("GITHUB_ACTOR"),
            variable("GITHUB_ACTOR").map(|name| format!("{name}@users.noreply.github.com")),
        ),
    ];
    let known = pairs.into_iter().find_map(|(name, email)| Some((plain(&name?)?, plain(&email?)?)));
    let (name, email) = known.unwrap_or_else(|| ("hld".to_owned(), "hld@localhost".to_owned()));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Author { name, email, seconds: i64::try_from(now).unwrap_or(i64::MAX) }
}

/// A name as a commit may hold it.
fn plain(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| !c.is_control() && !"<>".contains(*c)).take(200).collect();
    Some(kept.trim().to_owned()).filter(|kept| !kept.is_empty())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::{plain, without_secrets};

    #[test]
    fn addresses_are_shown_without_credentials() {
        for (address, shown) in [
            ("https://x-access-token:ghs_secret@github.com/a/b.git", Some("https://github.com/a/b.git")),
            ("https://secret@dev.azure.com/o/p/_git/r", Some("https://dev.azure.com/o/p/_git/r")),
            ("ssh://git:pw@host:22/a?token=1", Some("ssh://git@host:22/a")),
            ("https://host/a?private_token=secret#x", Some("https://host/a")),
            ("git@github.com:a/b.git", Some("git@github.com:a/b.git")),
            ("/home/somebody/a", None),
            ("file:///home/somebody/a", None),
        ] {
            assert_eq!(without_secrets(address).as_deref(), shown, "{address}");
        }
    }

    #[test]
    fn names_are_those_of_a_commit() {
        assert_eq!(plain("A <b>\n C\u{1b}").as_deref(), Some("A b C"));
        assert_eq!(plain(" <> "), None);
    }
}
