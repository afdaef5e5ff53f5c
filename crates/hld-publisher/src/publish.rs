//! Publishing environments as one commit.

use std::time::Duration;

use hld_diag::{Diagnostic, ENVIRONMENT_HELD, HAND_EDITS, LOCAL_GIT, SOURCE_MODIFIED, SUPERSEDED, Span};
use hld_git::{ErrorKind, GitError, ObjectId, Repository};
use rayon::prelude::*;

use crate::compare::{Difference, check_foreign, difference, edited, losses};
use crate::failure::failed;
use crate::guard::{self, Losses};
use crate::lineage::Lineage;
use crate::message::{self, EnvironmentChange, short};
use crate::metadata::{FILE as METADATA_FILE, Metadata};
use crate::race::{Author, Draft, Landed, Race, Tip};
use crate::site::{History, Site};
use crate::standing::Standing;
use crate::target::Branch;
use crate::wanted::{Manifests, Wanted, digest, write_folder};

/// What manifests were made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Address of the definition's repository, without credentials.
    pub repository: Option<String>,
    /// The definition's commit.
    pub commit: Option<String>,
    /// Whether files were compiled that differ from the commit.
    pub is_modified: bool,
    /// Digest of the definition's `hld.lock`.
    pub lock_digest: Option<String>,
    /// Version of hld.
    pub hld_version: String,
}

/// What somebody has said yes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// So many objects may go, in all environments together.
    pub allow_removals: Option<usize>,
    /// A branch that is not there may be created.
    pub create_branch: bool,
    /// A branch that was rewritten may be built on.
    pub allow_rewrite: bool,
    /// A folder with foreign files may be taken over.
    pub adopt: bool,
    /// A hold may be released.
    pub release_hold: bool,
}

/// What is to be published.
#[derive(Debug)]
pub struct Request<'r> {
    /// The branch.
    pub branch: Branch,
    /// The environments, each with a folder of its own.
    pub environments: Vec<Manifests<'r>>,
    /// What they were made of.
    pub source: Source,
    /// The history of that.
    pub lineage: &'r dyn Lineage,
    /// Who publishes.
    pub author: Author,
    /// Words for the subject of the commit.
    pub message: Option<String>,
    /// What somebody has said yes to.
    pub consent: Consent,
    /// How long writers may race.
    pub time: Duration,
    /// Whether the commit is only thought out.
    pub dry_run: bool,
}

/// What became of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The commit, if one was needed; nothing where it was only thought out.
    pub commit: Option<ObjectId>,
    /// The tip that it follows, or that had it all.
    pub tip: Option<ObjectId>,
    /// What became of each environment, in their order.
    pub environments: Vec<EnvironmentOutcome>,
    /// Notes and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// What became of one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentOutcome {
    /// It was changed, or would be.
    Changed(EnvironmentChange),
    /// It was published already.
    UpToDate,
    /// What is published was made of this later commit of the definition.
    Superseded(String),
}

/// Publishes environments: one commit for all of them, or none.
///
/// # Errors
/// It is refused, by us or by the server; the server can not be reached; somebody else was always faster.
pub fn publish(site: Site, request: &Request<'_>) -> Result<Outcome, Diagnostic> {
    let wanted: Vec<Wanted<'_>> = request.environments.par_iter().map(Wanted::new).collect();
    let outcome = run(&site, request, &wanted);
    match outcome {
        // What was kept since an earlier run is damaged, perhaps by a full disk: once more without it.
        Err(diagnostic) if diagnostic.code == LOCAL_GIT && site.is_kept() => {
            run(&site.renew()?, request, &wanted)
        }
        outcome => outcome,
    }
}

fn run(site: &Site, request: &Request<'_>, wanted: &[Wanted<'_>]) -> Result<Outcome, Diagnostic> {
    let race = Race {
        site,
        branch: &request.branch,
        author: &request.author,
        consent: &request.consent,
        time: request.time,
        history: History::Recent,
    };
    let Landed { commit, tip, plan } = race.run(|tip| {
        let plan = Plan::make(site, request, (wanted, tip))?;
        let draft = if request.dry_run { None } else { plan.draft(site, request, (wanted, tip))? };
        Ok((draft, plan))
    })?;
    Ok(plan.outcome(request, (commit, tip)))
}

/// What is to be done on one tip.
struct Plan {
    /// What is to be done for each environment.
    steps: Vec<Step>,
}

enum Step {
    Change(Difference, EnvironmentChange),
    Nothing { is_held: bool },
    Superseded(String),
}

