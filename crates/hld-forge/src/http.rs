//! Calls to the API of a forge: one host, bounded tries, no redirect to anywhere else.

use std::cell::Cell;
use std::time::{Duration, Instant};

use hld_diag::Secret;
use secrecy::ExposeSecret;
use serde_json::Value as Json;
use ureq::http::{Method, Request, Response, StatusCode};
use ureq::{Agent, Body};
use url::Url;

use crate::error::tame;
use crate::{Access, ForgeError};

/// How long to wait and how often to try.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Most tries of one call.
    pub tries: u32,
    /// The first pause between two tries; each next one is twice as long.
    pub pause: Duration,
    /// Most time for all calls together, pauses and waiting included.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { tries: 4, pause: Duration::from_millis(300), total: Duration::from_secs(60) }
    }
}

/// Most bytes of an answer.
const MOST_BYTES: u64 = 64 << 20;

/// Seconds to wait after GitHub's secondary limit where it names no time ("Rate limits for the REST API").
const SECONDARY_WAIT: u64 = 60;

/// Most redirects of one call.
const MOST_REDIRECTS: u32 = 3;

/// How a call names who we are.
pub(crate) enum Login {
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: token …`
    Token,
    /// `Authorization: Basic …`, without a user.
    Basic,
}

/// The API of a forge.
pub(crate) struct Client {
    agent: Agent,
    base: Url,
    token: Secret,
    authorization: Secret,
    /// Headers that every call of this API has, besides.
    headers: &'static [(&'static str, &'static str)],
    patience: Patience,
    /// What calls and pauses have taken.
    spent: Cell<Duration>,
}

/// One call.
pub(crate) struct Call<'c> {
    pub(crate) method: Method,
    /// The path below the base, by segments.
    pub(crate) path: &'c [&'c str],
    pub(crate) query: &'c [(&'c str, &'c str)],
    pub(crate) body: Option<Json>,
    /// Whether it may be made again when nobody knows if it was taken.
    pub(crate) may_repeat: bool,
}

impl<'c> Call<'c> {
    pub(crate) fn get(path: &'c [&'c str]) -> Self {
        Call { method: Method::GET, path, query: &[], body: None, may_repeat: true }
    }

    pub(crate) fn send(method: Method, path: &'c [&'c str], body: Json) -> Self {
        Call { method, path, query: &[], body: Some(body), may_repeat: true }
    }

    pub(crate) fn query(mut self, query: &'c [(&'c str, &'c str)]) -> Self {
        self.query = query;
        self
    }

    pub(crate) fn once(mut self) -> Self {
        self.may_repeat = false;
        self
    }
}

/// An answer that is no refusal.
pub(crate) struct Reply {
    pub(crate) json: Json,
    /// Whether there is a next page.
    pub(crate) has_next: bool,
}

/// What one try came to.
enum Tried {
    Done(Reply),
    Failed(ForgeError),
    /// It may work later, after so many seconds if the server says so; it may have been taken.
    Passing(ForgeError, Option<u64>),
    /// The same, and it was not taken.
    NotTaken(ForgeError, Option<u64>),
}

impl Client {
    /// A client of the API at `base`.
    pub(crate) fn new(base: &Url, access: &Access, login: &Login) -> Result<Self, ForgeError> {
        check(base, &access.insecure)?;
        let token = access.token.expose_secret();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let why = "the token is empty or has characters that no token has".to_owned();
            return Err(ForgeError::Unusable(why));
        }
        let authorization = match login {
            Login::Bearer => format!("Bearer {token}"),
            Login::Token => format!("token {token}"),
            Login::Basic => {
                use base64::Engine;
                let encoded = base64::engine::general_purpose::STANDARD.encode(format!(":{token}"));
                format!("Basic {encoded}")
            }
        };
        let tls = ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(Some(access.patience.total))
            .user_agent(concat!("hld/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        Ok(Client {
            agent: config.new_agent(),
            base: base.clone(),
            token: access.token.clone(),
            authorization: authorization.into(),
            headers: &[("accept", "application/json")],
            patience: access.patience,
            spent: Cell::new(Duration::ZERO),
        })
    }

    /// With these headers in place of `Accept: application/json`.
    pub(crate) fn with_headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    /// Makes a call, again after a pause where that may help.
    pub(crate) fn call(&self, call: &Call<'_>) -> Result<Reply, ForgeError> {
        let begin = Instant::now();
        let spent = self.spent.get();
        let result = self.tries(call, || spent + begin.elapsed());
        self.spent.set(spent + begin.elapsed());
        result
    }

    fn tries(&self, call: &Call<'_>, spent: impl Fn() -> Duration) -> Result<Reply, ForgeError> {
        let mut pause = self.patience.pause;
        for n_tries in 1.. {
            let (error, wanted, is_taken) = match self.once(call) {
                Tried::Done(reply) => return Ok(reply),
                Tried::Failed(error) => return Err(error),
                Tried::Passing(error, wanted) => (error, wanted, true),
                Tried::NotTaken(error, wanted) => (error, wanted, false),
            };
            let wait = wanted.map_or(pause, Duration::from_secs);
            let is_late = spent().saturating_add(wait) > self.patience.total;
            if is_late || n_tries >= self.patience.tries || (is_taken && !call.may_repeat) {
                return Err(error);
            }
            std::thread::sleep(wait);
            pause *= 2;
        }
        unreachable!("the loop ends with the tries")
    }

    fn once(&self, call: &Call<'_>) -> Tried {
        let mut url = self.url(call);
        let name = format!("{} {}", call.method, url.path());
        for _ in 0..=MOST_REDIRECTS {
            let response = match self.send(call, &url) {
                Ok(response) => response,
                Err(words) => {
                    let host = url.host_str().unwrap_or_default().to_owned();
                    let words = tame(&words, self.token.expose_secret());
                    return Tried::Passing(ForgeError::Unreachable(host, words), None);
                }
            };
            if !response.status().is_redirection() {
                return self.answer(name, response);
            }
            match self.redirect(&url, &response) {
                Ok(next) => url = next,
                Err(place) => return Tried::Failed(ForgeError::Elsewhere(name, place)),
            }
        }
        Tried::Failed(ForgeError::Elsewhere(name, "one place after the other".to_owned()))
    }

    fn url(&self, call: &Call<'_>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(call.path);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        url
    }

    fn send(&self, call: &Call<'_>, url: &Url) -> Result<Response<Body>, String> {
        let request = Request::builder()
            .method(call.method.clone())
            .uri(url.as_str())
            .header("authorization", self.authorization.expose_secret());
        let request =
            self.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let sent = match &call.body {
            Some(body) => {
                let request = request.header("content-type", "application/json").body(body.to_string());
                self.agent.run(request.map_err(|error| error.to_string())?)
            }
            None => self.agent.run(request.body(()).map_err(|error| error.to_string())?),
        };
        sent.map_err(|error| error.to_string())
    }

    /// Where a redirect leads, if that is the same host. A call is repeated there as it was: forges
    /// send on calls to a repository that was renamed.
    fn redirect(&self, from: &Url, response: &Response<Body>) -> Result<Url, String> {
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        let target = location.and_then(|location| from.join(location).ok());
        let Some(target) = target else { return Err("nowhere".to_owned()) };
        if target.origin() == self.base.origin()
            && target.username().is_empty()
            && target.password().is_none()
        {
            return Ok(target);
        }
        Err(format!("`{}`", tame(&target.origin().ascii_serialization(), self.token.expose_secret())))
    }

    fn answer(&self, call: String, mut response: Response<Body>) -> Tried {
        let status = response.status();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let has_next = header("link").is_some_and(|link| link.contains("rel=\"next\""));
        let wanted = header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
        let is_used_up = header("x-ratelimit-remaining").is_some_and(|left| left.trim() == "0");
        let reset = header("x-ratelimit-reset").and_then(|time| time.trim().parse::<u64>().ok());
        let read = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
        let Ok(bytes) = read else {
            return Tried::Passing(ForgeError::NotUnderstood(call, "cut off or too long"), None);
        };
        let json: Option<Json> = serde_json::from_slice(&bytes).ok();
        let words = json.as_ref().and_then(|json| json["message"].as_str()).unwrap_or_default();
        let is_forbidden = status == StatusCode::FORBIDDEN;
        let is_secondary = is_forbidden && words.to_ascii_lowercase().contains("rate limit");
        if is_passing(status) || is_secondary || (is_forbidden && (wanted.is_some() || is_used_up)) {
            let wait = wanted.or_else(|| reset.filter(|_| is_used_up).map(until));
            let wait = wait.or(is_secondary.then_some(SECONDARY_WAIT));
            let error = ForgeError::Later { call, status: status.as_u16(), wait };
            let is_refused = status.is_client_error();
            return if is_refused { Tried::NotTaken(error, wait) } else { Tried::Passing(error, wait) };
        }
        // 203 is what Azure DevOps says, with a page to log in, where a token is wrong.
        if !status.is_success() || status == StatusCode::NON_AUTHORITATIVE_INFORMATION {
            let words = tame(words, self.token.expose_secret());
            return Tried::Failed(ForgeError::Refused { call, status: status.as_u16(), words });
        }
        match json {
            Some(json) => Tried::Done(Reply { json, has_next }),
            None if bytes.is_empty() => Tried::Done(Reply { json: Json::Null, has_next }),
            None => Tried::Failed(ForgeError::NotUnderstood(call, "no JSON")),
        }
    }
}

/// Statuses after which the same call may work later.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// Seconds until a time, which is given in seconds since 1970.
fn until(time: u64) -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    time.saturating_sub(now.map_or(0, |now| now.as_secs()))
}

/// Whether the API may be spoken to at all.
fn check(base: &Url, insecure: &[String]) -> Result<(), ForgeError> {
    let host = base.host_str().unwrap_or_default();
    let unusable = |why: String| Err(ForgeError::Unusable(why));
    if !base.username().is_empty() || base.password().is_some() {
        return unusable("the address of the forge has a user or password in it".to_owned());
    }
    let authority = format!("{host}:{}", base.port_or_known_default().unwrap_or_default());
    match base.scheme() {
        "https" => Ok(()),
        "http" if insecure.iter().any(|named| named.eq_ignore_ascii_case(&authority)) => Ok(()),
        "http" => unusable(format!("`{authority}` is not encrypted, and `--insecure` does not name it")),
        _ => unusable("the address of the forge is neither https nor http".to_owned()),
    }
}

/// A field of an answer, which must be text.
pub(crate) fn text(json: &Json, pointer: &str, call: &str) -> Result<String, ForgeError> {
    let found = json.pointer(pointer).and_then(Json::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| ForgeError::NotUnderstood(call.to_owned(), "without a field that it must have"))
}
