//! The server as a test sees it: what it can be asked and told.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::oneshot;

use crate::objects::Writer;
use crate::route::merge_patch;
use crate::serve::{Shared, serve};
use crate::state::{Key, State};
use crate::{Call, Establish, Fault, Kind};

/// A Kubernetes API server in this process. It ends when it is dropped.
pub struct FakeApi {
    url: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
}

impl FakeApi {
    /// Starts a server on a free port of this machine, with a thread of its own.
    ///
    /// # Panics
    /// If there is no port or no thread to be had.
    #[must_use]
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let shared = Arc::new(Shared::new());
        let (stop, stopped) = oneshot::channel::<()>();
        serve(listener, shared.clone(), stopped);
        FakeApi { url, shared, stop: Some(stop) }
    }

    /// Where it listens: `http://127.0.0.1:12345`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every call so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// Every call since the last time this was asked.
    #[must_use]
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared.lock().calls)
    }

    /// From now on these calls are expected, as [`Call`] is displayed, in any order; every other one
    /// is refused. [`FakeApi::unmet`] says what is wrong in the end.
    pub fn expect(&self, calls: &[&str]) {
        let mut state = self.shared.lock();
        state.expected = Some(calls.iter().map(|call| (*call).to_owned()).collect());
        state.unexpected.clear();
    }

    /// The calls that were expected and did not come, and those that came and were not expected;
    /// empty if all is well. Everything is allowed again.
    #[must_use]
    pub fn unmet(&self) -> Vec<String> {
        let mut state = self.shared.lock();
        let missing =
            state.expected.take().unwrap_or_default().into_iter().map(|call| format!("missing: {call}"));
        let extra = std::mem::take(&mut state.unexpected).into_iter().map(|call| format!("extra: {call}"));
        missing.chain(extra).collect()
    }

    /// Lets something go wrong.
    pub fn fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Everything goes well again, and the client may live again.
    pub fn mend(&self) {
        let mut state = self.shared.lock();
        state.faults.clear();
        state.dies_after = None;
    }

    /// The client dies: so many calls are carried out, of which the last one's reply is lost, and no
    /// later one is.
    pub fn dies_after(&self, n_calls: usize) {
        self.shared.lock().dies_after = Some(n_calls);
    }

    /// Whether the client is dead, as [`FakeApi::dies_after`] said.
    #[must_use]
    pub fn is_client_dead(&self) -> bool {
        self.shared.lock().dies_after == Some(0)
    }

    /// Every answer takes so long.
    pub fn latency(&self, latency: Duration) {
        self.shared.lock().latency = latency;
    }

    /// Serves one more kind.
    pub fn serve(&self, kind: Kind) {
        self.shared.lock().kinds.push(kind);
    }

    /// Does not serve the kinds of this group any more, and says so. Their objects stay.
    pub fn withdraw(&self, group: &str) {
        self.shared.lock().kinds.retain(|kind| kind.group != group);
    }

    /// The kinds of this group can not be found out: its server is down.
    pub fn stale(&self, group: &str) {
        let mut state = self.shared.lock();
        state.stale.insert(group.to_owned());
        state.kinds.retain(|kind| kind.group != group);
    }

    /// A server from before aggregated discovery.
    pub fn without_aggregated_discovery(&self) {
        self.shared.lock().is_aggregated = false;
    }

    /// When CRDs are served from now on.
    pub fn establish(&self, establish: Establish) {
        self.shared.lock().establish = establish;
    }

    /// Ends all watches, as servers do every few minutes.
    pub fn cut_watches(&self) {
        self.shared.changes.send_modify(|n_cuts| *n_cuts += 1);
    }

    /// Forgets what happened so far: watches from there are answered with 410.
    pub fn compact(&self) {
        let mut state = self.shared.lock();
        state.compacted = state.version;
    }

    /// An object as it is kept: `("ConfigMap", "shop/web")`, `("Namespace", "shop")`.
    #[must_use]
    pub fn object(&self, kind: &str, name: &str) -> Option<Json> {
        let state = self.shared.lock();
        state.objects.get(&key(&state, kind, name)).cloned()
    }

    /// All objects of a kind.
    #[must_use]
    pub fn objects(&self, kind: &str) -> Vec<Json> {
        let state = self.shared.lock();
        state.objects.values().filter(|object| object["kind"] == kind).cloned().collect()
    }

    /// Somebody else creates or replaces an object.
    ///
    /// # Panics
    /// If the server refuses it.
    pub fn put(&self, manager: &str, object: Json) {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let (kind, name) = (object["kind"].as_str().unwrap_or_default().to_owned(), text("name"));
        let name = if text("namespace").is_empty() { name } else { format!("{}/{name}", text("namespace")) };
        self.change(&kind, &name, (manager, "", |_| object));
    }

    /// Another program applies an object, and takes every field.
    ///
    /// # Panics
    /// If the server refuses it.
    pub fn apply(&self, manager: &str, object: Json) {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let mut state = self.shared.lock();
        let name = format!("{}/{}", text("namespace"), text("name"));
        let key = key(&state, object["kind"].as_str().unwrap_or_default(), name.trim_start_matches('/'));
        let kind = state.kind(&key.group, &key.plural).expect("the kind is served").clone();
        let writer = Writer { manager, subresource: "", is_forced: true, is_dry: false };
        state.apply(&key, &kind, (object, &writer)).expect("it is accepted");
        drop(state);
        self.shared.tell();
    }

    /// Somebody else edits an object: a JSON merge patch.
    ///
    /// # Panics
    /// If it is not there, or the server refuses it.
    pub fn edit(&self, manager: &str, (kind, name): (&str, &str), patch: &Json) {
        assert!(self.object(kind, name).is_some(), "{kind} {name} is not there");
        self.change(
            kind,
            name,
            (manager, "", |mut object| {
                merge_patch(&mut object, patch);
                object
            }),
        );
    }

    /// The same through a subresource: `scale`, `status`.
    ///
    /// # Panics
    /// If it is not there, or the server refuses it.
    pub fn edit_through(&self, subresource: &str, (manager, kind, name): (&str, &str, &str), patch: &Json) {
        assert!(self.object(kind, name).is_some(), "{kind} {name} is not there");
        self.change(
            kind,
            name,
            (manager, subresource, |mut object| {
                merge_patch(&mut object, patch);
                object
            }),
        );
    }

    fn change(
        &self,
        kind: &str,
        name: &str,
        (manager, subresource, to): (&str, &str, impl FnOnce(Json) -> Json),
    ) {
        let mut state = self.shared.lock();
        let key = key(&state, kind, name);
        let kind = state.kind(&key.group, &key.plural).expect("the kind is served").clone();
        let object = to(state.objects.get(&key).cloned().unwrap_or_default());
        let writer = Writer { manager, subresource, is_forced: false, is_dry: false };
        state.update(&key, &kind, (object, &writer)).expect("the change is accepted");
        drop(state);
        self.shared.tell();
    }

    /// Somebody else deletes an object, whatever it is.
    pub fn remove(&self, kind: &str, name: &str) {
        let mut state = self.shared.lock();
        let key = key(&state, kind, name);
        state.erase(&key);
        drop(state);
        self.shared.tell();
    }
}

impl Drop for FakeApi {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself.
            let _ = stop.send(());
        }
    }
}

/// The key of an object by its kind and its name with namespace; also of one whose kind is not served
/// any more.
fn key(state: &State, kind: &str, name: &str) -> Key {
    let (namespace, name) = name.split_once('/').unwrap_or(("", name));
    let is_it = |(key, object): &(&Key, &Json)| {
        object["kind"] == kind && key.namespace == namespace && key.name == name
    };
    if let Some((key, _)) = state.objects.iter().find(is_it) {
        return key.clone();
    }
    let kind = state.kinds.iter().find(|served| served.kind == kind).expect("the kind is served");
    Key::new([&kind.group, &kind.plural, namespace, name])
}
