//! Commits, one after the other: what is applied, what is written, and what is never deleted.

use hld_testkit::git::git;

use crate::world::{World, config_map, eventually};

#[test]
fn a_repository_becomes_a_cluster() {
    let mut world = World::new();
    world.write("prod/shop/a.yaml", config_map("a", "1"));
    world.write("prod/b.json", r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","namespace":"shop"},"data":{"key":"1"}}"#);
    world.write("prod/hld.metadata", "environment: prod\n");
    world.write("other/c.yaml", config_map("c", "1"));
    let commit = world.push();
    let status = world.follow(&commit);
    assert_eq!((status.objects, status.commit.as_str(), status.n_errors), (2, commit.as_str(), 0));
    assert_eq!(status.last_change.unwrap().created, 2);
    assert_eq!(
        (world.value("a").as_deref(), world.value("b").as_deref(), world.value("c")),
        (Some("1"), Some("1"), None)
    );
    let map = world.api.object("ConfigMap", "hld-agent/hld-status-main").unwrap();
    assert_eq!(map["data"]["ready"], "True");
    let reasons =
        || world.api.objects("Event").iter().map(|event| event["reason"].to_string()).collect::<String>();
    eventually("an event", || reasons().contains("Applied").then_some(()), reasons);
}

#[test]
fn a_commit_is_applied_by_what_it_changes() {
    let mut world = World::new();
    let names: Vec<String> = (0..100).map(|n| format!("m{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.write_maps(&names, "1");
    let first = world.push();
    world.follow(&first);
    world.take_writes();
    world.write_maps(&["m7"], "2");
    let second = world.push();
    world.until_applied(&second);
    let writes = world.take_writes();
    assert_eq!(world.value("m7").as_deref(), Some("2"));
    assert!(writes.len() <= 10, "{writes:?}");
    let others =
        writes.iter().filter(|call| call.contains("/shop/configmaps/") && !call.ends_with("/m7")).count();
    assert_eq!(others, 0, "{writes:?}");
}

#[test]
fn a_commit_that_leaves_the_path_alone_writes_nothing() {
    let mut world = World::new();
    world.write_maps(&["a"], "1");
    let first = world.push();
    world.follow(&first);
    world.let_it_look(2);
    world.take_writes();
    world.write("README.md", "elsewhere");
    world.write("other/b.yaml", config_map("b", "1"));
    world.push();
    world.let_it_look(4);
    assert_eq!(world.take_writes(), Vec::<String>::new());
    assert_eq!(world.status().unwrap().applied, first);
}

#[test]
fn what_a_commit_removes_is_deleted() {
    let mut world = World::new();
    world.write_maps(&["a", "b", "c", "d"], "1");
    let first = world.push();
    world.follow(&first);
    world.remove("prod/b.yaml");
    let second = world.push();
    let status = world.until_applied(&second);
    assert_eq!((world.value("b"), world.value("a").as_deref()), (None, Some("1")));
    assert_eq!((status.objects, status.last_change.unwrap().pruned), (3, 1));
    // What somebody else made is nobody's to delete.
    world.stop();
    let config = world.config(&["--git-path=prod", "--sync-garbage-collection=false"]);
    world.start(config);
    world.remove("prod/c.yaml");
    let third = world.push();
    world.until_applied(&third);
    assert_eq!(world.value("c").as_deref(), Some("1"));
}

#[test]
fn f41_an_empty_commit_removes_nothing_and_the_last_good_one_is_kept() {
    let mut world = World::new();
    world.write_maps(&["a", "b"], "1");
    let first = world.push();
    world.follow(&first);
    world.remove("prod/a.yaml");
    world.remove("prod/b.yaml");
    world.write("prod/README.md", "nothing");
    let second = world.push();
    let status = world.until_reason("EmptySource");
    assert_eq!((status.commit.as_str(), status.applied.as_str()), (second.as_str(), first.as_str()));
    world.let_it_look(2);
    assert_eq!((world.value("a").as_deref(), world.value("b").as_deref()), (Some("1"), Some("1")));
    // The last good commit is repaired while the new one is refused.
    world.api.remove("ConfigMap", "shop/a");
    eventually("the object again", || world.value("a"), String::new);
    world.write_maps(&["a", "b"], "2");
    let third = world.push();
    world.until_applied(&third);
    assert_eq!(world.value("b").as_deref(), Some("2"));
}

#[test]
fn f42_a_path_that_moves_a_branch_that_is_deleted_and_a_repository_that_is_replaced_remove_nothing() {
    let mut world = World::new();
    world.write_maps(&["a", "b"], "1");
    let first = world.push();
    world.follow(&first);
    git(&world.clone(), &["mv", "prod", "production"]).unwrap();
    world.push();
    let status = world.until_reason("PathNotFound");
    assert!(
        status.condition("Ready").unwrap().message.contains("it seems to be `production` now"),
        "{status:?}"
    );
    git(&world.remote(), &["update-ref", "-d", "refs/heads/main"]).unwrap();
    world.until_reason("BranchNotFound");
    std::fs::rename(world.remote(), world.folder.path().join("elsewhere.git")).unwrap();
    world.until("gone", |status| {
        ["FetchFailed", "BranchNotFound"].contains(&status.condition("Ready").unwrap().reason.as_str())
    });
    hld_testkit::git::bare(&world.remote()).unwrap();
    git(&world.clone(), &["checkout", "-q", "--orphan", "new"]).unwrap();
    git(&world.clone(), &["mv", "production", "prod"]).unwrap();
    world.write_maps(&["a"], "9");
    world.push();
    world.until_reason("HistoryRewritten");
    assert_eq!((world.value("a").as_deref(), world.value("b").as_deref()), (Some("1"), Some("1")));
}

#[test]
fn f43_a_broken_commit_keeps_the_last_good_one_even_over_a_restart() {
    let mut world = World::new();
    world.write_maps(&["a", "b"], "1");
    let first = world.push();
    world.follow(&first);
    world.write_maps(&["a"], "2");
    world.write("prod/bad.yaml", "a: [\n");
    let second = world.push();
    let status = world.until_reason("BuildFailed");
    assert_eq!((status.commit.as_str(), status.applied.as_str()), (second.as_str(), first.as_str()));
    assert!(status.condition("Ready").unwrap().message.contains("prod/bad.yaml:"), "{status:?}");
    world.stop();
    world.api.remove("ConfigMap", "shop/b");
    let config = world.config(&["--git-path=prod"]);
    world.start(config);
    eventually("the object again", || world.value("b"), String::new);
    assert_eq!(world.value("a").as_deref(), Some("1"));
    world.until_reason("BuildFailed");
    world.remove("prod/bad.yaml");
    let third = world.push();
    world.until_applied(&third);
    assert_eq!(world.value("a").as_deref(), Some("2"));
}

#[test]
fn f71_a_rewritten_history_is_not_followed_unless_somebody_allows_it() {
    let mut world = World::new();
    world.write_maps(&["a"], "1");
    let first = world.push();
    world.follow(&first);
    world.write_maps(&["a"], "2");
    let second = world.push();
    world.until_applied(&second);
    // Back.
    git(&world.clone(), &["reset", "-q", "--hard", &first]).unwrap();
    git(&world.clone(), &["push", "-q", "-f", "origin", "HEAD:main"]).unwrap();
    let status = world.until_reason("HistoryRewritten");
    assert_eq!((status.commit.as_str(), status.applied.as_str()), (first.as_str(), second.as_str()));
    // Sideways, and after a restart.
    world.stop();
    world.write_maps(&["a"], "3");
    let aside = world.push();
    let config = world.config(&["--git-path=prod"]);
    world.start(config);
    world.until("sideways", |status| status.commit == aside && status.condition("Stalled").unwrap().status);
    assert_eq!(world.value("a").as_deref(), Some("2"));
    // Somebody allows just this commit.
    let patch = serde_json::json!({"metadata": {"annotations": {"hld.dev/allow-rewrite": aside}}});
    world.api.edit("kubectl", ("ConfigMap", "hld-agent/hld-status-main"), &patch);
    world.until_applied(&aside);
    assert_eq!(world.value("a").as_deref(), Some("3"));
    git(&world.clone(), &["reset", "-q", "--hard", &first]).unwrap();
    git(&world.clone(), &["push", "-q", "-f", "origin", "HEAD:main"]).unwrap();
    world.until_reason("HistoryRewritten");
    world.stop();
    let config = world.config(&["--git-path=prod", "--allow-rewrite"]);
    world.start(config);
    world.until_applied(&first);
}

#[test]
fn f30_the_guard_holds_a_large_removal_until_somebody_allows_it() {
    let mut world = World::new();
    let names: Vec<String> = (0..40).map(|n| format!("m{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.write_maps(&names, "1");
    let first = world.push();
    world.follow(&first);
    for name in &names[5..] {
        world.remove(&format!("prod/{name}.yaml"));
    }
    world.write_maps(&["m0"], "2");
    let second = world.push();
    let status = world.until_reason("PruneHeld");
    assert!(status.condition("Ready").unwrap().message.contains("35 of 40"), "{status:?}");
    assert_eq!((world.value("m0").as_deref(), world.value("m20").as_deref()), (Some("2"), Some("1")));
    let allow = |what: String| {
        let patch = serde_json::json!({"metadata": {"annotations": {"hld.dev/allow-removals": what, "hld.dev/requested": what}}});
        world.api.edit("kubectl", ("ConfigMap", "hld-agent/hld-status-main"), &patch);
        world.until("an answer", |status| status.request == what)
    };
    // Another commit, another number: not this.
    assert!(!allow(format!("{first}/35")).is_ready());
    assert!(!allow(format!("{second}/34")).is_ready());
    allow(format!("{second}/35"));
    world.until_applied(&second);
    assert_eq!((world.value("m4").as_deref(), world.value("m20")), (Some("1"), None));
}

#[test]
fn a_request_is_answered_after_a_fetch_and_a_comparison_of_everything() {
    let mut world = World::new();
    world.write_maps(&["a"], "1");
    let first = world.push();
    let mut config = world.config(&["--git-path=prod"]);
    config.git.poll_interval = std::time::Duration::from_secs(3600);
    world.start(config);
    world.until_applied(&first);
    world.write_maps(&["a"], "2");
    let second = world.push();
    let patch = serde_json::json!({"metadata": {"annotations": {"hld.dev/requested": "please"}}});
    world.api.edit("kubectl", ("ConfigMap", "hld-agent/hld-status-main"), &patch);
    let status = world.until("an answer", |status| status.request == "please");
    assert_eq!((status.applied.as_str(), status.is_ready()), (second.as_str(), true));
    assert_eq!(world.value("a").as_deref(), Some("2"));
}
