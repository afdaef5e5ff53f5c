//! Schemas of JSON to the nodes of the pack: each kind of node once, children before parents.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value as Json;

/// Everything that the pack has.
#[derive(Default)]
pub(super) struct Nodes {
    /// Every node once.
    pub(super) list: Vec<Node>,
    numbers: HashMap<Node, usize>,
    /// Every pair of a definition's name and its node once.
    pub(super) definitions: Vec<(String, usize)>,
    /// For each version its minor number and the definitions it has.
    pub(super) versions: Vec<(u64, BTreeSet<usize>)>,
    /// Group, version and kind by the name of the definition.
    pub(super) kinds: BTreeMap<String, [String; 3]>,
}

/// One schema: its shape, and whether null is allowed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) is_nullable: bool,
    pub(super) shape: Shape,
}

/// What a schema asks for; nodes are named by their number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    Any,
    Reference(String),
    Text { format: String, allowed: Vec<String> },
    Integer { format: String },
    Number,
    Boolean,
    IntOrString,
    Quantity,
    List(usize),
    Map(usize),
    Object { fields: Vec<(String, usize)>, required: Vec<String>, is_closed: bool },
}

/// Keywords that check nothing here.
const IDLE: [&str; 9] = [
    "description",
    "default",
    "x-kubernetes-group-version-kind",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-patch-strategy",
    "x-kubernetes-unions",
];

/// Keywords that a node is made of.
const KNOWN: [&str; 9] =
    ["$ref", "additionalProperties", "enum", "format", "items", "oneOf", "properties", "required", "type"];

impl Nodes {
    /// Adds every definition of a version.
    pub(super) fn add_version(&mut self, minor: u64, definitions: &Json) -> Result<(), String> {
        let definitions = definitions.as_object().ok_or("there are no definitions")?;
        let mut of_version = BTreeSet::new();
        for (name, schema) in definitions {
            let node = self.node(schema).map_err(|error| format!("1.{minor} {name}: {error}"))?;
            let pair = (short(name), node);
            let at = self.definitions.iter().position(|known| *known == pair).unwrap_or_else(|| {
                self.definitions.push(pair.clone());
                self.definitions.len() - 1
            });
            of_version.insert(at);
            if let Some([kind]) = schema["x-kubernetes-group-version-kind"].as_array().map(Vec::as_slice) {
                let part = |key: &str| kind[key].as_str().unwrap_or_default().to_owned();
                let gvk = ["group", "version", "kind"].map(part);
                let before = self.kinds.insert(pair.0.clone(), gvk.clone());
                if before.is_some_and(|before| before != gvk) {
                    return Err(format!("{name} changes its kind with the versions"));
                }
            }
        }
        self.versions.push((minor, of_version));
        Ok(())
    }

    /// The number of a schema's node.
    fn node(&mut self, schema: &Json) -> Result<usize, String> {
        let object = schema.as_object().ok_or("a schema is no object")?;
        for key in object.keys() {
            if !IDLE.contains(&key.as_str()) && !KNOWN.contains(&key.as_str()) {
                return Err(format!("the keyword `{key}` is not known"));
            }
        }
        let types = types(&schema["type"]);
        let node = Node { is_nullable: types.contains(&"null"), shape: self.shape(schema, &types)? };
        let next = self.list.len();
        let number = *self.numbers.entry(node.clone()).or_insert(next);
        if number == next {
            self.list.push(node);
        }
        Ok(number)
    }

    fn shape(&mut self, schema: &Json, types: &[&str]) -> Result<Shape, String> {
        if let Some(reference) = schema["$ref"].as_str() {
            return Ok(Shape::Reference(short(reference.trim_start_matches("#/$defs/"))));
        }
        if let Some(options) = schema["oneOf"].as_array() {
            return match options.iter().flat_map(|option| self::types(&option["type"])).collect::<Vec<_>>()[..]
            {
                ["string", "null", "integer", "null"] => Ok(Shape::IntOrString),
                ["string", "null", "number", "null"] => Ok(Shape::Quantity),
                _ => Err("a `oneOf` of another kind".to_owned()),
            };
        }
        let format = schema["format"].as_str().unwrap_or_default().to_owned();
        match types.iter().find(|name| **name != "null").copied() {
            None => Ok(Shape::Any),
            Some("string") => Ok(Shape::Text { format, allowed: texts(&schema["enum"]) }),
            Some("integer") => Ok(Shape::Integer { format }),
            Some("number") => Ok(Shape::Number),
            Some("boolean") => Ok(Shape::Boolean),
            Some("array") => Ok(Shape::List(self.node(&schema["items"])?)),
            Some("object") => self.object(schema),
            Some(other) => Err(format!("the type `{other}` is not known")),
        }
    }

    fn object(&mut self, schema: &Json) -> Result<Shape, String> {
        let rest = &schema["additionalProperties"];
        if rest.is_object() {
            return Ok(Shape::Map(self.node(rest)?));
        }
        let mut fields = Vec::new();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            fields.push((name.clone(), self.node(field)?));
        }
        fields.sort();
        Ok(Shape::Object {
            fields,
            required: texts(&schema["required"]),
            is_closed: *rest == Json::Bool(false),
        })
    }
}

/// Names without what all of them begin with.
fn short(name: &str) -> String {
    let name = name.strip_prefix("io.k8s.").unwrap_or(name);
    name.replace("apimachinery.pkg.", "machinery.").replace(".pkg.apis.", ".")
}

fn types(json: &Json) -> Vec<&str> {
    match json {
        Json::String(name) => vec![name],
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn texts(json: &Json) -> Vec<String> {
    json.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}
