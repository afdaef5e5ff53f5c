//! What a value has to be, as both kinds of schema say it: the pack's and a custom resource's.

use std::borrow::Cow;

use crate::rules::Rules;

/// The number of a schema in its list.
pub(crate) type Id = u32;

/// A name: of the pack's text, or of a custom resource definition.
pub(crate) type Name = Cow<'static, str>;

/// What a value has to be.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) null: Null,
    pub(crate) shape: Shape,
    /// Further conditions, which only custom resource definitions have.
    pub(crate) rules: Option<Box<Rules>>,
}

/// What null means to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Null {
    /// It is a value like others.
    Allowed,
    /// It is a value of the wrong type.
    Refused,
    /// A field that is null is taken as if it were not there
    /// (apiextensions-apiserver, `PruneNonNullableNullsWithoutDefaults`).
    Absent,
}

/// What kind of value it has to be.
#[derive(Debug)]
pub(crate) enum Shape {
    Any,
    /// A definition of the pack, by the number of its name.
    Reference(u32),
    Text(Format, Vec<Name>),
    Integer(Format),
    Number,
    Boolean,
    IntOrString,
    Quantity,
    List(Id),
    Map(Id),
    Object(Object),
    /// `metadata` of a custom resource: the pack's `ObjectMeta`.
    Metadata,
}

/// A map with known fields.
#[derive(Debug, Default)]
pub(crate) struct Object {
    /// By name, in order.
    pub(crate) fields: Vec<(Name, Id)>,
    pub(crate) required: Vec<Name>,
    pub(crate) unknown: Unknown,
}

/// What becomes of fields that a schema does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Unknown {
    #[default]
    Kept,
    Refused,
}

impl Object {
    /// The schema of a field.
    pub(crate) fn field(&self, name: &str) -> Option<Id> {
        let found = self.fields.binary_search_by(|(known, _)| known.as_ref().cmp(name));
        found.ok().map(|at| self.fields[at].1)
    }
}

/// What the text of a scalar, or the size of a number, has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    None,
    Byte,
    DateTime,
    Int32,
    Int64,
    Ipv4,
    Ipv6,
    Uuid,
}

impl Format {
    /// The format of this name; one that is not known asks for nothing.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "byte" => Format::Byte,
            "date-time" => Format::DateTime,
            "int32" => Format::Int32,
            "int64" => Format::Int64,
            "ipv4" => Format::Ipv4,
            "ipv6" => Format::Ipv6,
            "uuid" => Format::Uuid,
            _ => Format::None,
        }
    }
}

/// Schemas that refer to each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Library<'l> {
    pub(crate) schemas: &'l [Schema],
    /// The schema of each definition, by the number of its name.
    pub(crate) definitions: &'l [Option<Id>],
}
