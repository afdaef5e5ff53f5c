//! Which pull request of which forge: by hand, or from the variables of a CI system.

use serde_json::Value as Json;
use url::Url;

use crate::ForgeError;

/// A kind of forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Azure DevOps.
    Azure,
    /// GitHub.
    Github,
    /// Gitea or Forgejo.
    Gitea,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The forge.
    pub kind: Kind,
    /// Where its API begins; on Azure DevOps the organization or collection.
    pub api: Url,
    /// `owner/name`; on Azure DevOps `project/repository`.
    pub repository: String,
    /// The number of the pull request.
    pub pull: u64,
    /// The commit at its head when the run was started, if the CI system says so.
    pub head: Option<String>,
    /// The page of this run, if the CI system says so.
    pub link: Option<String>,
}

/// What surrounds the program.
pub trait Outside {
    /// A variable of the environment that is not empty.
    fn variable(&self, name: &str) -> Option<String>;

    /// The text of a file.
    fn file(&self, path: &str) -> Option<String>;
}

impl Target {
    /// Where the API of a forge begins that people know by the address `url`.
    ///
    /// # Errors
    /// It is no address.
    pub fn api(kind: Kind, url: &str) -> Result<Url, ForgeError> {
        let unusable = || ForgeError::Unusable("the address of the forge can not be read".to_owned());
        let mut url = Url::parse(url).map_err(|_| unusable())?;
        if url.cannot_be_a_base() || url.host_str().is_none() {
            return Err(unusable());
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        match kind {
            Kind::Gitea if !path.ends_with("/api/v1") => url.set_path(&format!("{path}/api/v1")),
            Kind::Github if url.host_str() == Some("github.com") => {
                url.set_host(Some("api.github.com")).map_err(|_| unusable())?;
                url.set_path("");
            }
            // GitHub Enterprise Cloud with data residency has hosts of its own for the API, as github.com has.
            Kind::Github if url.host_str().is_some_and(|host| host.ends_with(".ghe.com")) => {
                let host = url.host_str().unwrap_or_default();
                let host = if host.starts_with("api.") { host.to_owned() } else { format!("api.{host}") };
                url.set_host(Some(&host)).map_err(|_| unusable())?;
                url.set_path("");
            }
            Kind::Github if url.host_str() != Some("api.github.com") && !path.ends_with("/api/v3") => {
                url.set_path(&format!("{path}/api/v3"));
            }
            _ => url.set_path(&path),
        }
        Ok(url)
    }

    /// The two parts of the repository's name.
    pub(crate) fn owner_and_name(&self) -> Result<(String, String), ForgeError> {
        match self.repository.split_once('/') {
            Some((owner, name)) if is_name(owner) && is_name(name) => Ok((owner.to_owned(), name.to_owned())),
            _ => Err(ForgeError::Unusable(match self.kind {
                Kind::Azure => "the repository is not of the form `project/repository`".to_owned(),
                Kind::Github | Kind::Gitea => "the repository is not of the form `owner/name`".to_owned(),
            })),
        }
    }
}

/// Whether a text can be one segment of a path.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\'])
}

/// The pull request that a CI system runs for, if it says so: Azure Pipelines, GitHub Actions, Gitea
/// Actions.
///
/// # Errors
/// What it says can not be used.
pub fn detect(outside: &dyn Outside) -> Result<Option<Target>, ForgeError> {
    if outside.variable("TF_BUILD").is_some() {
        return azure_pipelines(outside);
    }
    if outside.variable("GITHUB_ACTIONS").is_some() || outside.variable("GITEA_ACTIONS").is_some() {
        return actions(outside);
    }
    Ok(None)
}

/// GitHub Actions, and Gitea's, which sets the same variables.
fn actions(outside: &dyn Outside) -> Result<Option<Target>, ForgeError> {
    let is_gitea = outside.variable("GITEA_ACTIONS").is_some();
    let (kind, default) = if is_gitea {
        (Kind::Gitea, None)
    } else {
        (Kind::Github, Some("https://api.github.com".to_owned()))
    };
    let server = outside.variable("GITHUB_SERVER_URL");
    let api = outside.variable("GITHUB_API_URL").or_else(|| server.clone()).or(default);
    let (Some(api), Some(repository)) = (api, outside.variable("GITHUB_REPOSITORY")) else { return Ok(None) };
    let event = outside.variable("GITHUB_EVENT_PATH").and_then(|path| outside.file(&path));
    let event: Json = event.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let of_ref =
        || outside.variable("GITHUB_REF")?.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok();
    let Some(pull) = event["pull_request"]["number"].as_u64().or_else(of_ref) else { return Ok(None) };
    let run = outside.variable("GITHUB_RUN_ID").filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    let link = server
        .zip(run)
        .map(|(server, run)| format!("{}/{repository}/actions/runs/{run}", server.trim_end_matches('/')));
    let head = event["pull_request"]["head"]["sha"].as_str().map(str::to_owned);
    Ok(Some(Target { kind, api: Target::api(kind, &api)?, repository, pull, head, link }))
}

/// Azure Pipelines, for a repository on Azure DevOps or on GitHub.
fn azure_pipelines(outside: &dyn Outside) -> Result<Option<Target>, ForgeError> {
    let collection = outside
        .variable("SYSTEM_COLLECTIONURI")
        .or_else(|| outside.variable("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"));
    let provider = outside.variable("BUILD_REPOSITORY_PROVIDER").unwrap_or_default();
    let is_github = provider.starts_with("GitHub");
    let name = outside.variable("BUILD_REPOSITORY_NAME");
    let project = outside.variable("SYSTEM_TEAMPROJECT");
    let (kind, api, repository, number) = if is_github {
        // A server of one's own is told by the address of the repository alone.
        let server = match provider.as_str() {
            "GitHubEnterprise" => outside.variable("BUILD_REPOSITORY_URI").and_then(|uri| origin(&uri)),
            _ => Some("https://github.com".to_owned()),
        };
        (Kind::Github, server, name, "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER")
    } else {
        let repository = project.clone().zip(name).map(|(project, name)| format!("{project}/{name}"));
        (Kind::Azure, collection.clone(), repository, "SYSTEM_PULLREQUEST_PULLREQUESTID")
    };
    let pull = outside.variable(number).and_then(|number| number.parse().ok());
    let (Some(api), Some(repository), Some(pull)) = (api, repository, pull) else { return Ok(None) };
    let head = outside.variable("SYSTEM_PULLREQUEST_SOURCECOMMITID");
    let build = outside.variable("BUILD_BUILDID").filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    let page = collection.zip(project).zip(build).and_then(|((collection, project), build)| {
        let mut url = Url::parse(&collection).ok()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend([&project, "_build", "results"]);
        url.query_pairs_mut().append_pair("buildId", &build);
        Some(url.to_string())
    });
    Ok(Some(Target { kind, api: Target::api(kind, &api)?, repository, pull, head, link: page }))
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(Url::has_host)?;
    Some(url.origin().ascii_serialization())
}
