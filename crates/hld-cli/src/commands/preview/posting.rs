//! A preview on its pull request: a comment and a status.

use std::cell::Cell;

use hld_diag::{Diagnostic, NOT_POSTED, STALE_PREVIEW, Secret, Severity, SourceMap, Span};
use hld_forge::{Access, Forge, ForgeError, Kind, Outside, Patience, Post, Posted, State, Status, Target};

use super::report::Report;
use crate::commands::sides::{self, Range};
use crate::error::{CommandError, FailureKind};
use crate::options::Global;
use crate::ui;

/// Where to post.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Put the result on the pull request: a comment and a status.
    #[arg(long)]
    post: bool,
    /// Kind of forge. With --forge-url, --repository and --pull it names a pull request; alone it says
    /// what is expected of the CI system.
    #[arg(long, value_enum, value_name = "KIND")]
    forge: Option<ForgeKind>,
    /// Address of the forge: `https://git.example.com`; on Azure DevOps of the organization.
    #[arg(long, value_name = "URL", requires_all = ["forge", "repository", "pull"])]
    forge_url: Option<String>,
    /// Repository on the forge: `owner/name`, on Azure DevOps `project/repository`.
    #[arg(long, value_name = "NAME", requires = "forge_url")]
    repository: Option<String>,
    /// Number of the pull request.
    #[arg(long, value_name = "N", requires = "forge_url")]
    pull: Option<u64>,
    /// Environment variable with the token; HLD_FORGE_TOKEN when missing, or what the CI system has.
    #[arg(long, value_name = "VARIABLE")]
    token_env: Option<String>,
    /// Forge that may be spoken to without encryption, as host:port.
    #[arg(long, value_name = "HOST:PORT")]
    insecure: Vec<String>,
    /// Fail if the result can not be posted; a warning is all that comes of it otherwise.
    #[arg(long)]
    require_comment: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ForgeKind {
    /// Azure DevOps.
    Azure,
    /// GitHub, or a GitHub Enterprise server.
    Github,
    /// Gitea or Forgejo.
    Gitea,
}

impl ForgeKind {
    fn kind(self) -> Kind {
        match self {
            ForgeKind::Azure => Kind::Azure,
            ForgeKind::Github => Kind::Github,
            ForgeKind::Gitea => Kind::Gitea,
        }
    }
}

/// One pull request to post on.
pub(super) struct Posting {
    forge: Box<dyn Forge>,
    /// The commit that the result is about.
    head: String,
    /// The definition's folder in its repository.
    place: String,
    link: Option<String>,
    is_required: bool,
    /// Whether a failure was told already.
    is_told: Cell<bool>,
}

/// The environment and the files of this machine.
struct Machine;

impl Outside for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn file(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(path).ok()
    }
}

impl Posting {
    /// Where to post; nothing if that is not asked for.
    ///
    /// # Errors
    /// There is no pull request, or no token.
    pub(super) fn new(
        global: &Global,
        arguments: &Arguments,
        range: &Range,
    ) -> Result<Option<Self>, CommandError> {
        if !arguments.post {
            return Ok(None);
        }
        let unusable = |error: ForgeError| CommandError::new(FailureKind::Usage, error.to_string());
        let named = named(arguments).map_err(unusable)?;
        let is_named = named.is_some();
        let found = match named {
            Some(target) => Some(target),
            None => hld_forge::detect(&Machine).map_err(unusable)?,
        };
        let target = found.ok_or_else(|| {
            CommandError::new(FailureKind::Usage, "`--post` finds no pull request")
                .hint("this is no run of a CI system for one; name it with `--forge`, `--forge-url`, `--repository` and `--pull`")
        })?;
        if arguments.forge.is_some_and(|forge| forge.kind() != target.kind) {
            let message = "this run is not on the forge that `--forge` names";
            return Err(CommandError::new(FailureKind::Usage, message));
        }
        let head = target.head.clone().or_else(|| range.after.commit.map(|commit| commit.to_string()));
        let head = head.ok_or_else(|| {
            CommandError::new(FailureKind::Usage, "`--post` needs a commit that the result is about")
        })?;
        let token = token(arguments, &target, is_named)?;
        let insecure = arguments.insecure.clone();
        let access = Access { token, insecure, patience: Patience::default() };
        let forge = hld_forge::open(&target, &access).map_err(unusable)?;
        let link = target.link.filter(|link| is_plain(link));
        let (place, is_required) = (sides::place(&global.directory), arguments.require_comment);
        Ok(Some(Posting { forge, head, place, link, is_required, is_told: Cell::new(false) }))
    }

