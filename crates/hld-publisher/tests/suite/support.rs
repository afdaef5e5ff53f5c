//! A manifest repository for each test, and publications to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hld_diag::Diagnostic;
use hld_git::{Allowed, NoCredentials, Remote, RemoteUrl};
use hld_k8s::ResourceId;
use hld_publisher::{
    Author, Branch, Consent, EnvironmentChange, EnvironmentOutcome, Folder, Lineage, Manifests, NoLineage,
    Outcome, Request, Rollback, Site, Source,
};
use hld_testkit::git;

/// Time enough for every race of a test.
pub(crate) const TIME: Duration = Duration::from_secs(60);

/// A bare repository on this machine, and a cache.
pub(crate) struct World {
    pub(crate) temp: tempfile::TempDir,
    url: String,
    pub(crate) has_cache: bool,
}

impl World {
    /// A repository whose branch `main` holds these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let world = World::empty();
        world.commit("start", files, &[]);
        world
    }

    /// A repository without commits.
    pub(crate) fn empty() -> Self {
        let temp = tempfile::tempdir().unwrap();
        git::bare(&temp.path().join("remote")).unwrap();
        let url = temp.path().join("remote").to_str().unwrap().to_owned();
        World { temp, url, has_cache: true }
    }

    /// The same, spoken to at another address.
    pub(crate) fn at(mut self, url: String) -> Self {
        self.url = url;
        self
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.temp.path().join("remote")
    }

    /// What git prints in the repository.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git::git(&self.repository(), arguments).unwrap()
    }

    /// Another writer: clones, writes and removes files, commits and pushes with the real git.
    pub(crate) fn commit(&self, message: &str, files: &[(&str, &str)], removed: &[&str]) -> String {
        commit(&self.repository(), message, files, removed)
    }

    /// The tip of `main`.
    pub(crate) fn tip(&self) -> String {
        self.git(&["rev-parse", "refs/heads/main"])
    }

    /// How many commits `main` has.
    pub(crate) fn n_commits(&self) -> usize {
        self.git(&["rev-list", "--count", "main"]).parse().unwrap()
    }

    /// The paths on `main`.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.git(&["ls-tree", "-r", "--name-only", "main"]).lines().map(str::to_owned).collect()
    }

    /// A file on `main`, or at another revision.
    pub(crate) fn file(&self, path: &str) -> String {
        self.git(&["show", &format!("main:{path}")])
    }

    pub(crate) fn message(&self) -> String {
        self.git(&["log", "-1", "--format=%B", "main"])
    }

    pub(crate) fn remote(&self) -> Remote {
        let authority = self.url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
        let insecure = authority.map(str::to_owned).into_iter().collect();
        let url = RemoteUrl::parse(&self.url, &Allowed { local: true, insecure }).unwrap();
        Remote::new(url, Arc::new(NoCredentials))
    }

    pub(crate) fn site(&self) -> Site {
        let cache = self.temp.path().join("cache");
        Site::open(self.remote(), self.has_cache.then_some(cache.as_path())).unwrap()
    }

    /// Publishes environments, each of these files, to folders below `clusters`.
    pub(crate) fn publish(&self, environments: &[(&str, &Files)]) -> Result<Outcome, Diagnostic> {
        self.publish_with(environments, |_| {})
    }

    pub(crate) fn publish_with(
        &self,
        environments: &[(&str, &Files)],
        change: impl FnOnce(&mut Request<'_>),
    ) -> Result<Outcome, Diagnostic> {
        let mut request = Request {
            branch: Branch::parse("main").unwrap(),
            environments: environments.iter().map(|(name, files)| files.manifests(name)).collect(),
            source: source("1111111"),
            lineage: &NoLineage,
            author: author(),
            message: None,
            consent: Consent::default(),
            time: TIME,
            dry_run: false,
        };
        change(&mut request);
        hld_publisher::publish(self.site(), &request)
    }

    pub(crate) fn roll_back(
        &self,
        environment: &str,
        change: impl FnOnce(&mut Rollback),
    ) -> Result<Outcome, Diagnostic> {
        let mut request = Rollback {
            branch: Branch::parse("main").unwrap(),
            environment: environment.to_owned(),
            folder: Folder::parse(&format!("clusters/{environment}")).unwrap(),
            to: None,
            hld_version: "0.1.0".to_owned(),
            author: author(),
            message: None,
            consent: Consent::default(),
            time: TIME,
            dry_run: false,
        };
        change(&mut request);
        hld_publisher::roll_back(&self.site(), &request)
    }
}

