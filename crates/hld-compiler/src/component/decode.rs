//! Component files to components, by Fabrikate's lenient rules.
//!
//! A scalar of any type is taken for text by its source text, null is nothing, unknown keys have no
//! effect: what Fabrikate passes over in silence is a warning here.

use std::sync::{Arc, LazyLock};

use hld_diag::{
    DUPLICATE_KEY, Diagnostic, Diagnostics, EMPTY_FILE, FIELD_TYPE, FileId, GENERATOR_FIELD, HOOKS_NOT_RUN,
    IGNORED_ON_REFERENCE, NO_EFFECT, REPO_FIELD, Span, UNKNOWN_FIELD, UNKNOWN_METHOD, UNKNOWN_TYPE,
    UNQUOTED_VERSION, nearest,
};
use hld_yaml::Data;

use super::{ChartOptions, Component, Kind, Method, Text, check_names};
use crate::format::{self, ComponentFile};
use crate::raw::{Field, FileText, Raw, Shape};

/// The keys of a component file.
static KEYS: LazyLock<Vec<String>> = LazyLock::new(format::keys::<ComponentFile>);

/// Reads a component file. Without a component a fatal diagnostic says why.
pub(crate) fn decode(source: FileText<'_>) -> (Option<Component>, Diagnostics) {
    let mut out = Diagnostics::default();
    let component = crate::raw::with_root(source, &mut out, |root, out| {
        let component = match root {
            Some(root) => node(root, Place::File, out)?,
            None => {
                out.push(empty(source.file));
                Component::empty(Span::start_of(source.file))
            }
        };
        check_names(&component, out);
        Some(component)
    });
    (component.flatten(), out)
}

fn empty(file: FileId) -> Diagnostic {
    Diagnostic::new(EMPTY_FILE, Span::start_of(file), "component file is empty: it makes nothing")
        .hint("give it a `name` and `subcomponents`, or remove it")
}

impl Component {
    /// A container without a name and without anything in it.
    fn empty(span: Span) -> Self {
        Component {
            name: Text::missing(),
            kind: Kind::Component,
            kind_span: span,
            method: Method::Local,
            source: Text::missing(),
            path: Text::missing(),
            version: Text::missing(),
            branch: Text::missing(),
            chart: ChartOptions::default(),
            subcomponents: Vec::new(),
            span,
        }
    }
}

/// The fields of one node, found by name.
struct Fields<'a> {
    fields: Vec<Field<'a>>,
}

impl<'a> Fields<'a> {
    /// The last field of this name: as Fabrikate, an earlier one of the same name is lost.
    fn get(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().rev().find(|field| field.key == name)
    }

    /// A field's text.
    fn text(&self, name: &str, out: &mut Diagnostics) -> Text {
        let Some(field) = self.get(name) else { return Text::missing() };
        match field.value.text() {
            Some(text) => Text { value: text.unwrap_or_default(), span: field.value.span_or(field.key_span) },
            None => {
                out.push(wrong_type(field, "a string"));
                Text::missing()
            }
        }
    }

    /// Where a field's key stands, if the field says anything.
    fn key_span(&self, name: &str) -> Option<Span> {
        self.get(name).filter(|field| !field.value.is_empty()).map(|field| field.key_span)
    }
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the whole file.
    File,
    /// It is an entry of `subcomponents`; one of type `component` is a reference.
    Entry,
}

/// One node with everything below it; `None` where it is no map.
fn node(raw: Raw<'_>, place: Place, out: &mut Diagnostics) -> Option<Component> {
    let Shape::Map(fields) = raw.shape() else {
        let message = format!("a component is a map, this is {}", raw.type_name());
        out.push(Diagnostic::new(FIELD_TYPE, raw.span(), message).hint("a component has at least a `name`"));
        return None;
    };
    let fields = Fields { fields: crate::raw::canonical(fields, &KEYS) };
    check_keys(&fields, out);
    let type_text = fields.text("type", out);
    let generator = fields.text("generator", out);
    let kind_text = if generator.is_empty() { type_text } else { generator.clone() };
    let kind = Kind::of(kind_text.as_str());
    let mut component = Component {
        name: fields.text("name", out),
        kind_span: kind_text.span_or(raw.span()),
        method: method(&fields, &kind, out),
        kind,
        source: fields.text("source", out),
        path: fields.text("path", out),
        version: fields.text("version", out),
        branch: fields.text("branch", out),
        chart: chart_options(&fields, out),
        subcomponents: Vec::new(),
        span: raw.span(),
    };
    warn(&component, &fields, out);
    let hooks = check_hooks(&component, &fields, out);
    component.subcomponents = subcomponents(&fields, out);
    if place == Place::Entry && component.kind == Kind::Component {
        component.subcomponents.clear();
        let ignored =
            ["hooks", "subcomponents"].into_iter().filter_map(|field| Some((field, fields.key_span(field)?)));
        out.extend(ignored.map(|(field, span)| ignored_on_reference(&component, field, span)));
    } else {
        out.extend(hooks);
    }
    Some(component)
}

