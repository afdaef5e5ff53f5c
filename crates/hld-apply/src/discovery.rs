//! Which kinds the server has, and whether that is known for certain.

use std::collections::{BTreeSet, HashMap};

use futures::stream::{self, StreamExt as _};
use hld_k8s::{Gvk, ResourceId};
use serde::Deserialize;

use crate::error::{ApiErrorKind, Failure};
use crate::rest::{Ask, JSON, Rest, escaped};

/// All kinds at once where the server can, else the names of groups.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// How many groups are asked for at once where they must be asked one by one.
const AT_ONCE: usize = 8;

/// A kind as it is served.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Resource {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) is_namespaced: bool,
}

impl Resource {
    /// The path of all objects, or of those of a namespace.
    pub(crate) fn path(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() { "/api/".to_owned() } else { format!("/apis/{}/", self.group) };
        match self.is_namespaced && !namespace.is_empty() {
            true => format!("{root}{}/namespaces/{}/{}", self.version, escaped(namespace), self.plural),
            false => format!("{root}{}/{}", self.version, self.plural),
        }
    }

    /// The path of one object.
    pub(crate) fn object_path(&self, id: &ResourceId) -> String {
        format!("{}/{}", self.path(&id.namespace), escaped(&id.name))
    }
}

/// What is known of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is served.
    Served(Resource),
    /// It is not served: the server says so.
    Absent,
    /// The server of its group does not answer: nobody knows.
    Unknown,
}

/// All kinds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    /// Kinds of a group, by preference of version.
    kinds: HashMap<(String, String), Vec<Resource>>,
    /// Groups of which not everything is known.
    stale: BTreeSet<String>,
}

impl Catalog {
    /// What is known of this version of a kind.
    pub(crate) fn find(&self, gvk: &Gvk) -> Known {
        let served = self.kinds.get(&(gvk.group.clone(), gvk.kind.clone())).into_iter().flatten();
        match served.into_iter().find(|resource| resource.version == gvk.version) {
            Some(resource) => Known::Served(resource.clone()),
            None if self.stale.contains(&gvk.group) => Known::Unknown,
            None => Known::Absent,
        }
    }

    /// The same for a kind whose version does not matter.
    pub(crate) fn find_any(&self, group: &str, kind: &str) -> Known {
        let served = self.kinds.get(&(group.to_owned(), kind.to_owned()));
        match served.and_then(|served| served.first()) {
            Some(resource) => Known::Served(resource.clone()),
            None if self.stale.contains(group) => Known::Unknown,
            None => Known::Absent,
        }
    }

    fn add(&mut self, resource: Resource) {
        let key = (resource.group.clone(), resource.kind.clone());
        let served = self.kinds.entry(key).or_default();
        if !served.contains(&resource) {
            served.push(resource);
        }
    }

    /// Adds what one version of a group serves now.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) async fn add_version(
        &mut self,
        rest: &Rest,
        group: &str,
        version: &str,
    ) -> Result<(), Failure> {
        for resource in self::version(rest, group, version).await? {
            self.add(resource);
        }
        Ok(())
    }
}

/// Asks for everything.
///
/// # Errors
/// The server does not say which groups there are.
pub(crate) async fn discover(rest: &Rest) -> Result<Catalog, Failure> {
    let mut catalog = Catalog::default();
    for path in ["/api", "/apis"] {
        let (root, _): (Root, bool) = rest.ask(&Ask::get(path, AGGREGATED)).await?;
        match root.kind.as_str() {
            "APIGroupDiscoveryList" => root.items.into_iter().for_each(|group| catalog.add_group(group)),
            "APIVersions" => {
                let versions = root.versions.into_iter().map(|version| (String::new(), version)).collect();
                catalog.ask_each(rest, versions).await;
            }
            "APIGroupList" => {
                let of_group = |group: Group| {
                    group.versions.into_iter().map(move |version| (group.name.clone(), version.version))
                };
                catalog.ask_each(rest, root.groups.into_iter().flat_map(of_group).collect()).await;
            }
            _ => return Err(Failure::new(ApiErrorKind::BadAnswer, "the answer is no list of API groups")),
        }
    }
    Ok(catalog)
}

impl Catalog {
    fn add_group(&mut self, group: DiscoveredGroup) {
        for version in group.versions {
            // What a server that is down had last is no knowledge.
            if version.freshness == "Stale" {
                self.stale.insert(group.metadata.name.clone());
                continue;
            }
            for served in version.resources {
                self.add(Resource {
                    group: group.metadata.name.clone(),
                    version: version.version.clone(),
                    kind: served.response_kind.kind,
                    plural: served.resource,
                    is_namespaced: served.scope == "Namespaced",
                });
            }
        }
    }

    async fn ask_each(&mut self, rest: &Rest, versions: Vec<(String, String)>) {
        let asked = versions.into_iter().map(|(group, version)| async move {
            let found = self::version(rest, &group, &version).await;
            (group, found)
        });
        let found: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        for (group, found) in found {
            match found {
                Ok(resources) => resources.into_iter().for_each(|resource| self.add(resource)),
                Err(_) => {
                    self.stale.insert(group);
                }
            }
        }
    }
}

/// What one version of a group serves.
async fn version(rest: &Rest, group: &str, version: &str) -> Result<Vec<Resource>, Failure> {
    let path = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
    let (list, _): (VersionList, bool) = rest.ask(&Ask::get(&path, JSON)).await?;
    if list.kind != "APIResourceList" {
        return Err(Failure::new(ApiErrorKind::BadAnswer, "the answer is no list of kinds"));
    }
    let objects = list.resources.into_iter().filter(|served| !served.name.contains('/'));
    Ok(objects
        .map(|served| Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: served.kind,
            plural: served.name,
            is_namespaced: served.namespaced,
        })
        .collect())
}

/// The answer to `/api` and `/apis`, in each of its forms.
#[derive(Deserialize)]
struct Root {
    kind: String,
    #[serde(default)]
    items: Vec<DiscoveredGroup>,
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct DiscoveredGroup {
    #[serde(default)]
    metadata: Name,
    #[serde(default)]
    versions: Vec<DiscoveredVersion>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct DiscoveredVersion {
    version: String,
    #[serde(default)]
    resources: Vec<DiscoveredResource>,
    #[serde(default)]
    freshness: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DiscoveredResource {
    resource: String,
    #[serde(default)]
    response_kind: DiscoveredKind,
    #[serde(default)]
    scope: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DiscoveredKind {
    kind: String,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

#[derive(Deserialize)]
struct VersionList {
    kind: String,
    #[serde(default)]
    resources: Vec<VersionResource>,
}

#[derive(Deserialize)]
struct VersionResource {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
}
