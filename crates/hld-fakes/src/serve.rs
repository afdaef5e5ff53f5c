//! The server: requests to the state and back, and what goes wrong on the way.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::serve::ListenerExt as _;
use tokio::sync::{oneshot, watch};

use crate::reply::Refusal;
use crate::route::{Reply, perform};
use crate::state::State;
use crate::watch::lines;
use crate::{Call, Effect};

/// What the handlers and the test share.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Counts how often all watches were cut; sent again after each call.
    pub(crate) changes: watch::Sender<usize>,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Shared { state: Mutex::new(State::new()), changes: watch::channel(0).0 }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no handler panics while it holds the lock")
    }

    pub(crate) fn tell(&self) {
        self.changes.send_modify(|_| {});
    }
}

/// Serves on a thread of its own until it is told to stop.
pub(crate) fn serve(listener: TcpListener, shared: Arc<Shared>, stopped: oneshot::Receiver<()>) {
    listener.set_nonblocking(true).expect("sockets can be polled");
    let app = axum::Router::new().fallback(handle).with_state(shared);
    let serve = async move {
        let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime polls sockets");
        // Without it every answer in two parts waits for the client's acknowledgement.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        tokio::select! {
            _ = axum::serve(listener, app) => {}
            _ = stopped => {}
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    std::thread::spawn(move || runtime.block_on(serve));
}

async fn handle(Extract(shared): Extract<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 16 << 20).await.unwrap_or_default();
    let mut call = Call {
        verb: parts.method.to_string(),
        path: decoded(parts.uri.path()),
        query: query(parts.uri.query().unwrap_or_default()),
        accept: header(&parts.headers, "accept"),
        content_type: header(&parts.headers, "content-type"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        status: 0,
        is_executed: false,
    };
    if call.query.get("watch").is_some_and(|value| matches!(value.as_str(), "1" | "true")) {
        call.verb = "WATCH".to_owned();
    }
    let (at, effect, latency) = {
        let mut state = shared.lock();
        let effect = state.effect(&call);
        state.calls.push(call.clone());
        (state.calls.len() - 1, effect, state.latency)
    };
    let delay = if let Some(Effect::Delay(delay)) = &effect { *delay } else { latency };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match &effect {
        Some(Effect::Refuse(code, message)) => {
            let refusal = Refusal::new(*code, reason(*code), message);
            return answer(&shared, (at, false), Reply::Json(refusal.code, refusal.body));
        }
        Some(Effect::Answer { status, retry_after, content_type, body }) => {
            shared.note(at, *status, false);
            let response = Response::builder().status(*status).header("content-type", content_type);
            let response = match retry_after {
                Some(seconds) => response.header("retry-after", seconds),
                None => response,
            };
            return response.body(Body::from(body.clone())).expect("the fault is a response");
        }
        Some(Effect::Cut) => return cut(Bytes::new()),
        _ => {}
    }
    let reply = {
        let mut state = shared.lock();
        perform(&mut state, &call).unwrap_or_else(|refusal| Reply::Json(refusal.code, refusal.body))
    };
    shared.tell();
    match (&effect, &reply) {
        (Some(Effect::LoseReply), _) => {
            shared.note(at, 0, true);
            cut(Bytes::new())
        }
        (Some(Effect::BreakReply), Reply::Json(_, body)) => {
            shared.note(at, 0, true);
            let text = body.to_string();
            cut(Bytes::from(text[..text.floor_char_boundary(text.len() / 2)].to_owned()))
        }
        _ => answer(&shared, (at, true), reply),
    }
}

impl State {
    /// What happens to a call: a fault, the death of the client, or the refusal of an extra one.
    fn effect(&mut self, call: &Call) -> Option<Effect> {
        if let Some(left) = &mut self.dies_after {
            if *left == 0 {
                return Some(Effect::Cut);
            }
            *left -= 1;
            if *left == 0 {
                return Some(Effect::LoseReply);
            }
        }
        let shown = call.to_string();
        if let Some(expected) = &mut self.expected {
            match expected.iter().position(|expected| *expected == shown) {
                Some(at) => {
                    expected.remove(at);
                }
                None => {
                    self.unexpected.push(shown);
                    return Some(Effect::Refuse(501, "this call was not expected".to_owned()));
                }
            }
        }
        self.faults.effect(call)
    }
}

impl Shared {
    fn note(&self, at: usize, status: u16, is_executed: bool) {
        if let Some(call) = self.lock().calls.get_mut(at) {
            call.status = status;
            call.is_executed = is_executed;
        }
    }
}

fn answer(shared: &Arc<Shared>, (at, is_executed): (usize, bool), reply: Reply) -> Response {
    let response = Response::builder().header("content-type", "application/json");
    match reply {
        Reply::Json(status, body) => {
            shared.note(at, status, is_executed);
            response.status(status).body(Body::from(body.to_string()))
        }
        Reply::Watch(watch) => {
            shared.note(at, 200, is_executed);
            response.body(Body::from_stream(lines(watch, shared.clone())))
        }
    }
    .expect("status and headers are valid")
}

/// An answer that ends too early.
fn cut(begin: Bytes) -> Response {
    let broken = Err(std::io::Error::other("the fault cuts the connection"));
    let parts = if begin.is_empty() { vec![broken] } else { vec![Ok(begin), broken] };
    let body = Body::from_stream(futures::stream::iter(parts));
    let response =
        Response::builder().header("content-type", "application/json").header("content-length", "100000");
    response.body(body).expect("the headers are valid")
}

/// The reason that a code most often has.
fn reason(code: u16) -> &'static str {
    match code {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        410 => "Expired",
        422 => "Invalid",
        429 => "TooManyRequests",
        500 => "InternalError",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "Unknown",
    }
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn query(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key), decoded(&value.replace('+', " ")))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        (bytes, rest) = match (first, hex) {
            (b'%', Some(byte)) => ([bytes, vec![byte]].concat(), &after[2..]),
            _ => ([bytes, vec![*first]].concat(), after),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
