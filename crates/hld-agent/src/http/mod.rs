//! The agent's HTTP: health and metrics at one address, webhooks at another.
//!
//! Webhooks are the public face, so they have a listener of their own, with limits on everything a
//! stranger decides: the size of heads and bodies, the time they take, and how many there are at
//! once. *Guarantee*: nothing that arrives here reaches the sync but the word "look now".

mod probes;
mod webhook;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

pub(crate) use probes::{Probes, probes};
pub(crate) use webhook::{Hooks, hooks};

/// Most connections at once.
const MOST_IN_FLIGHT: usize = 200;
/// How long the head of a request may take.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long the body of a request may take.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(10);
/// How long a connection may live.
const CONNECTION_TIME: Duration = Duration::from_secs(20);
/// Most bytes of a request's head.
const LARGEST_HEAD: usize = 64 * 1024;
/// Most headers of a request.
const MOST_HEADERS: usize = 100;

/// An answer.
pub(crate) type Answer = Response<Full<Bytes>>;

/// An answer of a few words.
pub(crate) fn answer(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    answer
}

/// Serves until the task is dropped. One request a connection: nothing waits on an idle one.
pub(crate) async fn serve<F, R>(listener: TcpListener, handle: F)
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Answer> + Send,
{
    let in_flight = Arc::new(Semaphore::new(MOST_IN_FLIGHT));
    loop {
        let Ok(permit) = in_flight.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, or a peer that is gone already: neither ends the server.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let handle = handle.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answered = handle(request);
                async move { Ok::<_, Infallible>(answered.await) }
            });
            let mut server = hyper::server::conn::http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).keep_alive(false);
            server.max_buf_size(LARGEST_HEAD).max_headers(MOST_HEADERS);
            let connection = server.serve_connection(TokioIo::new(stream), service);
            tokio::time::timeout(CONNECTION_TIME, connection).await.ok();
            drop(permit);
        });
    }
}
