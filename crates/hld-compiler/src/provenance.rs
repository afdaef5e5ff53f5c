//! Where everything in the output comes from.

use std::collections::BTreeMap;

use hld_diag::SourceMap;
use hld_yaml as yaml;

use crate::compile::{Compilation, CompiledComponent};
use crate::format::{ComponentProvenance, EnvironmentProvenance, Place, ProvenanceFile, ResourceProvenance};
use crate::output::{self, Layout};
use crate::render::Resource;

/// Says for each compilation where everything in it comes from.
#[must_use]
pub fn describe(compilations: &[Compilation], layout: Layout, sources: &SourceMap) -> ProvenanceFile {
    let environments = compilations.iter().map(|compilation| EnvironmentProvenance {
        name: compilation.environment.name.clone(),
        configs: compilation.environment.configs.clone(),
        components: compilation
            .components
            .iter()
            .map(|component| of_component(compilation, component, (layout, sources)))
            .collect(),
    });
    ProvenanceFile { version: "hld.dev/provenance/v1".to_owned(), environments: environments.collect() }
}

fn of_component(
    compilation: &Compilation,
    component: &CompiledComponent,
    (layout, sources): (Layout, &SourceMap),
) -> ComponentProvenance {
    let place = |span| sources.locate(span).map(Place::from);
    let node = &component.node;
    let mut config = BTreeMap::new();
    if let Some(values) = &node.config.values {
        for (key, _, value) in values.spanned() {
            leaves(value, key.to_owned(), &mut |path, span| {
                config.extend(place(span).map(|place| (path, place)));
            });
        }
    }
    ComponentProvenance {
        path: node.path.clone(),
        kind: node.component.kind.word().to_owned(),
        defined: place(node.component.name.span_or(node.component.span)),
        source: component.source.clone(),
        namespace: node.config.namespace.as_ref().and_then(|namespace| place(namespace.span)),
        config,
        resources: resources_of(compilation, component, (layout, sources)),
    }
}

/// Where each object of a component comes from and goes to.
fn resources_of(
    compilation: &Compilation,
    component: &CompiledComponent,
    (layout, sources): (Layout, &SourceMap),
) -> Vec<ResourceProvenance> {
    let text = &component.rendered.text;
    let mut line = 1;
    let mut counted = 0;
    let mut describe = |resource: &Resource| {
        let start = resource.range.start.max(counted);
        line += memchr::memchr_iter(b'\n', &text[counted..start]).count();
        counted = start;
        let id = &resource.identity.id;
        let (file, line) = match layout {
            Layout::Component => (component.output.clone(), line),
            Layout::Resource => (output::resource_path(component, &resource.identity), 1),
        };
        ResourceProvenance {
            api_version: resource.identity.gvk.api_version(),
            kind: id.kind.clone(),
            namespace: id.namespace.clone(),
            name: id.name.clone(),
            output: format!("{}/{file}", compilation.environment.output),
            line,
            origin: origin_of(resource, sources),
        }
    };
    component.rendered.resources.iter().map(&mut describe).collect()
}

/// The place in a manifest, or the template alone.
fn origin_of(resource: &Resource, sources: &SourceMap) -> Option<Place> {
    let origin = &resource.origin;
    let template = || Place { path: origin.path.clone(), line: None, column: None };
    let place = sources.locate(origin.span).map(Place::from);
    place.or_else(|| (!origin.path.is_empty()).then(template))
}

/// Visits every value that is no map and no list, and every empty one, with its path.
fn leaves(value: &yaml::Value, path: String, visit: &mut impl FnMut(String, hld_diag::Span)) {
    match &value.data {
        yaml::Data::Map(map) if !map.is_empty() => {
            map.iter().for_each(|(key, value)| leaves(value, format!("{path}.{key}"), visit));
        }
        yaml::Data::Seq(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(at, value)| leaves(value, format!("{path}[{at}]"), visit));
        }
        _ => visit(path, value.span),
    }
}
