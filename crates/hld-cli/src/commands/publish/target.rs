//! Where is published: arguments, and what hld.yaml says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hld_diag::{BAD_TARGET, Diagnostic, Span};
use hld_git::{Allowed, Remote, RemoteUrl, UrlProblem};
use hld_publisher::{Branch, Consent, Folder};
use hld_source::process;

use super::default_branch;
use crate::definition::Definition;

/// Where in the manifest repository.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// Branch of the manifest repository; what hld.yaml says, else `main`.
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// Folder of the manifest repository that holds the environments' folders; what hld.yaml says,
    /// else its top.
    #[arg(long, value_name = "FOLDER")]
    path: Option<String>,
    /// Speak to this server without encryption, `localhost:3000`. May be given several times.
    #[arg(long, value_name = "HOST:PORT")]
    insecure: Vec<String>,
}

/// What publishing and rolling back have in common.
#[derive(clap::Args)]
pub(crate) struct Target {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Words for the commit, in place of its subject.
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Let so many objects go, in all environments together.
    #[arg(long, value_name = "N")]
    allow_removals: Option<usize>,
    /// Build on a branch that somebody has rewritten.
    #[arg(long)]
    allow_rewrite: bool,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How long to try while others are faster.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    time: u64,
}

/// A place in a manifest repository.
pub(crate) struct Destination {
    pub(crate) remote: Remote,
    pub(crate) branch: Branch,
    pub(crate) path: Folder,
}

impl Place {
    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        self.branch.is_none() && self.path.is_none() && self.insecure.is_empty()
    }
}

impl Target {
    /// What these arguments say yes to.
    pub(crate) fn consent(&self) -> Consent {
        Consent {
            allow_removals: self.allow_removals,
            allow_rewrite: self.allow_rewrite,
            ..Consent::default()
        }
    }

    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(self.time)
    }
}

/// The place that the command line names, and where it does not, hld.yaml.
pub(crate) fn destination(
    definition: &Definition,
    repository: Option<&str>,
    place: &Place,
) -> Result<Destination, Diagnostic> {
    let defaults = &definition.settings.publish;
    let branch = match place.branch.as_ref().or(defaults.branch.as_ref()) {
        Some(branch) => Branch::parse(branch)?,
        None => default_branch()?,
    };
    let path = place.path.as_ref().or(defaults.path.as_ref());
    let path = Folder::parse(path.map_or("", String::as_str))?;
    let url = match (repository, &defaults.to) {
        // A folder of this machine is for whoever sits at it: hld.yaml may come with a pull request.
        (Some(url), _) => address(&absolute(url), place, Told::CommandLine)?,
        (None, Some(url)) => address(url, place, Told::Settings)?,
        (None, None) => {
            return Err(Diagnostic::new(BAD_TARGET, Span::NONE, "it is not said where to publish").hint(
                "name the manifest repository on the command line, or in hld.yaml: `publish: {to: …}`",
            ));
        }
    };
    let remote = Remote::new(url, hld_source::credentials());
    Ok(Destination { remote: remote.cancelled_by(Arc::new(process::is_cancelled)), branch, path })
}

/// Who named an address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    CommandLine,
    Settings,
}

fn address(text: &str, place: &Place, told: Told) -> Result<RemoteUrl, Diagnostic> {
    let allowed = Allowed { local: told == Told::CommandLine, insecure: place.insecure.clone() };
    RemoteUrl::parse(text, &allowed).map_err(|problem| {
        // The address itself is not shown: it may have a token in it.
        let message = format!("the address of the manifest repository can not be used: {problem}");
        let hint = match problem {
            UrlProblem::HasSecret => "give the token in the environment or to git's credential helper",
            UrlProblem::Insecure(_) => {
                "use https; a server without encryption has to be named: `--insecure HOST:PORT`"
            }
            UrlProblem::Local => "name a folder of this machine on the command line",
            _ => "use `https://host/path`, `ssh://user@host/path` or `user@host:path`",
        };
        Diagnostic::new(BAD_TARGET, Span::NONE, message).hint(hint)
    })
}

/// A folder that is named by a relative path, from where the command runs.
fn absolute(text: &str) -> String {
    let is_relative = text == "." || text.starts_with("./") || text.starts_with("../");
    if !is_relative {
        return text.to_owned();
    }
    let path = Path::new(text);
    let path = path.canonicalize().or_else(|_| std::path::absolute(path));
    path.ok().and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_else(|| text.to_owned())
}
