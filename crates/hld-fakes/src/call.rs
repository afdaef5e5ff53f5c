//! One request, as it came in.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

/// A request that the server got, and what it answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`; a watch is `WATCH`.
    pub verb: String,
    /// The path without the query.
    pub path: String,
    /// The query.
    pub query: BTreeMap<String, String>,
    /// The header `Accept`.
    pub accept: String,
    /// The header `Content-Type`.
    pub content_type: String,
    /// The body; null if there was none.
    pub body: Json,
    /// The status that was answered; 0 where the connection was cut instead.
    pub status: u16,
    /// Whether the request was carried out, whatever was answered.
    pub is_executed: bool,
}

impl Call {
    /// Whether it may have changed something: no read, and no dry run.
    #[must_use]
    pub fn is_write(&self) -> bool {
        !matches!(self.verb.as_str(), "GET" | "WATCH") && !self.query.contains_key("dryRun")
    }
}

impl fmt::Display for Call {
    /// `PATCH /api/v1/namespaces/shop/configmaps/web`: what [`crate::FakeApi::expect`] takes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.path)
    }
}
