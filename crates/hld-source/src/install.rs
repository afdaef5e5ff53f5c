//! Everything that a definition needs from elsewhere.
//!
//! *Flow*: walk the trees, fetch what is missing, mount it, and walk again, for what was fetched may need
//! more. What could not be fetched is a remark on its mount, which the compiler shows where the
//! component names the source. A folder that stands at a mount already is used as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use hld_compiler::{
    ChartEngine, Environment, Remote, Request, Session, Settings, Source, SourceError, SourcePath, trees,
};
use hld_diag::{CACHE, Diagnostic, SOURCE_COLLISION, Span, VENDORED};

use crate::access::Access;
use crate::address::{Addresses, shown};
use crate::cache::Cache;
use crate::chart::Indexes;
use crate::fetch::{Fetched, World};
use crate::http::Client;
use crate::lock::{Lock, Locked};
use crate::overlay::Overlay;

/// Most sources that are fetched at the same time.
const AT_ONCE: usize = 8;

/// A definition whose sources are wanted.
#[derive(Clone, Copy)]
pub struct Wanted<'w> {
    /// Its files.
    pub files: &'w Overlay,
    /// What renders its charts.
    pub charts: &'w dyn ChartEngine,
    /// The folder of its root component.
    pub root: &'w SourcePath,
    /// What its hld.yaml says.
    pub settings: &'w Settings,
}

/// How sources are fetched.
pub struct Options<'o> {
    /// Whether hld.lock is taken as it is.
    pub is_locked: bool,
    /// Whether there is no network.
    pub is_offline: bool,
    /// The cache folder.
    pub cache: Option<PathBuf>,
    /// Is told each address that is fetched from.
    pub on_fetch: &'o (dyn Fn(&str) + Send + Sync),
}

/// A definition with its sources.
pub struct Installed<'w> {
    /// A session in which all of them are seen.
    pub session: Session<'w>,
    /// The lock as it is now.
    pub lock: Lock,
    /// Whether it differs from what is written, and nothing failed: it should be written.
    pub is_lock_new: bool,
    /// Sources that the environments need, each once.
    pub requests: BTreeSet<Request>,
    /// How many were fetched over the network or from a disk.
    pub n_fetched: usize,
}

/// Fetches and mounts what these environments need.
///
/// # Errors
/// hld.lock or an access.yaml is wrong. What concerns one source is a remark on it.
pub fn install<'w>(
    wanted: &Wanted<'w>,
    environments: &[Environment],
    options: &Options<'_>,
) -> Result<Installed<'w>, Diagnostic> {
    let mut installer = Installer {
        lock: Lock::load(wanted.files, wanted.root)?,
        addresses: Addresses::new(&wanted.settings.sources),
        cache: options.cache.clone().map(Cache::new),
        client: OnceLock::new(),
        indexes: Indexes::default(),
        n_fetched: AtomicUsize::new(0),
        done: BTreeSet::new(),
        requests: BTreeSet::new(),
        has_failed: false,
    };
    let before = installer.lock.clone();
    loop {
        let session = Session::new(wanted.files, wanted.charts, wanted.root.clone(), wanted.settings.clone());
        let trees = trees(&session, environments);
        let mut access: Vec<SourcePath> = Vec::new();
        let mut remotes: BTreeMap<SourcePath, Vec<Remote>> = BTreeMap::new();
        for (tree, _) in trees {
            access.extend(
                tree.access.into_iter().filter(|folder| !access.contains(folder)).collect::<Vec<_>>(),
            );
            for remote in tree.remotes {
                remotes.entry(remote.mount.clone()).or_default().push(remote);
            }
        }
        let missing = installer.missing(wanted.files, remotes);
        if missing.is_empty() {
            return Ok(Installed {
                is_lock_new: !installer.has_failed && installer.lock != before && !options.is_locked,
                session,
                lock: installer.lock,
                requests: installer.requests,
                n_fetched: installer.n_fetched.into_inner(),
            });
        }
        let access = Access::load(wanted.files, &access, wanted.root)?;
        installer.fetch(wanted, &missing, (&access, options));
    }
}

/// A request, and whether the definition itself makes it.
type Asked = (Request, bool);

struct Installer {
    lock: Lock,
    addresses: Addresses,
    cache: Option<Cache>,
    client: OnceLock<Client>,
    indexes: Indexes,
    n_fetched: AtomicUsize,
    /// Mounts that were dealt with.
    done: BTreeSet<SourcePath>,
    requests: BTreeSet<Request>,
    has_failed: bool,
}

