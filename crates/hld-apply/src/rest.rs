//! Requests and answers: bounded, checked, tried again.
//!
//! kube's client signs and sends; what comes back is read here, for an answer may be of any size and
//! kind, and must never be logged: it may hold a Secret.

use std::sync::Mutex;
use std::time::Duration;

use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::{AuthError, Body};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::error::{ApiError, ApiErrorKind, Failure};
use crate::{FIELD_MANAGER, Transport};

/// Most bytes of an answer: a page of a list of metadata stays far below.
const MOST_BYTES: usize = 64 << 20;

/// Most bytes of a refusal that are looked at.
const MOST_REFUSAL_BYTES: usize = 256 << 10;

pub(crate) const JSON: &str = "application/json";
pub(crate) const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
pub(crate) const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";

/// The API server.
pub(crate) struct Rest {
    client: Client,
    pub(crate) transport: Transport,
    /// The server has asked for a pause until then: no request is sent before.
    not_before: Mutex<Option<Instant>>,
}

/// One request. It may be sent several times: every one that this crate makes can be.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) path: &'a str,
    pub(crate) accept: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

impl<'a> Ask<'a> {
    /// A reading request.
    pub(crate) fn get(path: &'a str, accept: &'static str) -> Self {
        Ask { method: Method::GET, path, accept, content_type: JSON, body: Vec::new() }
    }

    /// A writing request with a body of JSON.
    pub(crate) fn send(method: Method, path: &'a str, body: Vec<u8>) -> Self {
        Ask { method, path, accept: JSON, content_type: JSON, body }
    }
}

impl Rest {
    pub(crate) fn new(client: Client, transport: Transport) -> Self {
        Rest { client, transport, not_before: Mutex::new(None) }
    }

