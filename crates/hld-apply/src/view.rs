//! What of a sync's objects is there: each kind listed once, or a few objects read one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::stream::{self, StreamExt as _};
use hld_k8s::ResourceId;

use crate::apply::Target;
use crate::discovery::Resource;
use crate::error::{ApiErrorKind, Failure};
use crate::live::{self, Live};
use crate::rest::Rest;

/// How many objects of a kind are read one by one; more are listed.
const ONE_BY_ONE: usize = 16;

/// What a list says: objects by namespace and name; or why there is none.
type List = Result<HashMap<(String, String), Live>, Failure>;

/// What was found.
pub(crate) struct View {
    lists: HashMap<Resource, List>,
    singles: HashMap<ResourceId, Result<Option<Live>, Failure>>,
}

impl View {
    /// Looks for the objects of `targets`; with `is_sweep` every kind is listed.
    pub(crate) async fn look(rest: &Rest, targets: &[Target], is_sweep: bool, concurrency: usize) -> View {
        let mut kinds: BTreeMap<&Resource, Vec<&Target>> = BTreeMap::new();
        for target in targets {
            kinds.entry(&target.resource).or_default().push(target);
        }
        let is_listed = |targets: &Vec<&Target>| is_sweep || targets.len() > ONE_BY_ONE;
        let listed = kinds.into_iter().filter(|(_, targets)| is_listed(targets));
        let lists = listed.map(|(resource, targets)| async move {
            let namespaces: BTreeSet<&str> =
                targets.iter().map(|target| target.id.namespace.as_str()).collect();
            (resource.clone(), list(rest, resource, &namespaces).await)
        });
        let lists: HashMap<Resource, List> =
            stream::iter(lists).buffer_unordered(concurrency).collect().await;
        // A list that may not be read, or is none, says nothing against single objects.
        let is_single = |target: &&Target| match lists.get(&target.resource) {
            Some(Err(failure)) => matches!(failure.kind, ApiErrorKind::Forbidden | ApiErrorKind::BadAnswer),
            Some(Ok(_)) => false,
            None => true,
        };
        let singles = targets.iter().filter(is_single).map(|target| async move {
            (target.id.clone(), live::get(rest, &target.resource, &target.id).await)
        });
        let singles = stream::iter(singles).buffer_unordered(concurrency).collect().await;
        View { lists, singles }
    }

    /// Whether an object is there. An object that does not carry the label of any sync may be there
    /// although a list says nothing of it.
    ///
    /// # Errors
    /// Why nobody knows.
    pub(crate) fn of(&self, target: &Target) -> Result<Option<&Live>, &Failure> {
        if let Some(found) = self.singles.get(&target.id) {
            return found.as_ref().map(Option::as_ref);
        }
        match self.lists.get(&target.resource) {
            Some(Ok(list)) => Ok(list.get(&(target.id.namespace.clone(), target.id.name.clone()))),
            Some(Err(failure)) => Err(failure),
            None => Ok(None),
        }
    }

    /// The kinds that could not be listed, by group and kind, and why.
    pub(crate) fn gaps(&self) -> HashMap<(String, String), Failure> {
        let gap = |(resource, list): (&Resource, &List)| {
            let failure = list.as_ref().err()?.clone();
            Some(((resource.group.clone(), resource.kind.clone()), failure))
        };
        self.lists.iter().filter_map(gap).collect()
    }
}

/// Lists a kind: everywhere, or, where that is forbidden, in each of these namespaces.
async fn list(rest: &Rest, resource: &Resource, namespaces: &BTreeSet<&str>) -> List {
    match live::list(rest, resource, "").await {
        Ok(listed) => Ok(listed.objects),
        // A kind that has just gone has no objects; applying will say the rest.
        Err(failure) if failure.kind == ApiErrorKind::NoKind => Ok(HashMap::new()),
        Err(failure) if failure.kind == ApiErrorKind::Forbidden && resource.is_namespaced => {
            let mut objects = HashMap::new();
            for namespace in namespaces {
                objects.extend(live::list(rest, resource, namespace).await?.objects);
            }
            Ok(objects)
        }
        Err(failure) => Err(failure),
    }
}
