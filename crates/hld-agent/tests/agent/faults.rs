//! An API server that fails, and an agent that dies.

use hld_agent::config::Config;
use hld_agent::status::Status;
use hld_fakes::{Effect, Fault};
use serde_json::{Value as Json, json};

use crate::world::{World, eventually, get};

#[test]
fn f40_without_the_repository_the_last_good_commit_is_kept_and_repaired() {
    let mut world = World::new();
    world.write_maps(&["a", "b"], "1");
    let commit = world.push();
    world.follow(&commit);
    let elsewhere = world.folder.path().join("elsewhere.git");
    std::fs::rename(world.remote(), &elsewhere).unwrap();
    let status = world.until("no repository", |status| !status.is_ready());
    assert_eq!(status.applied, commit);
    world.api.remove("ConfigMap", "shop/a");
    eventually("the object again", || world.value("a"), String::new);
    std::fs::rename(&elsewhere, world.remote()).unwrap();
    world.until_applied(&commit);
}

#[test]
fn f40_what_was_fetched_survives_a_restart_without_the_repository() {
    let mut world = World::new();
    world.write_maps(&["a", "b"], "1");
    let commit = world.push();
    let mut config = world.config(&["--git-path=prod"]);
    config.git.folder = Some(world.folder.path().join("kept"));
    world.start(config.clone());
    world.until_applied(&commit);
    world.stop();
    std::fs::rename(world.remote(), world.folder.path().join("elsewhere.git")).unwrap();
    world.api.remove("ConfigMap", "shop/a");
    world.start(config);
    eventually("the object again", || world.value("a"), String::new);
}

/// Tries it with an agent that dies after one call, after two, and so on until a whole sync fits; several
/// at once, for most of the time is waiting. Gives the number of points.
fn at_every_call(dies_after: impl Fn(usize) -> bool + Sync) -> usize {
    const AT_ONCE: usize = 8;
    for first in (1..).step_by(AT_ONCE) {
        let is_whole = std::thread::scope(|scope| {
            let at = |n_calls| {
                let dies_after = &dies_after;
                scope.spawn(move || dies_after(n_calls))
            };
            let points: Vec<_> = (first..first + AT_ONCE).map(at).collect();
            // A panic in one of them fails the test with its own words.
            let ends = points.into_iter().map(|point| point.join().unwrap());
            ends.fold(false, |is_whole, end| is_whole | end)
        });
        if is_whole {
            return first;
        }
        assert!(first < 200, "no sync ever fits");
    }
    unreachable!("the loop ends")
}

/// Runs an agent until it is dead or well, and stops it. Gives whether it lived.
fn lives(world: &mut World, config: Config, commit: &str) -> bool {
    world.start(config);
    let is_dead = || world.api.is_client_dead().then_some(());
    let is_well = |status: &Status| status.is_ready() && status.applied == commit;
    eventually("an end", || is_dead().or_else(|| world.status().filter(is_well).map(drop)), String::new);
    let has_lived = is_dead().is_none();
    world.stop();
    world.api.mend();
    has_lived
}

#[test]
fn f45_an_agent_that_dies_after_any_call_of_its_first_sync_leaves_no_orphan() {
    let n_points = at_every_call(|n_calls| {
        let mut world = World::new();
        world.write_maps(&["a", "b", "c"], "1");
        let first = world.push();
        world.api.dies_after(n_calls);
        let config = world.config(&["--git-path=prod"]);
        let has_lived = lives(&mut world, config.clone(), &first);
        // The next commit no longer wants two of them; whatever was created must go.
        world.remove("prod/b.yaml");
        world.remove("prod/c.yaml");
        let second = world.push();
        world.start(config);
        world.until_applied(&second);
        assert_eq!((world.value("b"), world.value("c")), (None, None), "after {n_calls} calls");
        assert_eq!(world.value("a").as_deref(), Some("1"));
        has_lived
    });
    assert!(n_points > 8, "only {n_points} calls");
}

