//! What lives in the cluster, as far as a sync needs to know: metadata, read as it streams by.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hasher as _};

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use hld_k8s::ResourceId;

use crate::discovery::Resource;
use crate::error::{ApiErrorKind, Failure};
use crate::rest::{Ask, METADATA, METADATA_LIST, Rest, escaped};
use crate::{FIELD_MANAGER, LABEL};

/// The annotation that says whether an object may be pruned: `allowed`, `disabled`.
pub(crate) const PRUNE: &str = "hld.dev/prune";

/// Most pages of one list: a server that never ends is not believed.
const MOST_PAGES: usize = 2_000;

/// One object that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) version: String,
    pub(crate) generation: Option<i64>,
    /// The sync that its label names.
    pub(crate) owner: Option<String>,
    /// Its annotation about pruning.
    pub(crate) prune: Option<String>,
    pub(crate) is_leaving: bool,
    pub(crate) finalizers: Vec<String>,
    /// A hash of what our field manager owns, and since when; none if it owns nothing. Whoever
    /// changes one of our fields takes it from us, so while this is the same, they are.
    pub(crate) ours: Option<u64>,
    /// A hash of the labels.
    labels: u64,
}

impl Live {
    /// Whether an apply that came from `before` to this has changed anything: a new version alone may
    /// be a status, or an annotation of a controller.
    pub(crate) fn is_change_from(&self, before: &Live) -> bool {
        let is_spec = self.generation.is_none() || self.generation != before.generation;
        self.version != before.version
            && (is_spec || self.ours != before.ours || self.labels != before.labels)
    }
}

