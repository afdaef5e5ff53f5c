//! What people ask of the agent: annotations of the status ConfigMap.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use hld_git::ObjectId;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{WatchEvent, WatchParams};
use tokio::sync::Notify;

use super::store::Store;

/// Asks for a sync now; the status repeats its value when it is done.
pub(crate) const REQUESTED: &str = "hld.dev/requested";
/// Allows one commit although it does not go on from the last.
pub(crate) const ALLOW_REWRITE: &str = "hld.dev/allow-rewrite";
/// Allows one commit to remove a number of objects: `<commit>/<number>`.
pub(crate) const ALLOW_REMOVALS: &str = "hld.dev/allow-removals";

/// How long a watch lives at the API server.
const WATCH_SECONDS: u32 = 290;
/// The pause before a watch that failed is begun again.
const PAUSE: Duration = Duration::from_secs(5);

/// What people have asked for, as it stands in the cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Approvals(Arc<Mutex<BTreeMap<String, String>>>);

impl Approvals {
    /// Takes the annotations; whether one of ours is another than before.
    pub(crate) fn take(&self, annotations: BTreeMap<String, String>) -> bool {
        let ours = annotations
            .into_iter()
            .filter(|(key, _)| [REQUESTED, ALLOW_REWRITE, ALLOW_REMOVALS].contains(&key.as_str()));
        let ours: BTreeMap<String, String> = ours.collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = *known != ours;
        *known = ours;
        is_new
    }

    fn get(&self, key: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// The sync that was asked for last; never longer than what is worth repeating.
    pub(crate) fn request(&self) -> String {
        let request = self.get(REQUESTED).unwrap_or_default();
        crate::log::cut(&request, 128).to_owned()
    }

    /// Whether somebody allowed just this commit to be no descendant.
    pub(crate) fn allows_rewrite(&self, commit: ObjectId) -> bool {
        self.get(ALLOW_REWRITE).is_some_and(|allowed| allowed == commit.to_string())
    }

    /// How many removals somebody allowed just this commit.
    pub(crate) fn removals(&self, commit: ObjectId) -> Option<usize> {
        let allowed = self.get(ALLOW_REMOVALS)?;
        let (id, number) = allowed.split_once('/')?;
        (id == commit.to_string()).then(|| number.parse().ok())?
    }
}

/// Watches the annotations and wakes the agent when people ask for something. Ends never.
pub(crate) async fn follow(store: Store, approvals: Approvals, wake: Arc<Notify>) {
    let params =
        WatchParams::default().fields(&format!("metadata.name={}", store.name())).timeout(WATCH_SECONDS);
    loop {
        // Without a version, the watch begins with what there is.
        if let Ok(events) = store.api().watch(&params, "0").await {
            let mut events = std::pin::pin!(events);
            while let Some(event) = events.next().await {
                match event {
                    Ok(WatchEvent::Added(map) | WatchEvent::Modified(map)) => {
                        let map: ConfigMap = map;
                        if map.metadata.name.as_deref() != Some(store.name()) {
                            continue;
                        }
                        if approvals.take(map.metadata.annotations.unwrap_or_default()) {
                            wake.notify_one();
                        }
                    }
                    Ok(WatchEvent::Deleted(_) | WatchEvent::Bookmark(_)) => {}
                    Ok(WatchEvent::Error(_)) | Err(_) => break,
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_is_for_one_commit() {
        let (one, other) = (ObjectId::of_blob(b"1"), ObjectId::of_blob(b"2"));
        let approvals = Approvals::default();
        let annotations = BTreeMap::from([
            (ALLOW_REMOVALS.to_owned(), format!("{one}/40")),
            (ALLOW_REWRITE.to_owned(), one.to_string()),
            ("other".to_owned(), "x".to_owned()),
        ]);
        assert!(approvals.take(annotations.clone()) && !approvals.take(annotations));
        assert_eq!((approvals.removals(one), approvals.removals(other)), (Some(40), None));
        assert!(approvals.allows_rewrite(one) && !approvals.allows_rewrite(other));
        for wrong in
            [format!("{one}"), format!("{one}/"), format!("{one}/-1"), format!("{one}/x"), "/".to_owned()]
        {
            approvals.take(BTreeMap::from([(ALLOW_REMOVALS.to_owned(), wrong)]));
            assert_eq!(approvals.removals(one), None);
        }
    }
}
