use hld_testkit::gitea::{Gitea, USER};
use serde_json::{Value as Json, json};

/// A branch with one file, by the API.
fn branch(gitea: &Gitea, repository: &str, name: &str) {
    let body = json!({"content": "a2V5OiB2YWx1ZQo=", "message": "a file", "new_branch": name});
    gitea.call("POST", &format!("repos/{USER}/{repository}/contents/file.yaml"), Some(&body)).unwrap();
}

#[test]
fn a_pull_request_has_a_comment_and_a_status() {
    let gitea = Gitea::start().unwrap();
    gitea.create_repository("definition").unwrap();
    branch(&gitea, "definition", "change");
    let number = gitea.open_pull_request("definition", "change", "a change").unwrap();
    let pull = format!("repos/{USER}/definition/pulls/{number}");
    let commit = gitea.call("GET", &pull, None).unwrap()["head"]["sha"].as_str().unwrap().to_owned();
    let status = json!({"context": "hld", "state": "success"});
    gitea.call("POST", &format!("repos/{USER}/definition/statuses/{commit}"), Some(&status)).unwrap();
    let comments = format!("repos/{USER}/definition/issues/{number}/comments");
    gitea.call("POST", &comments, Some(&json!({"body": "what it changes"}))).unwrap();

    let said = gitea.call("GET", &comments, None).unwrap();
    assert_eq!(said[0]["body"], "what it changes");
    let combined = format!("repos/{USER}/definition/commits/{commit}/status");
    assert_eq!(gitea.call("GET", &combined, None).unwrap()["state"], "success");
    let refused = gitea.call("GET", &format!("repos/{USER}/none"), None).unwrap_err();
    assert!(refused.contains("404"), "{refused}");
    gitea.merge_pull_request("definition", number).unwrap();
    let merged: Json = gitea.call("GET", &pull, None).unwrap();
    assert_eq!(merged["merged"], true);
}
