//! The objects of a commit, with the kinds that the server has.

use std::collections::HashMap;
use std::sync::Arc;

use hld_k8s::{Gvk, ResourceId};
use serde_json::Value as Json;

use crate::Desired;
use crate::apply::Target;
use crate::desired::Object;
use crate::discovery::{Catalog, Known, Resource};
use crate::memory::Kinds;

/// Where an object goes that names no namespace, as with kubectl.
const DEFAULT_NAMESPACE: &str = "default";

/// What is to be applied, and what can not be.
#[derive(Default)]
pub(crate) struct Plan {
    targets: HashMap<ResourceId, Target>,
    /// Objects whose kind is not there, and whether that is certain.
    pub(crate) homeless: Vec<(Arc<Object>, Known)>,
    /// The namespaces of these, by group, kind and name.
    sought: HashMap<[String; 3], Vec<String>>,
    /// Objects that are the same as another one, once their namespace is known.
    pub(crate) twice: Vec<Target>,
}

impl Plan {
    /// Finds the kind of each object.
    pub(crate) fn new(desired: &Desired, catalog: &Catalog) -> Plan {
        let mut plan = Plan::default();
        for object in desired.objects() {
            match catalog.find(&object.gvk) {
                Known::Served(resource) => {
                    let target = Target { id: id_of(object, &resource), resource, object: object.clone() };
                    if let Some(other) = plan.targets.insert(target.id.clone(), target) {
                        plan.twice.push(other);
                    }
                }
                known => {
                    let namespaces = plan.sought.entry(anywhere(&object.id)).or_default();
                    namespaces.push(object.id.namespace.clone());
                    plan.homeless.push((object.clone(), known));
                }
            }
        }
        plan
    }

    /// The objects that can be applied, by id.
    pub(crate) fn targets(&self) -> Vec<&Target> {
        let mut targets: Vec<&Target> = self.targets.values().collect();
        targets.sort_by(|a, b| a.id.cmp(&b.id));
        targets
    }

    /// Whether the commit wants this object. One whose kind is not there may be in any namespace.
    pub(crate) fn wants(&self, id: &ResourceId) -> bool {
        let is_it = |namespace: &String| namespace.is_empty() || *namespace == id.namespace;
        let is_sought = || self.sought.get(&anywhere(id)).is_some_and(|found| found.iter().any(is_it));
        self.targets.contains_key(id) || is_sought()
    }

    /// The kinds of everything that can be applied, and the namespaces they are in.
    pub(crate) fn kinds(&self) -> Kinds {
        let mut kinds = Kinds::new();
        for target in self.targets() {
            kinds.entry(target.resource.clone()).or_default().insert(target.id.namespace.clone());
        }
        kinds
    }
}

/// An id without its namespace.
fn anywhere(id: &ResourceId) -> [String; 3] {
    [id.group.clone(), id.kind.clone(), id.name.clone()]
}

/// The id that an object has in the cluster.
fn id_of(object: &Object, resource: &Resource) -> ResourceId {
    let namespace = match (resource.is_namespaced, object.id.namespace.as_str()) {
        (false, _) => "",
        (true, "") => DEFAULT_NAMESPACE,
        (true, namespace) => namespace,
    };
    ResourceId { namespace: namespace.to_owned(), ..object.id.clone() }
}

/// The kind that a CustomResourceDefinition defines, in each of its versions that are served.
pub(crate) fn defined(object: &Object) -> Vec<Gvk> {
    if object.id.kind != "CustomResourceDefinition" {
        return Vec::new();
    }
    let Ok(crd) = serde_json::from_str::<Json>(&object.json) else { return Vec::new() };
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let (group, kind) = (text(&crd["spec"]["group"]), text(&crd["spec"]["names"]["kind"]));
    let versions = crd["spec"]["versions"].as_array().into_iter().flatten();
    versions
        .filter(|version| version["served"] != false)
        .map(|version| Gvk { group: group.clone(), version: text(&version["name"]), kind: kind.clone() })
        .collect()
}
