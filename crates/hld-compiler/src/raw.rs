//! Files of a definition before their meaning is known: YAML as Fabrikate reads it, or JSON as Go
//! does.
//!
//! Both forms are read through one type, [`Raw`], because a component file and a config file may be
//! either. What differs is kept: a YAML scalar of any type is text by its source, a JSON one only if
//! it is a string; YAML keys are exact, JSON keys of known fields match in any case.

use std::borrow::Cow;

use hld_diag::{Diagnostic, Diagnostics, EXTRA_DOCUMENT, FileId, Span};
use hld_yaml::{self as yaml, Data, Dialect, Node, NodeKind, ReadOptions, Value};

/// The form of a file of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Yaml,
    Json,
}

/// A node of either form.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Raw<'a> {
    Yaml(Node<'a>),
    Json(&'a Value),
}

/// What a node is.
pub(crate) enum Shape<'a> {
    Null,
    Scalar,
    List(Vec<Raw<'a>>),
    Map(Vec<Field<'a>>),
}

/// An entry of a map.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Raw<'a>,
    form: Form,
}

/// A file of a definition that has been loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileText<'a> {
    pub(crate) text: &'a str,
    pub(crate) file: FileId,
    pub(crate) form: Form,
}

/// Reads a file and hands its root to `decode`: `None` for a file that says nothing. What is wrong
/// with the text itself goes to `out`, and then there is no result.
pub(crate) fn with_root<T>(
    FileText { text, file, form }: FileText<'_>,
    out: &mut Diagnostics,
    decode: impl FnOnce(Option<Raw<'_>>, &mut Diagnostics) -> T,
) -> Option<T> {
    let limits = limits(text);
    match form {
        Form::Json => match yaml::read_json(text, file, &limits) {
            Ok(value) => Some(decode(Some(Raw::Json(&value)).filter(|raw| !raw.is_empty()), out)),
            Err(error) => {
                out.push(error.to_diagnostic());
                None
            }
        },
        Form::Yaml => match yaml::parse(text, file, &limits) {
            Ok(documents) => {
                if let Some(second) = documents.get(1) {
                    out.push(extra_document(second.span()));
                }
                let root = documents.first().map(|document| Raw::Yaml(document.root()));
                Some(decode(root.filter(|root| !root.is_empty()), out))
            }
            Err(error) => {
                out.push(error.to_diagnostic());
                None
            }
        },
    }
}

fn extra_document(span: Span) -> Diagnostic {
    Diagnostic::new(EXTRA_DOCUMENT, span, "a second document in a file that has one: it is ignored")
        .hint("remove the `---` line and what follows it")
}

/// The size of the text was checked when it was loaded.
fn limits(text: &str) -> yaml::Limits {
    yaml::Limits { bytes: text.len(), ..yaml::Limits::default() }
}

/// The fields of a map with the spelling of their names made exact, where the form is lenient.
pub(crate) fn canonical<'a>(mut fields: Vec<Field<'a>>, known: &[String]) -> Vec<Field<'a>> {
    for field in fields.iter_mut().filter(|field| field.form == Form::Json && !known.contains(&field.key)) {
        if let Some(name) = known.iter().find(|name| name.eq_ignore_ascii_case(&field.key)) {
            field.key.clone_from(name);
        }
    }
    fields
}

impl<'a> Raw<'a> {
    pub(crate) fn span(self) -> Span {
        match self {
            Raw::Yaml(node) => node.span(),
            Raw::Json(value) => value.span,
        }
    }

    /// Where it is, or `otherwise` for one that has no text of its own.
    pub(crate) fn span_or(self, otherwise: Span) -> Span {
        let span = self.span();
        if span.start == span.end { otherwise } else { span }
    }

    /// Whether it is null, or nothing at all.
    pub(crate) fn is_empty(self) -> bool {
        matches!(self.shape(), Shape::Null)
    }

    pub(crate) fn shape(self) -> Shape<'a> {
        match self {
            Raw::Yaml(node) => match node.target().kind() {
                NodeKind::Mapping => Shape::Map(fields(node)),
                NodeKind::Sequence => Shape::List(node.target().items().map(Raw::Yaml).collect()),
                _ if self.is_null() => Shape::Null,
                _ => Shape::Scalar,
            },
            Raw::Json(value) => match &value.data {
                Data::Null => Shape::Null,
                Data::Seq(items) => Shape::List(items.iter().map(Raw::Json).collect()),
                Data::Map(map) => {
                    let field = |(key, span, value): (&str, Span, &'a Value)| Field {
                        key: key.to_owned(),
                        key_span: span,
                        value: Raw::Json(value),
                        form: Form::Json,
                    };
                    Shape::Map(map.spanned().map(field).collect())
                }
                _ => Shape::Scalar,
            },
        }
    }

    fn is_null(self) -> bool {
        matches!(self.value(&mut Vec::new()), Ok(Value { data: Data::Null, .. }))
    }

    /// The text of a scalar: `Some(None)` for null, `None` for what is no text.
    pub(crate) fn text(self) -> Option<Option<String>> {
        match (self, self.shape()) {
            (_, Shape::Null) => Some(None),
            (Raw::Yaml(node), Shape::Scalar) => node.text().map(|text| Some(text.into_owned())),
            (Raw::Json(value), Shape::Scalar) => value.as_str().map(|text| Some(text.to_owned())),
            _ => None,
        }
    }

    /// Whether it is a YAML scalar without quotes.
    pub(crate) fn is_plain(self) -> bool {
        matches!(self, Raw::Yaml(node) if node.target().as_scalar().is_some_and(|scalar| scalar.is_plain()))
    }

    /// The value, with keys that stand twice in it reported to `said`.
    pub(crate) fn value(self, said: &mut Vec<Diagnostic>) -> Result<Value, Diagnostic> {
        match self {
            Raw::Json(value) => Ok(value.clone()),
            Raw::Yaml(node) => {
                let options = ReadOptions { dialect: Dialect::Fabrikate, ..ReadOptions::default() };
                let read = node.to_value(&options).map_err(|error| error.to_diagnostic())?;
                said.extend(read.duplicates.iter().map(yaml::Duplicate::to_diagnostic));
                Ok(read.into_single().unwrap_or_else(|| Value::new(Data::Null)))
            }
        }
    }

    /// What it is, in the words of a message.
    pub(crate) fn type_name(self) -> &'static str {
        match self.shape() {
            Shape::List(_) => "a list",
            Shape::Map(_) => "a map",
            _ => self.value(&mut Vec::new()).map_or("something else", |value| value.type_name()),
        }
    }
}

/// The entries of a mapping with merge keys expanded; keys that are no scalars have no name here.
fn fields<'d>(node: Node<'d>) -> Vec<Field<'d>> {
    let entries =
        node.merged_entries(Dialect::Fabrikate).unwrap_or_else(|_| node.target().entries().collect());
    let field = |(key, value): (Node<'d>, Node<'d>)| Field {
        key: key.text().map(Cow::into_owned).unwrap_or_default(),
        key_span: key.span(),
        value: Raw::Yaml(value),
        form: Form::Yaml,
    };
    entries.into_iter().map(field).collect()
}
