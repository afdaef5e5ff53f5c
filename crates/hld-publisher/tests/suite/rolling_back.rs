//! Rollbacks and holds.

use hld_publisher::EnvironmentOutcome;

use crate::support::{Files, World, change, object, refused, source};

fn world() -> World {
    let world = World::new(&[("README.md", "by people\n")]);
    for word in ["one", "two", "three"] {
        world
            .publish_with(&[("prod", &Files::config_maps(3, word))], |request| request.source = source(word))
            .unwrap();
    }
    world
}

fn word(world: &World) -> String {
    let text = world.file("clusters/prod/c0.yaml");
    text.split("word: ").nth(1).unwrap().trim_end_matches('}').to_owned()
}

#[test]
fn a_rollback_brings_back_what_stood_before_the_last_change() {
    let world = world();
    world.publish(&[("dev", &Files::config_maps(1, "dev"))]).unwrap();
    let before = world.git(&["rev-parse", "main~2"]);
    let outcome = world.roll_back("prod", |_| {}).unwrap();
    assert_eq!((word(&world).as_str(), change(&outcome).counts().as_str()), ("two", "+0 ~3 -0"));
    assert_eq!(world.git(&["rev-list", "--count", "--merges", "main"]), "0");
    assert!(world.message().starts_with("Roll back prod to "), "{}", world.message());
    assert!(world.message().contains(&format!("Hld-Restored-Commit: {before}")), "{}", world.message());
    assert!(world.paths().contains(&"clusters/dev/c0.yaml".to_owned()), "the rest stays as it is");
    world.git(&["fsck", "--strict"]);
}

#[test]
fn a_second_rollback_goes_further_back() {
    let world = world();
    world.roll_back("prod", |_| {}).unwrap();
    world.roll_back("prod", |_| {}).unwrap();
    assert_eq!(word(&world), "one");
    let (code, message) = refused(world.roll_back("prod", |_| {}));
    assert_eq!(code, "HLD0910", "{message}");
    assert_eq!(word(&world), "one");
    let held = world.file("clusters/prod/hld.metadata");
    assert!(held.contains("hold:\n  commit: three\n"), "what was taken back first is held: {held}");
}

#[test]
fn a_hold_stops_every_publication_until_it_is_released() {
    let world = world();
    world.roll_back("prod", |_| {}).unwrap();
    let tip = world.tip();
    for (commit, manifests) in [("three", "three"), ("four", "four")] {
        let files = Files::config_maps(3, manifests);
        let result = world.publish_with(&[("prod", &files)], |request| request.source = source(commit));
        let (code, message) = refused(result);
        assert_eq!(code, "HLD0903");
        assert!(message.contains("source three"), "{message}");
    }
    // What is published already is no news; other environments are not on hold.
    let same = world.publish(&[("prod", &Files::config_maps(3, "two"))]).unwrap();
    assert_eq!((same.environments.as_slice(), world.tip()), (&[EnvironmentOutcome::UpToDate][..], tip));
    assert_eq!(same.diagnostics[0].code.to_string(), "HLD0903");
    world.publish(&[("dev", &Files::config_maps(1, "dev"))]).unwrap();
    // Released and published in one commit.
    let files = Files::config_maps(3, "four");
    world.publish_with(&[("prod", &files)], |request| request.consent.release_hold = true).unwrap();
    assert!(!world.file("clusters/prod/hld.metadata").contains("hold"));
    world.publish(&[("prod", &Files::config_maps(3, "five"))]).unwrap();
}

#[test]
fn a_hold_is_released_though_nothing_else_changes() {
    let world = world();
    world.roll_back("prod", |_| {}).unwrap();
    let files = Files::config_maps(3, "two");
    let outcome =
        world.publish_with(&[("prod", &files)], |request| request.consent.release_hold = true).unwrap();
    assert!(outcome.commit.is_some());
    assert!(!world.file("clusters/prod/hld.metadata").contains("hold"));
    let outcome =
        world.publish_with(&[("prod", &files)], |request| request.consent.release_hold = true).unwrap();
    assert_eq!(outcome.commit, None, "once");
}

#[test]
fn a_commit_can_be_named() {
    let world = world();
    let first = world.git(&["rev-parse", "--short=9", "main~2"]);
    world.roll_back("prod", |request| request.to = Some(first)).unwrap();
    assert_eq!(word(&world), "one");
    for (to, why) in
        [("main~5", "is no revision"), ("deadbeef", "is no revision"), ("main~4", "is not there at")]
    {
        let to = if to == "main~4" { world.git(&["rev-parse", to]) } else { to.to_owned() };
        let (code, message) = refused(world.roll_back("prod", |request| request.to = Some(to)));
        assert_eq!(code, "HLD0910");
        assert!(message.contains(why), "{message}");
    }
    let (code, _) = refused(world.roll_back("nowhere", |_| {}));
    assert_eq!(code, "HLD0910");
}

#[test]
fn f30_a_rollback_is_guarded_as_well() {
    let world = world();
    let more = Files::config_maps(3, "four").with("db.yaml", &object("apps/v1", "StatefulSet", "db"));
    world.publish(&[("prod", &more)]).unwrap();
    let (code, message) = refused(world.roll_back("prod", |_| {}));
    assert_eq!((code.as_str(), message.contains("StatefulSet.apps shop/db")), ("HLD0901", true), "{message}");
    world.roll_back("prod", |request| request.consent.allow_removals = Some(1)).unwrap();
    assert_eq!(word(&world), "three");
}

#[test]
fn a_dry_run_rolls_nothing_back() {
    let world = world();
    let tip = world.tip();
    let outcome = world.roll_back("prod", |request| request.dry_run = true).unwrap();
    assert_eq!((change(&outcome).counts().as_str(), outcome.commit, world.tip()), ("+0 ~3 -0", None, tip));
}
