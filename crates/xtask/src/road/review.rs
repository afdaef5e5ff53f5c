//! A pull request: what it changes is shown on it, a gate stops it, it is mended and merged.

use hld_testkit::gitea::USER;
use serde_json::Value as Json;

use super::definition;
use super::pipeline::{self, Trigger};
use super::tale::{Said, Tale};
use super::world::{DEFINITION, World};

/// The branch of the change.
const BRANCH: &str = "web-1.5";

/// From the branch to the merge.
pub(super) fn walk(world: &World, tale: &mut Tale) -> Result<(), String> {
    let number = tale.step("Ada opens a pull request: a new image, and a slip of the pen", |said| {
        definition::edit(world, "config/common.yaml", ("web:1.4.0", "web:1.5.0"))?;
        definition::edit(world, "web/deployment.yaml", ("replicas:", "replicsa:"))?;
        said.note("config/common.yaml: `web:1.4.0` becomes `web:1.5.0`");
        said.note("web/deployment.yaml: `replicas` becomes `replicsa`");
        definition::commit(world, "web 1.5")?;
        definition::push(world, BRANCH)?;
        world.gitea.open_pull_request(DEFINITION, BRANCH, "web 1.5")
    })?;
    let trigger = Trigger::PullRequest { number, branch: BRANCH };
    let first = tale.step("Its pipeline shows what it changes, and the gate stops it", |said| {
        preview(world, said, (trigger, 1))?;
        let comment = only_comment(world, number)?;
        let body = comment["body"].as_str().unwrap_or_default();
        if !body.contains("replicsa") || !body.contains("1.5.0") {
            return Err(format!("the comment does not say it:\n{body}"));
        }
        said.note(format!(
            "the commit has the status `{}`, the pull request this comment:",
            status(world, "failure")?
        ));
        said.quote(body, 8);
        Ok(comment)
    })?;
    tale.step("Ada mends it; the same comment is updated, the status is green", |said| {
        definition::edit(world, "web/deployment.yaml", ("replicsa:", "replicas:"))?;
        definition::commit(world, "replicas")?;
        definition::push(world, BRANCH)?;
        preview(world, said, (trigger, 0))?;
        let comment = only_comment(world, number)?;
        let body = comment["body"].as_str().unwrap_or_default();
        if comment["id"] != first["id"] || body.contains("replicsa") || !body.contains("1.5.0") {
            return Err(format!("it is not the same comment with another text:\n{body}"));
        }
        said.note(format!(
            "the commit has the status `{}`, the same comment says:",
            status(world, "success")?
        ));
        said.quote(body, 11);
        Ok(())
    })?;
    tale.step("The pull request is merged", |_| {
        world.gitea.merge_pull_request(DEFINITION, number)?;
        definition::pull(world)
    })
}

/// What the pipeline of a pull request runs.
fn preview(world: &World, said: &mut Said, expected: (Trigger<'_>, i32)) -> Result<(), String> {
    let host = world.gitea.host();
    let arguments = ["preview", "--base", "origin/main", "--all", "--gate", "--post", "--require-comment"];
    let arguments: Vec<&str> = arguments.into_iter().chain(["--insecure", &host]).collect();
    pipeline::run(world, said, expected, &arguments)
}

/// The comment on a pull request: there must be one.
fn only_comment(world: &World, number: u64) -> Result<Json, String> {
    let path = format!("repos/{USER}/{DEFINITION}/issues/{number}/comments");
    let comments = world.gitea.call("GET", &path, None)?;
    match comments.as_array().map(Vec::as_slice) {
        Some([comment]) => Ok(comment.clone()),
        _ => Err(format!("there is not one comment: {comments}")),
    }
}

/// The state of what is checked out, which must be `expected`.
fn status(world: &World, expected: &str) -> Result<String, String> {
    let commit = world.git(&world.definition(), &["rev-parse", "HEAD"])?;
    let path = format!("repos/{USER}/{DEFINITION}/commits/{commit}/status");
    let found = world.gitea.call("GET", &path, None)?;
    let state = found["state"].as_str().unwrap_or_default().to_owned();
    if state == expected {
        Ok(state)
    } else {
        Err(format!("the status is `{state}`, not `{expected}`: {found}"))
    }
}
