//! The schemas of every known version of Kubernetes, packed by `cargo xtask schema-pack`.
//!
//! The file is a deflate stream. In it numbers have seven bits a byte, the lowest first, and the
//! eighth bit says that more follow. Strings, nodes, definitions, kinds and versions follow each
//! other, each with its count in front:
//!
//! - a string: its length and its bytes; all others name strings by their number;
//! - a node: a byte with its shape in the low four bits, `0x10` if it may be null, `0x20` if an
//!   object has no further fields; then what the shape needs, other nodes by their number;
//! - a definition: its name and its node; a name stands once for each form it had in some version;
//! - a kind: group, version, kind, and the name of its definition;
//! - a version: its minor number, and the numbers of its definitions, each as the step from the last.

use std::collections::HashMap;
use std::io::Read;
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use hld_k8s::Gvk;

use crate::schema::{Format, Id, Library, Name, Null, Object, Schema, Shape, Unknown};

/// The packed file.
static PACKED: &[u8] = include_bytes!("../kubernetes.pack");

/// What `ObjectMeta` is called.
const OBJECT_META: &str = "machinery.apis.meta.v1.ObjectMeta";

/// The schemas of every known version.
#[derive(Debug)]
pub(crate) struct Pack {
    schemas: Vec<Schema>,
    /// Each version, oldest first.
    versions: Vec<VersionTable>,
    /// The number of a definition's name, by kind, group and version.
    kinds: HashMap<(&'static str, &'static str, &'static str), u32, RandomState>,
    object_meta: u32,
}

#[derive(Debug)]
struct VersionTable {
    minor: u32,
    definitions: Vec<Option<Id>>,
}

impl Pack {
    /// The pack, opened at its first use.
    pub(crate) fn get() -> &'static Pack {
        static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
        static PACK: OnceLock<Pack> = OnceLock::new();
        PACK.get_or_init(|| {
            let bytes = TEXT.get_or_init(|| {
                let mut bytes = Vec::with_capacity(PACKED.len() * 4);
                let mut decoder = flate2::read::DeflateDecoder::new(PACKED);
                decoder.read_to_end(&mut bytes).expect("the pack is part of the program and was tested");
                bytes
            });
            Reader { bytes, at: 0, strings: Vec::new() }.pack()
        })
    }

    /// Minor numbers of the known versions.
    pub(crate) fn minors(&self) -> impl Iterator<Item = u32> {
        self.versions.iter().map(|version| version.minor)
    }

    /// The schemas of a version.
    pub(crate) fn library(&self, minor: u32) -> Library<'_> {
        let version = self.versions.iter().find(|version| version.minor == minor);
        let definitions = version.map_or(&[][..], |version| &version.definitions);
        Library { schemas: &self.schemas, definitions }
    }

    /// The schema of a kind in a version.
    pub(crate) fn kind(&self, gvk: &Gvk, minor: u32) -> Option<Id> {
        let name = self.kinds.get(&(gvk.kind.as_str(), gvk.group.as_str(), gvk.version.as_str()))?;
        self.definition(*name, minor)
    }

    /// The schema of `metadata`.
    pub(crate) fn object_meta(&self, minor: u32) -> Option<Id> {
        self.definition(self.object_meta, minor)
    }

    /// The newest known version that has the kind.
    pub(crate) fn last_with(&self, gvk: &Gvk) -> Option<u32> {
        self.minors().filter(|minor| self.kind(gvk, *minor).is_some()).max()
    }

    /// Every kind of a version: kind, group, version.
    pub(crate) fn kinds(&self, minor: u32) -> Vec<(&'static str, &'static str, &'static str)> {
        let known = self.kinds.iter().filter(|(_, name)| self.definition(**name, minor).is_some());
        let mut kinds: Vec<_> = known.map(|(kind, _)| *kind).collect();
        kinds.sort_unstable();
        kinds
    }

    fn definition(&self, name: u32, minor: u32) -> Option<Id> {
        self.library(minor).definitions.get(name as usize).copied().flatten()
    }
}

/// What is left to read. What does not fit the format is a mistake of ours, which a test finds.
struct Reader {
    bytes: &'static [u8],
    at: usize,
    strings: Vec<&'static str>,
}

