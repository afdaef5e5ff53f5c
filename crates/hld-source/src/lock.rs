//! `hld.lock`: what every source was resolved to.

use std::collections::BTreeMap;

use hld_compiler::{
    LockFile, LockedChart, LockedFile, LockedGit, LockedSource, Request, Source, SourceError, SourcePath,
    json_of,
};
use hld_diag::{Diagnostic, FileId, LOCK_FILE, Span};

use crate::digest::Digest;

/// Name of the file, in the folder of the root component.
pub const LOCK_NAME: &str = "hld.lock";

/// Most bytes of the file.
const MOST_BYTES: u64 = 16 << 20;

/// What stands above the blocks.
const HEAD: &str = "# What every source was resolved to. `hld install` writes it; commit it.\n";

/// Every source with what it was resolved to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock(BTreeMap<Request, Locked>);

/// What a source was resolved to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Commit or version; empty for a file.
    pub resolved: String,
    /// Digest of the folder that it holds.
    pub digest: Digest,
}

impl Lock {
    /// Reads the lock file of the definition in `root`; an empty one where there is none.
    ///
    /// # Errors
    /// It is wrong.
    pub fn load(source: &dyn Source, root: &SourcePath) -> Result<Self, Diagnostic> {
        let bytes = match source.read(&root.child(LOCK_NAME), MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(SourceError::NotFound) => return Ok(Lock::default()),
            Err(error) => return Err(wrong(&error.to_string())),
        };
        let text = hld_yaml::decode(&bytes, FileId::NONE).map_err(|error| wrong(&error.to_string()))?;
        Lock::parse(&text)
    }

    /// Reads the text of a lock file.
    ///
    /// # Errors
    /// It is wrong.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let options = hld_yaml::ReadOptions::default();
        let read = hld_yaml::read(text, FileId::NONE, &options).map_err(|error| wrong(&error.to_string()))?;
        if let Some(twice) = read.duplicates.first() {
            return Err(wrong(&twice.to_diagnostic().message));
        }
        let value = read.documents.first().ok_or_else(|| wrong("it is empty"))?;
        let version = value.get("version").map(json_of);
        if version.as_ref().and_then(serde_json::Value::as_u64) != Some(1) {
            return Err(wrong("its `version` is not 1: another hld has written it"));
        }
        let file: LockFile =
            serde_json::from_value(json_of(value)).map_err(|error| wrong(&error.to_string()))?;
        let mut lock = Lock::default();
        for block in file.sources {
            let (request, locked) = plain(block)?;
            let source = request.url().to_owned();
            if lock.0.insert(request, locked).is_some() {
                return Err(wrong(&format!("two blocks are about the same request for `{source}`")));
            }
        }
        Ok(lock)
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let sources = self.0.iter().map(|(request, locked)| block(request, locked)).collect();
        let json = serde_json::to_string(&LockFile { version: 1, sources }).unwrap_or_default();
        let value = hld_yaml::read_json(&json, FileId::NONE, &hld_yaml::Limits::of_bytes(json.len()))
            .expect("what was just written is JSON");
        format!("{HEAD}{}", hld_yaml::emit(&value))
    }

    /// What a request was resolved to.
    #[must_use]
    pub fn get(&self, request: &Request) -> Option<&Locked> {
        self.0.get(request)
    }

    /// Puts down what a request was resolved to.
    pub fn insert(&mut self, request: Request, locked: Locked) {
        self.0.insert(request, locked);
    }

    /// Forgets requests that nobody makes.
    pub fn retain(&mut self, is_wanted: impl Fn(&Request) -> bool) {
        self.0.retain(|request, _| is_wanted(request));
    }

    /// How many sources it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every source.
    pub fn iter(&self) -> impl Iterator<Item = (&Request, &Locked)> {
        self.0.iter()
    }
}

