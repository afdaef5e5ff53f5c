//! The removal guard, on what is really published.

use crate::support::{Files, World, config_map, object, refused};

#[test]
fn f30_too_many_losses_publish_nothing() {
    let world = World::new(&[]);
    world.publish(&[("prod", &Files::config_maps(20, "a"))]).unwrap();
    let tip = world.tip();
    let fewer = Files::config_maps(8, "a");
    let (code, message) = refused(world.publish(&[("prod", &fewer)]));
    assert_eq!(code, "HLD0901");
    assert!(message.starts_with("`prod` would remove 12 of 20 objects"), "{message}");
    let wrong = world.publish_with(&[("prod", &fewer)], |request| request.consent.allow_removals = Some(11));
    assert_eq!(refused(wrong).0, "HLD0901");
    let dry = world.publish_with(&[("prod", &fewer)], |request| request.dry_run = true);
    assert_eq!(refused(dry).0, "HLD0901", "a dry run says so too");
    assert_eq!(world.tip(), tip);
    world.publish_with(&[("prod", &fewer)], |request| request.consent.allow_removals = Some(12)).unwrap();
    assert_eq!(world.paths().len(), 9);
}

#[test]
fn f30_objects_count_and_not_files() {
    let world = World::new(&[]);
    let many: Vec<String> = (0..20).map(|n| config_map(n, "a")).collect();
    world.publish(&[("prod", &Files::new(&[("all.yaml", &many.join("---\n"))]))]).unwrap();
    // Spread over files, and in another order: nothing is lost.
    world.publish(&[("prod", &Files::config_maps(20, "a"))]).unwrap();
    // One file, but most of its objects are gone.
    let (code, _) =
        refused(world.publish(&[("prod", &Files::new(&[("all.yaml", &many[..5].join("---\n"))]))]));
    assert_eq!(code, "HLD0901");
}

#[test]
fn f30_one_namespace_is_enough() {
    for (version, kind) in [
        ("v1", "Namespace"),
        ("v1", "PersistentVolumeClaim"),
        ("apps/v1", "StatefulSet"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ] {
        let world = World::new(&[]);
        let rest = Files::config_maps(50, "a");
        world.publish(&[("prod", &rest.clone().with("data.yaml", &object(version, kind, "data")))]).unwrap();
        let (code, message) = refused(world.publish(&[("prod", &rest)]));
        assert_eq!(code, "HLD0901");
        assert!(message.contains(kind), "{message}");
        // Another API version is the same object.
        let moved = rest.clone().with("other.yaml", &object(&version.replace("v1", "v2"), kind, "data"));
        world.publish(&[("prod", &moved)]).unwrap();
    }
}

#[test]
fn f30_an_empty_render_is_refused() {
    let world = World::new(&[]);
    world.publish(&[("prod", &Files::config_maps(2, "a"))]).unwrap();
    let (code, message) = refused(world.publish(&[("prod", &Files::default())]));
    assert_eq!(code, "HLD0901");
    assert!(message.contains("nothing would be left"), "{message}");
    world
        .publish_with(&[("prod", &Files::default())], |request| request.consent.allow_removals = Some(2))
        .unwrap();
    assert_eq!(world.paths(), ["clusters/prod/hld.metadata"]);
}

#[test]
fn f30_what_fabrikate_published_is_guarded_as_well() {
    let files = (0..20).map(|n| (format!("clusters/prod/c{n}.yaml"), config_map(n, "a"))).collect::<Vec<_>>();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let world = World::new(&files);
    assert_eq!(refused(world.publish(&[("prod", &Files::config_maps(1, "a"))])).0, "HLD0901");
    world.publish(&[("prod", &Files::config_maps(20, "b"))]).unwrap();
}