#[test]
fn f45_an_agent_that_dies_after_any_call_of_a_sync_that_changes_creates_and_deletes_leaves_no_orphan() {
    let n_points = at_every_call(|n_calls| {
        let mut world = World::new();
        world.write_maps(&["a", "b", "c"], "1");
        let first = world.push();
        let config = world.config(&["--git-path=prod"]);
        assert!(lives(&mut world, config.clone(), &first));
        world.write_maps(&["a", "d"], "2");
        world.remove("prod/b.yaml");
        let second = world.push();
        let _ = world.api.take_calls();
        world.api.dies_after(n_calls);
        let has_lived = lives(&mut world, config.clone(), &second);
        // The next commit does not want what may just have been created, and wants again what may be gone.
        world.remove("prod/d.yaml");
        world.remove("prod/c.yaml");
        world.write_maps(&["b"], "3");
        let third = world.push();
        world.start(config);
        world.until_applied(&third);
        let values = ["a", "b", "c", "d"].map(|name| world.value(name));
        let expected = [Some("2".to_owned()), Some("3".to_owned()), None, None];
        assert_eq!(values, expected, "after {n_calls} calls");
        // A deletion says which object it means: sent again, it never meets another one.
        let calls = world.api.calls().into_iter().filter(|call| call.verb == "DELETE");
        let mut meant = calls.map(|call| call.body["preconditions"]["uid"].clone());
        assert!(meant.all(|uid| uid.is_string()), "after {n_calls} calls");
        has_lived
    });
    assert!(n_points > 8, "only {n_points} calls");
}

#[test]
fn f46_one_object_that_is_refused_stops_no_other_and_the_status_names_it() {
    let mut world = World::new();
    world.write_maps(&["a", "b", "c"], "1");
    let commit = world.push();
    world.api.fault(Fault::always(
        "PATCH",
        "/configmaps/b",
        Effect::Refuse(403, "denied by a policy".to_owned()),
    ));
    let config = world.config(&["--git-path=prod"]);
    world.start(config);
    let status = world.until_reason("ApplyFailed");
    assert_eq!((status.n_errors, status.applied.as_str()), (1, commit.as_str()));
    assert!(
        status.errors[0].object.contains("shop/b") && status.errors[0].reason.contains("denied"),
        "{status:?}"
    );
    assert_eq!(status.errors[0].path, "prod/b.yaml");
    assert_eq!((world.value("a").as_deref(), world.value("c").as_deref()), (Some("1"), Some("1")));
    world.api.mend();
    world.until_applied(&commit);
}

#[test]
fn f55_an_api_server_that_is_away_is_waited_for() {
    let mut world = World::new();
    world.write_maps(&["a"], "1");
    let first = world.push();
    // Away at the start.
    world.api.fault(Fault::always("", "", Effect::Cut));
    let config = world.config(&["--git-path=prod"]);
    world.start(config);
    eventually("a try", || (!world.api.calls().is_empty()).then_some(()), String::new);
    world.api.mend();
    world.until_applied(&first);
    // Away in between, in several ways.
    for (n, effect) in [
        Effect::Cut,
        Effect::Refuse(503, "the server is starting".to_owned()),
        Effect::Refuse(500, "etcdserver: leader changed".to_owned()),
        Effect::BreakReply,
    ]
    .into_iter()
    .enumerate()
    {
        world.api.fault(Fault::always("", "", effect));
        world.take_writes();
        world.write_maps(&["a"], &format!("value {n}"));
        let commit = world.push();
        eventually("a try", || (!world.api.calls().is_empty()).then_some(()), String::new);
        world.api.mend();
        world.until_applied(&commit);
    }
}

#[test]
fn f56_a_server_that_asks_for_patience_gets_it() {
    let mut world = World::new();
    world.write_maps(&["a", "b"], "1");
    let commit = world.push();
    world.api.fault(Fault::always("PATCH", "/shop/configmaps/*", Effect::retry_after("1")).times(3));
    world.follow(&commit);
    let tries = world.api.calls().iter().filter(|call| call.status == 429).count();
    assert!(tries <= 3, "{tries}");
}

#[test]
fn f84_a_lost_reply_is_no_second_object_and_no_second_delete() {
    for verb in ["PATCH", "POST", "PUT", "DELETE"] {
        let mut world = World::new();
        world.write_maps(&["a", "b", "c"], "1");
        world.push();
        world.api.fault(Fault::always(verb, "", Effect::LoseReply).times(2));
        let config = world.config(&["--git-path=prod"]);
        world.start(config);
        world.until("applied", Status::is_ready);
        world.api.fault(Fault::always(verb, "", Effect::LoseReply).times(2));
        world.remove("prod/b.yaml");
        world.write_maps(&["a"], "2");
        let second = world.push();
        world.until_applied(&second);
        let names: Vec<String> = ["a", "b", "c"].into_iter().filter_map(|name| world.value(name)).collect();
        assert_eq!(names, ["2", "1"], "{verb}");
        // A delete that is sent again says which object it means, so that it never meets another one.
        let deletes = world.api.calls().into_iter().filter(|call| call.verb == "DELETE");
        let mut meant: Vec<String> =
            deletes.map(|call| call.body["preconditions"]["uid"].to_string()).collect();
        meant.dedup();
        assert!(meant.len() == 1 && meant[0].len() > 10, "{verb}: {meant:?}");
    }
}

