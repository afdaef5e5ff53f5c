//! Charts that a chart needs inside it.
//!
//! As `helm dependency build`: what Chart.yaml (or the older requirements.yaml) lists and `charts/` does not
//! hold is fetched from the chart repository that it names, in the version of Chart.lock where that still
//! is one that Chart.yaml allows. Other kinds of repositories (`file://`, `oci://`, `@alias`) are left to
//! helm, which names what it misses.

use std::sync::Arc;

use hld_diag::FileId;
use hld_semver::{Constraint, Version};
use hld_yaml::{Data, Value};

use crate::component::name_problem;
use crate::path::SourcePath;
use crate::remote::{Remote, Request};
use crate::session::Session;
use crate::tree::Node;

/// Most charts below each other.
const DEEPEST: usize = 8;

/// A chart that another one lists.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    name: String,
    version: String,
    repository: String,
}

/// What the chart in `folder` lists.
pub(crate) fn read(session: &Session<'_>, folder: &SourcePath) -> Arc<Vec<Dependency>> {
    let list =
        |file: &str| session.has_file(folder, file).then(|| listed(session, &folder.child(file))).flatten();
    let listed = list("requirements.yaml").or_else(|| list("Chart.yaml")).unwrap_or_default();
    let locked = list("requirements.lock").or_else(|| list("Chart.lock")).unwrap_or_default();
    let pinned = |dependency: Dependency| {
        let same =
            |other: &&Dependency| other.name == dependency.name && other.repository == dependency.repository;
        let allowed = Constraint::parse(&dependency.version).ok();
        let is_allowed = |version: &str| {
            let version = Version::parse(version).ok();
            allowed.as_ref().zip(version).is_some_and(|(allowed, version)| allowed.allows(&version))
        };
        let version = locked.iter().find(same).map(|other| other.version.clone());
        let version = version.filter(|version| is_allowed(version));
        Dependency { version: version.unwrap_or_else(|| dependency.version.clone()), ..dependency }
    };
    Arc::new(listed.into_iter().map(pinned).collect())
}

/// The list `dependencies` of a file; what is wrong with it helm will say.
fn listed(session: &Session<'_>, path: &SourcePath) -> Option<Vec<Dependency>> {
    let bytes = session.bytes(path, session.limits().file_bytes).ok()?;
    let text = hld_yaml::decode(&bytes, FileId::NONE).ok()?;
    let read = hld_yaml::read(&text, FileId::NONE, &hld_yaml::ReadOptions::default()).ok()?;
    let items = read.documents.first()?.get("dependencies")?.as_seq()?;
    let text = |item: &Value, key: &str| match &item.get(key)?.data {
        Data::String(text) => Some(text.trim().to_owned()),
        _ => None,
    };
    let dependency = |item: &Value| {
        Some(Dependency {
            name: text(item, "name")?,
            version: text(item, "version").unwrap_or_default(),
            repository: text(item, "repository").unwrap_or_default(),
        })
    };
    Some(items.iter().filter_map(dependency).collect())
}

/// What has to be fetched for the chart in `folder`, which `node` renders; `asked_in` is the checkout that
/// the chart belongs to.
pub(crate) fn remotes(
    session: &Session<'_>,
    node: &Node,
    (folder, asked_in): (&SourcePath, &SourcePath),
) -> Vec<Remote> {
    let mut found = Vec::new();
    let mut waiting = vec![(folder.clone(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        for dependency in session.dependencies(&folder).iter() {
            let is_name = !dependency.name.is_empty() && name_problem(&dependency.name).is_none();
            let url = &dependency.repository;
            let is_fetched = url.starts_with("https://") || url.starts_with("http://");
            let charts = folder.child("charts");
            if !is_name || !is_fetched || is_packed(session, &charts, &dependency.name) {
                continue;
            }
            let mount = charts.child(&dependency.name);
            let request = Request::Chart {
                repository: url.clone(),
                name: dependency.name.clone(),
                version: dependency.version.clone(),
            };
            let component = &node.component;
            let span = component.source.span_or(component.name.span_or(component.span));
            let (asked_in, trace) = (asked_in.clone(), node.trace.clone());
            found.push(Remote { mount: mount.clone(), request, asked_in, span, trace });
            if depth < DEEPEST {
                waiting.push((mount, depth + 1));
            }
        }
    }
    found.dedup_by(|a, b| a.mount == b.mount && a.request == b.request);
    found
}

/// Whether `charts/` holds an archive of the chart.
fn is_packed(session: &Session<'_>, charts: &SourcePath, name: &str) -> bool {
    let listing = session.list(charts);
    let entries = listing.as_ref().as_ref().map_or(&[][..], Vec::as_slice);
    entries.iter().any(|entry| {
        let version = entry.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
        version
            .and_then(|rest| rest.strip_suffix(".tgz"))
            .is_some_and(|version| Version::parse(version).is_ok())
    })
}
