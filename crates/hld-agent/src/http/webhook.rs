//! Webhooks: somebody says that the repository has something new.
//!
//! *Guarantees*: a receiver without a secret is closed. What a payload says is compared with the
//! branch that is configured, and used for nothing else: no URL is taken from it. Who is not known,
//! or can not prove it, gets one answer, after the same work. *Assumption*: a delivery that is sent
//! again does no harm, for it can only lead to one more fetch, and those are bounded.

mod payload;
mod secret;

use std::collections::HashMap;
use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::{Method, Request, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::{Answer, BODY_TIME, answer, serve};
use crate::config::{Provider, Receiver};
use crate::metrics::{Metrics, outcome};
use secret::SecretFile;

/// Most bytes of a body.
const LARGEST_BODY: usize = 1024 * 1024;

/// The receivers, and what they wake.
#[derive(Debug)]
pub(crate) struct Hooks {
    receivers: HashMap<String, Open, foldhash::quality::RandomState>,
    branch: String,
    wake: Arc<Notify>,
    metrics: Arc<Metrics>,
}

/// A receiver that has a secret.
#[derive(Debug)]
struct Open {
    provider: Provider,
    secret: SecretFile,
}

impl Hooks {
    /// Opens the receivers that have a secret; the log names those that have none.
    #[must_use]
    pub(crate) fn new(
        receivers: &[Receiver],
        branch: &str,
        wake: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut open = HashMap::default();
        for receiver in receivers {
            let Some(file) = &receiver.secret_file else {
                tracing::warn!(receiver = %receiver.name, "webhook receiver is closed: it has no `secretFile`");
                continue;
            };
            let secret = SecretFile::new(file.clone());
            open.insert(receiver.name.clone(), Open { provider: receiver.provider, secret });
        }
        Hooks { receivers: open, branch: branch.to_owned(), wake, metrics }
    }

    /// Whether there is anything to listen for.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.receivers.is_empty()
    }

    async fn receive(&self, request: Request<Incoming>) -> Answer {
        let (status, result) = self.judge(request).await;
        self.metrics.webhooks.get_or_create(&outcome(result)).inc();
        // The word is that of the status, so that all refusals of one status are alike.
        let text = status.canonical_reason().unwrap_or("no");
        answer(status, format!("{text}\n"))
    }

    async fn judge(&self, request: Request<Incoming>) -> (StatusCode, &'static str) {
        let path = request.uri().path();
        let is_plain =
            request.uri().authority().is_none() && !path.contains(['%', '\\']) && !path.contains("//");
        let name =
            path.strip_prefix("/hook/").filter(|name| is_plain && !name.is_empty() && !name.contains('/'));
        let Some(name) = name else { return (StatusCode::NOT_FOUND, "not_found") };
        if request.method() != Method::POST {
            return (StatusCode::METHOD_NOT_ALLOWED, "not_found");
        }
        let name = name.to_owned();
        let (head, body) = request.into_parts();
        let body = match read(body).await {
            Ok(body) => body,
            Err(status) => return (status, "too_much"),
        };
        let receiver = self.receivers.get(&name);
        if !is_genuine(receiver, &head.headers, &body) {
            return (StatusCode::UNAUTHORIZED, "refused");
        }
        let Some(receiver) = receiver else { return (StatusCode::UNAUTHORIZED, "refused") };
        match payload::branches(receiver.provider, &head.headers, &body) {
            Err(payload::Malformed) => (StatusCode::BAD_REQUEST, "malformed"),
            Ok(said) if said.concerns(&self.branch) => {
                self.wake.notify_one();
                (StatusCode::ACCEPTED, "accepted")
            }
            Ok(_) => (StatusCode::ACCEPTED, "ignored"),
        }
    }
}

/// Serves the receivers.
pub(crate) async fn hooks(listener: TcpListener, hooks: Arc<Hooks>) {
    serve(listener, move |request| {
        let hooks = hooks.clone();
        async move { hooks.receive(request).await }
    })
    .await;
}

async fn read(body: Incoming) -> Result<Bytes, StatusCode> {
    let limited = Limited::new(body, LARGEST_BODY).collect();
    match tokio::time::timeout(BODY_TIME, limited).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        }
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// Whether the sender knows the receiver's secret. A receiver that does not exist costs as much.
fn is_genuine(receiver: Option<&Open>, headers: &HeaderMap, body: &[u8]) -> bool {
    let provider = receiver.map_or(Provider::Generic, |receiver| receiver.provider);
    let secrets = receiver.map_or_else(secret::nobody, |receiver| receiver.secret.secrets());
    let proof = secret::proof(provider, headers);
    let mut is_known = false;
    for known in secrets.iter() {
        // No early end: how many secrets there are is told by no clock.
        is_known |= secret::proves(&proof, known, body);
    }
    is_known && receiver.is_some()
}