    /// The page of this run.
    pub(super) fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// How many bytes a comment has room for.
    pub(super) fn room(&self) -> usize {
        hld_forge::room(&*self.forge)
    }

    /// Says that the preview is under way.
    pub(super) fn begin(&self) {
        self.tell(self.set(State::Pending, "compiling both sides".to_owned())).ok();
    }

    /// Says that there is no preview.
    pub(super) fn give_up(&self, error: &CommandError) {
        let why = if error.message.is_empty() { "see the log of the run" } else { &error.message };
        let why = hld_diag::Untrusted(why).line();
        self.tell(self.set(State::Failure, why.clone())).ok();
        let body = format!("## ❌ hld preview failed\n\n{}", hld_diff::write::code_block("text", &why));
        self.tell(self.comment(State::Failure, &body)).ok();
    }

    /// Posts what the preview came to.
    ///
    /// # Errors
    /// It can not be posted, and has to be.
    pub(super) fn finish(&self, report: &Report, body: &str) -> Result<(), CommandError> {
        let commented = self.tell(self.comment(report.state(), body));
        let set = self.tell(self.set(report.state(), report.verdict()));
        if self.is_required { commented.and(set) } else { Ok(()) }
    }

    fn set(&self, state: State, description: String) -> Result<(), ForgeError> {
        let context = match self.place.as_str() {
            "." => "hld/preview".to_owned(),
            place => format!("hld/preview {place}"),
        };
        let status = Status { context, state, description, link: self.link.clone() };
        self.forge.set_status(&self.head, &status)
    }

    fn comment(&self, state: State, body: &str) -> Result<(), ForgeError> {
        let post = Post { id: &self.place, head: &self.head, body, state };
        let why = match hld_forge::post(&*self.forge, &post)? {
            Posted::Done => return Ok(()),
            Posted::Stale => "has moved on",
            Posted::Closed => "is closed",
        };
        let message = format!("the pull request {why}: the result of `{}` is not posted", self.head);
        ui::show(&[Diagnostic::new(STALE_PREVIEW, Span::NONE, message)], &SourceMap::default());
        Ok(())
    }

    /// Tells what the forge did not take, once.
    fn tell(&self, result: Result<(), ForgeError>) -> Result<(), CommandError> {
        let Err(error) = result else { return Ok(()) };
        if !self.is_told.replace(true) {
            let message = format!("the preview is not posted on {}: {error}", self.forge.name());
            let mut said = Diagnostic::new(NOT_POSTED, Span::NONE, message);
            said = said.hint_opt(error.hint().map(str::to_owned));
            if self.is_required {
                said = said.severity(Severity::Error);
            }
            ui::show(&[said], &SourceMap::default());
        }
        let kind = if error.is_passing() { FailureKind::Later } else { FailureKind::Remote };
        Err(CommandError::new(kind, ""))
    }
}

/// The pull request that the command line names.
fn named(arguments: &Arguments) -> Result<Option<Target>, ForgeError> {
    let Arguments { forge: Some(forge), forge_url: Some(url), repository: Some(repository), pull, .. } =
        arguments
    else {
        return Ok(None);
    };
    let (kind, pull) = (forge.kind(), pull.unwrap_or_default());
    let api = Target::api(kind, url)?;
    Ok(Some(Target { kind, api, repository: repository.clone(), pull, head: None, link: None }))
}

/// The token. What a CI system has is for the forge that it names, and for no other.
fn token(arguments: &Arguments, target: &Target, is_named: bool) -> Result<Secret, CommandError> {
    let usual: &[&str] = match (&arguments.token_env, is_named, target.kind) {
        (Some(name), ..) => &[name.as_str()],
        (None, true, _) => &["HLD_FORGE_TOKEN"],
        (None, false, Kind::Azure) => &["HLD_FORGE_TOKEN", "SYSTEM_ACCESSTOKEN"],
        (None, false, Kind::Github | Kind::Gitea) => &["HLD_FORGE_TOKEN", "GITHUB_TOKEN"],
    };
    let found = usual.iter().find_map(|name| Machine.variable(name));
    found.map(Secret::from).ok_or_else(|| {
        let message =
            format!("`--post` needs a token in the environment variable `{}`", usual.join("` or `"));
        CommandError::new(FailureKind::Usage, message)
            .hint("a pipeline has to hand it on to the step by name")
    })
}

/// Whether an address can stand in a link as it is.
fn is_plain(link: &str) -> bool {
    link.starts_with("https://")
        && !link.contains(|c: char| c.is_whitespace() || c.is_control() || "()<>\"'`\\[]".contains(c))
}
