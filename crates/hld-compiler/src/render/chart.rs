//! `type: helm`: a chart through the chart engine.
//!
//! *Flow*: the component's config is the one values file, its name the release, its namespace (or
//! `default`) the release namespace. Of the output, documents that are no objects are dropped, test,
//! delete and rollback hooks are left out with a warning, and the namespace is put into objects that
//! have none if config says so. What is kept stays byte for byte as the engine printed it.

mod made_up;
mod values;

pub(super) use made_up::Use;

use std::sync::Arc;

use hld_diag::{
    BROKEN_MANIFEST, CHART_DOCUMENT_DROPPED, CHART_HOOKS_LEFT_OUT, Diagnostic, HELM_FAILED, NO_CHART,
    NO_HELM, OUTSIDE_ROOT, Span,
};
use hld_k8s as k8s;

use super::{Generators, Origin, Rendered, Resource};
use crate::chart::{ChartError, ChartRequest};
use crate::dependencies;
use crate::environment::Environment;
use crate::inject::{self, Ending};
use crate::path::SourcePath;
use crate::session::Session;
use crate::tree::Node;

/// Namespace of a release whose config names none.
const DEFAULT_NAMESPACE: &str = "default";

/// Hooks that are no part of what a cluster runs.
const LEFT_OUT: [&str; 7] =
    ["test", "test-success", "test-failure", "pre-delete", "post-delete", "pre-rollback", "post-rollback"];

pub(super) fn render(
    generators: &Generators<'_, '_>,
    environment: &Environment,
    node: &Node,
) -> Arc<Rendered> {
    let mut rendered = Rendered::default();
    match super::files(generators.session, node) {
        // Why a chart inside it is missing was said where that is needed.
        Ok(chart) if lacks_dependency(generators.session, node, &chart) => {}
        Ok(chart) => {
            let made = try_render(generators, (environment, node), &chart, &mut rendered);
            rendered.diagnostics.extend(made.err());
        }
        Err(missing) => rendered.diagnostics = missing,
    }
    Arc::new(rendered)
}

fn lacks_dependency(session: &Session<'_>, node: &Node, chart: &SourcePath) -> bool {
    let needed = dependencies::remotes(session, node, (chart, &node.checkout));
    let remarks = needed.iter().flat_map(|remote| session.remarks(&remote.mount));
    remarks.into_iter().any(|remark| remark.severity.is_fatal())
}

fn try_render(
    generators: &Generators<'_, '_>,
    (environment, node): (&Environment, &Node),
    chart: &SourcePath,
    out: &mut Rendered,
) -> Result<(), Diagnostic> {
    let session = generators.session;
    check_chart(session, node, chart)?;
    out.source = Some(session.shown(chart));
    out.diagnostics.extend(made_up::warn(generators, node, chart));
    let values = values::text(&node.config)?;
    let (compat_fabrikate, keep_hooks) = session.chart_options(node.component.chart);
    let namespace = node.config.namespace.as_ref().map_or(DEFAULT_NAMESPACE, |namespace| &namespace.name);
    let request = ChartRequest {
        chart,
        release: node.component.name.as_str(),
        namespace,
        values: &values,
        kubernetes_version: &environment.kubernetes_version,
        api_versions: &environment.api_versions,
        include_crds: !compat_fabrikate,
    };
    let text = generators.chart(&request).map_err(|error| failed(node, &error))?;
    generators.charge(text.len(), node.component.name.span)?;
    let file = session
        .sources()
        .add_private(format!("{} (output of helm)", out.source.as_deref().unwrap_or_default()), text.clone());
    let limits = session.manifest_limits();
    let documents =
        k8s::documents(&text, file, &limits).map_err(|error| broken(node, &error.to_diagnostic()))?;
    let mut sorting = Sorting { session, node, text: &text, keep_hooks, left_out: Vec::new(), out };
    for document in documents {
        sorting.take(document)?;
    }
    let left_out = std::mem::take(&mut sorting.left_out);
    out.diagnostics.extend(hooks_left_out(node, &left_out));
    Ok(())
}

fn check_chart(session: &Session<'_>, node: &Node, chart: &SourcePath) -> Result<(), Diagnostic> {
    if session.has_file(chart, "Chart.yaml") {
        return Ok(());
    }
    let component = &node.component;
    let shown = session.shown(chart);
    let fields = [&component.path, &component.source, &component.name];
    let asked =
        fields.into_iter().find(|text| !text.is_empty()).unwrap_or(&component.name).span_or(component.span);
    let message = format!("no chart in `{shown}`: it has no Chart.yaml");
    Err(Diagnostic::new(NO_CHART, asked, message)
        .hint("for a local chart `path` is its folder, relative to this file"))
}

