//! From a merge to a cluster: publish, webhook, apply, rollout.

use super::pipeline::{self, Trigger};
use super::tale::{Said, Tale, seconds};
use super::world::{World, is_rolled_out};

/// The first publication, and the agent that applies it.
pub(super) fn begin(world: &mut World, tale: &mut Tale) -> Result<(), String> {
    tale.step("Its pipeline publishes it to the manifest repository", |said| publish(world, said, &[], 0))?;
    tale.step("The cluster gets an account for the agent, with the rights of an applier", |said| {
        world.bootstrap(said)
    })?;
    tale.step("The agent starts on this machine, as that account, and applies it", |said| {
        world.start_agent(said)?;
        world.add_webhook()?;
        world.wait("web 1.4.0 is ready on 3 replicas", |cluster| {
            is_rolled_out(cluster, "web", ("web:1.4.0", 3))
        })?;
        let pods = world.cluster.kubectl(&["get", "deployments", "-n", "shop"])?;
        said.command("kubectl", &["get", "deployments", "-n", "shop"]);
        said.quote(&pods, 4);
        world.ask_agent(said)
    })
}

/// The change of the pull request arrives.
pub(super) fn arrive(world: &mut World, tale: &mut Tale) -> Result<(), String> {
    tale.step("The merge is published, the forge calls the agent, the new image rolls out", |said| {
        publish(world, said, &[], 0)?;
        let took =
            world.wait("web 1.5.0 is ready", |cluster| is_rolled_out(cluster, "web", ("web:1.5.0", 3)))?;
        said.note(format!("web 1.5.0 is ready on 3 replicas {} after the push", seconds(took)));
        Ok(())
    })
}

/// Publishes `prod` as its pipeline does.
pub(super) fn publish(world: &World, said: &mut Said, with: &[&str], exit_code: i32) -> Result<(), String> {
    let host = world.gitea.host();
    let arguments: Vec<&str> = ["publish", "prod", "--insecure", &host].iter().chain(with).copied().collect();
    pipeline::run(world, said, (Trigger::Merge, exit_code), &arguments)
}