impl Plan {
    fn make(
        site: &Site,
        request: &Request<'_>,
        (wanted, tip): (&[Wanted<'_>], Option<Tip>),
    ) -> Result<Self, Diagnostic> {
        let mut steps = Vec::with_capacity(wanted.len());
        let mut all: Vec<Losses> = Vec::new();
        for wanted in wanted {
            let folder = &wanted.manifests.folder;
            let standing = Standing::read(&site.repository, tip.map(|tip| tip.tree), folder)?;
            let step = step(site, request, (wanted, &standing), tip)?;
            if let Step::Change(difference, _) = &step {
                let manifests = wanted.manifests;
                let kept = (manifests.environment.as_str(), &manifests.objects);
                all.push(losses(&site.repository, &standing, difference, kept)?);
            }
            steps.push(step);
        }
        guard::check(&all, request.consent.allow_removals)?;
        Ok(Plan { steps })
    }

    /// The commit, if one is needed.
    fn draft(
        &self,
        site: &Site,
        request: &Request<'_>,
        (wanted, tip): (&[Wanted<'_>], Option<Tip>),
    ) -> Result<Option<Draft>, Diagnostic> {
        let mut tree = tip.map(|tip| tip.tree);
        for (step, wanted) in self.steps.iter().zip(wanted) {
            if let Step::Change(difference, _) = step {
                let written = write(site, request, (wanted, difference), tree);
                tree = Some(written.map_err(|error| failed("writing the commit", &error))?);
            }
        }
        let changes: Vec<EnvironmentChange> = self.changes().cloned().collect();
        let message = message::publication(request.message.as_deref(), &changes, &request.source);
        Ok(tree.filter(|_| !changes.is_empty()).map(|tree| Draft { tree, message }))
    }

    fn changes(&self) -> impl Iterator<Item = &EnvironmentChange> {
        self.steps.iter().filter_map(|step| match step {
            Step::Change(_, change) => Some(change),
            _ => None,
        })
    }

    fn outcome(self, request: &Request<'_>, (commit, tip): (Option<ObjectId>, Option<ObjectId>)) -> Outcome {
        let mut diagnostics = Vec::new();
        let mut environments = Vec::with_capacity(self.steps.len());
        if request.source.is_modified && self.changes().next().is_some() {
            let message = "the definition has changes that are not committed: they are published as well";
            let hint = "commit them, or publish a commit with `--rev`; nobody else can make these manifests";
            diagnostics.push(Diagnostic::new(SOURCE_MODIFIED, Span::NONE, message).hint(hint));
        }
        for (step, manifests) in self.steps.into_iter().zip(&request.environments) {
            let name = &manifests.environment;
            let outcome = match step {
                Step::Change(_, change) => {
                    diagnostics.extend(restored(&change));
                    EnvironmentOutcome::Changed(change)
                }
                Step::Nothing { is_held } => {
                    diagnostics.extend(is_held.then(|| {
                        let message = format!("`{name}` is on hold, and is as it would be published");
                        Diagnostic::new(ENVIRONMENT_HELD, Span::NONE, message)
                            .severity(hld_diag::Severity::Note)
                            .hint("release it with `hld publish --release-hold`")
                    }));
                    EnvironmentOutcome::UpToDate
                }
                Step::Superseded(by) => {
                    let message = format!(
                        "`{name}` is published from a later commit of the definition, {}",
                        short(&by)
                    );
                    diagnostics.push(
                        Diagnostic::new(SUPERSEDED, Span::NONE, message)
                            .hint("to go back, use `hld rollback`; this commit is not published"),
                    );
                    EnvironmentOutcome::Superseded(by)
                }
            };
            environments.push(outcome);
        }
        Outcome { commit, tip, environments, diagnostics }
    }
}

/// What is to be done for one environment.
fn step(
    site: &Site,
    request: &Request<'_>,
    (wanted, standing): (&Wanted<'_>, &Standing),
    tip: Option<Tip>,
) -> Result<Step, Diagnostic> {
    let Manifests { environment, folder, objects, .. } = wanted.manifests;
    let hold = standing.metadata.as_ref().and_then(|metadata| metadata.hold.as_ref());
    let difference = difference(standing, &wanted.blobs);
    let is_released = hold.is_some() && request.consent.release_hold;
    if difference.is_empty() && !is_released {
        return Ok(Step::Nothing { is_held: hold.is_some() });
    }
    if let Some(hold) = hold.filter(|_| !is_released) {
        return Err(held(environment, hold));
    }
    if let Some(by) = standing.metadata.as_ref().and_then(|metadata| superseded(metadata, request)) {
        return Ok(Step::Superseded(by));
    }
    if !request.consent.adopt {
        check_foreign(standing, folder)?;
    }
    let edited = match tip {
        Some(tip) if standing.is_as_published() == Some(false) => {
            let edited = edited(&site.repository, tip.commit, (folder, standing))?;
            // The history that is here may not tell which files; that there are some is certain.
            if edited.is_empty() { vec![format!("{folder}/")] } else { edited }
        }
        _ => Vec::new(),
    };
    let change = EnvironmentChange {
        environment: environment.clone(),
        folder: folder.to_string(),
        n_added: difference.added.len(),
        n_changed: difference.changed.len(),
        n_removed: difference.removed.len(),
        n_objects: objects.len(),
        edited,
    };
    Ok(Step::Change(difference, change))
}

/// The later commit of the definition that is published already.
fn superseded(metadata: &Metadata, request: &Request<'_>) -> Option<String> {
    let (published, ours) = (metadata.source_commit.as_ref()?, request.source.commit.as_ref()?);
    let is_same = metadata.source_repository == request.source.repository && published != ours;
    let is_later = is_same && request.lineage.is_before(ours, published) == Some(true);
    is_later.then(|| published.clone())
}

fn held(environment: &str, hold: &crate::metadata::Hold) -> Diagnostic {
    let of = hold.source_commit.as_ref().map(|commit| format!(" of source {}", short(commit)));
    let message = format!(
        "`{environment}` is on hold: it was rolled back to {} from what was published{}",
        hold.restored.short(),
        of.unwrap_or_default()
    );
    Diagnostic::new(ENVIRONMENT_HELD, Span::NONE, message)
        .hint("once the definition is mended, publish it with `hld publish --release-hold`")
}

fn restored(change: &EnvironmentChange) -> Option<Diagnostic> {
    let first = change.edited.first()?;
    let more = match change.edited.len() - 1 {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let first = hld_diag::Untrusted(first).line();
    let message = format!("`{first}`{more} was changed by hand in the manifest repository");
    Some(
        Diagnostic::new(HAND_EDITS, Span::NONE, message)
            .hint("it is as the definition says again; the commit names what was changed"),
    )
}

/// Writes what changes, and gives the tree with the environment's folder in it.
fn write(
    site: &Site,
    request: &Request<'_>,
    (wanted, difference): (&Wanted<'_>, &Difference),
    tree: Option<ObjectId>,
) -> Result<ObjectId, GitError> {
    let repository = &site.repository;
    wanted.write(repository, &difference.added)?;
    wanted.write(repository, &difference.changed)?;
    let source = &request.source;
    let metadata = Metadata {
        source_repository: source.repository.clone(),
        source_commit: source.commit.clone(),
        source_is_modified: source.is_modified,
        hld_version: source.hld_version.clone(),
        lock_digest: source.lock_digest.clone(),
        n_objects: wanted.manifests.objects.len(),
        manifests: digest(&wanted.blobs),
        hold: None,
    };
    let folder = wanted.manifests.folder.as_str();
    if folder.is_empty() {
        return Err(GitError::new(ErrorKind::Local, "an environment needs a folder of its own"));
    }
    if let Some(tree) = tree
        && let Ok(edited) = repository.edit_tree(tree, &edits(repository, (wanted, difference), &metadata)?)
    {
        return Ok(edited);
    }
    // The first of a branch, or a file became a folder: the whole folder is made anew.
    let made = write_folder(repository, &wanted.blobs, &metadata)?;
    repository.replace_subtree(tree, folder, Some(made))
}

/// What changes in the tree of the branch.
fn edits(
    repository: &Repository,
    (wanted, difference): (&Wanted<'_>, &Difference),
    metadata: &Metadata,
) -> Result<Vec<(String, Option<ObjectId>)>, GitError> {
    let folder = &wanted.manifests.folder;
    let said = repository.write_blob(metadata.to_text().as_bytes())?;
    let written = difference.added.iter().chain(&difference.changed);
    let written = written.map(|path| (format!("{folder}/{path}"), wanted.blobs.get(path).copied()));
    let removed = difference.removed.iter().map(|path| (format!("{folder}/{path}"), None));
    Ok(written.chain(removed).chain([(format!("{folder}/{METADATA_FILE}"), Some(said))]).collect())
}