/// Clones a repository, writes and removes files, commits and pushes with the real git.
pub(crate) fn commit(repository: &Path, message: &str, files: &[(&str, &str)], removed: &[&str]) -> String {
    let temp = tempfile::tempdir().unwrap();
    let clone = temp.path().join("clone");
    git::git(temp.path(), &["clone", "-q", repository.to_str().unwrap(), "clone"]).unwrap();
    for (path, text) in files {
        let path = clone.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    for path in removed {
        std::fs::remove_file(clone.join(path)).unwrap();
    }
    git::git(&clone, &["add", "-A"]).unwrap();
    git::git(&clone, &["commit", "-q", "--allow-empty", "-m", message]).unwrap();
    git::git(&clone, &["push", "-q", "origin", "HEAD:main"]).unwrap();
    git::git(&clone, &["rev-parse", "HEAD"]).unwrap()
}

/// Files of an environment, with the objects in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    texts: BTreeMap<String, String>,
    objects: BTreeSet<ResourceId>,
}

impl Files {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let files = files.iter();
        files.fold(Files::default(), |files, (path, text)| files.with(path, text))
    }

    /// `n` files of a ConfigMap each; `word` stands in all of them.
    pub(crate) fn config_maps(n: usize, word: &str) -> Self {
        (0..n).fold(Files::default(), |files, n| files.with(&format!("c{n}.yaml"), &config_map(n, word)))
    }

    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.texts.insert(path.to_owned(), text.to_owned());
        self.objects.extend(objects(text));
        self
    }

    pub(crate) fn manifests(&self, environment: &str) -> Manifests<'_> {
        let files = self.texts.iter().map(|(path, text)| (path.clone(), vec![text.as_bytes()])).collect();
        let folder = Folder::parse(&format!("clusters/{environment}")).unwrap();
        let objects = self.objects.iter().collect();
        Manifests { environment: environment.to_owned(), folder, files, objects }
    }
}

fn objects(text: &str) -> Vec<ResourceId> {
    let limits = hld_yaml::Limits::default();
    let documents = hld_k8s::documents(text, hld_diag::FileId::NONE, &limits).unwrap();
    let identities = documents.into_iter().flat_map(|document| match document.content {
        hld_k8s::Content::Objects(identities) => identities,
        _ => Vec::new(),
    });
    identities.map(|identity| identity.id).collect()
}

pub(crate) fn config_map(n: usize, word: &str) -> String {
    object("v1", "ConfigMap", &format!("c{n}")) + &format!("data: {{word: {word}}}\n")
}

pub(crate) fn object(version: &str, kind: &str, name: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\n")
}

pub(crate) fn source(commit: &str) -> Source {
    Source {
        repository: Some("https://example.org/shop".to_owned()),
        commit: Some(commit.to_owned()),
        is_modified: false,
        lock_digest: None,
        hld_version: "0.1.0".to_owned(),
    }
}

fn author() -> Author {
    Author { name: "hld".to_owned(), email: "hld@localhost".to_owned(), seconds: 1_800_000_000 }
}

/// What changed of the one environment that was published.
#[track_caller]
pub(crate) fn change(outcome: &Outcome) -> &EnvironmentChange {
    match outcome.environments.as_slice() {
        [EnvironmentOutcome::Changed(change)] => change,
        other => panic!("not one change: {other:?}"),
    }
}

/// The code and the message of a refusal.
#[track_caller]
pub(crate) fn refused(result: Result<Outcome, Diagnostic>) -> (String, String) {
    let diagnostic = result.unwrap_err();
    (diagnostic.code.to_string(), diagnostic.message)
}

/// A history in which commits are numbers.
#[derive(Debug)]
pub(crate) struct Numbers;

impl Lineage for Numbers {
    fn is_before(&self, older: &str, newer: &str) -> Option<bool> {
        Some(older.parse::<u32>().ok()? < newer.parse::<u32>().ok()?)
    }
}
