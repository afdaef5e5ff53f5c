//! What the agent was told: from its flags and its configuration file.
//!
//! *Flow*: [`parse`] takes the flags out that only Flux v1 has ([`flux`]), reads the rest ([`flags`])
//! and the file they name ([`file`]), and checks what both say together. *Errors*: everything that is
//! wrong is found at once.

mod duration;
mod file;
mod flags;
mod flux;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser as _;
use hld_diag::{AGENT_CONFIG, AGENT_FLAG_REFUSED, Diagnostic, SourceMap, Span, Untrusted};
use hld_git::{Allowed, RemoteUrl};

pub use duration::show as show_duration;
use file::ConfigFile;
pub use file::{LogFormat, Provider};
use flags::Flags;

/// Everything the agent was told, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the sync: a DNS label.
    pub sync: String,
    /// Namespace of the agent's own objects.
    pub namespace: String,
    /// Kubeconfig file; the pod's service account where there is none.
    pub kubeconfig: Option<PathBuf>,
    /// The repository.
    pub git: Git,
    /// Time between two full sweeps.
    pub interval: Duration,
    /// Whether objects that are gone from the repository are deleted.
    pub prune: bool,
    /// Whether a branch whose history was rewritten is followed.
    pub allow_rewrite: bool,
    /// Whether the repository may hold objects of the agent's own namespace.
    pub allow_self: bool,
    /// Address of health, and of metrics where they have no own.
    pub listen: SocketAddr,
    /// Address of metrics alone.
    pub listen_metrics: Option<SocketAddr>,
    /// Webhooks.
    pub webhooks: Webhooks,
    /// Form of the log.
    pub log_format: LogFormat,
}

/// The repository, and how it is reached.
#[derive(Clone, Debug)]
pub struct Git {
    /// Its address.
    pub url: RemoteUrl,
    /// The branch that is followed.
    pub branch: String,
    /// Folders below which everything is applied; the root is empty text.
    pub paths: Vec<String>,
    /// Time between two fetches that nobody asked for.
    pub poll_interval: Duration,
    /// How long a fetch may take.
    pub timeout: Duration,
    /// User of https.
    pub username: Option<String>,
    /// File with the password or token of https.
    pub password_file: Option<PathBuf>,
    /// File with the private key of ssh.
    pub key_file: Option<PathBuf>,
    /// File with the host keys of ssh.
    pub known_hosts_file: Option<PathBuf>,
    /// Folder that what was fetched is kept in; one that ends with the agent where none is named.
    pub folder: Option<PathBuf>,
}

/// Who may say that there is something new.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// Address they are received at.
    pub listen: SocketAddr,
    /// Who may send them; nothing listens where there is nobody.
    pub receivers: Vec<Receiver>,
}

/// One receiver of webhooks, at `/hook/<name>`.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Its name in the path.
    pub name: String,
    /// Whose webhooks it understands.
    pub provider: Provider,
    /// File with the secrets, one a line; without one the receiver is closed.
    pub secret_file: Option<PathBuf>,
}

/// What the command line leads to.
#[derive(Debug)]
pub enum Parsed {
    /// A configuration, and warnings about it.
    Run(Box<Config>, Vec<Diagnostic>),
    /// Help or the version was asked for, or the command line is wrong.
    Usage(clap::Error),
    /// What is wrong with the configuration, with the texts it stands in.
    Wrong(Vec<Diagnostic>, SourceMap),
}

/// The namespace a pod runs in.
const POD_NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Reads the arguments, the program's name first, and the file they name.
#[must_use]
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Parsed {
    let flux::Sifted { arguments, mut diagnostics } = flux::sift(arguments);
    let flags = match Flags::try_parse_from(arguments) {
        Ok(flags) => flags,
        Err(error) => return Parsed::Usage(error),
    };
    for (flag, why) in flags.refusals() {
        let message = format!("`{flag}` is not supported: {why}");
        diagnostics.push(Diagnostic::new(AGENT_FLAG_REFUSED, Span::NONE, message));
    }
    let sources = SourceMap::default();
    let file = match flags.config.as_deref().map(|path| read_file(path, &sources)).transpose() {
        Ok(file) => file.unwrap_or_default(),
        Err(wrong) => return Parsed::Wrong(diagnostics.into_iter().chain(wrong).collect(), sources),
    };
    let config = check(flags.into_file().or(file), &mut diagnostics);
    match config {
        Some(config) if !diagnostics.iter().any(|said| said.severity.is_fatal()) => {
            Parsed::Run(Box::new(config), diagnostics)
        }
        _ => Parsed::Wrong(diagnostics, sources),
    }
}

fn read_file(path: &std::path::Path, sources: &SourceMap) -> Result<ConfigFile, Vec<Diagnostic>> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("`{}` can not be read: {error}", Untrusted(&name).line());
        vec![Diagnostic::new(AGENT_CONFIG, Span::NONE, message)]
    })?;
    let file = sources.add(name, text.clone());
    ConfigFile::read(&text, file)
}