fn failed(node: &Node, error: &ChartError) -> Diagnostic {
    let span = node.component.name.span_or(node.component.span);
    let name = &node.component.name.value;
    match error {
        ChartError::Unavailable { message, hint } => Diagnostic::new(NO_HELM, span, message).hint(hint),
        ChartError::Failed(words) => Diagnostic::new(
            HELM_FAILED,
            span,
            format!("helm can not render the chart of `{name}`: {}", words.trim()),
        ),
        ChartError::Outside(path) => Diagnostic::new(
            OUTSIDE_ROOT,
            span,
            format!("the chart of `{name}` has a link that leads out of the repository: `{path}`"),
        ),
        ChartError::Cancelled => {
            Diagnostic::new(HELM_FAILED, span, format!("rendering of `{name}` was cancelled"))
        }
    }
}

/// Output that is no YAML: the place in the output says more than the place in the component.
fn broken(node: &Node, error: &Diagnostic) -> Diagnostic {
    let message =
        format!("the chart of `{}` makes broken YAML: {}", node.component.name.value, error.message);
    let span = node.component.name.span_or(node.component.span);
    let mut diagnostic = Diagnostic::new(BROKEN_MANIFEST, span, message).label(error.span, "here");
    diagnostic.hints.clone_from(&error.hints);
    diagnostic
}

fn hooks_left_out(node: &Node, left_out: &[String]) -> Option<Diagnostic> {
    if left_out.is_empty() {
        return None;
    }
    let message = format!(
        "hooks of the chart of `{}` are left out: {}",
        node.component.name.value,
        left_out.join(", ")
    );
    let span = node.component.name.span_or(node.component.span);
    let hint = "nothing runs them when the manifests are applied; keep them with `helm: {hooks: keep}`";
    Some(Diagnostic::new(CHART_HOOKS_LEFT_OUT, span, message).hint(hint))
}

/// Decides for each document of the engine's output what becomes of it.
struct Sorting<'a, 'w> {
    session: &'a Session<'w>,
    node: &'a Node,
    text: &'a str,
    keep_hooks: bool,
    left_out: Vec<String>,
    out: &'a mut Rendered,
}

impl Sorting<'_, '_> {
    fn take(&mut self, document: k8s::Document) -> Result<(), Diagnostic> {
        match document.content {
            k8s::Content::Empty => Ok(()),
            k8s::Content::Other(what) => {
                if what != k8s::NOTHING {
                    self.out.diagnostics.push(self.dropped(what));
                }
                Ok(())
            }
            k8s::Content::Objects(ref objects) if self.is_left_out(objects) => {
                self.left_out.extend(objects.iter().map(|object| format!("`{}`", object.id)));
                Ok(())
            }
            k8s::Content::Objects(_) | k8s::Content::Incomplete(_) => self.keep(document),
        }
    }

    fn is_left_out(&self, objects: &[k8s::Identity]) -> bool {
        let hook = |object: &k8s::Identity| {
            let events = object.hook.as_deref()?;
            Some(events.split(',').map(str::trim).all(|event| LEFT_OUT.contains(&event)))
        };
        !self.keep_hooks && objects.iter().any(|object| hook(object) == Some(true))
    }

    fn keep(&mut self, document: k8s::Document) -> Result<(), Diagnostic> {
        let text = &self.text[document.range.clone()];
        let begins = self.out.text.len();
        match self.node.config.injected_namespace() {
            Some(namespace) => {
                let limits = self.session.manifest_limits();
                let is_last = document.range.end == self.text.len();
                let ending = if is_last { Ending::OfStream } else { Ending::BeforeAnother };
                let injected = inject::namespace(text, ending, &namespace.name, &limits)
                    .map_err(|error| broken(self.node, &error))?;
                self.out.text.extend(injected.as_bytes());
            }
            None => self.out.text.extend(text.as_bytes()),
        }
        if !self.out.text.ends_with(b"\n") {
            self.out.text.push(b'\n');
        }
        let range = begins..self.out.text.len();
        let origin = Origin { path: template_of(text).unwrap_or_default(), span: Span::NONE };
        let k8s::Content::Objects(objects) = document.content else { return Ok(()) };
        let injected = self.node.config.injected_namespace();
        for mut identity in objects {
            if let Some(namespace) =
                injected.filter(|_| identity.id.namespace.is_empty() && !identity.in_list)
            {
                identity.id.namespace.clone_from(&namespace.name);
            }
            self.out.resources.push(Resource { identity, range: range.clone(), origin: origin.clone() });
        }
        Ok(())
    }

    fn dropped(&self, what: &str) -> Diagnostic {
        let name = &self.node.component.name.value;
        let message = format!("a document in the output of the chart of `{name}` is dropped: {what}");
        let span = self.node.component.name.span_or(self.node.component.span);
        Diagnostic::new(CHART_DOCUMENT_DROPPED, span, message)
            .hint("it is no Kubernetes object; mend the chart's template")
    }
}

/// The template that helm names in the comment in front of a document.
fn template_of(text: &str) -> Option<String> {
    let line = text.lines().take(3).find_map(|line| line.strip_prefix("# Source: "))?;
    Some(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_named_in_front_of_the_document() {
        assert_eq!(
            template_of("---\n# Source: web/templates/a.yaml\nkind: A\n").as_deref(),
            Some("web/templates/a.yaml")
        );
        assert_eq!(template_of("kind: A\n"), None);
    }
}
