//! Which pull request a CI system runs for.

use hld_forge::{Kind, Outside, Target, detect};

/// Variables, and one file.
struct Variables<'v>(&'v [(&'v str, &'v str)], &'v str);

impl Outside for Variables<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    fn file(&self, path: &str) -> Option<String> {
        (path == "/event.json").then(|| self.1.to_owned())
    }
}

fn found(variables: &[(&str, &str)], event: &str) -> Option<Target> {
    detect(&Variables(variables, event)).unwrap()
}

const GITHUB: &[(&str, &str)] = &[
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_SERVER_URL", "https://github.com"),
    ("GITHUB_API_URL", "https://api.github.com"),
    ("GITHUB_REPOSITORY", "team/shop"),
    ("GITHUB_REF", "refs/pull/12/merge"),
    ("GITHUB_RUN_ID", "77"),
    ("GITHUB_EVENT_PATH", "/event.json"),
];

#[test]
fn github_actions_say_it_in_their_event() {
    let target = found(GITHUB, r#"{"pull_request": {"number": 12, "head": {"sha": "abc"}}}"#).unwrap();
    assert_eq!((target.kind, target.api.as_str()), (Kind::Github, "https://api.github.com/"));
    assert_eq!(
        (target.repository.as_str(), target.pull, target.head.as_deref()),
        ("team/shop", 12, Some("abc"))
    );
    assert_eq!(target.link.as_deref(), Some("https://github.com/team/shop/actions/runs/77"));
    let target = found(GITHUB, "{").unwrap();
    assert_eq!((target.pull, target.head), (12, None));
}

#[test]
fn gitea_actions_are_not_github() {
    let mut variables = GITHUB.to_vec();
    variables[1].1 = "https://git.example/sub";
    variables[2].1 = "https://git.example/sub/api/v1";
    variables.push(("GITEA_ACTIONS", "true"));
    let target = found(&variables, "").unwrap();
    assert_eq!((target.kind, target.api.as_str()), (Kind::Gitea, "https://git.example/sub/api/v1"));
}

const AZURE: &[(&str, &str)] = &[
    ("TF_BUILD", "True"),
    ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/org/"),
    ("SYSTEM_TEAMPROJECT", "the team"),
    ("BUILD_REPOSITORY_PROVIDER", "TfsGit"),
    ("BUILD_REPOSITORY_NAME", "shop"),
    ("SYSTEM_PULLREQUEST_PULLREQUESTID", "12"),
    ("SYSTEM_PULLREQUEST_SOURCECOMMITID", "abc"),
    ("BUILD_BUILDID", "77"),
];

#[test]
fn azure_pipelines_say_it_in_variables() {
    let target = found(AZURE, "").unwrap();
    assert_eq!((target.kind, target.api.as_str()), (Kind::Azure, "https://dev.azure.com/org"));
    assert_eq!((target.repository.as_str(), target.pull), ("the team/shop", 12));
    assert_eq!(target.head.as_deref(), Some("abc"));
    let link = "https://dev.azure.com/org/the%20team/_build/results?buildId=77";
    assert_eq!(target.link.as_deref(), Some(link));
}

#[test]
fn azure_pipelines_build_from_github_too() {
    let mut variables = AZURE.to_vec();
    variables[3].1 = "GitHub";
    variables[4].1 = "team/shop";
    variables.push(("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "5"));
    let target = found(&variables, "").unwrap();
    assert_eq!((target.kind, target.pull, target.repository.as_str()), (Kind::Github, 5, "team/shop"));
}

#[test]
fn azure_pipelines_that_build_from_a_github_of_ones_own_ask_that_one() {
    let mut variables = AZURE.to_vec();
    variables[3].1 = "GitHubEnterprise";
    variables[4].1 = "team/shop";
    variables.push(("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "5"));
    // Nobody knows which server it is: github.com gets no token of another one.
    assert_eq!(found(&variables, ""), None);
    variables.push(("BUILD_REPOSITORY_URI", "https://bot@github.example:8443/team/shop.git"));
    let target = found(&variables, "").unwrap();
    assert_eq!((target.kind, target.api.as_str()), (Kind::Github, "https://github.example:8443/api/v3"));
}

#[test]
fn without_a_pull_request_there_is_none() {
    assert_eq!(found(&[], ""), None);
    assert_eq!(found(&[("CI", "true"), ("GITHUB_REF", "refs/pull/1/merge")], ""), None);
    let pushed: Vec<_> = GITHUB.iter().filter(|(name, _)| *name != "GITHUB_REF").copied().collect();
    assert_eq!(found(&pushed, "{}"), None);
    assert_eq!(found(&AZURE[..5], ""), None);
    let odd = [AZURE[0], AZURE[1], AZURE[2], AZURE[3], AZURE[4], ("SYSTEM_PULLREQUEST_PULLREQUESTID", "-1")];
    assert_eq!(found(&odd, ""), None);
}

#[test]
fn addresses_of_people_become_addresses_of_apis() {
    for (kind, url, api) in [
        (Kind::Github, "https://github.com", "https://api.github.com/"),
        (Kind::Github, "https://github.example/", "https://github.example/api/v3"),
        (Kind::Github, "https://team.ghe.com", "https://api.team.ghe.com/"),
        (Kind::Github, "https://api.team.ghe.com", "https://api.team.ghe.com/"),
        (Kind::Github, "https://github.example/api/v3", "https://github.example/api/v3"),
        (Kind::Gitea, "https://git.example", "https://git.example/api/v1"),
        (Kind::Gitea, "https://git.example/sub/", "https://git.example/sub/api/v1"),
        (Kind::Azure, "https://dev.azure.com/org/", "https://dev.azure.com/org"),
        (Kind::Azure, "https://tfs.example/tfs/Default?x=y", "https://tfs.example/tfs/Default"),
    ] {
        assert_eq!(Target::api(kind, url).unwrap().as_str(), api);
    }
    for url in ["", "git.example", "mailto:x", "file:///x"] {
        assert!(Target::api(Kind::Gitea, url).is_err(), "{url}");
    }
}
