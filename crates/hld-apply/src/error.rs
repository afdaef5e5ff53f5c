//! What the API server refuses, in words that can be shown.

use std::fmt;
use std::time::Duration;

use hld_diag::Untrusted;

use crate::rest::{Cause, Status};

/// Most bytes of a message from outside (B140).
const MOST_BYTES: usize = 1024;

/// Why a sync did not take place. What goes wrong with one object is in the report instead.
#[derive(Debug)]
pub enum Error {
    /// The inventory could not be read or written; nothing was applied.
    Inventory(ApiError),
    /// A ConfigMap of the inventory holds what this version does not understand; nothing was touched.
    Unreadable {
        /// Its name.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The API server does not say which kinds it has.
    Discovery(ApiError),
    /// The identity can not be used.
    Identity(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Inventory(error) => write!(f, "inventory: {error}"),
            Error::Unreadable { name, what } => {
                write!(f, "inventory: ConfigMap `{}` can not be read: {what}", shown(name))
            }
            Error::Discovery(error) => write!(f, "discovery: {error}"),
            Error::Identity(what) => write!(f, "identity: {what}"),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

/// An answer of the API server that is none, or a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// What kind of failure it is.
    pub kind: ApiErrorKind,
    /// One line of at most 1 KiB, escaped for a log, without any value of a Secret.
    message: String,
}

/// What kind of failure an [`ApiError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiErrorKind {
    /// No answer: refused, reset, timed out.
    NoAnswer,
    /// An answer that is none: no JSON, another kind than asked for, too large (B136, B137).
    BadAnswer,
    /// 401.
    Unauthorized,
    /// 403: RBAC or an admission policy.
    Forbidden,
    /// 404 that names the object.
    NotFound,
    /// 404 of the path: the kind is not served.
    NoKind,
    /// 409: a field of another manager, or a precondition.
    Conflict,
    /// 410: the list or watch is too old.
    Gone,
    /// 422 and 400: the object is not valid.
    Invalid,
    /// 429, after all tries.
    Throttled,
    /// 5xx, after all tries.
    Server,
    /// Any other refusal.
    Other,
}

impl ApiError {
    pub(crate) fn new(kind: ApiErrorKind, message: &str) -> Self {
        ApiError { kind, message: shown(message) }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// A failure as it came, for this crate alone: its message may quote anything.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ApiErrorKind,
    pub(crate) message: String,
    pub(crate) causes: Vec<Cause>,
    /// Kind (plural) and name of what the answer is about.
    pub(crate) about: Option<(String, String)>,
    pub(crate) retry_after: Option<Duration>,
    is_final: bool,
}

impl Failure {
    pub(crate) fn new(kind: ApiErrorKind, message: &str) -> Self {
        Failure {
            kind,
            message: message.to_owned(),
            causes: Vec::new(),
            about: None,
            retry_after: None,
            is_final: false,
        }
    }

    /// An answer with a status that is no success.
    pub(crate) fn of_answer(code: u16, body: &[u8]) -> Self {
        let status = serde_json::from_slice::<Status>(body).ok().filter(|status| status.kind == "Status");
        let is_status = status.is_some();
        let status = status.unwrap_or_default();
        let details = status.details.unwrap_or_default();
        let kind = match code {
            400 | 422 => ApiErrorKind::Invalid,
            401 => ApiErrorKind::Unauthorized,
            403 => ApiErrorKind::Forbidden,
            // A 404 that does not come from the API server says nothing about any object.
            404 if !is_status => ApiErrorKind::BadAnswer,
            404 if details.name.is_empty() => ApiErrorKind::NoKind,
            404 => ApiErrorKind::NotFound,
            409 => ApiErrorKind::Conflict,
            410 => ApiErrorKind::Gone,
            429 => ApiErrorKind::Throttled,
            500..=599 => ApiErrorKind::Server,
            _ => ApiErrorKind::Other,
        };
        let message = match is_status && !status.message.is_empty() {
            true => format!("{} ({code})", status.message),
            false => format!("the server answers {code}"),
        };
        let seconds = Some(details.retry_after_seconds).filter(|seconds| *seconds > 0);
        Failure {
            kind,
            message,
            causes: details.causes,
            about: Some((details.kind, details.name)).filter(|(_, name)| !name.is_empty()),
            retry_after: seconds.map(Duration::from_secs),
            is_final: code == 501,
        }
    }

    /// Whether the same request may go well later.
    pub(crate) fn may_pass(&self) -> bool {
        let passes = [ApiErrorKind::NoAnswer, ApiErrorKind::Throttled, ApiErrorKind::Server];
        passes.contains(&self.kind) && !self.is_final
    }

    /// Whether the server says that this very object is not there.
    pub(crate) fn is_absence_of(&self, plural: &str, name: &str) -> bool {
        let is_it = |(about, named): &(String, String)| about == plural && named == name;
        self.kind == ApiErrorKind::NotFound && self.about.as_ref().is_some_and(is_it)
    }
}

/// Text from outside as one line of a bounded size.
pub(crate) fn shown(text: &str) -> String {
    let mut line = Untrusted(text.get(..text.floor_char_boundary(4 * MOST_BYTES)).unwrap_or_default()).line();
    if line.len() > MOST_BYTES {
        line.truncate(line.floor_char_boundary(MOST_BYTES - '…'.len_utf8()));
        line.push('…');
    }
    line
}
