//! The agent dies after each of its calls, and the next commit removes objects (F45, F84, P4, P5).

use hld_apply::{Options, Scope, Word};
use hld_fakes::{Effect, Fault};
use proptest::prelude::*;
use serde_json::json;

use crate::world::{Files, World, config, configs, desired};

/// What the next commit is after the one during which the agent died.
const NEXT: [&[&str]; 4] = [&["a"], &["a", "b"], &["c"], &["a", "b", "c", "d"]];

/// P4: the inventory names every object of ours, now.
#[track_caller]
fn check_inventory(world: &World, when: &str) {
    let missing: Vec<String> = world.labelled().difference(&world.inventory()).cloned().collect();
    assert!(missing.is_empty(), "{when}: the inventory does not name {missing:?}");
}

/// P9: what is there is what the commit says, and the inventory says the same.
#[track_caller]
fn check_converged(world: &World, files: &Files, when: &str) {
    let wanted: Vec<String> = desired(files).ids().map(ToString::to_string).collect();
    assert_eq!(world.labelled().into_iter().collect::<Vec<_>>(), wanted, "{when}: objects");
    assert_eq!(world.inventory().into_iter().collect::<Vec<_>>(), wanted, "{when}: inventory");
}

/// No object is deleted twice: a deletion that was carried out is never sent again for that name,
/// unless it has been created anew in between.
#[track_caller]
fn check_deletions(world: &World, when: &str) {
    let mut deleted: Vec<String> = Vec::new();
    for call in world.api.calls() {
        match call.verb.as_str() {
            "DELETE" if call.is_executed && call.status != 404 && call.status != 409 => {
                assert!(!deleted.contains(&call.path), "{when}: {} is deleted twice", call.path);
                deleted.push(call.path);
            }
            "PATCH" => deleted.retain(|path| *path != call.path),
            _ => {}
        }
    }
}

async fn quietly(world: &World, files: &Files) {
    // It dies: what it would have said is lost.
    let _ = world.cluster.sync(&desired(files), &Scope::All, &options()).await;
}

fn options() -> Options {
    Options { allow_removals: None, concurrency: 1, ..Options::default() }
}

#[tokio::test]
async fn f45_the_agent_dies_after_each_call_and_nothing_is_orphaned() {
    let (first, second) = (configs(&["a", "b"]), configs(&["b", "c", "d"]));
    let mut n_points = 0;
    for next in NEXT {
        let next = configs(next);
        for n_calls in 0.. {
            let when = format!("after {n_calls} calls, next {:?}", next.keys().collect::<Vec<_>>());
            let mut world = World::new();
            world.sync(&first).await;
            let _ = world.api.take_calls();
            world.restart();
            world.api.dies_after(n_calls);
            quietly(&world, &second).await;
            let is_whole = world.api.calls().iter().filter(|call| call.is_executed).count() < n_calls;
            check_inventory(&world, &when);
            world.api.mend();
            world.restart();
            world.sync(&next).await;
            check_inventory(&world, &when);
            let report = world.sync(&next).await;
            assert!(report.is_complete(), "{when}: {report:?}");
            check_converged(&world, &next, &when);
            check_deletions(&world, &when);
            n_points += 1;
            if is_whole {
                break;
            }
        }
    }
    assert!(n_points > 40, "only {n_points} points");
}

#[tokio::test]
async fn f45_drift_repair_that_dies_leaves_no_orphan() {
    // The object was deleted by hand: made anew it has another UID than the inventory knows.
    for n_calls in 0..12 {
        let when = format!("after {n_calls} calls");
        let mut world = World::new();
        let both = configs(&["a", "b"]);
        world.sync(&both).await;
        world.api.remove("ConfigMap", "shop/a");
        world.api.dies_after(n_calls);
        quietly(&world, &both).await;
        check_inventory(&world, &when);
        world.api.mend();
        world.api.latency(std::time::Duration::ZERO);
        world.restart();
        let next = configs(&["b"]);
        world.sync(&next).await;
        check_converged(&world, &next, &when);
        check_deletions(&world, &when);
    }
}

