//! What Prometheus may know: counts and times, and no name of any object.

use std::sync::atomic::{AtomicI64, AtomicU64};

use k8s_openapi::jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The agent's metrics.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Syncs by what became of them.
    pub(crate) syncs: Family<Outcome, Counter>,
    /// Seconds that a sync took.
    pub(crate) sync_seconds: Histogram,
    /// When a sync last succeeded, in seconds of Unix; 0 before the first.
    last_success: Gauge<i64, AtomicI64>,
    /// Whether the cluster is like the repository.
    pub(crate) ready: Gauge<i64, AtomicI64>,
    /// Objects by what became of them.
    pub(crate) objects: Family<Outcome, Counter>,
    /// Objects of the last sync.
    pub(crate) desired: Gauge<i64, AtomicI64>,
    /// Fetches by what became of them.
    pub(crate) fetches: Family<Outcome, Counter>,
    /// Webhooks by what became of them.
    pub(crate) webhooks: Family<Outcome, Counter>,
    /// Events that were not sent because there were too many.
    pub(crate) events_dropped: Counter<u64, AtomicU64>,
}

/// What became of something: one of a few words of ours.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct Outcome {
    result: &'static str,
}

/// The label of an outcome.
pub(crate) fn outcome(result: &'static str) -> Outcome {
    Outcome { result }
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

impl Metrics {
    /// Metrics of an agent that has done nothing yet.
    #[must_use]
    pub(crate) fn new() -> Self {
        let buckets = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
        let mut metrics = Metrics {
            registry: Registry::with_prefix("hld_agent"),
            syncs: Family::default(),
            sync_seconds: Histogram::new(buckets),
            last_success: Gauge::default(),
            ready: Gauge::default(),
            objects: Family::default(),
            desired: Gauge::default(),
            fetches: Family::default(),
            webhooks: Family::default(),
            events_dropped: Counter::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("syncs", "Syncs by result", metrics.syncs.clone());
        registry.register("sync_seconds", "Seconds a sync took", metrics.sync_seconds.clone());
        registry.register(
            "last_success_seconds",
            "Unix time of the last success",
            metrics.last_success.clone(),
        );
        registry.register("ready", "1 where the cluster is like the repository", metrics.ready.clone());
        registry.register("objects", "Objects by result", metrics.objects.clone());
        registry.register("objects_desired", "Objects in the repository", metrics.desired.clone());
        registry.register("git_fetches", "Fetches by result", metrics.fetches.clone());
        registry.register("webhooks", "Webhooks by result", metrics.webhooks.clone());
        registry.register("events_dropped", "Events that were too many", metrics.events_dropped.clone());
        metrics
    }

    /// A sync has succeeded.
    pub(crate) fn succeeded(&self) {
        self.last_success.set(Timestamp::now().as_second());
    }

    /// In the text form of OpenMetrics.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        encode(&mut text, &self.registry).ok();
        text
    }
}
