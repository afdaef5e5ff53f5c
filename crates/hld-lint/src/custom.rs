//! Custom kinds: the schemas of the `CustomResourceDefinition`s of a run.
//!
//! A schema is structural (apiextensions-apiserver, `pkg/apiserver/schema`): each field has a type,
//! and only values are looked at by `allOf`, `anyOf`, `oneOf` and `not`.

use std::collections::BTreeMap;

use hld_diag::{BAD_CRD, Diagnostic, FileId};
use hld_k8s::Gvk;
use hld_yaml::{self as yaml, Limits, ReadOptions, Value};
use regex::{Regex, RegexBuilder};

use crate::rules::{Bound, Rules, Size};
use crate::schema::{Format, Id, Library, Name, Null, Object, Schema, Shape, Unknown};

/// Most memory of one pattern.
const PATTERN_BYTES: usize = 1 << 20;

/// The custom kinds of a run, by group and kind.
#[derive(Debug, Default)]
pub struct CustomKinds(BTreeMap<(String, String), Vec<CustomVersion>>);

/// One version of a custom kind.
#[derive(Debug)]
pub(crate) struct CustomVersion {
    pub(crate) name: String,
    is_served: bool,
    /// Nothing where the definition has no schema.
    schema: Option<(Vec<Schema>, Id)>,
}

/// What is known of a custom kind in a version.
pub(crate) enum Custom<'c> {
    /// Nothing defines the kind.
    Unknown,
    /// It is defined, but not in this version; these are served.
    NotServed(Vec<&'c str>),
    /// It is defined without a schema.
    Free,
    /// Its schema.
    Schema(Library<'c>, Id),
}

impl CustomKinds {
    /// Adds the definitions in a text of manifests; a text that can not be read has none. What of a
    /// schema is not understood, a [`crate::Checker`] says when it checks the definition.
    pub fn learn(&mut self, text: &str, file: FileId, limits: &Limits) {
        if memchr::memmem::find(text.as_bytes(), b"CustomResourceDefinition").is_none() {
            return;
        }
        let options = ReadOptions { limits: limits.clone(), ..ReadOptions::default() };
        for document in yaml::read(text, file, &options).map(|read| read.documents).unwrap_or_default() {
            let items = document.get("items").and_then(Value::as_seq).unwrap_or_default();
            for object in items.iter().chain([&document]) {
                self.learn_object(object);
            }
        }
    }

    /// Adds an object, if it is a definition; says what of its schema is not understood.
    pub(crate) fn learn_object(&mut self, object: &Value) -> Vec<Diagnostic> {
        let word = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let is_crd = word(object, "kind") == "CustomResourceDefinition"
            && word(object, "apiVersion") == "apiextensions.k8s.io/v1";
        let Some(spec) = object.get("spec").filter(|_| is_crd) else { return Vec::new() };
        let kind = spec.get("names").map(|names| word(names, "kind")).unwrap_or_default();
        let mut said = Vec::new();
        let mut versions = Vec::new();
        for version in spec.get("versions").and_then(Value::as_seq).unwrap_or_default() {
            let schema = version.get("schema").and_then(|schema| schema.get("openAPIV3Schema"));
            let mut builder = Builder::default();
            let schema = schema.map(|schema| builder.root(schema));
            said.append(&mut builder.said);
            versions.push(CustomVersion {
                name: word(version, "name"),
                is_served: version.get("served") != Some(&Value::new(false)),
                schema: schema.map(|root| (builder.schemas, root)),
            });
        }
        self.0.insert((word(spec, "group"), kind), versions);
        said
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn find(&self, gvk: &Gvk) -> Custom<'_> {
        let Some(versions) = self.0.get(&(gvk.group.clone(), gvk.kind.clone())) else {
            return Custom::Unknown;
        };
        let served = versions.iter().filter(|version| version.is_served);
        match served.clone().find(|version| version.name == gvk.version) {
            None => Custom::NotServed(served.map(|version| version.name.as_str()).collect()),
            Some(CustomVersion { schema: None, .. }) => Custom::Free,
            Some(CustomVersion { schema: Some((schemas, root)), .. }) => {
                Custom::Schema(Library { schemas, definitions: &[] }, *root)
            }
        }
    }
}

/// Where in a definition a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It says what a field is.
    Structure,
    /// It is below `allOf`, `anyOf`, `oneOf` or `not`: it only looks.
    Branch,
}

/// Schemas of one version of a definition.
#[derive(Default)]
struct Builder {
    schemas: Vec<Schema>,
    said: Vec<Diagnostic>,
}

impl Builder {
    fn root(&mut self, schema: &Value) -> Id {
        let id = self.schema(schema, Place::Structure);
        self.make_object(id);
        id
    }

    /// Gives a schema the fields that every object has.
    fn make_object(&mut self, id: Id) {
        let text =
            || Schema { null: Null::Refused, shape: Shape::Text(Format::None, Vec::new()), rules: None };
        let metadata = Schema { null: Null::Absent, shape: Shape::Metadata, rules: None };
        let fields = [("apiVersion", text()), ("kind", text()), ("metadata", metadata)];
        let fields = fields.map(|(name, schema)| (Name::Borrowed(name), self.add(schema)));
        if let Shape::Object(object) = &mut self.schemas[id as usize].shape {
            object.fields.retain(|(name, _)| fields.iter().all(|(known, _)| known != name));
            object.fields.extend(fields);
            object.fields.sort();
            for name in ["apiVersion", "kind"] {
                if !object.required.iter().any(|known| known == name) {
                    object.required.push(Name::Borrowed(name));
                }
            }
        }
    }

    fn add(&mut self, schema: Schema) -> Id {
        self.schemas.push(schema);
        Id::try_from(self.schemas.len() - 1).expect("a text has fewer schemas than bytes")
    }

