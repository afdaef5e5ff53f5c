//! `/healthz`, `/readyz` and `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use tokio::net::TcpListener;

use super::{Answer, answer, serve};
use crate::metrics::Metrics;

/// What the probes are asked about. Kubernetes restarts an agent that is not healthy.
#[derive(Debug)]
pub(crate) struct Probes {
    started: Instant,
    /// Milliseconds after the start when the loop last moved.
    moved: AtomicU64,
    is_ready: AtomicBool,
    patience: Duration,
}

impl Probes {
    /// Probes of a loop that moves at least once in `patience`.
    #[must_use]
    pub(crate) fn new(patience: Duration) -> Self {
        let started = Instant::now();
        Probes { started, moved: AtomicU64::new(0), is_ready: AtomicBool::new(false), patience }
    }

    /// The loop is alive.
    pub(crate) fn moved(&self) {
        let millis = self.started.elapsed().as_millis();
        self.moved.store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The agent has talked to the API server and watches the repository.
    pub(crate) fn ready(&self) {
        self.is_ready.store(true, Ordering::Relaxed);
    }

    fn is_healthy(&self) -> bool {
        let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(moved) < self.patience
    }
}

/// Serves the probes, and the metrics where they are given.
pub(crate) async fn probes(listener: TcpListener, probes: Arc<Probes>, metrics: Option<Arc<Metrics>>) {
    serve(listener, move |request| {
        let answered = respond(&request, &probes, metrics.as_deref());
        async move { answered }
    })
    .await;
}

fn respond(request: &Request<Incoming>, probes: &Probes, metrics: Option<&Metrics>) -> Answer {
    let said =
        |is_fine| if is_fine { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "no\n") };
    let (status, text) = match request.uri().path() {
        _ if request.method() != Method::GET => (StatusCode::METHOD_NOT_ALLOWED, "no\n"),
        "/healthz" => said(probes.is_healthy()),
        "/readyz" => said(probes.is_ready.load(Ordering::Relaxed)),
        "/metrics" => {
            let Some(metrics) = metrics else { return answer(StatusCode::NOT_FOUND, "no\n") };
            let mut answer = answer(StatusCode::OK, metrics.text());
            let form = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            answer
                .headers_mut()
                .insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static(form));
            return answer;
        }
        _ => (StatusCode::NOT_FOUND, "no\n"),
    };
    answer(status, text)
}
