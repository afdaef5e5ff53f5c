//! `cargo xtask road`: one change travels the whole way, on real parts.
//!
//! Gitea, a Kubernetes control plane with a node, and hld-agent run on this machine. What people and
//! pipelines do is done with git, Gitea's API, kubectl, `hld` and `hld-agent`; each step says what is
//! done and is then checked. The first thing that is not as it should be ends the road.

mod definition;
mod delivery;
mod operation;
mod pipeline;
mod review;
mod tale;
mod world;

use crate::{Outcome, build};
use tale::Tale;
use world::{DEFINITION, MANIFESTS, World};

/// Walks it.
pub(crate) fn run() -> Outcome {
    let programs = build::programs()?;
    let mut tale = Tale::new();
    match walk(programs, &mut tale).and_then(|()| is_in_readme(&tale)) {
        Ok(()) => {
            tale.end();
            Ok(true)
        }
        Err(what) => {
            println!("\n{what}");
            Ok(false)
        }
    }
}

/// The README tells the same story.
fn is_in_readme(tale: &Tale) -> Result<(), String> {
    let text = std::fs::read_to_string(hld_testkit::repository().join("README.md"));
    let text = text.map_err(|error| format!("README.md: {error}"))?;
    let missing = tale.missing_in(&text);
    if missing.is_empty() { Ok(()) } else { Err(format!("README.md does not tell:\n{}", missing.join("\n"))) }
}

fn walk(programs: build::Programs, tale: &mut Tale) -> Result<(), String> {
    let mut world = tale.step("Gitea and a Kubernetes cluster start on this machine", |said| {
        let world = World::start(programs)?;
        said.note(format!("two repositories: {} and {MANIFESTS}.git", world.gitea.remote(DEFINITION)));
        said.command("kubectl", &["get", "nodes"]);
        said.quote(&world.cluster.kubectl(&["get", "nodes"])?, 2);
        Ok(world)
    })?;
    let told = walk_in(&mut world, tale);
    told.map_err(|what| format!("{what}\n\n{}", world.said()))
}

fn walk_in(world: &mut World, tale: &mut Tale) -> Result<(), String> {
    tale.step("Ada pushes the definition of a small shop", |said| {
        definition::begin(world)?;
        pipeline::by_hand(world, said, &["tree", "prod"])
    })?;
    delivery::begin(world, tale)?;
    review::walk(world, tale)?;
    delivery::arrive(world, tale)?;
    operation::walk(world, tale)
}
