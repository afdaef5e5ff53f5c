//! The loop: what the repository says is brought into the cluster, again and again.
//!
//! *Flow*: the loop waits for the first of: time to fetch, a webhook, a request of a person, time to
//! sweep, an object that drifted, time to try again. A fetch runs beside it, so that a repository that
//! does not answer stops no repair. A new commit is read as a whole ([`crate::source`]); what it
//! changes is applied; a sweep compares everything. Then the status says how it stands.
//!
//! *Guarantees*: nothing is applied from a commit that was not read as a whole, or does not go on from
//! the last (P5, P6). Whatever fails, the last good commit stays, and is repaired. *Assumption*: what
//! must survive a restart is in the cluster: the inventory, and the status with the commit that was
//! applied last.

mod clock;
mod judge;
mod sync;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hld_apply::{Cluster, Identity, Transport};
use hld_git::{GitError, ObjectId};
use hld_k8s::ResourceId;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::cluster::{Approvals, ConnectError, Events, Store, connect, follow};
use crate::config::Config;
use crate::http::{Hooks, Probes, hooks, probes};
use crate::metrics::Metrics;
use crate::own;
use crate::source::{Source, View};
use crate::status::{Known, Status};
use clock::{Clock, Due};

/// How long the loop may stand still before Kubernetes restarts the agent.
const PATIENCE: Duration = Duration::from_secs(300);
/// Drifted objects that wait at most; more of them are found by the sweep.
const MOST_DRIFTED: usize = 1024;
/// How long drifted objects are collected before they are repaired together.
const COLLECT: Duration = Duration::from_millis(200);