/// What the fields mean; `None` where one has no meaning.
fn check(file: ConfigFile, diagnostics: &mut Vec<Diagnostic>) -> Option<Config> {
    let mut wrong = Wrong(diagnostics);
    let git = file.git.unwrap_or_default();
    let webhooks = file.webhooks.unwrap_or_default();
    let second = Duration::from_secs(1);
    let namespace = file.namespace.or_else(|| std::fs::read_to_string(POD_NAMESPACE_FILE).ok());
    let namespace = namespace.map(|name| name.trim().to_owned());
    let sync = file.sync.unwrap_or_else(|| "main".to_owned());
    let namespace = namespace.unwrap_or_else(|| "hld-agent".to_owned());
    wrong.label("sync", &sync);
    wrong.label("namespace", &namespace);
    let receivers = webhooks.receivers.unwrap_or_default().into_iter();
    let receivers: Vec<Receiver> = receivers
        .map(|fields| {
            wrong.label("webhooks.receivers.name", &fields.name);
            Receiver { name: fields.name, provider: fields.provider, secret_file: fields.secret_file }
        })
        .collect();
    wrong.twins(&receivers);
    let paths = git.paths.unwrap_or_default().iter().filter_map(|path| wrong.path(path)).collect();
    let git = Git {
        url: wrong.url(git.url, git.insecure.unwrap_or_default())?,
        branch: git.branch.unwrap_or_else(|| "main".to_owned()),
        paths,
        poll_interval: wrong.duration("git.pollInterval", git.poll_interval, ("1m", second)),
        timeout: wrong.duration("git.timeout", git.timeout, ("1m", second)),
        username: git.username,
        password_file: git.password_file,
        key_file: git.key_file,
        known_hosts_file: git.known_hosts_file,
        folder: git.folder,
    };
    Some(Config {
        sync,
        namespace,
        kubeconfig: file.kubeconfig,
        git: Git { paths: if git.paths.is_empty() { vec![String::new()] } else { git.paths }, ..git },
        interval: wrong.duration("interval", file.interval, ("5m", second)),
        prune: file.prune.unwrap_or(true),
        allow_rewrite: file.allow_rewrite.unwrap_or(false),
        allow_self: file.allow_self.unwrap_or(false),
        listen: wrong.address("listen", file.listen.as_deref().unwrap_or(":3030"))?,
        listen_metrics: match file.listen_metrics {
            Some(address) => Some(wrong.address("listenMetrics", &address)?),
            None => None,
        },
        webhooks: Webhooks {
            listen: wrong.address("webhooks.listen", webhooks.listen.as_deref().unwrap_or(":3031"))?,
            receivers,
        },
        log_format: file.log_format.unwrap_or_default(),
    })
}

/// Longest interval that is believed: what is longer is a slip of the pen.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Where what is wrong with a field is collected.
struct Wrong<'d>(&'d mut Vec<Diagnostic>);

impl Wrong<'_> {
    fn say(&mut self, message: String) {
        self.0.push(Diagnostic::new(AGENT_CONFIG, Span::NONE, message));
    }

    fn url(&mut self, text: Option<String>, insecure: Vec<String>) -> Option<RemoteUrl> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            self.say("`git.url` is missing: say it in the file or with `--git-url`".to_owned());
            return None;
        };
        // The operator names the repository: a folder of the machine is as good as a host.
        let url = RemoteUrl::parse(&text, &Allowed { local: true, insecure });
        url.map_err(|why| self.say(format!("`git.url` can not be used: {why}"))).ok()
    }

    fn label(&mut self, field: &str, name: &str) {
        if !is_label(name) {
            let name = Untrusted(name).line();
            self.say(format!(
                "`{field}` is `{name}`, which is no name: at most 63 small letters, digits and `-`, neither first nor last `-`"
            ));
        }
    }

    fn twins(&mut self, receivers: &[Receiver]) {
        for (at, receiver) in receivers.iter().enumerate() {
            if receivers[..at].iter().any(|other| other.name == receiver.name) {
                self.say(format!("two receivers of webhooks are named `{}`", receiver.name));
            }
        }
    }

    fn duration(
        &mut self,
        field: &str,
        text: Option<String>,
        (default, least): (&str, Duration),
    ) -> Duration {
        let text = text.unwrap_or_else(|| default.to_owned());
        match duration::parse(&text) {
            Ok(value) if value >= least && value <= LONGEST => value,
            Ok(value) => {
                let (least, most) = (duration::show(least), duration::show(LONGEST));
                let value = duration::show(value);
                self.say(format!("`{field}` is {value}; it must be between {least} and {most}"));
                least_of_all()
            }
            Err(why) => {
                self.say(format!("`{field}` is no duration: {why}"));
                least_of_all()
            }
        }
    }

    fn address(&mut self, field: &str, text: &str) -> Option<SocketAddr> {
        let full = if text.starts_with(':') { format!("0.0.0.0{text}") } else { text.to_owned() };
        let parsed = full.parse().ok();
        if parsed.is_none() {
            let text = Untrusted(text).line();
            self.say(format!("`{field}` is `{text}`, which is no address: `127.0.0.1:3030` or `:3030`"));
        }
        parsed
    }

    /// A folder in the repository, without what is not needed; `None` for one that is none.
    fn path(&mut self, text: &str) -> Option<String> {
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let is_wrong = text.starts_with('/') || parts.contains(&"..") || text.chars().any(char::is_control);
        if is_wrong {
            let text = Untrusted(text).line();
            self.say(format!("`git.paths` has `{text}`, which is no folder of the repository"));
            return None;
        }
        Some(parts.join("/"))
    }
}

/// Stands for a duration that is wrong; nothing runs with it.
fn least_of_all() -> Duration {
    Duration::from_secs(1)
}

/// Whether it is a DNS label, as names of namespaces are.
#[must_use]
pub fn is_label(name: &str) -> bool {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(fits)
        && !name.starts_with('-')
        && !name.ends_with('-')
}
