//! Watches: what happens to the objects of a kind, line by line.

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use crate::Kind;
use crate::reply::shown;
use crate::route::Selector;
use crate::serve::Shared;
use crate::state::{Event, Key, State};

/// What a watch is about.
pub(crate) struct Watch {
    pub(crate) kind: Kind,
    pub(crate) namespace: String,
    pub(crate) selector: Selector,
    pub(crate) is_partial: bool,
    /// The version it goes on from.
    pub(crate) version: u64,
    pub(crate) timeout: Duration,
}

struct Streaming {
    watch: Watch,
    shared: Arc<Shared>,
    /// Told after each change; a new number of cuts ends the stream.
    changes: watch::Receiver<usize>,
    n_cuts: usize,
    deadline: tokio::time::Instant,
}

/// The lines of a watch.
pub(crate) fn lines(watch: Watch, shared: Arc<Shared>) -> impl Stream<Item = std::io::Result<String>> {
    let changes = shared.changes.subscribe();
    let n_cuts = *changes.borrow();
    let deadline = tokio::time::Instant::now() + watch.timeout;
    let streaming = Streaming { watch, shared, changes, n_cuts, deadline };
    futures::stream::unfold(streaming, |mut streaming| async move {
        loop {
            if *streaming.changes.borrow_and_update() != streaming.n_cuts {
                return None;
            }
            let lines = streaming.next_lines();
            if !lines.is_empty() {
                return Some((Ok(lines), streaming));
            }
            tokio::select! {
                changed = streaming.changes.changed() => changed.ok()?,
                () = tokio::time::sleep_until(streaming.deadline) => return None,
            }
        }
    })
}

impl Streaming {
    /// The lines of everything that has happened since.
    fn next_lines(&mut self) -> String {
        let state = self.shared.lock();
        let lines = lines_since(&state, &self.watch);
        self.watch.version = self.watch.version.max(state.version);
        lines
    }
}

fn lines_since(state: &State, watch: &Watch) -> String {
    if watch.version < state.compacted {
        let status = crate::reply::Refusal::new(410, "Expired", "too old resource version");
        return format!("{}\n", json!({"type": "ERROR", "object": status.body}));
    }
    let events = state.events.iter().filter(|event| event.version > watch.version);
    events.filter(|event| is_about(watch, &event.key)).filter_map(|event| line(watch, event)).collect()
}

fn is_about(watch: &Watch, key: &Key) -> bool {
    key.group == watch.kind.group
        && key.plural == watch.kind.plural
        && (watch.namespace.is_empty() || key.namespace == watch.namespace)
}

/// An event as this watch sees it: an object that no longer has the label is gone to it.
fn line(watch: &Watch, event: &Event) -> Option<String> {
    let seen = |object: &Option<Json>| object.clone().filter(|object| watch.selector.takes(object));
    let (what, object) = match (seen(&event.before), seen(&event.after)) {
        (None, None) => return None,
        (None, Some(after)) => ("ADDED", after),
        (Some(_), Some(after)) => ("MODIFIED", after),
        (Some(mut before), None) => {
            before["metadata"]["resourceVersion"] = json!(event.version.to_string());
            ("DELETED", before)
        }
    };
    let object = shown(&object, &watch.kind, watch.is_partial);
    Some(format!("{}\n", json!({"type": what, "object": object})))
}