impl Installer {
    /// The mounts where something is missing, with what has to be fetched for each.
    fn missing(
        &mut self,
        files: &Overlay,
        remotes: BTreeMap<SourcePath, Vec<Remote>>,
    ) -> Vec<(SourcePath, Asked)> {
        let mut missing = Vec::new();
        for (mount, remotes) in remotes {
            if !self.done.insert(mount.clone()) {
                continue;
            }
            let Some(first) = remotes.first() else { continue };
            if !matches!(files.list(&mount), Err(SourceError::NotFound)) {
                if self.lock.get(&first.request).is_some() {
                    files.remark(&mount, vendored(&mount));
                }
                self.requests.extend(remotes.into_iter().map(|remote| remote.request));
                continue;
            }
            if let Some(other) = remotes.iter().find(|remote| remote.request != first.request) {
                files.remark(&mount, collision(&mount, first, other));
                self.has_failed = true;
                continue;
            }
            self.requests.insert(first.request.clone());
            missing.push((mount, (first.request.clone(), first.asked_in.as_str().is_empty())));
        }
        missing
    }

    /// Fetches what is missing, several at once and each request once, and mounts it.
    fn fetch(
        &mut self,
        wanted: &Wanted<'_>,
        missing: &[(SourcePath, Asked)],
        (access, options): (&Access, &Options<'_>),
    ) {
        let asked: Vec<&Asked> =
            missing.iter().map(|(_, asked)| asked).collect::<BTreeSet<_>>().into_iter().collect();
        let results = match &self.cache {
            Some(cache) => {
                let seconds = wanted.settings.limits.source_seconds;
                let world = World {
                    cache,
                    client: self.client.get_or_init(|| Client::new(&self.addresses, seconds)),
                    indexes: &self.indexes,
                    limits: &wanted.settings.limits,
                    addresses: &self.addresses,
                    access,
                    environment: Arc::new(|name| std::env::var(name).ok()),
                    options,
                    n_fetched: &self.n_fetched,
                };
                self.fetch_all(&world, &asked)
            }
            None => asked.iter().map(|_| Err(no_cache())).collect(),
        };
        let results: HashMap<&Asked, Result<Fetched, Diagnostic>> = asked.into_iter().zip(results).collect();
        for (mount, asked) in missing {
            match &results[asked] {
                Ok(fetched) => {
                    wanted.files.mount(mount, fetched.files.clone());
                    let (resolved, digest) = (fetched.resolved.clone(), fetched.digest.clone());
                    self.lock.insert(asked.0.clone(), Locked { resolved, digest });
                }
                Err(diagnostic) => {
                    self.has_failed = true;
                    wanted.files.remark(mount, diagnostic.clone());
                }
            }
        }
    }

    /// The results in the order of `asked`.
    fn fetch_all(&self, world: &World<'_>, asked: &[&Asked]) -> Vec<Result<Fetched, Diagnostic>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            while let Some((at, (request, is_own))) =
                Some(next.fetch_add(1, Ordering::SeqCst)).and_then(|at| Some((at, asked.get(at)?)))
            {
                let locked = self.lock.get(request);
                done.push((at, world.get((request, *is_own), locked)));
            }
            done
        };
        let mut results = thread::scope(|scope| {
            // This thread works as well, and alone where the system gives no other.
            let others =
                (1..asked.len().min(AT_ONCE)).map(|_| thread::Builder::new().spawn_scoped(scope, work));
            let others: Vec<_> = others.filter_map(Result::ok).collect();
            let mut results = work();
            for other in others {
                results.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            results
        });
        results.sort_by_key(|(at, _)| *at);
        results.into_iter().map(|(_, result)| result).collect()
    }
}

fn vendored(mount: &SourcePath) -> Diagnostic {
    let message =
        format!("the folder `{mount}` is used as it is, though hld.lock has the source that belongs there");
    Diagnostic::new(VENDORED, Span::NONE, message).hint("remove the folder to use what hld.lock says")
}

fn collision(mount: &SourcePath, first: &Remote, other: &Remote) -> Diagnostic {
    let message = format!(
        "two sources belong into one folder, `{mount}`: `{}` and `{}`",
        shown(first.request.url()),
        shown(other.request.url())
    );
    Diagnostic::new(SOURCE_COLLISION, Span::NONE, message)
        .label(other.span, "the other one")
        .hint("components of one file whose sources or versions differ need names that differ")
}

fn no_cache() -> Diagnostic {
    Diagnostic::new(CACHE, Span::NONE, "there is no cache folder").hint("set HLD_CACHE_DIR")
}