    /// The answer, read as `T`; and whether something was created.
    ///
    /// # Errors
    /// What the server says, after all tries.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, ask: &Ask<'_>) -> Result<(T, bool), Failure> {
        let (status, body) = self.bytes(ask).await?;
        let answer = serde_json::from_slice(&body).map_err(|error| {
            // The error's own text may quote what was read.
            let what = format!(
                "the answer is not what was asked for (line {}, column {})",
                error.line(),
                error.column()
            );
            Failure::new(ApiErrorKind::BadAnswer, &what)
        })?;
        Ok((answer, status == 201))
    }

    /// The status and the bytes of a good answer of JSON.
    async fn bytes(&self, ask: &Ask<'_>) -> Result<(u16, Vec<u8>), Failure> {
        let mut n_tries = 0;
        loop {
            self.wait().await;
            let tried = tokio::time::timeout(self.transport.timeout, self.once(ask)).await;
            let failure = match tried {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::new(
                    ApiErrorKind::NoAnswer,
                    &format!("no answer within {} s", self.transport.timeout.as_secs_f32()),
                ),
            };
            n_tries += 1;
            if let Some(pause) = failure.retry_after {
                self.hold_back(pause);
            }
            if !failure.may_pass() || n_tries >= self.transport.tries {
                return Err(failure);
            }
            tracing::debug!(path = ask.path, tries = n_tries, kind = ?failure.kind, "request is tried again");
            tokio::time::sleep(self.pause(n_tries, ask.path)).await;
        }
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<(u16, Vec<u8>), Failure> {
        let response = self.response(ask).await?;
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        if !parts.status.is_success() {
            let body = read(body, MOST_REFUSAL_BYTES).await.unwrap_or_default();
            let mut failure = Failure::of_answer(status, &body);
            failure.retry_after = failure.retry_after.or_else(|| retry_after(&parts.headers));
            return Err(failure);
        }
        check_content(&parts.headers)?;
        Ok((status, read(body, MOST_BYTES).await?))
    }

    /// A response whose body has not been read.
    pub(crate) async fn response(&self, ask: &Ask<'_>) -> Result<http::Response<Body>, Failure> {
        let request = Request::builder().method(&ask.method).uri(ask.path).header("accept", ask.accept);
        let request =
            if ask.body.is_empty() { request } else { request.header("content-type", ask.content_type) };
        let request = request.header("user-agent", FIELD_MANAGER).body(Body::from(ask.body.clone()));
        let request = request
            .map_err(|_| Failure::new(ApiErrorKind::Other, "the object's name can not be part of a URL"))?;
        self.client.send(request).await.map_err(|error| {
            let kind = ApiErrorKind::NoAnswer;
            Failure::new(kind, &format!("no answer: {}", causes(&error)))
        })
    }

    /// Waits until the server wants requests again.
    async fn wait(&self) {
        let until = *self.not_before.lock().expect("nobody panics while holding it");
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    fn hold_back(&self, pause: Duration) {
        let until = Instant::now() + pause.min(self.transport.longest_pause);
        let mut not_before = self.not_before.lock().expect("nobody panics while holding it");
        *not_before = (*not_before).max(Some(until));
    }

    /// Twice as long with each try, and not the same for all.
    fn pause(&self, n_tries: u32, path: &str) -> Duration {
        let doubled = self.transport.pause.saturating_mul(1 << (n_tries - 1).min(16));
        let spread =
            path.bytes().fold(n_tries, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let spread = 0.75 + f64::from(spread % 512) / 1024.0;
        doubled.mul_f64(spread).min(self.transport.longest_pause)
    }
}

/// Reads a body of a bounded size.
async fn read(mut body: Body, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::new(ApiErrorKind::NoAnswer, "the answer breaks off"))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > most {
                let what = format!("the answer is larger than {most} bytes");
                return Err(Failure::new(ApiErrorKind::BadAnswer, &what));
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// A proxy's page is no answer, whatever its status.
fn check_content(headers: &HeaderMap) -> Result<(), Failure> {
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.starts_with(JSON) {
        return Ok(());
    }
    Err(Failure::new(
        ApiErrorKind::BadAnswer,
        "the answer is no JSON: does a proxy stand before the API server?",
    ))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// An error of a client with everything below it: kube's own text stops at the first. What a kubeconfig's
/// program to log in was started with, and what it printed, is no part of it: either may be a secret.
#[must_use]
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = || std::iter::successors(Some(error), |error| error.source());
    if let Some(told) = chain().find_map(login) {
        return told;
    }
    let mut texts: Vec<String> = Vec::new();
    for text in chain().map(ToString::to_string) {
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

/// What can be said of a program that did not log in.
fn login(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    match error.downcast_ref()? {
        AuthError::AuthExecRun { out, .. } => {
            Some(format!("the kubeconfig's program to log in ended with {}", out.status))
        }
        AuthError::AuthExecParse(_) => {
            Some("the kubeconfig's program to log in printed no credentials".to_owned())
        }
        _ => None,
    }
}

/// What the server says instead of an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    pub(crate) kind: String,
    pub(crate) message: String,
    pub(crate) details: Option<Details>,
}

/// What a [`Status`] is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) causes: Vec<Cause>,
    pub(crate) retry_after_seconds: u64,
}

/// One fault of several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Cause {
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) field: String,
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        ApiError::new(failure.kind, &failure.message)
    }
}

/// A segment of a path or a value of a query, escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn p7_what_a_program_that_logs_in_printed_is_no_cause() {
        let printed = b"hunter2".to_vec();
        let out = std::process::Output {
            status: std::process::ExitStatus::from_raw(256),
            stdout: printed.clone(),
            stderr: printed,
        };
        let failed = AuthError::AuthExecRun { cmd: "PASSWORD=hunter2 log-in".to_owned(), out: Box::new(out) };
        // As it comes when a token has expired and is asked for once more.
        let error = kube::Error::Service(Box::new(failed));
        assert_eq!(causes(&error), "the kubeconfig's program to log in ended with exit status: 1");
        let other = kube::Error::Service("connection refused".into());
        assert!(causes(&other).ends_with("connection refused"), "{}", causes(&other));
    }
}
