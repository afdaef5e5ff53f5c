//! A definition and its environments to manifests.

use std::collections::HashMap;
use std::sync::Arc;

use hld_diag::{DUPLICATE_RESOURCE, Diagnostic, Diagnostics, OUTPUT_COLLISION, Span};
use rayon::prelude::*;

use crate::environment::Environment;
use crate::render::{Generators, Rendered, Resource};
use crate::session::Session;
use crate::tree::{self, Node, Tree};

/// What became of one environment.
#[derive(Debug)]
pub struct Compilation {
    /// The environment.
    pub environment: Environment,
    /// Its components with what they made, parents first.
    pub components: Vec<CompiledComponent>,
    /// Paths of names of the components that the environment switches off.
    pub disabled: Vec<String>,
    /// What there is to say; with a fatal one among them nothing may be written.
    pub diagnostics: Diagnostics,
}

/// One component and what it made.
#[derive(Debug)]
pub struct CompiledComponent {
    /// The component in its tree.
    pub node: Node,
    /// Its manifests.
    pub rendered: Arc<Rendered>,
    /// Folder that they come from, relative to the definition.
    pub source: Option<String>,
    /// File below the environment's folder that they are written to in the component layout.
    pub output: String,
}

/// Compiles every environment, in parallel; the results are in the order of `environments`.
#[must_use]
pub fn compile(session: &Session<'_>, environments: &[Environment]) -> Vec<Compilation> {
    let generators = Generators::new(session);
    let compile = |environment| compile_one(session, &generators, environment);
    // The first environment loads and renders what all share, on every thread; were all started at
    // once, their threads would wait for each other at the same component.
    let mut compilations: Vec<Compilation> = environments.iter().take(1).map(compile).collect();
    compilations.par_extend(environments.par_iter().skip(1).map(compile));
    compilations
}

/// The trees alone, without rendering: what `hld tree` shows.
#[must_use]
pub fn trees(session: &Session<'_>, environments: &[Environment]) -> Vec<(Tree, Diagnostics)> {
    environments.par_iter().map(|environment| tree::walk(session, environment)).collect()
}

fn compile_one(
    session: &Session<'_>,
    generators: &Generators<'_, '_>,
    environment: &Environment,
) -> Compilation {
    let (tree, mut diagnostics) = tree::walk(session, environment);
    let rendered: Vec<Arc<Rendered>> =
        tree.nodes.par_iter().map(|node| generators.render(environment, node)).collect();
    let mut components = Vec::with_capacity(rendered.len());
    for (node, rendered) in tree.nodes.into_iter().zip(rendered) {
        let said = rendered.diagnostics.clone().into_iter();
        diagnostics.extend(said.map(|diagnostic| diagnostic.trace(&node.trace)));
        let output = output_path(&node);
        components.push(CompiledComponent { source: rendered.source.clone(), node, rendered, output });
    }
    diagnostics.extend(collisions(&components));
    diagnostics.extend(duplicates(&components));
    Compilation { environment: environment.clone(), components, disabled: tree.disabled, diagnostics }
}

/// As Fabrikate lays it out: the folder of reference names, the file of the component's own name.
fn output_path(node: &Node) -> String {
    let name = &node.component.name.value;
    if node.logical.is_empty() { format!("{name}.yaml") } else { format!("{}/{name}.yaml", node.logical) }
}

impl CompiledComponent {
    /// Where it is defined, for diagnostics.
    fn span(&self) -> Span {
        self.node.component.name.span_or(self.node.component.span)
    }
}

/// Components that are written to one file: their documents are put one behind the other. Two names
/// that only some systems tell apart are an error.
fn collisions(components: &[CompiledComponent]) -> Vec<Diagnostic> {
    let mut seen: HashMap<String, &CompiledComponent> = HashMap::new();
    let mut found = Vec::new();
    for component in components.iter().filter(|component| !component.rendered.text.is_empty()) {
        let Some(first) = seen.get(&component.output.to_lowercase()) else {
            seen.insert(component.output.to_lowercase(), component);
            continue;
        };
        let message = if first.output == component.output {
            format!(
                "components `{}` and `{}` are both written to `{}`",
                first.node.path, component.node.path, component.output
            )
        } else {
            format!("`{}` and `{}` differ only by letter case", first.output, component.output)
        };
        let diagnostic = Diagnostic::new(OUTPUT_COLLISION, component.span(), message)
            .label(first.span(), "the first one")
            .hint("Fabrikate kept one of them and lost the other; give one another name");
        let is_one_file = first.output == component.output;
        let severity = if is_one_file { hld_diag::Severity::Warning } else { hld_diag::Severity::Error };
        found.push(diagnostic.severity(severity));
    }
    found
}

/// Objects that are made twice.
fn duplicates(components: &[CompiledComponent]) -> Vec<Diagnostic> {
    let mut seen: HashMap<&hld_k8s::ResourceId, (&CompiledComponent, &Resource)> = HashMap::new();
    let mut found = Vec::new();
    for component in components {
        for resource in &component.rendered.resources {
            let id = &resource.identity.id;
            let Some((first, known)) = seen.get(id) else {
                seen.insert(id, (component, resource));
                continue;
            };
            if id.name.ends_with('*') {
                continue;
            }
            let message = if first.node.path == component.node.path {
                format!("component `{}` makes `{id}` twice", component.node.path)
            } else {
                format!("components `{}` and `{}` both make `{id}`", first.node.path, component.node.path)
            };
            let place = |component: &CompiledComponent, resource: &Resource| {
                if resource.origin.span.is_some() { resource.origin.span } else { component.span() }
            };
            let diagnostic = Diagnostic::new(DUPLICATE_RESOURCE, place(component, resource), message)
                .label(place(first, known), "the first one")
                .hint("whichever is applied last wins; remove one, or give it another name or namespace");
            found.push(diagnostic.trace(&component.node.trace));
        }
    }
    found
}

impl Compilation {
    /// How many objects there are.
    #[must_use]
    pub fn n_resources(&self) -> usize {
        self.components.iter().map(|component| component.rendered.resources.len()).sum()
    }
}