fn subcomponents(fields: &Fields<'_>, out: &mut Diagnostics) -> Vec<Arc<Component>> {
    let Some(field) = fields.get("subcomponents") else { return Vec::new() };
    match field.value.shape() {
        Shape::List(items) => {
            items.into_iter().filter_map(|item| subcomponent(item, out)).map(Arc::new).collect()
        }
        Shape::Null => Vec::new(),
        _ => {
            out.push(wrong_type(field, "a list"));
            Vec::new()
        }
    }
}

fn subcomponent(item: Raw<'_>, out: &mut Diagnostics) -> Option<Component> {
    match item.shape() {
        // Fabrikate reads an empty entry as a component without a name.
        Shape::Null => Some(Component::empty(item.span())),
        _ => node(item, Place::Entry, out),
    }
}

/// Warns of keys that have no effect and of keys that stand twice.
fn check_keys(fields: &Fields<'_>, out: &mut Diagnostics) {
    for (at, field) in fields.fields.iter().enumerate() {
        if let Some(first) = fields.fields[..at].iter().find(|first| first.key == field.key) {
            out.push(duplicate_key(first, field));
        }
        if field.key == "repo" {
            let diagnostic =
                Diagnostic::new(REPO_FIELD, field.key_span, "`repo` has no effect since Fabrikate 0.3");
            out.push(diagnostic.hint("write `method: git`, `source: <repository>` and `path: <chart>`"));
        } else if !KEYS.contains(&field.key) {
            let near = nearest(&field.key, KEYS.iter().map(String::as_str));
            let diagnostic =
                Diagnostic::new(UNKNOWN_FIELD, field.key_span, format!("unknown field `{}`", field.key));
            out.push(diagnostic.hint_opt(near.map(|near| format!("did you mean `{near}`?"))));
        }
    }
}

pub(crate) fn duplicate_key(first: &Field<'_>, second: &Field<'_>) -> Diagnostic {
    let message = format!("key `{}` stands twice; the last one counts", second.key);
    Diagnostic::new(DUPLICATE_KEY, second.key_span, message).label(first.key_span, "the first one")
}

fn wrong_type(field: &Field<'_>, wanted: &str) -> Diagnostic {
    let message = format!("`{}` must be {wanted}, this is {}", field.key, field.value.type_name());
    Diagnostic::new(FIELD_TYPE, field.key_span, message)
}