/// Why the agent could not start.
#[derive(Debug)]
pub enum StartError {
    /// There is no cluster.
    Connect(ConnectError),
    /// The client of the API server could not be made.
    Client(String),
    /// An address is not to be had.
    Listen(SocketAddr, io::Error),
    /// There is no place to keep the repository.
    Repository(GitError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Connect(error) => error.fmt(f),
            StartError::Client(why) => f.write_str(why),
            StartError::Listen(address, error) => write!(f, "`{address}` can not be listened at: {error}"),
            StartError::Repository(error) => write!(f, "there is no place for the repository: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// The agent, and what it knows.
struct Agent {
    config: Config,
    cluster: Arc<Cluster>,
    source: Arc<Mutex<Source>>,
    store: Store,
    events: Events,
    metrics: Arc<Metrics>,
    probes: Arc<Probes>,
    approvals: Approvals,
    stop: watch::Receiver<bool>,
    /// What the agent lives by.
    own: BTreeSet<ResourceId>,
    /// The last commit that was read as a whole: what is kept in the cluster.
    view: Option<View>,
    /// The last commit that was accepted, whether it says something new or not (P6).
    baseline: Option<ObjectId>,
    /// What is to be applied.
    pending: Pending,
    known: Known,
    status: Status,
    /// The status as the cluster has it.
    written: Option<Status>,
    /// A request of a person that the next fetch is for.
    asked: Option<String>,
    clock: Clock,
}

/// What is to be applied.
#[derive(Debug, PartialEq, Eq)]
enum Pending {
    /// Nothing.
    Nothing,
    /// What is gone from the repository, and these.
    Only(BTreeSet<ResourceId>),
    /// Everything.
    All,
}

impl Pending {
    fn add(&mut self, ids: BTreeSet<ResourceId>) {
        match self {
            Pending::Nothing => *self = Pending::Only(ids),
            Pending::Only(known) => known.extend(ids),
            Pending::All => {}
        }
    }
}

/// Where the agent listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Health, and metrics where they have no own.
    pub health: SocketAddr,
    /// Metrics.
    pub metrics: SocketAddr,
    /// Webhooks, if any are received.
    pub webhooks: Option<SocketAddr>,
}

/// Runs until `stop` says so. `listening` is told the addresses, which a port 0 leaves to the system.
///
/// # Errors
/// The agent could not start. Once it runs, nothing ends it but `stop`.
pub async fn run(
    config: Config,
    stop: watch::Receiver<bool>,
    listening: impl FnOnce(Addresses),
) -> Result<(), StartError> {
    let metrics = Arc::new(Metrics::new());
    let health = Arc::new(Probes::new(PATIENCE));
    let wake = Arc::new(Notify::new());
    // Everything that runs beside the loop ends with it.
    let mut beside = JoinSet::new();
    listening(listen(&config, (&health, &metrics), &wake, &mut beside).await?);
    let cluster = connect(config.kubeconfig.as_deref()).await.map_err(StartError::Connect)?;
    let client = Cluster::client(cluster).map_err(|error| StartError::Client(hld_apply::causes(&error)))?;
    let own = own::objects(&config.namespace);
    let identity =
        Identity { sync: config.sync.clone(), namespace: config.namespace.clone(), own: own.clone() };
    let cluster = Cluster::new(client.clone(), identity, Transport::default())
        .map_err(|error| StartError::Client(error.to_string()))?;
    let source = Source::open(&config.git).map_err(StartError::Repository)?;
    let store = Store::new(client.clone(), &config.namespace, &config.sync);
    let mut agent = Agent {
        events: Events::new(client, &config.namespace, &config.sync, metrics.clone()),
        cluster: Arc::new(cluster),
        source: Arc::new(Mutex::new(source)),
        store,
        metrics,
        probes: health,
        approvals: Approvals::default(),
        stop,
        own,
        view: None,
        baseline: None,
        pending: Pending::Nothing,
        known: Known::default(),
        status: Status::default(),
        written: None,
        asked: None,
        clock: Clock::new(config.git.poll_interval, config.interval),
        config,
    };
    agent.live(wake, &mut beside).await;
    tracing::info!("stopped");
    Ok(())
}

/// Opens the agent's addresses.
async fn listen(
    config: &Config,
    (health, metrics): (&Arc<Probes>, &Arc<Metrics>),
    wake: &Arc<Notify>,
    beside: &mut JoinSet<()>,
) -> Result<Addresses, StartError> {
    let listener = bind(config.listen).await?;
    let address = address(&listener, config.listen);
    let mut addresses = Addresses { health: address, metrics: address, webhooks: None };
    let here = config.listen_metrics.is_none().then(|| metrics.clone());
    beside.spawn(probes(listener, health.clone(), here));
    if let Some(wanted) = config.listen_metrics {
        let listener = bind(wanted).await?;
        addresses.metrics = self::address(&listener, wanted);
        beside.spawn(probes(listener, health.clone(), Some(metrics.clone())));
    }
    let webhooks = &config.webhooks;
    let receivers = Hooks::new(&webhooks.receivers, &config.git.branch, wake.clone(), metrics.clone());
    if !receivers.is_empty() {
        let listener = bind(webhooks.listen).await?;
        addresses.webhooks = Some(self::address(&listener, webhooks.listen));
        beside.spawn(hooks(listener, Arc::new(receivers)));
    }
    Ok(addresses)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Listen(address, error))
}

fn address(listener: &TcpListener, wanted: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(wanted)
}

/// A fetch that runs beside the loop.
struct Fetching {
    task: JoinHandle<Result<ObjectId, GitError>>,
    /// The request that it is for.
    request: Option<String>,
}

/// What the loop waited for.
enum Event {
    Stop,
    /// A webhook.
    Hook,
    /// A person asked for something.
    Request,
    Fetched(Result<ObjectId, GitError>),
    Drifted(Option<ResourceId>),
    Due(Due),
}

impl Agent {
    async fn live(&mut self, wake: Arc<Notify>, beside: &mut JoinSet<()>) {
        if !self.settle().await {
            return;
        }
        self.probes.ready();
        let request = Arc::new(Notify::new());
        beside.spawn(follow(self.store.clone(), self.approvals.clone(), request.clone()));
        let (sender, mut drifted) = mpsc::channel(MOST_DRIFTED);
        let cluster = self.cluster.clone();
        beside.spawn(async move { cluster.watch(&sender).await });
        let mut fetching: Option<Fetching> = None;
        loop {
            self.probes.moved();
            let mut answer = None;
            let event = self.wait((&wake, &request), &mut drifted, &mut fetching).await;
            match event {
                Event::Stop => break,
                Event::Hook => self.clock.fetch_soon(),
                Event::Request => self.hear(),
                Event::Fetched(result) => {
                    answer = fetching.take().and_then(|fetching| fetching.request);
                    self.judge(result);
                }
                Event::Drifted(id) => self.collect(id, &mut drifted).await,
                Event::Due(Due::Fetch) if fetching.is_none() => fetching = Some(self.fetch()),
                Event::Due(Due::Fetch | Due::Nothing) => {}
                Event::Due(Due::Sweep | Due::Retry) => self.pending = Pending::All,
            }
            if answer.is_some() {
                // Whoever asks gets everything compared.
                self.pending = Pending::All;
            }
            if self.pending != Pending::Nothing {
                self.apply().await;
            }
            if let Some(request) = answer {
                self.status.request = request;
            }
            self.publish().await;
        }
        self.publish().await;
    }

