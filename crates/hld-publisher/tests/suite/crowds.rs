//! F03: a hundred writers at once, on a real repository. Every one lands or is told by which later commit
//! it is superseded; nothing is lost, and the history is a line.

use std::collections::BTreeSet;
use std::time::Duration;

use hld_publisher::{EnvironmentOutcome, Outcome};

use crate::support::{Files, Numbers, World, source};

const N_WRITERS: usize = 100;

/// Time without end: how fast a machine is, is no question of this test.
const TIME: Duration = Duration::from_secs(3600);

/// Lets all writers publish at once, each without a cache, as runners of a CI system are.
fn all_at_once(world: &World, publish: impl Fn(usize) -> Outcome + Sync) -> Vec<Outcome> {
    world.git(&["config", "receive.autogc", "false"]);
    std::thread::scope(|scope| {
        let publish = &publish;
        let writers: Vec<_> = (0..N_WRITERS).map(|n| scope.spawn(move || publish(n))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    })
}

/// The history of `main` without its first commit, oldest first: hash, parents, subject.
fn history(world: &World, format: &str) -> Vec<String> {
    let log = world.git(&["log", "--reverse", &format!("--format={format}"), "main"]);
    log.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn f03_disjoint_folders_all_land() {
    let mut world = World::new(&[("README.md", "\n")]);
    world.has_cache = false;
    let outcomes = all_at_once(&world, |n| {
        let name = format!("e{n}");
        world.publish_with(&[(&name, &Files::config_maps(2, &name))], |request| request.time = TIME).unwrap()
    });
    let landed: BTreeSet<String> =
        outcomes.iter().map(|outcome| outcome.commit.unwrap().to_string()).collect();
    assert_eq!(landed, history(&world, "%H").into_iter().collect());
    assert_eq!(landed.len(), N_WRITERS);
    assert!(history(&world, "%P").iter().all(|parents| parents.len() == 40), "no merges");
    assert_eq!(world.paths().len(), 1 + 3 * N_WRITERS, "nobody's files are lost");
    world.git(&["fsck", "--strict"]);
}

#[test]
fn f03_one_folder_goes_only_forward() {
    let mut world = World::new(&[("README.md", "\n")]);
    world.has_cache = false;
    let outcomes = all_at_once(&world, |n| {
        let result = world.publish_with(&[("prod", &Files::config_maps(2, &format!("w{n}")))], |request| {
            request.time = TIME;
            request.source = source(&n.to_string());
            request.lineage = &Numbers;
        });
        result.unwrap()
    });
    let landed: BTreeSet<String> =
        outcomes.iter().filter_map(|outcome| Some(outcome.commit?.to_string())).collect();
    let superseded = outcomes.iter().filter(|outcome| {
        matches!(outcome.environments.as_slice(), [EnvironmentOutcome::Superseded(_)])
            && outcome.commit.is_none()
    });
    assert_eq!(landed.len() + superseded.count(), N_WRITERS);
    assert_eq!(landed, history(&world, "%H").into_iter().collect());
    let order = history(&world, "%(trailers:key=Hld-Source-Commit,valueonly,separator=%x20)");
    let order: Vec<usize> = order.iter().map(|n| n.trim().parse().unwrap()).collect();
    assert!(order.is_sorted(), "an older commit came after a later one: {order:?}");
    assert_eq!(order.last(), Some(&(N_WRITERS - 1)));
    assert!(world.file("clusters/prod/c0.yaml").contains("word: w99"));
}
