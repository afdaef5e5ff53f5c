//! `hld agent`: what it prints, what it asks, and how it fails without a cluster.

use hld_fakes::FakeApi;
use serde_json::{Value as Json, json};

use crate::support::World;

/// A cluster whose agent has written this status, and a kubeconfig for it.
fn cluster(world: &World, ready: bool) -> FakeApi {
    let api = FakeApi::start();
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
         clusters: [{{name: a, cluster: {{server: '{}'}}}}]\nusers: [{{name: a, user: {{}}}}]\n",
        api.url()
    );
    world.write("kubeconfig", kubeconfig);
    let since = "2026-01-02T03:04:05Z";
    let message = if ready { "a: 3 objects are applied" } else { "1 of 3 objects failed" };
    let status = json!({
        "url": "https://git.example.org/m.git", "branch": "main", "paths": ["prod"],
        "commit": "b".repeat(40), "applied": "b".repeat(40), "objects": 3,
        "conditions": [{"type": "Ready", "status": ready, "reason": "ApplyFailed", "message": message, "since": since}],
        "errors": [], "nErrors": 0, "request": "",
    });
    api.put("admin", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "hld-agent"}}));
    api.put(
        "hld-agent",
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "hld-status-main", "namespace": "hld-agent"},
            "data": {"status.json": status.to_string()},
        }),
    );
    api
}

fn annotations(api: &FakeApi) -> Json {
    api.object("ConfigMap", "hld-agent/hld-status-main").unwrap()["metadata"]["annotations"].clone()
}

#[test]
fn bootstrap_prints_manifests_and_says_what_is_left_to_do() {
    let world = World::new(&[]);
    let run = world.hld("agent bootstrap --print --git-url git@github.com:org/m.git --path prod").run();
    run.exits(0);
    for part in
        ["kind: Deployment", "BEGIN OPENSSH PRIVATE KEY", "github.com ssh-ed25519 ", "paths: [\"prod\"]"]
    {
        assert!(run.stdout.contains(part), "{run}");
    }
    assert!(run.stderr.contains("give the repository this deploy key, to read: ssh-ed25519 "), "{run}");
    assert!(!run.stderr.contains("PRIVATE"), "{run}");
    let namespaced = world.hld("agent bootstrap --print --git-url https://h/m --namespaced shop").run();
    assert!(!namespaced.stdout.contains("ClusterRole"), "{namespaced}");
}

#[test]
fn bootstrap_refuses_what_it_can_not_print() {
    let world = World::new(&[]);
    for (arguments, part) in [
        ("--print --git-url http://h/m", "`--git-url` can not be used"),
        ("--print --git-url https://x:hunter2@h/m", "password or token"),
        ("--print --git-url https://h/m --namespace A", "`--namespace` can not be used"),
        ("--git-url https://h/m", "--print"),
        ("--print --git-url https://h/m --namespaced a --cluster-admin", "cannot be used with"),
    ] {
        let run = world.hld(&format!("agent bootstrap {arguments}")).run();
        run.exits(2);
        assert!(run.stderr.contains(part) && !run.stderr.contains("hunter2"), "{run}");
        assert!(run.stdout.is_empty(), "{run}");
    }
}

#[test]
fn status_shows_how_the_agent_stands() {
    let world = World::new(&[]);
    let api = cluster(&world, true);
    let run = world.hld("agent status --kubeconfig kubeconfig").run();
    run.exits(0);
    assert!(run.stdout.contains("ready        yes, ApplyFailed since 2026-01-02T03:04:05Z"), "{run}");
    drop(api);
    let api = cluster(&world, false);
    world.hld("agent status --kubeconfig kubeconfig").run().exits(1);
    let run = world.hld("agent status --kubeconfig kubeconfig --format json").run();
    run.exits(1);
    assert_eq!(serde_json::from_str::<Json>(&run.stdout).unwrap()["objects"], 3, "{run}");
    let run = world.hld("agent status --kubeconfig kubeconfig --sync other").run();
    run.exits(1);
    assert!(run.stderr.contains("no agent has written the ConfigMap `hld-status-other`"), "{run}");
    drop(api);
}

#[test]
fn sync_asks_by_annotations_and_nothing_else() {
    let world = World::new(&[]);
    let api = cluster(&world, true);
    let commit = "a".repeat(40);
    let run = world
        .hld(&format!("agent sync --kubeconfig kubeconfig --allow-removals 7 --allow-rewrite {commit}"))
        .run();
    run.exits(0);
    let said = annotations(&api);
    assert_eq!(said["hld.dev/allow-removals"], format!("{}/7", "b".repeat(40)));
    assert_eq!(said["hld.dev/allow-rewrite"], commit);
    assert!(said["hld.dev/requested"].as_str().is_some_and(|word| word.len() > 10), "{said}");
    let writes = api.calls().iter().filter(|call| call.is_write()).count();
    assert_eq!(writes, 1);
    // Nobody answers.
    let run = world.hld("agent sync --kubeconfig kubeconfig --wait --timeout 0").run();
    run.exits(6);
    assert!(run.stderr.contains("did not answer in time"), "{run}");
    world.hld("agent sync --kubeconfig kubeconfig --allow-rewrite abc").run().exits(2);
}

#[test]
fn without_a_cluster_the_exit_code_says_whose_turn_it_is() {
    let world = World::new(&[]);
    let run = world.hld("agent status --kubeconfig nowhere").run();
    run.exits(2);
    assert!(run.stderr.contains("there is no cluster to ask"), "{run}");
    drop(cluster(&world, true));
    let run = world.hld("agent status --kubeconfig kubeconfig").run();
    run.exits(4);
    assert!(run.stderr.contains("the cluster gives no answer"), "{run}");
}

#[test]
fn diff_shows_what_a_folder_would_change_and_writes_nothing() {
    let world = World::new(&[]);
    let api = cluster(&world, true);
    let map = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: hld-agent}}\ndata: {{key: '1'}}\n"
        )
    };
    world.write("out/a.yaml", map("a")).write("out/.hidden.yaml", "nonsense: [");
    let run = world.hld("agent diff out --kubeconfig kubeconfig --exit-code").run();
    run.exits(1);
    assert!(run.stdout.contains("ConfigMap hld-agent/a"), "{run}");
    let run = world.hld("agent diff out --kubeconfig kubeconfig --format json").run();
    run.exits(0);
    assert!(serde_json::from_str::<Json>(&run.stdout).unwrap()["comparisons"].is_array(), "{run}");
    assert!(!api.calls().iter().any(hld_fakes::Call::is_write));
    world.write("out/b.yaml", "a: [");
    let run = world.hld("agent diff out --kubeconfig kubeconfig").run();
    run.exits(4);
    assert!(run.stderr.contains("out/b.yaml"), "{run}");
}
