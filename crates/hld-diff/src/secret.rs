//! What is secret in an object, and what stands for it.
//!
//! Values of Secrets are replaced before anything is compared: a [`Node`] has none to tell. Their
//! hash is made with a key of the run, the object's id and the name of the entry, so that it says
//! nothing about a value but whether it is the same one: nobody can try values, and the same value
//! in two objects has two hashes.

use std::collections::BTreeMap;
use std::fmt;

use hld_k8s::ResourceId;
use hld_yaml::{self as yaml, Data};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Node;

/// The key of a run's hashes. It must be random, and must not be kept.
pub struct Key([u8; 32]);

impl Key {
    /// A key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Key(bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The keyed hash of a value that is not told: HMAC-SHA256. Equal means the same value.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

/// Fields of a Secret that are told; any other one is not, however it is spelt.
const TOLD: &[&str] = &["apiVersion", "kind", "metadata", "type", "immutable"];

/// Fields that are not told of a Secret inside another object.
const UNTOLD: &[&str] = &["data", "stringData"];

/// Annotation that repeats the whole object.
const LAST_APPLIED: &str = "last-applied-configuration";

/// The value of an object, without secrets.
pub(crate) fn hide(value: &yaml::Value, id: &ResourceId, key: &Key) -> Node {
    let hider = Hider { id, key };
    match (&value.data, is_secret(value)) {
        (Data::Map(map), true) => {
            let entries = map.iter().map(|(name, value)| {
                let node = match name {
                    "metadata" => hider.metadata(value),
                    name if TOLD.contains(&name) => hider.told(value),
                    name => hider.untold(name, value),
                };
                (name.to_owned(), node)
            });
            Node::Map(entries.collect())
        }
        _ => hider.told(value),
    }
}

fn is_secret(value: &yaml::Value) -> bool {
    let kind = value.get("kind").and_then(yaml::Value::as_str);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("secret"))
}

struct Hider<'k> {
    id: &'k ResourceId,
    key: &'k Key,
}

impl Hider<'_> {
    /// A value that is no secret, but may hold some.
    fn told(&self, value: &yaml::Value) -> Node {
        match &value.data {
            Data::Seq(items) => Node::List(items.iter().map(|item| self.told(item)).collect()),
            Data::Map(map) => {
                let holds_secrets = is_secret(value);
                let entries = map.iter().map(|(name, value)| {
                    let node = match name {
                        "metadata" if holds_secrets => self.metadata(value),
                        name if holds_secrets && UNTOLD.contains(&name) => self.untold(name, value),
                        _ => self.told(value),
                    };
                    (name.to_owned(), node)
                });
                Node::Map(entries.collect())
            }
            scalar => Node::of_scalar(scalar),
        }
    }

    /// The metadata of a Secret.
    fn metadata(&self, metadata: &yaml::Value) -> Node {
        let mut node = self.told(metadata);
        if let Node::Map(fields) = &mut node
            && let Some(Node::Map(annotations)) = fields.get_mut("annotations")
        {
            for (name, node) in annotations.iter_mut().filter(|(name, _)| name.ends_with(LAST_APPLIED)) {
                *node = Node::Secret(self.fingerprint(["annotations", name, &node.to_yaml()]));
            }
        }
        node
    }

    /// A field that holds secrets: the names of its entries are told, no value is.
    fn untold(&self, field: &str, value: &yaml::Value) -> Node {
        let hidden = |name: &str, value: &yaml::Value| {
            Node::Secret(self.fingerprint([field, name, &yaml::emit(value)]))
        };
        match &value.data {
            Data::Null => Node::Null,
            Data::Map(map) => {
                let entries = map.iter().map(|(name, value)| (name.to_owned(), hidden(name, value)));
                Node::Map(entries.collect::<BTreeMap<String, Node>>())
            }
            _ => hidden("", value),
        }
    }

    fn fingerprint(&self, parts: [&str; 3]) -> Fingerprint {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key.0).expect("HMAC takes keys of any length");
        let id = [&*self.id.group, &self.id.kind, &self.id.namespace, &self.id.name];
        for part in id.into_iter().chain(parts) {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        Fingerprint(mac.finalize().into_bytes().into())
    }
}
