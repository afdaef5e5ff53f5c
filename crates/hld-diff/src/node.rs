//! Values without their secrets.

use std::collections::BTreeMap;

use hld_yaml::{self as yaml, Data};

use crate::Fingerprint;

/// A value as Kubernetes reads it, without secrets. Equal means: the API server sees the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer that fits; `1.0` is one.
    Int(i64),
    /// An integer above [`i64::MAX`].
    Uint(u64),
    /// Any other number, as Go writes it.
    Real(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map; the order of its keys does not count.
    Map(BTreeMap<String, Node>),
    /// A value that is not told.
    Secret(Fingerprint),
}

/// What stands for a value that is not told.
pub(crate) const SECRET: &str = "(secret)";

impl Node {
    /// The value of a scalar; collections are for the caller.
    pub(crate) fn of_scalar(data: &Data) -> Node {
        match data {
            Data::Bool(value) => Node::Bool(*value),
            Data::Int(value) => Node::Int(*value),
            Data::Uint(value) => Node::Uint(*value),
            Data::Float(_) => number(data),
            Data::String(text) => Node::Text(text.clone()),
            Data::Null | Data::Seq(_) | Data::Map(_) => Node::Null,
        }
    }

    /// What it is, in the words of a message.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Bool(_) => "a boolean",
            Node::Int(_) | Node::Uint(_) => "an integer",
            Node::Real(_) => "a number",
            Node::Text(_) => "a string",
            Node::List(_) => "a list",
            Node::Map(_) => "a map",
            Node::Secret(_) => "a secret",
        }
    }

    /// The value below these keys.
    pub(crate) fn below(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| match node {
            Node::Map(entries) => entries.get(*key),
            _ => None,
        })
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match self {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its text in sigs.k8s.io/yaml's style.
    pub(crate) fn to_yaml(&self) -> String {
        yaml::emit(&self.to_value())
    }

    fn to_value(&self) -> yaml::Value {
        yaml::Value::new(match self {
            Node::Null => Data::Null,
            Node::Bool(value) => Data::Bool(*value),
            Node::Int(value) => Data::Int(*value),
            Node::Uint(value) => Data::Uint(*value),
            Node::Real(text) => text.parse().map_or_else(|_| Data::String(text.clone()), Data::Float),
            Node::Text(text) => Data::String(text.clone()),
            Node::List(items) => Data::Seq(items.iter().map(Node::to_value).collect()),
            Node::Map(entries) => {
                Data::Map(entries.iter().map(|(key, value)| (key.as_str(), value.to_value())).collect())
            }
            Node::Secret(_) => Data::String(SECRET.to_owned()),
        })
    }
}

/// A number as Go reads it from JSON: `1.0` is an integer there.
fn number(data: &Data) -> Node {
    let text = yaml::emit(&yaml::Value::new(data.clone()));
    let text = text.trim_end();
    match (text.parse(), text.parse()) {
        (Ok(value), _) => Node::Int(value),
        (_, Ok(value)) => Node::Uint(value),
        _ => Node::Real(text.to_owned()),
    }
}