#[test]
fn b140_words_of_the_server_are_bounded_and_escaped() {
    let mut world = World::new();
    world.write_maps(&["a"], "1");
    world.push();
    let evil = format!("\u{1b}[2J\nlevel=info {}", "x".repeat(1_000_000));
    world.api.fault(Fault::always("PATCH", "/configmaps/a", Effect::Refuse(422, evil)));
    let config = world.config(&["--git-path=prod"]);
    world.start(config);
    let status = world.until_reason("ApplyFailed");
    let text = serde_json::to_string(&status).unwrap();
    assert!(text.len() < 8192 && !text.contains("\\u001b") && !text.contains("\\n"), "{text}");
}

/// A ConfigMap of the agent's namespace that somebody has written.
fn put(world: &World, name: &str, (label, annotations, data): (&str, Json, Json)) {
    let metadata = json!({
        "name": name, "namespace": "hld-agent", "labels": {label: "main"}, "annotations": annotations,
    });
    world.api.put(
        "kubectl-edit",
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}),
    );
}

#[test]
fn b139_nonsense_in_the_agents_status_and_requests_is_lived_with() {
    let mut world = World::new();
    world.write_maps(&["a"], "1");
    let commit = world.push();
    let config = world.config(&["--git-path=prod"]);
    for nonsense in ["", "null", "[]", "{", "{\"applied\":7}", &"[".repeat(100_000)] {
        let absurd = json!({
            "hld.dev/requested": "x".repeat(100_000),
            "hld.dev/allow-removals": "NoSlash",
            "hld.dev/allow-rewrite": "../../\u{202e}",
        });
        put(
            &world,
            "hld-status-main",
            ("hld.dev/status", absurd, json!({"status.json": nonsense, "ready": "7"})),
        );
        world.start(config.clone());
        let status = world.until_applied(&commit);
        assert!(status.request.len() <= 128, "{}", status.request.len());
        // While it runs, too: somebody edits what it has written.
        let absurd = json!({"metadata": {"annotations": {"hld.dev/allow-removals": "/".repeat(1000), "hld.dev/requested": "now"}}});
        world.api.edit("kubectl-annotate", ("ConfigMap", "hld-agent/hld-status-main"), &absurd);
        world.until("an answer", |status| status.request == "now");
        assert_eq!(get(world.addresses().health, "/healthz").0, 200);
        world.stop();
    }
}

#[test]
fn b139_an_inventory_that_is_damaged_stops_everything_but_the_agent() {
    let mut world = World::new();
    world.write_maps(&["a"], "1");
    let commit = world.push();
    let nonsense = json!({"format": "1", "objects": "nonsense\n without a heading"});
    put(&world, "hld-inventory-main-0", ("hld.dev/inventory", json!({}), nonsense));
    let config = world.config(&["--git-path=prod"]);
    for _ in 0..2 {
        world.start(config.clone());
        let status = world.until("a word about it", |status| {
            status.condition("Ready").is_some_and(|ready| ready.message.contains("hld-inventory-main-0"))
        });
        assert!(!status.is_ready() && world.value("a").is_none(), "{status:?}");
        assert_eq!(get(world.addresses().health, "/healthz").0, 200);
        world.stop();
    }
    world.api.remove("ConfigMap", "hld-agent/hld-inventory-main-0");
    world.start(config);
    world.until_applied(&commit);
}

#[test]
fn a_word_to_stop_finishes_the_sync_at_hand() {
    let mut world = World::new();
    world.write_maps(&["a", "b", "c"], "1");
    let commit = world.push();
    world.api.latency(std::time::Duration::from_millis(300));
    let config = world.config(&["--git-path=prod"]);
    world.start(config);
    eventually(
        "a write",
        || world.api.calls().iter().any(|call| call.path.contains("/shop/")).then_some(()),
        String::new,
    );
    world.stop();
    let status = world.status().unwrap();
    assert_eq!((status.applied.as_str(), status.is_ready()), (commit.as_str(), true));
}
