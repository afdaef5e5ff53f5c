//! What runs hld: Ada in her work tree, and pipelines, each in a fresh clone and with the variables that
//! Gitea's runner would set.

use hld_testkit::Told;
use hld_testkit::gitea::USER;
use serde_json::json;
use tempfile::TempDir;

use super::tale::Said;
use super::world::{DEFINITION, World};

/// What a run is for.
#[derive(Clone, Copy)]
pub(super) enum Trigger<'t> {
    /// A push to `main`.
    Merge,
    /// A push to the branch of a pull request.
    PullRequest { number: u64, branch: &'t str },
}

/// Ada runs hld, and it must end well.
pub(super) fn by_hand(world: &World, said: &mut Said, arguments: &[&str]) -> Result<(), String> {
    let told = world.hld(said, (&world.definition(), &[]), arguments)?;
    expect(said, &told, 0)
}

/// A pipeline runs hld, and it must end with this exit code.
pub(super) fn run(
    world: &World,
    said: &mut Said,
    (trigger, exit_code): (Trigger<'_>, i32),
    arguments: &[&str],
) -> Result<(), String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let branch = match trigger {
        Trigger::Merge => "main",
        Trigger::PullRequest { branch, .. } => branch,
    };
    let url = world.gitea.remote(DEFINITION);
    world.git(folder.path(), &["clone", "--quiet", "--branch", branch, &url, DEFINITION])?;
    let mut variables = vec![("CI", "true".to_owned())];
    if let Trigger::PullRequest { number, .. } = trigger {
        let event = folder.path().join("event.json");
        let text = json!({"pull_request": {"number": number}}).to_string();
        std::fs::write(&event, text).map_err(|error| error.to_string())?;
        variables.push(("GITEA_ACTIONS", "true".to_owned()));
        variables.push(("GITHUB_SERVER_URL", world.gitea.url()));
        variables.push(("GITHUB_REPOSITORY", format!("{USER}/{DEFINITION}")));
        variables.push(("GITHUB_EVENT_PATH", event.to_string_lossy().into_owned()));
        variables.push(("GITHUB_TOKEN", world.gitea.token().to_owned()));
    }
    let told = world.hld(said, (&folder.path().join(DEFINITION), &variables), arguments)?;
    expect(said, &told, exit_code)
}

/// Says what a run said, and whether it ended as it should.
fn expect(said: &mut Said, told: &Told, exit_code: i32) -> Result<(), String> {
    said.quote(&told.stdout, 7);
    said.quote(&told.stderr, 12);
    if told.exit_code == Some(exit_code) {
        if exit_code != 0 {
            said.note(format!("it ends with exit code {exit_code}"));
        }
        return Ok(());
    }
    Err(format!("exit code {:?}, not {exit_code}\n{}{}", told.exit_code, told.stdout, told.stderr))
}
