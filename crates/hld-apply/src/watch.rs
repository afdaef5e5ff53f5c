//! Drift, seen as it happens: one watch for each kind, of metadata alone.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use hld_k8s::ResourceId;
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::discovery::Resource;
use crate::error::{ApiErrorKind, Failure};
use crate::live::{self, Live, Partial};
use crate::rest::{Ask, METADATA, escaped};
use crate::{Cluster, LABEL};

/// How long the server may keep one watch open.
const OPEN: Duration = Duration::from_secs(290);

/// How long nothing may come: then it is not known whether anything would.
const SILENT: Duration = Duration::from_secs(330);

/// Most bytes of one line.
const MOST_LINE: usize = 8 << 20;

/// The pauses after a failure: the first, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(30)];

/// Watches the kinds that syncs have applied, for ever.
pub(crate) async fn watch(cluster: &Cluster, drifted: &mpsc::Sender<ResourceId>) {
    let mut kinds = cluster.memory.kinds.subscribe();
    loop {
        let watched = kinds.borrow_and_update().clone();
        let watches = watched.iter().map(|(resource, namespaces)| {
            let everywhere = Watch { cluster, resource, namespace: "", drifted };
            everywhere.watch_kind(namespaces)
        });
        tokio::select! {
            changed = kinds.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            // They end only if there are none.
            () = async { join_all(watches).await; std::future::pending::<()>().await } => {}
        }
    }
}

#[derive(Clone, Copy)]
struct Watch<'w> {
    cluster: &'w Cluster,
    resource: &'w Resource,
    /// The namespace that is watched; empty for all.
    namespace: &'w str,
    drifted: &'w mpsc::Sender<ResourceId>,
}

/// One line.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    what: String,
    object: Partial,
}

impl<'w> Watch<'w> {
    /// Watches one kind, for ever: everywhere, or, while that is forbidden, in each of its namespaces.
    async fn watch_kind(self, namespaces: &'w BTreeSet<String>) {
        loop {
            self.watch_scope().await;
            if self.resource.is_namespaced {
                let scopes = namespaces.iter().map(|namespace| async move {
                    let scope = Watch { namespace, ..self };
                    loop {
                        scope.watch_scope().await;
                        tokio::time::sleep(PAUSES[1]).await;
                    }
                });
                join_all(scopes).await;
            }
            tokio::time::sleep(PAUSES[1]).await;
        }
    }

    /// Lists, watches from there, and lists again if the server has forgotten what was in between.
    /// Ends when it is forbidden to list.
    async fn watch_scope(self) {
        let mut pause = PAUSES[0];
        loop {
            let failure = match live::list(&self.cluster.rest, self.resource, self.namespace).await {
                Ok(listed) => {
                    pause = PAUSES[0];
                    self.compare(&listed).await;
                    self.follow(listed.version).await
                }
                Err(failure) if failure.kind == ApiErrorKind::Forbidden => return,
                Err(failure) => failure,
            };
            tracing::debug!(kind = self.resource.kind, why = ?failure.kind, "watch is begun anew");
            if failure.kind != ApiErrorKind::Gone {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES[1]);
            }
        }
    }

    /// Looks for what was missed: everything that we know, compared with what is there.
    async fn compare(&self, listed: &live::Listed) {
        let known = self.cluster.memory.of_kind(&self.resource.group, &self.resource.kind);
        for id in known.into_iter().filter(|id| self.namespace.is_empty() || id.namespace == self.namespace) {
            let live = listed.objects.get(&(id.namespace.clone(), id.name.clone()));
            self.judge(id, live).await;
        }
    }

    /// Follows what happens from a version on, over as many watches as it takes; returns why that
    /// ends.
    async fn follow(&self, mut version: String) -> Failure {
        let mut pause = PAUSES[0];
        loop {
            let (before, began) = (version.clone(), Instant::now());
            match self.stream(&mut version).await {
                // It was long enough open, or something has come.
                Ok(()) if version != before || began.elapsed() >= PAUSES[1] => pause = PAUSES[0],
                // A server, or a proxy before it, that ends every watch is not stormed.
                Ok(()) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSES[1]);
                }
                Err(failure) => return failure,
            }
        }
    }

    async fn stream(&self, version: &mut String) -> Result<(), Failure> {
        let label = escaped(&format!("{LABEL}={}", self.cluster.identity.sync));
        let path = format!(
            "{}?watch=true&labelSelector={label}&resourceVersion={}&allowWatchBookmarks=true&timeoutSeconds={}",
            self.resource.path(self.namespace),
            escaped(version),
            OPEN.as_secs()
        );
        let ask = Ask::get(&path, METADATA);
        let response =
            tokio::time::timeout(self.cluster.rest.transport.timeout, self.cluster.rest.response(&ask));
        let response = response.await.map_err(|_| Failure::new(ApiErrorKind::NoAnswer, "no answer"))??;
        if !response.status().is_success() {
            return Err(Failure::of_answer(response.status().as_u16(), b""));
        }
        let mut lines = Lines { body: response.into_body(), bytes: Vec::new() };
        while let Some(line) = lines.next().await? {
            let event: Event = serde_json::from_slice(&line)
                .map_err(|_| Failure::new(ApiErrorKind::BadAnswer, "a line of the watch is no event"))?;
            if event.what == "ERROR" {
                let kind = if event.object.code == 410 { ApiErrorKind::Gone } else { ApiErrorKind::Server };
                return Err(Failure::new(kind, "the server ends the watch"));
            }
            let live = event.object.any();
            if !live.version.is_empty() {
                version.clone_from(&live.version);
            }
            // Whatever else comes is not known yet, and says nothing about objects.
            match event.what.as_str() {
                "ADDED" | "MODIFIED" => self.judge(self.id(&live), Some(&live)).await,
                "DELETED" => self.judge(self.id(&live), None).await,
                _ => {}
            }
        }
        Ok(())
    }

    fn id(&self, live: &Live) -> ResourceId {
        ResourceId {
            group: self.resource.group.clone(),
            kind: self.resource.kind.clone(),
            namespace: live.namespace.clone(),
            name: live.name.clone(),
        }
    }

    /// Says that an object has drifted, if it has; after a sync that is under way, whose doing it may
    /// be.
    async fn judge(&self, id: ResourceId, live: Option<&Live>) {
        let has_drifted = {
            let _busy = self.cluster.busy.lock().await;
            self.cluster.memory.has_drifted(&id, live)
        };
        if has_drifted {
            // Nobody receives any more: whoever called ends this.
            let _ = self.drifted.send(id).await;
        }
    }
}

/// The lines of a body.
struct Lines {
    body: Body,
    bytes: Vec<u8>,
}

impl Lines {
    /// The next line; `None` at the end. A line that breaks off is none.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            if let Some(at) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let rest = self.bytes.split_off(at + 1);
                return Ok(Some(std::mem::replace(&mut self.bytes, rest)));
            }
            if self.bytes.len() > MOST_LINE {
                return Err(Failure::new(ApiErrorKind::BadAnswer, "a line of the watch does not end"));
            }
            match tokio::time::timeout(SILENT, self.body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        self.bytes.extend_from_slice(&data);
                    }
                }
                _ => return Ok(None),
            }
        }
    }
}
