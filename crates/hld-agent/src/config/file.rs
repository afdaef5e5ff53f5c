//! The configuration file: its format as types, and how it is read.

use std::path::PathBuf;

use hld_diag::{AGENT_CONFIG, Diagnostic, FileId, Severity, Span};
use hld_yaml as yaml;
use serde::Deserialize;

/// What stands in `apiVersion`.
const API_VERSION: &str = "hld.dev/v1alpha1";
/// What stands in `kind`.
const KIND: &str = "AgentConfig";

/// The configuration as it is written: everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ConfigFile {
    pub(super) api_version: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) sync: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) kubeconfig: Option<PathBuf>,
    pub(super) git: Option<GitFields>,
    pub(super) interval: Option<String>,
    pub(super) prune: Option<bool>,
    pub(super) allow_rewrite: Option<bool>,
    pub(super) allow_self: Option<bool>,
    pub(super) listen: Option<String>,
    pub(super) listen_metrics: Option<String>,
    pub(super) webhooks: Option<WebhookFields>,
    pub(super) log_format: Option<LogFormat>,
}

/// The repository.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct GitFields {
    pub(super) url: Option<String>,
    pub(super) branch: Option<String>,
    pub(super) paths: Option<Vec<String>>,
    pub(super) poll_interval: Option<String>,
    pub(super) timeout: Option<String>,
    pub(super) insecure: Option<Vec<String>>,
    pub(super) username: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) known_hosts_file: Option<PathBuf>,
    pub(super) folder: Option<PathBuf>,
}

/// Who may say that there is something new.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct WebhookFields {
    pub(super) listen: Option<String>,
    pub(super) receivers: Option<Vec<ReceiverFields>>,
}

/// One receiver: `/hook/<name>`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReceiverFields {
    pub(super) name: String,
    pub(super) provider: Provider,
    pub(super) secret_file: Option<PathBuf>,
}

/// Whose webhooks a receiver understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Gitea and Forgejo: `X-Gitea-Signature`.
    Gitea,
    /// GitHub: `X-Hub-Signature-256`.
    Github,
    /// Azure DevOps: basic authentication, or the header `X-Hld-Token`.
    AzureDevops,
    /// Anyone: `X-Signature: sha256=<HMAC of the body>`.
    Generic,
}

impl Provider {
    /// Its name in the configuration file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Provider::Gitea => "gitea",
            Provider::Github => "github",
            Provider::AzureDevops => "azure-devops",
            Provider::Generic => "generic",
        }
    }
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// One line for people.
    #[value(alias = "fmt")]
    Text,
}

