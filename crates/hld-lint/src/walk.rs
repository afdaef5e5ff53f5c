//! A value beside its schema, step by step.
//!
//! A message names paths and types, and what a schema allows. What the manifest holds is never part
//! of it.

use hld_diag::{
    Diagnostic, MISSING_FIELD, READER_LIMIT, Span, UNKNOWN_MANIFEST_FIELD, VALUE_NOT_ALLOWED, WRONG_TYPE,
    nearest,
};
use hld_yaml::{Data, Map, Value};

use crate::format;
use crate::path::{Step, shown};
use crate::rules::Rules;
use crate::schema::{Format, Id, Library, Null, Object, Schema, Shape, Unknown};

/// Most findings of one object: a file that is something else entirely is said to be that often enough.
const MOST_FOUND: usize = 100;

/// Most steps of one object: a schema of a custom kind may ask for more than its size says.
const MOST_STEPS: usize = 5_000_000;

/// The check of one object.
pub(crate) struct Walk<'w> {
    /// What the object is called in messages.
    pub(crate) subject: &'w str,
    /// The pack's schema of `metadata`.
    pub(crate) metadata: (Library<'w>, Option<Id>),
    pub(crate) path: Vec<Step<'w>>,
    pub(crate) found: Vec<Diagnostic>,
    steps: usize,
}