    fn schema(&mut self, schema: &Value, place: Place) -> Id {
        let shape = self.shape(schema, place);
        let rules = self.rules(schema);
        let null = if flag(schema, "nullable") { Null::Allowed } else { Null::Absent };
        let id = self.add(Schema { null, shape, rules });
        if flag(schema, "x-kubernetes-embedded-resource") {
            self.make_object(id);
        }
        id
    }

    fn shape(&mut self, schema: &Value, place: Place) -> Shape {
        if flag(schema, "x-kubernetes-int-or-string") {
            return Shape::IntOrString;
        }
        let format = || schema.get("format").and_then(Value::as_str).map_or(Format::None, Format::named);
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => Shape::Text(format(), Vec::new()),
            Some("integer") => Shape::Integer(format()),
            Some("number") => Shape::Number,
            Some("boolean") => Shape::Boolean,
            Some("array") => self.list(schema, place),
            Some("object") => self.object(schema, place),
            _ if schema.get("properties").is_some() || schema.get("required").is_some() => {
                self.object(schema, place)
            }
            _ if schema.get("items").is_some() => self.list(schema, place),
            _ => Shape::Any,
        }
    }

    fn list(&mut self, schema: &Value, place: Place) -> Shape {
        Shape::List(match schema.get("items") {
            Some(items) => self.schema(items, place),
            None => self.any(),
        })
    }

    fn any(&mut self) -> Id {
        self.add(Schema { null: Null::Allowed, shape: Shape::Any, rules: None })
    }

    fn object(&mut self, schema: &Value, place: Place) -> Shape {
        let rest = schema.get("additionalProperties");
        if let Some(rest) = rest.filter(|rest| rest.as_map().is_some() && schema.get("properties").is_none())
        {
            return Shape::Map(self.schema(rest, place));
        }
        let properties = schema.get("properties").and_then(Value::as_map);
        let mut fields: Vec<(Name, Id)> = Vec::new();
        let mut defaulted: Vec<&str> = Vec::new();
        for (name, property) in properties.into_iter().flat_map(yaml::Map::iter) {
            if property.get("default").is_some() {
                defaulted.push(name);
            }
            fields.push((Name::Owned(name.to_owned()), self.schema(property, place)));
        }
        fields.sort();
        let is_kept = place == Place::Branch
            || flag(schema, "x-kubernetes-preserve-unknown-fields")
            || rest.is_some_and(|rest| *rest != Value::new(false));
        let required = schema.get("required").and_then(Value::as_seq).unwrap_or_default();
        let required = required.iter().filter_map(Value::as_str).filter(|name| !defaulted.contains(name));
        Shape::Object(Object {
            fields,
            required: required.map(|name| Name::Owned(name.to_owned())).collect(),
            unknown: if is_kept { Unknown::Kept } else { Unknown::Refused },
        })
    }

    fn rules(&mut self, schema: &Value) -> Option<Box<Rules>> {
        let number = |key: &str| schema.get(key).and_then(float);
        let bound = |key: &str, exclusive: &str| {
            number(key).map(|at| Bound { at, is_exclusive: flag(schema, exclusive) })
        };
        let rules = Rules {
            allowed: schema.get("enum").and_then(Value::as_seq).map(<[Value]>::to_vec),
            pattern: schema.get("pattern").and_then(|pattern| self.pattern(pattern)),
            minimum: bound("minimum", "exclusiveMinimum"),
            maximum: bound("maximum", "exclusiveMaximum"),
            multiple_of: number("multipleOf"),
            size: Size {
                text: (count(schema, "minLength"), count(schema, "maxLength")),
                list: (count(schema, "minItems"), count(schema, "maxItems")),
                map: (count(schema, "minProperties"), count(schema, "maxProperties")),
            },
            all_of: self.branches(schema, "allOf"),
            any_of: self.branches(schema, "anyOf"),
            one_of: self.branches(schema, "oneOf"),
            not: schema.get("not").map(|branch| self.schema(branch, Place::Branch)),
        };
        Some(Box::new(rules)).filter(|_| RULES.iter().any(|key| schema.get(key).is_some()))
    }

    fn branches(&mut self, schema: &Value, key: &str) -> Vec<Id> {
        let branches = schema.get(key).and_then(Value::as_seq).unwrap_or_default();
        branches.iter().map(|branch| self.schema(branch, Place::Branch)).collect()
    }

    fn pattern(&mut self, pattern: &Value) -> Option<Regex> {
        let text = pattern.as_str()?;
        let compiled = RegexBuilder::new(text).size_limit(PATTERN_BYTES).build();
        if compiled.is_err() {
            let message =
                "a `pattern` of the custom resource definition is not understood: it checks nothing";
            self.said.push(Diagnostic::new(BAD_CRD, pattern.span, message));
        }
        compiled.ok()
    }
}

/// Keywords that make [`Rules`].
const RULES: [&str; 15] = [
    "allOf",
    "anyOf",
    "enum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
];

fn flag(schema: &Value, key: &str) -> bool {
    schema.get(key) == Some(&Value::new(true))
}

fn count(schema: &Value, key: &str) -> Option<u64> {
    match schema.get(key)?.data {
        yaml::Data::Int(number) => u64::try_from(number).ok(),
        yaml::Data::Uint(number) => Some(number),
        _ => None,
    }
}

#[allow(clippy::cast_precision_loss, reason = "JSON's numbers are 64-bit floats")]
fn float(value: &Value) -> Option<f64> {
    match value.data {
        yaml::Data::Int(number) => Some(number as f64),
        yaml::Data::Uint(number) => Some(number as f64),
        yaml::Data::Float(number) => Some(number),
        _ => None,
    }
}