#[tokio::test]
async fn f45_an_object_that_is_replaced_between_look_and_apply_is_not_orphaned() {
    // It is there when the agent looks, and deleted before it is applied.
    for n_calls in 1..8 {
        let when = format!("after {n_calls} calls");
        let mut world = World::new();
        world.sync(&[config("a", "1")].into()).await;
        let _ = world.api.take_calls();
        let changed: Files = [config("a", "2")].into();
        // A call comes, and is carried out a moment later.
        world.api.latency(std::time::Duration::from_millis(100));
        world.api.dies_after(n_calls);
        let agent = quietly(&world, &changed);
        let hand = async {
            world.comes("PATCH").await;
            world.api.remove("ConfigMap", "shop/a");
        };
        tokio::join!(agent, hand);
        check_inventory(&world, &when);
        world.api.mend();
        world.api.latency(std::time::Duration::ZERO);
        world.restart();
        let next = configs(&["b"]);
        world.sync(&next).await;
        check_converged(&world, &next, &when);
    }
}

#[tokio::test]
async fn f45_a_future_that_is_dropped_is_a_crash() {
    for micros in (0..40_000).step_by(4_000) {
        let mut world = World::new();
        let files = configs(&["a", "b", "c"]);
        let sync = quietly(&world, &files);
        let _ = tokio::time::timeout(std::time::Duration::from_micros(micros), sync).await;
        world.restart();
        let next = configs(&["a"]);
        world.sync(&next).await;
        let report = world.sync(&next).await;
        assert!(report.is_complete(), "{report:?}");
        check_converged(&world, &next, &format!("after {micros} µs"));
    }
}

#[tokio::test]
async fn f84_a_lost_reply_to_any_call_changes_nothing_about_the_outcome() {
    let (first, second) = (configs(&["a", "b"]), configs(&["b", "c"]));
    for n_before in 0..14 {
        for effect in [Effect::LoseReply, Effect::Cut, Effect::BreakReply] {
            let world = World::new();
            world.sync(&first).await;
            let _ = world.api.take_calls();
            let when = format!("{effect:?} of call {n_before}");
            world.api.fault(Fault::once("", "", effect).after(n_before));
            let report = world.sync(&second).await;
            assert!(report.is_complete(), "{when}: {report:?}");
            assert_eq!(report.count(Word::Pruned), 1, "{when}: {report:?}");
            check_converged(&world, &second, &when);
            check_deletions(&world, &when);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any history of commits, deaths, lost replies and hands ends in what the last commit says, and
    /// at no point does an object of ours live that the inventory does not name.
    #[test]
    fn p4_p5_hold_over_histories(history in proptest::collection::vec(event(), 1..8), last in names()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new();
            // Somebody else's object: nobody may touch it.
            let foreign = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "foreign", "namespace": "shop"},
                "data": {"value": "theirs"},
            });
            world.api.put("kubectl-create", foreign.clone());
            for event in &history {
                match event {
                    Event::Commit(names, dies_after) => {
                        if let Some(n_calls) = dies_after {
                            world.api.dies_after(*n_calls);
                        }
                        quietly(&world, &files(names)).await;
                        world.api.mend();
                        if dies_after.is_some() {
                            world.restart();
                        }
                    }
                    Event::Delete(name) => world.api.remove("ConfigMap", &format!("shop/{name}")),
                    Event::Lose(n_before) => world.api.fault(Fault::once("", "", Effect::LoseReply).after(*n_before)),
                }
                check_inventory(&world, &format!("{history:?}"));
            }
            world.api.mend();
            let last = files(&last);
            world.sync(&last).await;
            world.sync(&last).await;
            check_converged(&world, &last, &format!("{history:?}"));
            check_deletions(&world, &format!("{history:?}"));
            let live = world.api.object("ConfigMap", "shop/foreign").unwrap();
            assert_eq!(live["data"], foreign["data"]);
        });
    }
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    /// A commit is synced, and the agent may die.
    Commit(Vec<&'static str>, Option<usize>),
    /// An object is deleted by hand.
    Delete(&'static str),
    /// A reply is lost.
    Lose(usize),
}

fn names() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(vec!["a", "b", "c", "d", "e"], 1..5)
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (names(), proptest::option::of(0..20_usize)).prop_map(|(names, dies)| Event::Commit(names, dies)),
        1 => proptest::sample::select(vec!["a", "b", "c", "d", "e"]).prop_map(Event::Delete),
        1 => (0..12_usize).prop_map(Event::Lose),
    ]
}

fn files(names: &[&'static str]) -> Files {
    configs(names)
}
