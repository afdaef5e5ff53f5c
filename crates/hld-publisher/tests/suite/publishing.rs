//! What a publication writes.

use hld_publisher::{EnvironmentOutcome, METADATA_FILE, Metadata};

use crate::support::{Files, Numbers, World, change, config_map, refused, source};

fn metadata(world: &World, environment: &str) -> Metadata {
    let text = world.file(&format!("clusters/{environment}/{METADATA_FILE}"));
    Metadata::read(text.as_bytes(), environment).unwrap()
}

#[test]
fn only_the_folder_of_the_environment_is_touched() {
    let world = World::new(&[
        ("README.md", "by people\n"),
        ("clusters/dev/web.yaml", "dev: true\n"),
        ("clusters/prod.yaml", "a file beside\n"),
        ("clusters/prod/old.yaml", "old: true\n"),
    ]);
    let before = world.git(&["ls-tree", "-r", "main"]);
    let files = Files::new(&[("web.yaml", "a: 1\n"), ("infra/db.yaml", "b: 2\n")]);
    let outcome = world.publish(&[("prod", &files)]).unwrap();
    assert_eq!(change(&outcome).counts(), "+2 ~0 -1");
    assert_eq!(outcome.commit.unwrap().to_string(), world.tip());
    assert_eq!(
        world.paths(),
        [
            "README.md",
            "clusters/dev/web.yaml",
            "clusters/prod.yaml",
            "clusters/prod/hld.metadata",
            "clusters/prod/infra/db.yaml",
            "clusters/prod/web.yaml"
        ]
    );
    let after = world.git(&["ls-tree", "-r", "main"]);
    let beside = |listing: &str| {
        let lines = listing.lines().filter(|line| !line.contains("clusters/prod/"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(beside(&before), beside(&after), "carried over byte for byte");
    assert_eq!(world.git(&["rev-list", "--count", "main"]), "2");
    world.git(&["fsck", "--strict"]);
}

#[test]
fn the_metadata_says_what_was_published() {
    let world = World::new(&[]);
    world.publish(&[("prod", &Files::config_maps(3, "a"))]).unwrap();
    let metadata = metadata(&world, "prod");
    assert_eq!(metadata.source_commit.as_deref(), Some("1111111"));
    assert_eq!((metadata.n_objects, metadata.hold), (3, None));
    let trailers = world.git(&["log", "-1", "--format=%(trailers:only)", "main"]);
    assert_eq!(
        trailers.trim(),
        "Hld-Source-Repository: https://example.org/shop\nHld-Source-Commit: 1111111\nHld-Environment: prod\nHld-Version: 0.1.0"
    );
}

#[test]
fn several_environments_are_one_commit() {
    let world = World::new(&[]);
    let (dev, prod) = (Files::config_maps(1, "dev"), Files::config_maps(2, "prod"));
    world.publish(&[("dev", &dev), ("prod", &prod)]).unwrap();
    assert_eq!(world.n_commits(), 2);
    assert!(
        world.message().starts_with("Publish dev, prod: +3 ~0 -0 (source 1111111)\n"),
        "{}",
        world.message()
    );
    // Only one of them changes: the other's metadata stays as it is.
    let dev = dev.with("c0.yaml", &config_map(0, "other"));
    let outcome = world
        .publish_with(&[("dev", &dev), ("prod", &prod)], |request| request.source = source("2222222"))
        .unwrap();
    assert_eq!(outcome.environments[1], EnvironmentOutcome::UpToDate);
    assert_eq!(metadata(&world, "dev").source_commit.as_deref(), Some("2222222"));
    assert_eq!(metadata(&world, "prod").source_commit.as_deref(), Some("1111111"));
}

#[test]
fn f18_what_is_the_same_makes_no_commit() {
    let world = World::new(&[]);
    let files = Files::config_maps(3, "a");
    world.publish(&[("prod", &files)]).unwrap();
    let tip = world.tip();
    // From another commit of the definition as well: the manifests decide.
    let outcome =
        world.publish_with(&[("prod", &files)], |request| request.source = source("2222222")).unwrap();
    assert_eq!((outcome.commit, outcome.tip.unwrap().to_string()), (None, tip.clone()));
    assert_eq!(outcome.environments, [EnvironmentOutcome::UpToDate]);
    assert_eq!(world.tip(), tip);
}

#[test]
fn f27_bytes_are_written_as_they_are() {
    let world = World::new(&[(".gitattributes", "* text eol=crlf\n*.yaml filter=lfs\n")]);
    let text = "a: 1\r\nb: |\n  no newline at the end";
    world.publish(&[("prod", &Files::new(&[("web.yaml", text)]))]).unwrap();
    assert_eq!(world.file("clusters/prod/web.yaml"), text);
    let mode = world.git(&["ls-tree", "main", "clusters/prod/web.yaml"]);
    assert!(mode.starts_with("100644 blob"), "{mode}");
}

#[test]
fn f28_changes_by_hand_are_undone_and_named() {
    for has_cache in [true, false] {
        let mut world = World::new(&[]);
        world.has_cache = has_cache;
        let files = Files::config_maps(3, "a");
        world.publish(&[("prod", &files)]).unwrap();
        let by_hand = [
            ("clusters/prod/c1.yaml", config_map(1, "by hand")),
            ("clusters/prod/extra.yaml", String::new()),
            ("clusters/dev/mine.yaml", String::new()),
        ];
        let by_hand = by_hand.each_ref().map(|(path, text)| (*path, text.as_str()));
        world.commit("by hand", &by_hand, &["clusters/prod/c2.yaml"]);
        let outcome =
            world.publish(&[("prod", &files.clone().with("c0.yaml", &config_map(0, "b")))]).unwrap();
        let edited = ["clusters/prod/c1.yaml", "clusters/prod/c2.yaml", "clusters/prod/extra.yaml"];
        assert_eq!(change(&outcome).edited, edited);
        assert_eq!(outcome.diagnostics[0].code.to_string(), "HLD0912");
        for path in edited {
            assert!(world.message().contains(&format!("\n- {path}\n")), "{}", world.message());
        }
        assert_eq!(world.file("clusters/prod/c1.yaml"), config_map(1, "a").trim_end());
        assert!(!world.paths().contains(&"clusters/prod/extra.yaml".to_owned()));
        assert!(world.paths().contains(&"clusters/dev/mine.yaml".to_owned()), "beside: untouched");
    }
}

#[test]
fn f28_a_change_by_hand_alone_is_undone() {
    let world = World::new(&[]);
    let files = Files::config_maps(3, "a");
    world.publish(&[("prod", &files)]).unwrap();
    let published = world.git(&["rev-parse", "main:clusters/prod"]);
    world.git(&["config", "core.sharedRepository", "0644"]);
    world.commit("by hand", &[("clusters/prod/c1.yaml", "broken: [")], &[]);
    world.publish(&[("prod", &files)]).unwrap();
    assert_eq!(world.git(&["rev-parse", "main:clusters/prod"]), published);
}

#[test]
fn f20_a_commit_is_never_older_than_its_parent() {
    let world = World::new(&[]);
    world
        .publish_with(&[("prod", &Files::config_maps(1, "a"))], |request| request.author.seconds = 1_000)
        .unwrap();
    let dates = world.git(&["log", "--format=%ct", "main"]);
    let dates: Vec<i64> = dates.lines().map(|line| line.parse().unwrap()).collect();
    assert!(dates[0] >= dates[1], "{dates:?}");
}

#[test]
fn f03_an_older_commit_of_the_definition_is_superseded() {
    let world = World::new(&[]);
    let publish = |commit: &str, files: &Files| {
        world.publish_with(&[("prod", files)], |request| {
            request.source = source(commit);
            request.lineage = &Numbers;
        })
    };
    publish("20", &Files::config_maps(1, "twenty")).unwrap();
    let outcome = publish("10", &Files::config_maps(1, "ten")).unwrap();
    assert_eq!(outcome.environments, [EnvironmentOutcome::Superseded("20".to_owned())]);
    assert_eq!((outcome.commit, outcome.diagnostics[0].code.to_string().as_str()), (None, "HLD0914"));
    assert!(publish("30", &Files::config_maps(1, "thirty")).unwrap().commit.is_some());
}

#[test]
fn a_dry_run_writes_nothing() {
    let world = World::new(&[]);
    let tip = world.tip();
    let outcome = world
        .publish_with(&[("prod", &Files::config_maps(3, "a"))], |request| request.dry_run = true)
        .unwrap();
    assert_eq!(change(&outcome).counts(), "+3 ~0 -0");
    assert_eq!((outcome.commit, world.tip()), (None, tip));
}

#[test]
fn f07_a_missing_branch_is_created_only_when_asked() {
    for world in [World::empty(), World::new(&[("README.md", "\n")])] {
        let files = Files::config_maps(1, "a");
        let publish = |create| {
            world.publish_with(&[("prod", &files)], |request| {
                request.branch = hld_publisher::Branch::parse("clusters").unwrap();
                request.consent.create_branch = create;
            })
        };
        let (code, message) = refused(publish(false));
        assert_eq!(code, "HLD0905", "{message}");
        publish(true).unwrap();
        assert_eq!(
            world.git(&["ls-tree", "-r", "--name-only", "clusters"]),
            "clusters/prod/c0.yaml\nclusters/prod/hld.metadata"
        );
        assert_eq!(world.git(&["rev-list", "--count", "clusters"]), "1");
        assert_eq!(publish(false).unwrap().commit, None, "it is there now");
    }
}