fn block(request: &Request, locked: &Locked) -> LockedSource {
    let digest = locked.digest.to_string();
    match request.clone() {
        Request::Git { url, branch, version } => LockedSource::Git(LockedGit {
            source: url,
            branch,
            version,
            commit: locked.resolved.clone(),
            digest,
        }),
        Request::Chart { repository, name, version } => LockedSource::Helm(LockedChart {
            source: repository,
            chart: name,
            version,
            resolved: locked.resolved.clone(),
            digest,
        }),
        Request::File { url, name } => LockedSource::Http(LockedFile { source: url, name, digest }),
    }
}

fn plain(block: LockedSource) -> Result<(Request, Locked), Diagnostic> {
    let (request, resolved, digest) = match block {
        LockedSource::Git(git) => {
            let is_commit = git.commit.len() == 40
                && git.commit.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            if !is_commit {
                return Err(wrong(&format!("the `commit` of `{}` is not 40 digits", git.source)));
            }
            let request = Request::Git { url: git.source, branch: git.branch, version: git.version };
            (request, git.commit, git.digest)
        }
        LockedSource::Helm(chart) => {
            let request =
                Request::Chart { repository: chart.source, name: chart.chart, version: chart.version };
            (request, chart.resolved, chart.digest)
        }
        LockedSource::Http(file) => {
            (Request::File { url: file.source, name: file.name }, String::new(), file.digest)
        }
    };
    let digest = Digest::parse(&digest).ok_or_else(|| {
        wrong(&format!("the `digest` of `{}` is not `sha256:` and 64 digits", request.url()))
    })?;
    Ok((request, Locked { resolved, digest }))
}

fn wrong(why: &str) -> Diagnostic {
    Diagnostic::new(LOCK_FILE, Span::NONE, format!("{LOCK_NAME} is wrong: {why}"))
        .hint("take the last good one from git, or remove it and run `hld install`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        let mut lock = Lock::default();
        let digest = Digest::of_bytes(b"x");
        let git = |version: &str| Request::Git {
            url: "https://example.org/a".to_owned(),
            branch: "on".to_owned(),
            version: version.to_owned(),
        };
        lock.insert(git("1.10"), Locked { resolved: "0".repeat(40), digest: digest.clone() });
        lock.insert(git(""), Locked { resolved: "1".repeat(40), digest: digest.clone() });
        let chart = Request::Chart {
            repository: "https://charts.example.org".to_owned(),
            name: "redis".to_owned(),
            version: "^1.2".to_owned(),
        };
        lock.insert(chart, Locked { resolved: "1.10".to_owned(), digest: digest.clone() });
        let file = Request::File { url: "https://example.org/a.yaml".to_owned(), name: "a.yaml".to_owned() };
        lock.insert(file, Locked { resolved: String::new(), digest });
        lock
    }

    #[test]
    fn what_is_written_is_read_and_sorted() {
        let text = lock().text();
        assert_eq!(Lock::parse(&text), Ok(lock()), "{text}");
        assert!(text.contains("resolved: \"1.10\"") && text.contains("branch: \"on\""), "{text}");
        assert_eq!(text.matches("- ").count(), 4, "{text}");
    }

    #[test]
    fn b077_a_lock_that_was_tampered_with_is_refused() {
        let text = lock().text();
        let digest = Digest::of_bytes(b"x").to_string();
        let bad = [
            text.replace(&digest, "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            text.replace(&digest, &digest.to_uppercase()),
            text.replace(&digest, &digest[..60]),
            text.replace(&"0".repeat(40), "main"),
            text.replace("version: 1\n", "version: 2\n"),
            format!("<<<<<<< HEAD\n{text}"),
            String::new(),
            "version: 1\nsources: {}\n".to_owned(),
            "version: 1\nsources: [{method: git, source: a, commit: b, digest: c, hook: x}]\n".to_owned(),
            text.replace("sources:", "sources:\n- method: bzr"),
        ];
        for text in bad {
            assert_eq!(Lock::parse(&text).unwrap_err().code, LOCK_FILE, "{text}");
        }
    }
}