impl Reader {
    fn pack(mut self) -> Pack {
        for _ in 0..self.number() {
            let length = self.number() as usize;
            let bytes = &self.bytes[self.at..self.at + length];
            self.at += length;
            self.strings.push(std::str::from_utf8(bytes).expect("the pack holds UTF-8"));
        }
        let schemas = (0..self.number()).map(|_| self.schema()).collect();
        let definitions: Vec<(u32, Id)> =
            (0..self.number()).map(|_| (self.number(), self.number())).collect();
        let mut kinds = HashMap::default();
        for _ in 0..self.number() {
            let (group, version, kind) = (self.string(), self.string(), self.string());
            kinds.insert((kind, group, version), self.number());
        }
        let versions = (0..self.number()).map(|_| self.version(&definitions)).collect();
        let object_meta = self.strings.iter().position(|name| *name == OBJECT_META);
        let object_meta = object_meta.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX);
        Pack { schemas, versions, kinds, object_meta }
    }

    fn version(&mut self, definitions: &[(u32, Id)]) -> VersionTable {
        let minor = self.number();
        let mut table = vec![None; self.strings.len()];
        let mut at = 0;
        for _ in 0..self.number() {
            at += self.number() as usize;
            let (name, schema) = definitions[at];
            table[name as usize] = Some(schema);
        }
        VersionTable { minor, definitions: table }
    }

    fn schema(&mut self) -> Schema {
        let tag = self.bytes[self.at];
        self.at += 1;
        let shape = match tag & 0x0f {
            0 => Shape::Any,
            1 => Shape::Reference(self.number()),
            2 => Shape::Text(Format::named(self.string()), self.names()),
            3 => Shape::Integer(Format::named(self.string())),
            4 => Shape::Number,
            5 => Shape::Boolean,
            6 => Shape::IntOrString,
            7 => Shape::Quantity,
            8 => Shape::List(self.number()),
            9 => Shape::Map(self.number()),
            _ => {
                let n_fields = self.number();
                let fields = (0..n_fields).map(|_| (Name::Borrowed(self.string()), self.number())).collect();
                let unknown = if tag & 0x20 == 0 { Unknown::Kept } else { Unknown::Refused };
                Shape::Object(Object { fields, required: self.names(), unknown })
            }
        };
        // The schemas say of both scalar unions that they can not be null; their decoders take it.
        let is_free =
            matches!(shape, Shape::Any | Shape::Reference(_) | Shape::IntOrString | Shape::Quantity);
        let null = if is_free || tag & 0x10 != 0 { Null::Allowed } else { Null::Refused };
        Schema { null, shape, rules: None }
    }

    fn names(&mut self) -> Vec<Name> {
        (0..self.number()).map(|_| Name::Borrowed(self.string())).collect()
    }

    fn string(&mut self) -> &'static str {
        let number = self.number() as usize;
        self.strings[number]
    }

    fn number(&mut self) -> u32 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = self.bytes[self.at];
            self.at += 1;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_there_and_every_reference_leads_somewhere() {
        let pack = Pack::get();
        assert_eq!(pack.minors().collect::<Vec<_>>(), (25..=37).collect::<Vec<_>>());
        for minor in pack.minors() {
            let library = pack.library(minor);
            let n_kinds = pack.kinds(minor).len();
            assert!(n_kinds > 100, "1.{minor} has {n_kinds} kinds");
            assert!(pack.object_meta(minor).is_some());
            let reached = library.definitions.iter().flatten().map(|id| (*id, 0));
            let mut waiting: Vec<(Id, usize)> = reached.collect();
            while let Some((id, depth)) = waiting.pop() {
                assert!(depth < 64, "1.{minor} has a schema that holds itself without a reference");
                match &library.schemas[id as usize].shape {
                    Shape::Reference(name) => {
                        assert!(library.definitions[*name as usize].is_some(), "1.{minor} {name}");
                    }
                    Shape::List(inner) | Shape::Map(inner) => waiting.push((*inner, depth + 1)),
                    Shape::Object(object) => {
                        assert!(object.fields.is_sorted_by(|(a, _), (b, _)| a < b));
                        waiting.extend(object.fields.iter().map(|(_, inner)| (*inner, depth + 1)));
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn kinds_come_and_go_with_the_versions() {
        let has = |api, kind, minor| Pack::get().kind(&Gvk::new(api, kind), minor).is_some();
        assert!(has("autoscaling/v2beta2", "HorizontalPodAutoscaler", 25));
        assert!(!has("autoscaling/v2beta2", "HorizontalPodAutoscaler", 26));
        assert!(has("v1", "Pod", 37));
        assert!(!has("v1", "pod", 37));
    }
}
