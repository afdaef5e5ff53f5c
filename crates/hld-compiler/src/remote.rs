//! Sources outside of the definition's repository: which a component needs, and where its files are.
//!
//! Fabrikate fetched into the definition's own folders: `components/<name>` for what git or http
//! give, `helm_repos/<name>` for charts, both beside the file that holds the component. These places
//! are kept, as names: what is fetched is *mounted* there, and a folder that really stands there (of
//! `fab install`, or put there by hand) is used as it is.
//!
//! What is fetched is a checkout of its own: no path of a component in it leads out of it.

use hld_diag::{Diagnostic, NOT_FETCHED, OUTSIDE_ROOT, Span, TracePoint};

use crate::component::{Component, Kind, Method, Text};
use crate::path::SourcePath;
use crate::session::Session;
use crate::tree::Node;

/// A source that a component needs.
#[derive(Clone, Debug)]
pub struct Remote {
    /// The folder that its files are mounted at.
    pub mount: SourcePath,
    /// What is asked for.
    pub request: Request,
    /// The checkout that asks: the root for the definition's own repository, else another source's
    /// mount.
    pub asked_in: SourcePath,
    /// Where the source is named.
    pub span: Span,
    /// The way from the root.
    pub trace: Vec<TracePoint>,
}

/// What is asked of a source; equal requests are one source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    /// A commit of a git repository with all its files.
    Git {
        /// Address of the repository.
        url: String,
        /// Branch or tag; empty for the repository's default.
        branch: String,
        /// Commit, tag or branch, which beats `branch`; empty if none is named.
        version: String,
    },
    /// A chart of a chart repository.
    Chart {
        /// Address of the repository: the folder of its `index.yaml`.
        repository: String,
        /// Name of the chart.
        name: String,
        /// Version or constraint; empty for the newest.
        version: String,
    },
    /// One file.
    File {
        /// Its address.
        url: String,
        /// Name of the file at the mount.
        name: String,
    },
}

impl Request {
    /// The address that it goes to, as the component writes it.
    #[must_use]
    pub fn url(&self) -> &str {
        match self {
            Request::Git { url, .. } | Request::File { url, .. } => url,
            Request::Chart { repository, .. } => repository,
        }
    }
}

/// Where the files of a component are.
pub(crate) struct Place {
    /// The folder.
    pub(crate) folder: SourcePath,
    /// Where its source is mounted, if it has to be fetched.
    pub(crate) mount: Option<SourcePath>,
}

/// Where the files of `component` are, which stands in a file in `dir` of the checkout `checkout`.
///
/// # Errors
/// The path leaves the checkout.
pub(crate) fn place(
    session: &Session<'_>,
    (dir, checkout): (&SourcePath, &SourcePath),
    component: &Component,
) -> Result<Place, Diagnostic> {
    let name = component.name.as_str();
    let Some(folder) = fetched_to(session, dir, component) else {
        let local = local_folder(session, dir, component).filter(|folder| folder.is_in(checkout));
        let folder = local.ok_or_else(|| outside(asked_text(component), checkout))?;
        return Ok(Place { folder, mount: None });
    };
    let mount = dir.join(folder).and_then(|dir| dir.join(name)).ok();
    let mount = mount.filter(|mount| mount.is_in(checkout) && mount != checkout);
    let mount = mount.ok_or_else(|| outside(&component.name, checkout))?;
    let path = if has_path(component) { component.path.as_str() } else { "" };
    let below = mount.join(path).ok().filter(|below| below.is_in(&mount));
    let folder = below.ok_or_else(|| outside(&component.path, &mount))?;
    Ok(Place { folder, mount: Some(mount) })
}