impl ConfigFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Everything that is wrong with its form.
    pub(super) fn read(text: &str, file: FileId) -> Result<Self, Vec<Diagnostic>> {
        let read =
            yaml::read(text, file, &yaml::ReadOptions::default()).map_err(|e| vec![e.to_diagnostic()])?;
        let duplicates = read.duplicates.iter().map(yaml::Duplicate::to_diagnostic);
        let mut errors: Vec<Diagnostic> = duplicates.map(|said| said.severity(Severity::Error)).collect();
        let start = Span::start_of(file);
        let mut documents = read.documents.into_iter().filter(|value| !value.is_null());
        let Some(value) = documents.next() else {
            return Err(vec![Diagnostic::new(AGENT_CONFIG, start, "the configuration is empty")]);
        };
        if documents.next().is_some() {
            errors.push(Diagnostic::new(AGENT_CONFIG, start, "the configuration has more than one document"));
        }
        let typed = serde_path_to_error::deserialize::<_, ConfigFile>(json(&value));
        let file = typed.map_err(|error| vec![type_error(&error, &value)]);
        match file {
            Ok(file) if errors.is_empty() => file.check_kind(&value),
            Ok(_) => Err(errors),
            Err(wrong) => Err(errors.into_iter().chain(wrong).collect()),
        }
    }

    fn check_kind(self, value: &yaml::Value) -> Result<Self, Vec<Diagnostic>> {
        let fits = |found: Option<&str>, wanted| found == Some(wanted);
        if fits(self.api_version.as_deref(), API_VERSION) && fits(self.kind.as_deref(), KIND) {
            return Ok(self);
        }
        let message = format!("the configuration is not `{KIND}` of `{API_VERSION}`");
        let hint = format!("begin it with `apiVersion: {API_VERSION}` and `kind: {KIND}`");
        Err(vec![Diagnostic::new(AGENT_CONFIG, value.span, message).hint(hint)])
    }

    /// What this says, and where it says nothing, what `other` says.
    pub(super) fn or(self, other: ConfigFile) -> ConfigFile {
        let (git, beside) = (self.git.unwrap_or_default(), other.git.unwrap_or_default());
        let (hooks, hooks_beside) = (self.webhooks.unwrap_or_default(), other.webhooks.unwrap_or_default());
        ConfigFile {
            api_version: None,
            kind: None,
            sync: self.sync.or(other.sync),
            namespace: self.namespace.or(other.namespace),
            kubeconfig: self.kubeconfig.or(other.kubeconfig),
            git: Some(git.or(beside)),
            interval: self.interval.or(other.interval),
            prune: self.prune.or(other.prune),
            allow_rewrite: self.allow_rewrite.or(other.allow_rewrite),
            allow_self: self.allow_self.or(other.allow_self),
            listen: self.listen.or(other.listen),
            listen_metrics: self.listen_metrics.or(other.listen_metrics),
            webhooks: Some(WebhookFields {
                listen: hooks.listen.or(hooks_beside.listen),
                receivers: hooks.receivers.or(hooks_beside.receivers),
            }),
            log_format: self.log_format.or(other.log_format),
        }
    }
}

impl GitFields {
    fn or(self, other: GitFields) -> GitFields {
        GitFields {
            url: self.url.or(other.url),
            branch: self.branch.or(other.branch),
            paths: self.paths.or(other.paths),
            poll_interval: self.poll_interval.or(other.poll_interval),
            timeout: self.timeout.or(other.timeout),
            insecure: self.insecure.or(other.insecure),
            username: self.username.or(other.username),
            password_file: self.password_file.or(other.password_file),
            key_file: self.key_file.or(other.key_file),
            known_hosts_file: self.known_hosts_file.or(other.known_hosts_file),
            folder: self.folder.or(other.folder),
        }
    }
}

/// The same value as JSON, which serde reads.
fn json(value: &yaml::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match &value.data {
        yaml::Data::Null => Json::Null,
        yaml::Data::Bool(value) => Json::from(*value),
        yaml::Data::Int(value) => Json::from(*value),
        yaml::Data::Uint(value) => Json::from(*value),
        yaml::Data::Float(value) => Json::from(*value),
        yaml::Data::String(text) => Json::from(text.as_str()),
        yaml::Data::Seq(items) => items.iter().map(json).collect(),
        yaml::Data::Map(map) => map.iter().map(|(key, value)| (key.to_owned(), json(value))).collect(),
    }
}

/// A value that does not fit, at its own place.
fn type_error(error: &serde_path_to_error::Error<serde_json::Error>, value: &yaml::Value) -> Diagnostic {
    let mut at = value;
    for segment in error.path() {
        let inner = match segment {
            serde_path_to_error::Segment::Map { key } => at.get(key),
            serde_path_to_error::Segment::Seq { index } => at.as_seq().and_then(|items| items.get(*index)),
            _ => None,
        };
        let Some(inner) = inner else { break };
        at = inner;
    }
    let path = error.path().to_string();
    let subject = if path == "." { "the configuration".to_owned() } else { format!("`{path}`") };
    // serde_json's own position is that of a text nobody has seen; it adds none to a value.
    Diagnostic::new(AGENT_CONFIG, at.span, format!("{subject} is wrong: {}", error.inner()))
}