impl<'w> Walk<'w> {
    /// A check that has found nothing yet.
    pub(crate) fn new(subject: &'w str, metadata: (Library<'w>, Option<Id>)) -> Self {
        Walk { subject, metadata, path: Vec::new(), found: Vec::new(), steps: 0 }
    }

    /// What to say of an object whose check was given up.
    pub(crate) fn unfinished(&self, span: Span) -> Option<Diagnostic> {
        let message = format!("`{}` takes more than {MOST_STEPS} steps to check", self.subject);
        let hint = "the schema of its custom resource definition asks for too much";
        (self.steps > MOST_STEPS).then(|| Diagnostic::new(READER_LIMIT, span, message).hint(hint))
    }

    /// Notes what is wrong with a value and everything in it.
    pub(crate) fn value(&mut self, library: Library<'w>, id: Id, value: &'w Value) {
        self.steps += 1;
        if self.found.len() >= MOST_FOUND || self.steps > MOST_STEPS {
            return;
        }
        let schema = &library.schemas[id as usize];
        match &schema.shape {
            Shape::Reference(name) => {
                if let Some(target) = library.definitions.get(*name as usize).copied().flatten() {
                    self.value(library, target, value);
                }
                return;
            }
            Shape::Metadata => {
                let (builtin, id) = self.metadata;
                if let Some(id) = id {
                    self.value(builtin, id, value);
                }
                return;
            }
            _ => {}
        }
        if value.is_null() && schema.null == Null::Allowed {
            return;
        }
        if self.shape(library, schema, value)
            && let Some(rules) = &schema.rules
        {
            self.rules(library, rules, value);
        }
    }

    /// Whether the value is of the right type; what is in it has been looked at.
    fn shape(&mut self, library: Library<'w>, schema: &'w Schema, value: &'w Value) -> bool {
        let is_number = matches!(value.data, Data::Int(_) | Data::Uint(_) | Data::Float(_));
        match (&schema.shape, &value.data) {
            (Shape::Any, _) => {}
            (Shape::Text(format, allowed), Data::String(text)) => self.text((*format, allowed), text, value),
            (Shape::Quantity, Data::String(text)) => {
                if !format::is_quantity(text) {
                    self.not_allowed(value, "must be a quantity, as `500m` or `1Gi`");
                }
            }
            (Shape::Quantity | Shape::Number, _) if is_number => {}
            (Shape::Integer(format), _) if is_integer(&value.data) => self.size(*format, value),
            (Shape::IntOrString, _) if is_integer(&value.data) => self.size(Format::Int32, value),
            (Shape::IntOrString, Data::String(_)) | (Shape::Boolean, Data::Bool(_)) => {}
            (Shape::List(item), Data::Seq(items)) => {
                for (at, inner) in items.iter().enumerate() {
                    self.step(Step::Item(at), |walk| walk.value(library, *item, inner));
                }
            }
            (Shape::Map(inner), Data::Map(map)) => {
                for (key, entry) in map.iter().filter(|(_, entry)| !is_absent(library, *inner, entry)) {
                    self.step(Step::Key(key), |walk| walk.value(library, *inner, entry));
                }
            }
            (Shape::Object(object), Data::Map(map)) => self.object(library, object, (map, value.span)),
            _ => {
                self.wrong_type(&schema.shape, value);
                return false;
            }
        }
        true
    }

    fn step(&mut self, step: Step<'w>, inside: impl FnOnce(&mut Self)) {
        self.path.push(step);
        inside(self);
        self.path.pop();
    }

    fn object(&mut self, library: Library<'w>, object: &'w Object, (map, span): (&'w Map, Span)) {
        let mut n_required = 0;
        for (key, key_span, entry) in map.spanned() {
            let Some(field) = object.field(key) else {
                if object.unknown == Unknown::Refused {
                    self.step(Step::Key(key), |walk| walk.unknown_field(object, key, key_span));
                }
                continue;
            };
            if is_absent(library, field, entry) {
                continue;
            }
            n_required += usize::from(object.required.iter().any(|name| name == key));
            self.step(Step::Key(key), |walk| walk.value(library, field, entry));
        }
        if n_required < object.required.len() {
            self.missing(library, object, (map, span));
        }
    }

    fn missing(&mut self, library: Library<'w>, object: &'w Object, (map, span): (&'w Map, Span)) {
        for name in &object.required {
            let written = map.spanned().find(|(key, ..)| key == name);
            let is_there = written.is_some_and(|(_, _, entry)| {
                object.field(name).map_or(!entry.is_null(), |field| !is_absent(library, field, entry))
            });
            if !is_there {
                let at = written.map_or(span, |(_, key, _)| key);
                self.step(Step::Key(name), |walk| {
                    let message = format!("{} is missing", walk.place());
                    walk.found.push(Diagnostic::new(MISSING_FIELD, at, message));
                });
            }
        }
    }

    fn unknown_field(&mut self, object: &Object, key: &str, span: Span) {
        let message = format!("{} is no field that Kubernetes knows", self.place());
        let meant = nearest(key, object.fields.iter().map(|(name, _)| name.as_ref()));
        let hint = meant.map(|name| format!("did you mean `{name}`?"));
        self.found.push(Diagnostic::new(UNKNOWN_MANIFEST_FIELD, span, message).hint_opt(hint));
    }

    fn wrong_type(&mut self, shape: &Shape, value: &Value) {
        let wanted = type_name(shape);
        let message = format!("{} must be {wanted}, not {}", self.place(), value.type_name());
        let hint = match (shape, &value.data) {
            (Shape::Text(..), Data::Bool(_) | Data::Int(_) | Data::Uint(_) | Data::Float(_)) => {
                Some("put the value in quotes")
            }
            (Shape::Integer(_) | Shape::Number, Data::String(text)) if text.parse::<f64>().is_ok() => {
                Some("take the quotes away")
            }
            (Shape::Boolean, Data::String(text)) if matches!(text.as_str(), "true" | "false") => {
                Some("take the quotes away")
            }
            (Shape::List(_), Data::Map(_)) => Some("begin each item with `- `"),
            _ => None,
        };
        let diagnostic = Diagnostic::new(WRONG_TYPE, value.span, message);
        self.found.push(diagnostic.hint_opt(hint.map(str::to_owned)));
    }

    fn text(&mut self, (format, allowed): (Format, &[crate::schema::Name]), text: &str, value: &Value) {
        if let Some(name) = format::problem(format, text) {
            self.not_allowed(value, &format!("must be {name}"));
        }
        if !allowed.is_empty() && !allowed.iter().any(|known| known == text) {
            let listed: Vec<String> = allowed.iter().map(|known| format!("`{known}`")).collect();
            self.not_allowed(value, &format!("must be {}", listed.join(" or ")));
        }
    }

    fn size(&mut self, format: Format, value: &Value) {
        let (is_small, bits) = match (format, integer(&value.data)) {
            (_, None) => (false, 64),
            (Format::Int32, Some(number)) => (i32::try_from(number).is_ok(), 32),
            (_, Some(_)) => (true, 64),
        };
        if !is_small {
            self.not_allowed(value, &format!("must fit in {bits} bits"));
        }
    }

    fn not_allowed(&mut self, value: &Value, what: &str) {
        let message = format!("{} {what}", self.place());
        self.found.push(Diagnostic::new(VALUE_NOT_ALLOWED, value.span, message));
    }

    fn rules(&mut self, library: Library<'w>, rules: &'w Rules, value: &'w Value) {
        self.steps += rules.cost(value);
        for problem in rules.problems(value) {
            self.not_allowed(value, &problem);
        }
        for branch in &rules.all_of {
            self.value(library, *branch, value);
        }
        let fits = |walk: &mut Self, branch: &Id| walk.fits(library, *branch, value);
        if !rules.any_of.is_empty() && !rules.any_of.iter().any(|branch| fits(self, branch)) {
            self.not_allowed(value, "fits none of the alternatives in its schema");
        }
        let n_fitting = rules.one_of.iter().filter(|branch| fits(self, branch)).count();
        if !rules.one_of.is_empty() && n_fitting != 1 {
            self.not_allowed(
                value,
                &format!("must fit one of the alternatives in its schema, and fits {n_fitting}"),
            );
        }
        if rules.not.as_ref().is_some_and(|branch| fits(self, branch)) {
            self.not_allowed(value, "has a form that its schema excludes");
        }
    }

    fn fits(&mut self, library: Library<'w>, branch: Id, value: &'w Value) -> bool {
        let mut walk = Walk { steps: self.steps, ..Walk::new(self.subject, self.metadata) };
        walk.value(library, branch, value);
        self.steps = walk.steps;
        walk.found.is_empty()
    }

    /// `` `spec.replicas` of `Deployment.apps shop/web` ``
    fn place(&self) -> String {
        if self.path.is_empty() {
            return format!("`{}`", self.subject);
        }
        format!("`{}` of `{}`", shown(&self.path), self.subject)
    }
}

/// Whether a field is as good as not there.
fn is_absent(library: Library<'_>, field: Id, value: &Value) -> bool {
    value.is_null() && library.schemas[field as usize].null == Null::Absent
}

fn is_integer(data: &Data) -> bool {
    match data {
        Data::Int(_) | Data::Uint(_) => true,
        Data::Float(number) => number.fract() == 0.0,
        _ => false,
    }
}

/// An integer that fits in 64 bits; `3.0` is one.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the bounds are checked")]
fn integer(data: &Data) -> Option<i64> {
    match data {
        Data::Int(number) => Some(*number),
        Data::Float(number) if number.abs() < i64::MAX as f64 => Some(*number as i64),
        _ => None,
    }
}

fn type_name(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text(..) => "a string",
        Shape::Integer(_) => "an integer",
        Shape::Number => "a number",
        Shape::Boolean => "a boolean",
        Shape::IntOrString => "an integer or a string",
        Shape::Quantity => "a quantity: a string or a number",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Object(_) | Shape::Metadata => "a map",
        Shape::Any | Shape::Reference(_) => "a value",
    }
}