/// The folder whose entry of the component's name its source is fetched to; `None` for a component of
/// the same checkout.
fn fetched_to(session: &Session<'_>, dir: &SourcePath, component: &Component) -> Option<&'static str> {
    match (&component.kind, component.method) {
        (Kind::Component, Method::Git) => Some("components"),
        (Kind::Helm, Method::Git | Method::Helm) => Some("helm_repos"),
        (Kind::Static | Kind::Template, Method::Http) => Some("components"),
        (Kind::Template, Method::Git) if !component.source.is_empty() => Some("components"),
        // Fabrikate never cloned for these, and took the folder that is there.
        (Kind::Static, Method::Git) if !component.source.is_empty() => {
            let path = component.path.as_str();
            let local = dir.join(path).ok().filter(|_| !path.is_empty());
            let is_there = local.is_some_and(|local| session.exists(&local));
            (!is_there).then_some("components")
        }
        _ => None,
    }
}

/// Whether `path` is a path below the mount; of a chart repository it is the chart's name, and a file
/// has none.
fn has_path(component: &Component) -> bool {
    component.method == Method::Git
}

/// The folder of a component of the same checkout (spec: Go's `RelativePathTo` and `path.Join`).
fn local_folder(session: &Session<'_>, dir: &SourcePath, component: &Component) -> Option<SourcePath> {
    let (source, path) = (component.source.as_str(), component.path.as_str());
    if component.kind != Kind::Component {
        return dir.join(path).ok();
    }
    if source.starts_with('/') {
        return session.absolute(source).and_then(|source| source.join(path).ok());
    }
    dir.join(source).and_then(|dir| dir.join(path)).ok()
}

/// The source that `node` needs, if one has to be fetched for it, and where.
pub(crate) fn remote_of(node: &Node, component: &Component, place: &Place) -> Option<Remote> {
    let mount = place.mount.clone()?;
    let text = |text: &Text| text.value.clone();
    let source = text(&component.source);
    let request = match component.method {
        _ if source.is_empty() => return None,
        Method::Git => {
            Request::Git { url: source, branch: text(&component.branch), version: text(&component.version) }
        }
        Method::Helm => Request::Chart {
            repository: source,
            name: component.path.value.trim_matches('/').to_owned(),
            version: text(&component.version),
        },
        Method::Http => Request::File { url: source, name: format!("{}.yaml", component.name.value) },
        Method::Local => return None,
    };
    let span = component.source.span_or(component.span);
    Some(Remote { mount, request, asked_in: node.checkout.clone(), span, trace: node.trace.clone() })
}

/// A path that leaves the repository, or the checkout of a fetched source.
pub(crate) fn outside(path: &Text, checkout: &SourcePath) -> Diagnostic {
    let (place, hint) = if checkout.as_str().is_empty() {
        (
            "repository",
            "paths may use `..` up to the top of the git repository; copy or vendor what lies outside",
        )
    } else {
        (
            "checkout of its source",
            "paths of a fetched component stay in the repository that it was fetched from",
        )
    };
    let message = format!("`{}` leads out of the {place}", path.value);
    Diagnostic::new(OUTSIDE_ROOT, path.span, message).hint(hint)
}

/// The field of a component that says where it leads.
pub(crate) fn asked_text(component: &Component) -> &Text {
    let fields = [&component.source, &component.path];
    fields.into_iter().find(|text| !text.is_empty()).unwrap_or(&component.name)
}

/// A source that should be at `mount` and is not; `None` where its remarks say why already.
pub(crate) fn not_fetched(
    session: &Session<'_>,
    component: &Component,
    mount: &SourcePath,
) -> Option<Diagnostic> {
    if session.remarks(mount).iter().any(|remark| remark.severity.is_fatal()) {
        return None;
    }
    let message = format!(
        "`{}` does not exist: the source of component `{}` was not fetched",
        session.shown(mount),
        component.name.value
    );
    let span = component.source.span_or(asked_text(component).span_or(component.span));
    let diagnostic = Diagnostic::new(NOT_FETCHED, span, message);
    Some(diagnostic.hint(if component.source.is_empty() {
        "name its `source`, or put the folder there, as `fab install` did"
    } else {
        "fetch it with `hld install`, or put the folder there, as `fab install` did"
    }))
}
