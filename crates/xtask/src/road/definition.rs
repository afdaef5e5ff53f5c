//! What people do: they change the definition, push it, and open pull requests.

use std::path::Path;

use hld_testkit::Files;

use super::world::{DEFINITION, MANIFESTS, World};

/// Ada's work tree, with the first version of the definition, pushed to `main`.
pub(super) fn begin(world: &World) -> Result<(), String> {
    let (top, folder) = (world.definition(), hld_testkit::repository().join("fixtures/road"));
    let parent = top.parent().unwrap_or(Path::new("/"));
    world.git(parent, &["clone", "--quiet", &world.gitea.remote(DEFINITION), DEFINITION])?;
    let files = Files::read(&folder).map_err(|error| error.to_string())?;
    files.without("README.md").write(&top).map_err(|error| error.to_string())?;
    let settings = format!("publish:\n  to: {}\n  path: clusters\n", world.gitea.remote(MANIFESTS));
    append(world, "hld.yaml", &settings)?;
    commit(world, "the shop")?;
    push(world, "main")
}

/// Commits everything.
pub(super) fn commit(world: &World, message: &str) -> Result<(), String> {
    world.git(&world.definition(), &["add", "--all"])?;
    world.git(&world.definition(), &["commit", "--quiet", "--message", message]).map(drop)
}

/// Pushes what is checked out.
pub(super) fn push(world: &World, branch: &str) -> Result<(), String> {
    let target = format!("HEAD:refs/heads/{branch}");
    world.git(&world.definition(), &["push", "--quiet", "origin", &target]).map(drop)
}

/// Checks out what is on `main` now.
pub(super) fn pull(world: &World) -> Result<(), String> {
    let top = world.definition();
    world.git(&top, &["fetch", "--quiet", "origin"])?;
    world.git(&top, &["checkout", "--quiet", "--detach", "origin/main"]).map(drop)
}

/// Changes one text of a file, which must stand there once.
pub(super) fn edit(world: &World, file: &str, (before, after): (&str, &str)) -> Result<(), String> {
    let path = world.definition().join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
    if text.matches(before).count() != 1 {
        return Err(format!("{file}: `{before}` does not stand there once"));
    }
    std::fs::write(&path, text.replace(before, after)).map_err(|error| format!("{file}: {error}"))
}

/// Adds lines to a file.
pub(super) fn append(world: &World, file: &str, lines: &str) -> Result<(), String> {
    let path = world.definition().join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
    std::fs::write(&path, text + lines).map_err(|error| format!("{file}: {error}"))
}