fn method(fields: &Fields<'_>, kind: &Kind, out: &mut Diagnostics) -> Method {
    let text = fields.text("method", out);
    match text.as_str() {
        "" | "local" => Method::Local,
        "git" => Method::Git,
        "helm" => Method::Helm,
        "http" => Method::Http,
        word if *kind == Kind::Static && word.eq_ignore_ascii_case("http") => Method::Http,
        word => {
            let near = nearest(word, ["local", "git", "helm", "http"]);
            let message = format!("unknown method `{word}`: the source is taken for local");
            let span = fields.key_span("method").unwrap_or(text.span);
            let diagnostic = Diagnostic::new(UNKNOWN_METHOD, span, message);
            out.push(diagnostic.hint(near.map_or_else(
                || "known are `local`, `git`, `helm` and `http`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            )));
            Method::Local
        }
    }
}

/// `helm: {compat: …, hooks: …}`.
fn chart_options(fields: &Fields<'_>, out: &mut Diagnostics) -> ChartOptions {
    let mut options = ChartOptions::default();
    let Some(field) = fields.get("helm") else { return options };
    let Shape::Map(inner) = field.value.shape() else {
        if !field.value.is_empty() {
            out.push(wrong_type(field, "a map"));
        }
        return options;
    };
    for field in inner {
        let word = field.value.text().flatten().unwrap_or_default();
        match (field.key.as_str(), word.as_str()) {
            ("compat", "fabrikate") => options.compat_fabrikate = Some(true),
            ("compat", "hld") => options.compat_fabrikate = Some(false),
            ("hooks", "keep") => options.keep_hooks = Some(true),
            ("hooks", "drop") => options.keep_hooks = Some(false),
            (key, _) => {
                let message = format!("`{key}` means nothing in `helm` of a component");
                let hint = "`helm` may hold `compat: fabrikate` or `hld`, and `hooks: keep` or `drop`";
                out.push(Diagnostic::new(FIELD_TYPE, field.key_span, message).hint(hint));
            }
        }
    }
    options
}

/// Warns of fields that say something else than they seem to.
fn warn(component: &Component, fields: &Fields<'_>, out: &mut Diagnostics) {
    if let Some(span) = fields.key_span("generator") {
        let diagnostic = Diagnostic::new(GENERATOR_FIELD, span, "`generator` is the old word for `type`");
        out.push(diagnostic.hint("write `type`"));
    }
    if let Kind::Unknown(word) = &component.kind {
        let near = nearest(word, ["component", "helm", "static", "template", "kustomize"]);
        let span = fields.key_span("generator").or(fields.key_span("type")).unwrap_or(component.kind_span);
        let diagnostic =
            Diagnostic::new(UNKNOWN_TYPE, span, format!("unknown type `{word}`: nothing is made of it"));
        out.push(diagnostic.hint(near.map_or_else(
            || "known are `component`, `helm`, `static`, `template` and `kustomize`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        )));
    }
    if let Some(field) = fields.get("version").filter(|field| field.value.is_plain())
        && matches!(
            field.value.value(&mut Vec::new()).map(|value| value.data),
            Ok(Data::Int(_) | Data::Uint(_) | Data::Float(_))
        )
    {
        let message = format!("version `{}` is a number to other YAML tools", component.version.value);
        let hint = format!("quote it: `version: \"{}\"`", component.version.value);
        out.push(Diagnostic::new(UNQUOTED_VERSION, field.key_span, message).hint(hint));
    }
    no_effect(component, fields, out);
}

fn no_effect(component: &Component, fields: &Fields<'_>, out: &mut Diagnostics) {
    let useless = match (&component.kind, component.method) {
        (Kind::Helm, Method::Local | Method::Http) => Some(("source", "of a local chart")),
        (Kind::Static | Kind::Template, Method::Http) => Some(("path", "of a file fetched by http")),
        (Kind::Static, Method::Git) if component.source.is_empty() => {
            Some(("method", "of a static component without a `source`"))
        }
        (Kind::Static | Kind::Template, Method::Helm) => {
            Some(("method", "of a component that is no chart: it may be `git` or `http`"))
        }
        _ => None,
    };
    if let Some((field, of)) = useless
        && let Some(span) = fields.key_span(field)
    {
        out.push(Diagnostic::new(NO_EFFECT, span, format!("`{field}` {of} has no effect")).hint("remove it"));
    }
    if let Some(span) = fields.key_span("repositories") {
        let diagnostic =
            Diagnostic::new(NO_EFFECT, span, "`repositories` has no effect since Fabrikate 0.15");
        out.push(diagnostic.hint("write `method: helm` and `source: <URL of the chart repository>`"));
    }
}

fn ignored_on_reference(component: &Component, field: &str, span: Span) -> Diagnostic {
    let message = format!("`{field}` of the reference `{}` is ignored", component.name.value);
    Diagnostic::new(IGNORED_ON_REFERENCE, span, message)
        .hint("it belongs into the component file that it refers to")
}

/// Hooks are never run; what they would have done is told.
fn check_hooks(component: &Component, fields: &Fields<'_>, out: &mut Diagnostics) -> Option<Diagnostic> {
    let field = fields.get("hooks")?;
    let hooks = match field.value.shape() {
        Shape::Map(hooks) => hooks,
        Shape::Null => return None,
        _ => {
            out.push(wrong_type(field, "a map of lists"));
            return None;
        }
    };
    let mut commands = Vec::new();
    for hook in hooks {
        match hook.value.shape() {
            Shape::Null => {}
            Shape::List(items) => {
                let texts =
                    items.iter().filter_map(|item| item.text().flatten()).filter(|text| !text.is_empty());
                commands.extend(texts.map(|text| format!("{}: {text}", hook.key)));
            }
            _ => out.push(wrong_type(&hook, "a list of commands")),
        }
    }
    if commands.is_empty() {
        return None;
    }
    let message = format!("hooks of `{}` are not run", component.name.value);
    let mut diagnostic = Diagnostic::new(HOOKS_NOT_RUN, field.key_span, message);
    diagnostic.hints.extend(commands.into_iter().map(|command| format!("not run: {command}")));
    Some(diagnostic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::Form;

    fn check_version(text: &str, form: Form, version: &str) {
        let (component, _) = decode(FileText { text, file: FileId::NONE, form });
        assert_eq!(component.map(|component| component.version.value).as_deref(), Some(version), "{text}");
    }

    #[test]
    fn a_version_is_its_source_text() {
        check_version("version: 1.10\n", Form::Yaml, "1.10");
        check_version("version: 0x10\n", Form::Yaml, "0x10");
        check_version("version: 1_000\n", Form::Yaml, "1_000");
        check_version("version: yes\n", Form::Yaml, "yes");
        check_version("version: 2020-01-01\n", Form::Yaml, "2020-01-01");
        check_version("version: ~\n", Form::Yaml, "");
        check_version("version: '1.10'\n", Form::Yaml, "1.10");
        check_version("{\"Version\": \"1.10\"}", Form::Json, "1.10");
    }
}