/// Reads one object's metadata; `None` if the server says that it is not there.
///
/// # Errors
/// What the server says. It is never taken for absence.
pub(crate) async fn get(rest: &Rest, resource: &Resource, id: &ResourceId) -> Result<Option<Live>, Failure> {
    match rest.ask::<Partial>(&Ask::get(&resource.object_path(id), METADATA)).await {
        Ok((partial, _)) => partial.live(id).map(Some),
        Err(failure) if failure.is_absence_of(&resource.plural, &id.name) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A whole list, and the version it is of.
pub(crate) struct Listed {
    pub(crate) objects: HashMap<(String, String), Live>,
    pub(crate) version: String,
}

/// Reads the metadata of all objects of a kind that carry the label, of whichever sync; of one
/// namespace, or of all where it is empty.
///
/// # Errors
/// What the server says; a list of which a page is missing is no list.
pub(crate) async fn list(rest: &Rest, resource: &Resource, namespace: &str) -> Result<Listed, Failure> {
    let mut objects = HashMap::new();
    let mut token = String::new();
    for _ in 0..MOST_PAGES {
        let from = if token.is_empty() { String::new() } else { format!("&continue={}", escaped(&token)) };
        let path = format!(
            "{}?labelSelector={}&limit={}{from}",
            resource.path(namespace),
            escaped(LABEL),
            rest.transport.page
        );
        let (page, _): (Page, bool) = rest.ask(&Ask::get(&path, METADATA_LIST)).await?;
        if page.kind != "PartialObjectMetadataList" {
            return Err(Failure::new(ApiErrorKind::BadAnswer, "the answer is no list"));
        }
        for item in page.items {
            let live = item.metadata.live();
            if live.uid.is_empty() || live.name.is_empty() {
                return Err(Failure::new(
                    ApiErrorKind::BadAnswer,
                    "an object of the list has no name or UID",
                ));
            }
            objects.insert((live.namespace.clone(), live.name.clone()), live);
        }
        let next = page.metadata.next.unwrap_or_default();
        if next.is_empty() {
            return Ok(Listed { objects, version: page.metadata.resource_version });
        }
        if next == token {
            return Err(Failure::new(ApiErrorKind::BadAnswer, "the list goes round in circles"));
        }
        token = next;
    }
    Err(Failure::new(ApiErrorKind::BadAnswer, "the list does not end"))
}

/// An object's metadata, as it comes over the wire.
#[derive(Deserialize)]
pub(crate) struct Partial {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: Metadata,
    /// The code of a `Status`, which a watch sends for an object where it fails.
    #[serde(default)]
    pub(crate) code: u16,
}

impl Partial {
    /// The object, which must be the one that was asked for.
    pub(crate) fn live(self, id: &ResourceId) -> Result<Live, Failure> {
        let live = self.metadata.live();
        let is_it = live.name == id.name && live.namespace == id.namespace && !live.uid.is_empty();
        if self.kind != "PartialObjectMetadata" || !is_it {
            let what = "the answer is another object than the one that was asked for";
            return Err(Failure::new(ApiErrorKind::BadAnswer, what));
        }
        Ok(live)
    }

    /// The object, whatever it is called.
    pub(crate) fn any(self) -> Live {
        self.metadata.live()
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    kind: String,
    metadata: ListMetadata,
    #[serde(default, deserialize_with = "or_default")]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMetadata {
    #[serde(default)]
    resource_version: String,
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: String,
    uid: String,
    resource_version: String,
    generation: Option<i64>,
    deletion_timestamp: Option<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    finalizers: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    labels: Marks,
    #[serde(deserialize_with = "or_default")]
    annotations: Marks,
    #[serde(deserialize_with = "or_default")]
    managed_fields: Vec<ManagedFields>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ManagedFields {
    manager: String,
    operation: String,
    subresource: String,
    time: String,
    #[serde(rename = "fieldsV1")]
    fields: Hashed,
}

impl Metadata {
    fn live(self) -> Live {
        let is_ours = |entry: &&ManagedFields| {
            entry.manager == FIELD_MANAGER && entry.operation == "Apply" && entry.subresource.is_empty()
        };
        let ours = self.managed_fields.iter().find(is_ours).map(|entry| {
            let mut hasher = DefaultHasher::new();
            hasher.write(entry.time.as_bytes());
            hasher.write_u64(entry.fields.0);
            hasher.finish()
        });
        Live {
            namespace: self.namespace,
            name: self.name,
            uid: self.uid,
            version: self.resource_version,
            generation: self.generation.filter(|generation| *generation != 0),
            owner: self.labels.owner,
            prune: self.annotations.prune,
            is_leaving: self.deletion_timestamp.is_some(),
            finalizers: self.finalizers,
            ours,
            labels: self.labels.hash,
        }
    }
}

/// `null` is what Go writes for nothing.
fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Labels or annotations, of which two matter.
#[derive(Default)]
struct Marks {
    owner: Option<String>,
    prune: Option<String>,
    hash: u64,
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MarksVisitor)
    }
}

struct MarksVisitor;

impl<'de> Visitor<'de> for MarksVisitor {
    type Value = Marks;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Marks, A::Error> {
        let mut marks = Marks::default();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            let mut hasher = DefaultHasher::new();
            hasher.write(key.as_bytes());
            hasher.write_u8(0);
            hasher.write(value.as_bytes());
            // The order does not count.
            marks.hash ^= hasher.finish();
            match key.as_str() {
                LABEL => marks.owner = Some(value),
                PRUNE => marks.prune = Some(value),
                _ => {}
            }
        }
        Ok(marks)
    }
}

/// The hash of a value of which nothing is kept; the order of keys does not count.
#[derive(Clone, Copy, Default)]
struct Hashed(u64);

impl<'de> Deserialize<'de> for Hashed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(HashedVisitor)
    }
}

struct HashedVisitor;

fn hash_of(tag: u8, bytes: &[u8], inner: u64) -> Hashed {
    let mut hasher = DefaultHasher::new();
    hasher.write_u8(tag);
    hasher.write(bytes);
    hasher.write_u64(inner);
    Hashed(hasher.finish())
}

impl<'de> Visitor<'de> for HashedVisitor {
    type Value = Hashed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Hashed, E> {
        Ok(hash_of(0, b"", 0))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Hashed, E> {
        Ok(hash_of(1, &[u8::from(value)], 0))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Hashed, E> {
        Ok(hash_of(2, &value.to_le_bytes(), 0))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Hashed, E> {
        Ok(hash_of(3, &value.to_le_bytes(), 0))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Hashed, E> {
        Ok(hash_of(4, &value.to_le_bytes(), 0))
    }

    fn visit_str<E>(self, value: &str) -> Result<Hashed, E> {
        Ok(hash_of(5, value.as_bytes(), 0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Hashed, A::Error> {
        let mut hash = 0;
        while let Some(Hashed(item)) = seq.next_element()? {
            hash = hash_of(6, b"", hash ^ item.rotate_left(1)).0;
        }
        Ok(Hashed(hash))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hashed, A::Error> {
        let mut hash = 7u64;
        while let Some((key, Hashed(value))) = map.next_entry::<String, Hashed>()? {
            hash = hash.wrapping_add(hash_of(7, key.as_bytes(), value).0);
        }
        Ok(Hashed(hash))
    }
}
