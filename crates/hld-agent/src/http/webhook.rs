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

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::{Method, Request, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use super::{Answer, BODY_TIME, answer, serve};
use crate::config::{Provider, Receiver};
use crate::metrics::{Metrics, outcome};
use secret::SecretFile;

/// Most bytes of a body.
const LARGEST_BODY: usize = 1024 * 1024;
/// Most KiB of all bodies at once: how much memory there must be is not for strangers to say.
const ROOM: usize = 16 * 1024;

/// The receivers, and what they wake.
#[derive(Debug)]
pub(crate) struct Hooks {
    receivers: HashMap<String, Open, foldhash::quality::RandomState>,
    branch: String,
    wake: Arc<Notify>,
    metrics: Arc<Metrics>,
    room: Semaphore,
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
        Hooks { receivers: open, branch: branch.to_owned(), wake, metrics, room: Semaphore::new(ROOM) }
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
        // The room is given back when the body has been judged.
        let (body, _room) = match read(body, &self.room).await {
            Ok(read) => read,
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

/// A body as a whole, within its bounds, and the room that it takes.
async fn read<B>(mut body: B, room: &Semaphore) -> Result<(Vec<u8>, SemaphorePermit<'_>), StatusCode>
where
    B: Body<Data = Bytes> + Unpin,
{
    let is_large = body.size_hint().lower() > LARGEST_BODY as u64;
    let reading = async {
        let mut bytes = Vec::new();
        let mut taken = take(room, 0)?;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
            let n_bytes = bytes.len() + data.len();
            if n_bytes > LARGEST_BODY {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            taken.merge(take(room, n_bytes.div_ceil(1024) - bytes.len().div_ceil(1024))?);
            bytes.extend_from_slice(&data);
        }
        Ok((bytes, taken))
    };
    match is_large {
        true => Err(StatusCode::PAYLOAD_TOO_LARGE),
        false => tokio::time::timeout(BODY_TIME, reading).await.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT)),
    }
}

/// Room for so many KiB, if there is any left.
fn take(room: &Semaphore, kib: usize) -> Result<SemaphorePermit<'_>, StatusCode> {
    let kib = u32::try_from(kib).map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    room.try_acquire_many(kib).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::stream::{self, StreamExt as _};
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    /// A body that comes in these parts, and then does not end.
    fn unending(parts: Vec<Vec<u8>>) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        let parts = parts.into_iter().map(|part| Ok(Frame::data(Bytes::from(part))));
        StreamBody::new(stream::iter(parts).chain(stream::pending()).boxed())
    }

    #[tokio::test(start_paused = true)]
    async fn b145_a_body_of_a_byte_a_second_is_given_up() {
        let room = Semaphore::new(ROOM);
        let slow = stream::iter(0..1_000_000).then(|_| async {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"x")))
        });
        let slow = StreamBody::new(slow.boxed());
        assert_eq!(read(slow, &room).await.unwrap_err(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(room.available_permits(), ROOM);
    }

    #[tokio::test(start_paused = true)]
    async fn b145_a_body_may_be_as_large_as_the_limit_and_no_larger() {
        let room = Semaphore::new(ROOM);
        for (n_bytes, expected) in [
            (0, None),
            (LARGEST_BODY, None),
            (LARGEST_BODY + 1, Some(StatusCode::PAYLOAD_TOO_LARGE)),
            (10 * LARGEST_BODY, Some(StatusCode::PAYLOAD_TOO_LARGE)),
        ] {
            // Announced, and in small parts.
            let announced = http_body_util::Full::new(Bytes::from(vec![b'x'; n_bytes]));
            let parts: Vec<_> = (0..n_bytes.div_ceil(1000))
                .map(|at| {
                    Ok::<_, Infallible>(Frame::data(vec![b'x'; (n_bytes - at * 1000).min(1000)].into()))
                })
                .collect();
            for result in [
                read(announced, &room).await.map(|(body, _)| body.len()),
                read(StreamBody::new(stream::iter(parts)), &room).await.map(|(body, _)| body.len()),
            ] {
                assert_eq!(result, expected.map_or(Ok(n_bytes), Err));
            }
        }
        assert_eq!(room.available_permits(), ROOM);
    }

    #[tokio::test(start_paused = true)]
    async fn b145_all_bodies_together_have_a_bound() {
        let room = Semaphore::new(ROOM);
        let large = || unending(vec![vec![b'x'; LARGEST_BODY / 2]; 2]);
        // So many large ones are under way that there is no room for a small one.
        let under_way = futures::future::join_all((0..16).map(|_| read(large(), &room)));
        let mut under_way = Box::pin(under_way);
        assert!(futures::poll!(&mut under_way).is_pending());
        assert_eq!(room.available_permits(), 0);
        let small = || http_body_util::Full::new(Bytes::from_static(b"{}"));
        assert_eq!(read(small(), &room).await.unwrap_err(), StatusCode::SERVICE_UNAVAILABLE);
        // They get no longer than any other.
        let ended = under_way.await;
        assert!(ended.iter().all(|end| matches!(end, Err(StatusCode::REQUEST_TIMEOUT))));
        assert!(read(small(), &room).await.is_ok());
    }
}
