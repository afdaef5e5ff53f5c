//! Days later: somebody deletes an object, replicas change, a component goes, a slip is refused, a change
//! is taken back, and a cluster is lost.

use super::definition;
use super::delivery::publish;
use super::pipeline::{self, Trigger};
use super::tale::{Tale, seconds};
use super::world::{AGENT, World, exists, is_rolled_out};

/// Everything that is done.
pub(super) fn walk(world: &mut World, tale: &mut Tale) -> Result<(), String> {
    repaired(world, tale)?;
    scaled(world, tale)?;
    removed(world, tale)?;
    refused(world, tale)?;
    rolled_back(world, tale)?;
    rebuilt(world, tale)
}

fn repaired(world: &mut World, tale: &mut Tale) -> Result<(), String> {
    tale.step("Somebody deletes a Deployment by hand; the agent brings it back", |said| {
        let uid = ["get", "deployment", "web", "-n", "shop", "-o", "jsonpath={.metadata.uid}"];
        let before = world.cluster.kubectl(&uid)?;
        said.command("kubectl", &["delete", "deployment", "web", "-n", "shop"]);
        world.cluster.kubectl(&["delete", "deployment", "web", "-n", "shop"])?;
        let took =
            world.wait("web is ready again", |cluster| is_rolled_out(cluster, "web", ("web:1.5.0", 3)))?;
        if world.cluster.kubectl(&uid)? == before {
            return Err("it was never gone".to_owned());
        }
        said.note(format!("web is there and ready again after {}", seconds(took)));
        Ok(())
    })
}

fn scaled(world: &mut World, tale: &mut Tale) -> Result<(), String> {
    tale.step("Replicas are changed in git", |said| {
        definition::edit(world, "config/prod.yaml", ("replicas: 3", "replicas: 5"))?;
        said.note("config/prod.yaml: `replicas: 3` becomes `replicas: 5`");
        definition::commit(world, "five of web")?;
        definition::push(world, "main")?;
        publish(world, said, &[], 0)?;
        let took =
            world.wait("web has 5 replicas", |cluster| is_rolled_out(cluster, "web", ("web:1.5.0", 5)))?;
        said.note(format!("web is ready on 5 replicas {} after the push", seconds(took)));
        Ok(())
    })
}

fn removed(world: &mut World, tale: &mut Tale) -> Result<(), String> {
    tale.step("A component is removed; what it made is pruned", |said| {
        pipeline::by_hand(world, said, &["remove", "reports"])?;
        let config =
            "  reports:\n    namespace: shop\n    config:\n      image: registry.example.com/reports:0.9.0\n";
        definition::edit(world, "config/common.yaml", (config, ""))?;
        said.note("config/common.yaml: the config of `reports` is deleted");
        definition::commit(world, "no more reports")?;
        definition::push(world, "main")?;
        publish(world, said, &[], 0)?;
        let gone = |cluster: &_| {
            Ok(!exists(cluster, "cronjob", "reports")? && !exists(cluster, "configmap", "reports")?)
        };
        let took = world.wait("the reports are gone", gone)?;
        said.note(format!("CronJob and ConfigMap `reports` are gone {} after the push", seconds(took)));
        Ok(())
    })
}

fn refused(world: &mut World, tale: &mut Tale) -> Result<(), String> {
    tale.step("A slip would delete the namespace and all in it; publishing is refused", |said| {
        let before = world.published()?;
        definition::append(world, "config/prod.yaml", "  namespace:\n    disabled: true\n")?;
        said.note("config/prod.yaml: `namespace: {disabled: true}` is added");
        definition::commit(world, "a slip")?;
        definition::push(world, "main")?;
        publish(world, said, &[], 3)?;
        if world.published()? != before {
            return Err("something was published".to_owned());
        }
        if !exists(&world.cluster, "namespace", "shop")? {
            return Err("the namespace is gone".to_owned());
        }
        said.note("nothing was published; the slip is taken back");
        world.git(&world.definition(), &["revert", "--no-edit", "HEAD"])?;
        definition::push(world, "main")
    })
}

fn rolled_back(world: &mut World, tale: &mut Tale) -> Result<(), String> {
    tale.step("The last publication is rolled back; the next one respects it", |said| {
        let host = world.gitea.host();
        let rollback = ["rollback", "prod", "--insecure", &host];
        pipeline::run(world, said, (Trigger::Merge, 0), &rollback)?;
        let took = world.wait("the reports are back", |cluster| exists(cluster, "cronjob", "reports"))?;
        said.note(format!("CronJob `reports` is back {} after the push", seconds(took)));
        publish(world, said, &[], 3)?;
        publish(world, said, &["--release-hold"], 0)?;
        world.wait("the reports are gone", |cluster| Ok(!exists(cluster, "cronjob", "reports")?))?;
        said.note("CronJob `reports` is gone again: the hold was ended by hand");
        Ok(())
    })
}

fn rebuilt(world: &mut World, tale: &mut Tale) -> Result<(), String> {
    tale.step("The cluster is emptied, and rebuilt from git", |said| {
        world.stop_agent()?;
        said.command("kubectl", &["delete", "namespace", "shop", AGENT]);
        world.cluster.kubectl(&["delete", "namespace", "shop", AGENT, "--timeout=120s"])?;
        world.bootstrap(said)?;
        world.start_agent(said)?;
        let took = world.wait("the shop is ready", |cluster| {
            Ok(is_rolled_out(cluster, "web", ("web:1.5.0", 5))?
                && is_rolled_out(cluster, "orders", ("orders:2.1.3", 2))?)
        })?;
        said.note(format!("the shop is ready again {} after the agent's start", seconds(took)));
        world.ask_agent(said)
    })
}