    async fn wait(
        &mut self,
        (wake, request): (&Notify, &Notify),
        drifted: &mut mpsc::Receiver<ResourceId>,
        fetching: &mut Option<Fetching>,
    ) -> Event {
        let is_fetching = fetching.is_some();
        let fetched = async {
            match fetching {
                Some(fetching) => (&mut fetching.task).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = stopped(&mut self.stop) => Event::Stop,
            result = fetched => Event::Fetched(result.unwrap_or_else(|error| Err(lost(&error)))),
            () = request.notified() => Event::Request,
            () = wake.notified() => Event::Hook,
            id = drifted.recv(), if !drifted.is_closed() => Event::Drifted(id),
            due = self.clock.due(is_fetching) => Event::Due(due),
        }
    }

    /// Reads what the cluster knows of this sync: until then, nothing may be applied (P6). Whether the
    /// agent may go on.
    async fn settle(&mut self) -> bool {
        loop {
            self.probes.moved();
            match self.store.read().await {
                Ok(stored) => {
                    let stored = stored.unwrap_or_default();
                    self.approvals.take(stored.annotations);
                    self.remember(stored.status);
                    return true;
                }
                Err(error) => {
                    tracing::warn!(%error, "the status can not be read");
                    let pause = self.clock.pause();
                    tokio::select! {
                        _ = stopped(&mut self.stop) => return false,
                        () = tokio::time::sleep(pause) => {}
                    }
                }
            }
        }
    }

    /// Takes up where the last run ended, if it was about the same repository.
    fn remember(&mut self, stored: Option<Status>) {
        let git = &self.config.git;
        let fresh = Status {
            url: git.url.to_string(),
            branch: git.branch.clone(),
            paths: git.paths.clone(),
            ..Status::default()
        };
        let same = stored.clone().filter(|s| (&s.url, &s.branch) == (&fresh.url, &fresh.branch));
        self.written = stored;
        self.status = same.map_or(fresh.clone(), |status| Status { paths: fresh.paths, ..status });
        self.baseline = self.status.applied.parse().ok();
        let request = self.approvals.request();
        self.asked = (request != self.status.request).then_some(request);
        // What was fetched by the last run may be here still.
        if let Some(commit) = self.baseline {
            let source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(crate::source::Seen::New(view)) = source.view(commit, None) {
                self.view = Some(*view);
                self.pending = Pending::All;
            }
        }
    }

    /// A person asked for something: the repository is asked at once, and everything is applied.
    fn hear(&mut self) {
        let request = self.approvals.request();
        if request != self.status.request {
            self.asked = Some(request);
        }
        self.clock.fetch_now();
    }

    fn fetch(&mut self) -> Fetching {
        self.clock.fetch_began();
        let source = self.source.clone();
        let fetch = move || source.lock().unwrap_or_else(PoisonError::into_inner).fetch();
        Fetching { task: tokio::task::spawn_blocking(fetch), request: self.asked.take() }
    }

    /// Collects what drifted together.
    async fn collect(&mut self, id: Option<ResourceId>, drifted: &mut mpsc::Receiver<ResourceId>) {
        let mut ids: BTreeSet<ResourceId> = id.into_iter().collect();
        let end = tokio::time::sleep(COLLECT);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => break,
                id = drifted.recv() => match id {
                    Some(id) => ids.extend([id]),
                    None => break,
                },
            }
        }
        if !ids.is_empty() {
            tracing::info!(objects = ids.len(), "objects drifted");
            self.pending.add(ids);
        }
    }

    /// Writes the status where it says something new. What fails is tried again.
    async fn publish(&mut self) {
        if self.written.is_some() && self.known.is_unknown() {
            // After a restart, what was said last holds until more is known.
            return;
        }
        self.status.update(&self.known);
        let is_ready = self.status.is_ready();
        self.metrics.ready.set(i64::from(is_ready));
        if self.written.as_ref() == Some(&self.status) {
            return;
        }
        match self.store.write(&self.config.sync, &self.status).await {
            Ok(()) => {
                self.tell().await;
                self.written = Some(self.status.clone());
            }
            Err(error) => {
                tracing::warn!(%error, "the status can not be written");
                self.clock.look_again();
            }
        }
    }

    /// Says in an event how `Ready` changed.
    async fn tell(&mut self) {
        let condition = |status: &Status| {
            let ready = status.condition(crate::status::READY)?;
            Some((ready.status, ready.reason.clone(), ready.message.clone()))
        };
        let before = self.written.as_ref().and_then(condition);
        let Some(now) = condition(&self.status).filter(|now| Some(now) != before.as_ref()) else { return };
        let (is_ready, reason, message) = now;
        tracing::info!(ready = is_ready, reason = %reason, "{message}");
        self.events.say(!is_ready && reason != "Progressing", &reason, &message).await;
    }
}

/// Waits until somebody stops the agent, or is gone who could.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    stop.wait_for(|stop| *stop).await.ok();
}

fn lost(error: &tokio::task::JoinError) -> GitError {
    GitError::new(hld_git::ErrorKind::Local, format!("the fetch ended by itself: {error}"))
}
