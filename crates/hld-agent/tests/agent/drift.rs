//! What others do to objects of the agent.

use hld_agent::status::Status;
use serde_json::json;

use crate::world::{World, eventually};

fn world() -> (World, String) {
    let mut world = World::new();
    world.write_maps(&["a", "b", "c"], "1");
    world.write(
        "prod/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {replicas: 2, paused: false}\n",
    );
    let commit = world.push();
    world.follow(&commit);
    (world, commit)
}

#[test]
fn f68_what_is_edited_or_deleted_is_repaired_when_it_is_seen() {
    let (world, _) = world();
    world.api.edit("kubectl-edit", ("ConfigMap", "shop/a"), &json!({"data": {"key": "other"}}));
    eventually("the value again", || world.value("a").filter(|value| value == "1"), String::new);
    world.api.remove("ConfigMap", "shop/b");
    eventually("the object again", || world.value("b"), String::new);
    world.api.edit(
        "kubectl-edit",
        ("ConfigMap", "shop/c"),
        &json!({"metadata": {"labels": {"hld.dev/sync": null}}}),
    );
    let labelled = || {
        world.api.object("ConfigMap", "shop/c")?["metadata"]["labels"]["hld.dev/sync"]
            .as_str()
            .map(str::to_owned)
    };
    eventually("the label again", labelled, String::new);
    world.api.edit("kubectl-edit", ("Deployment", "shop/web"), &json!({"spec": {"replicas": 0}}));
    let replicas =
        || world.api.object("Deployment", "shop/web")?["spec"]["replicas"].as_i64().filter(|n| *n == 2);
    eventually("the replicas again", replicas, String::new);
    assert!(world.until("well", Status::is_ready).is_ready());
}

#[test]
fn f68_many_objects_at_once_are_repaired() {
    let mut world = World::new();
    let names: Vec<String> = (0..200).map(|n| format!("m{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.write_maps(&names, "1");
    let commit = world.push();
    world.follow(&commit);
    for name in &names {
        world.api.remove("ConfigMap", &format!("shop/{name}"));
    }
    eventually(
        "all of them again",
        || names.iter().all(|name| world.value(name).is_some()).then_some(()),
        String::new,
    );
}

#[test]
fn f68_a_sweep_that_finds_nothing_writes_nothing() {
    let (mut world, _) = world();
    world.stop();
    world.take_writes();
    let mut config = world.config(&["--git-path=prod"]);
    config.interval = std::time::Duration::from_millis(100);
    world.start(config);
    let swept = || {
        let (_, text) = crate::world::get(world.addresses().metrics, "/metrics");
        let count =
            text.lines().find_map(|line| line.strip_prefix("hld_agent_syncs_total{result=\"applied\"} "))?;
        count.parse::<u64>().ok()
    };
    // A new agent applies everything once; the server changes nothing for it.
    let first = eventually("a sweep", swept, String::new);
    let applied = world.take_writes();
    assert!(applied.iter().all(|call| call.contains("/namespaces/shop/")), "{applied:?}");
    eventually("sweeps", || swept().filter(|count| *count >= first + 5), String::new);
    assert_eq!(world.take_writes(), Vec::<String>::new());
}

#[test]
fn what_is_not_the_agents_is_left_alone() {
    let (world, _) = world();
    world.take_writes();
    world.api.put(
        "somebody",
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "shop"}, "data": {"key": "1"}}),
    );
    world.api.edit("somebody", ("ConfigMap", "shop/x"), &json!({"data": {"key": "2"}}));
    world.api.edit("somebody", ("ConfigMap", "shop/a"), &json!({"data": {"more": "mine"}}));
    world.let_it_look(3);
    assert_eq!(world.api.object("ConfigMap", "shop/a").unwrap()["data"]["more"], "mine");
    assert_eq!(world.value("x").as_deref(), Some("2"));
}
