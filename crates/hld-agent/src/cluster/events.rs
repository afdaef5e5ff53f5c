//! Events of Kubernetes, for people who watch: few, and never twice the same.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::{Api, Client};

use super::store::status_name;
use crate::log::cut;
use crate::metrics::Metrics;

/// Most bytes of a message; the API server takes 1 KiB.
const LONGEST_MESSAGE: usize = 1000;
/// The time in which no event is sent twice.
const ONCE_IN: Duration = Duration::from_secs(3600);
/// Most events in that time.
const MOST: usize = 60;

/// Sends events about the status ConfigMap.
pub(crate) struct Events {
    api: Api<Event>,
    about: ObjectReference,
    sent: VecDeque<(Instant, String)>,
    metrics: Arc<Metrics>,
}

impl Events {
    pub(crate) fn new(client: Client, namespace: &str, sync: &str, metrics: Arc<Metrics>) -> Self {
        let about = ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("ConfigMap".to_owned()),
            name: Some(status_name(sync)),
            namespace: Some(namespace.to_owned()),
            ..ObjectReference::default()
        };
        Events { api: Api::namespaced(client, namespace), about, sent: VecDeque::new(), metrics }
    }

    /// Says something, unless it was said within the hour or too much was. Whether it arrives is of no
    /// matter to a sync.
    pub(crate) async fn say(&mut self, is_warning: bool, reason: &str, message: &str) {
        let message = cut(message, LONGEST_MESSAGE);
        let said = format!("{reason} {message}");
        let now = Instant::now();
        self.sent.retain(|(when, _)| now.duration_since(*when) < ONCE_IN);
        if self.sent.iter().any(|(_, known)| *known == said) {
            return;
        }
        if self.sent.len() >= MOST {
            self.metrics.events_dropped.inc();
            return;
        }
        self.sent.push_back((now, said));
        let time = Time(Timestamp::now());
        let event = Event {
            metadata: ObjectMeta {
                generate_name: self.about.name.as_ref().map(|name| format!("{name}.")),
                namespace: self.about.namespace.clone(),
                ..ObjectMeta::default()
            },
            involved_object: self.about.clone(),
            type_: Some(if is_warning { "Warning" } else { "Normal" }.to_owned()),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            first_timestamp: Some(time.clone()),
            last_timestamp: Some(time),
            count: Some(1),
            source: Some(EventSource { component: Some("hld-agent".to_owned()), host: None }),
            ..Event::default()
        };
        if self.api.create(&PostParams::default(), &event).await.is_err() {
            self.metrics.events_dropped.inc();
        }
    }
}
