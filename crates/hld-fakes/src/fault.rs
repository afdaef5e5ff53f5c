//! What goes wrong, and when.

use std::time::Duration;

use serde_json::Value as Json;

use crate::Call;

/// Something that goes wrong with some calls.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The verb it is about; empty for all.
    pub verb: String,
    /// What the path ends with (`/configmaps/web`), or holds if it ends with `*`; empty for all.
    pub path: String,
    /// How many matching calls go well before.
    pub after: usize,
    /// How many calls it hits then.
    pub times: usize,
    /// What happens.
    pub effect: Effect,
}

/// What happens to a call.
#[derive(Clone, Debug)]
pub enum Effect {
    /// It is not carried out; a `Status` of this code with this message is answered.
    Refuse(u16, String),
    /// It is not carried out; this is answered.
    Answer {
        /// The status code.
        status: u16,
        /// Header `Retry-After`, if any.
        retry_after: Option<String>,
        /// Header `Content-Type`.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
    /// It is not carried out; the connection is cut.
    Cut,
    /// It is carried out; the reply is lost.
    LoseReply,
    /// It is carried out; the reply breaks off in the middle.
    BreakReply,
    /// It is carried out after a while.
    Delay(Duration),
}

impl Fault {
    /// This `effect` on every call of `verb` to `path`.
    #[must_use]
    pub fn always(verb: &str, path: &str, effect: Effect) -> Self {
        Fault { verb: verb.to_owned(), path: path.to_owned(), after: 0, times: usize::MAX, effect }
    }

    /// This `effect` on the first call of `verb` to `path`.
    #[must_use]
    pub fn once(verb: &str, path: &str, effect: Effect) -> Self {
        Fault { times: 1, ..Fault::always(verb, path, effect) }
    }

    /// Lets so many matching calls go well before.
    #[must_use]
    pub fn after(self, after: usize) -> Self {
        Fault { after, ..self }
    }

    /// Hits so many calls.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Fault { times, ..self }
    }

    fn is_about(&self, call: &Call) -> bool {
        let is_path = match self.path.strip_suffix('*') {
            Some(part) => call.path.contains(part),
            None => call.path.ends_with(&self.path),
        };
        (self.verb.is_empty() || self.verb == call.verb) && is_path
    }
}

impl Effect {
    /// A refusal with a body of one's own, such as a `Status` with causes.
    #[must_use]
    pub fn json(status: u16, body: &Json) -> Self {
        let body = body.to_string().into_bytes();
        Effect::Answer { status, retry_after: None, content_type: "application/json".to_owned(), body }
    }

    /// Too many requests: try again after so many seconds.
    #[must_use]
    pub fn retry_after(seconds: &str) -> Self {
        Effect::Answer {
            status: 429,
            retry_after: Some(seconds.to_owned()),
            content_type: "text/plain".to_owned(),
            body: b"Too many requests, please try again later.".to_vec(),
        }
    }
}

/// The faults of a server, and how often each was met.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(Fault, usize)>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What happens to this call: the first fault that hits it.
    pub(crate) fn effect(&mut self, call: &Call) -> Option<Effect> {
        let mut hit = None;
        for (fault, met) in &mut self.0 {
            if fault.is_about(call) {
                *met += 1;
                let is_hit = *met > fault.after && *met - fault.after <= fault.times;
                hit = hit.or_else(|| is_hit.then(|| fault.effect.clone()));
            }
        }
        hit
    }
}
