//! Repositories that are not as they should be.

use hld_testkit::git;

use crate::support::{Files, World, refused};

#[test]
fn f27_links_submodules_and_files_at_the_folder_are_refused() {
    let id = "0123456789012345678901234567890123456789";
    for (mode, path) in [
        ("120000", "clusters"),
        ("120000", "clusters/prod"),
        ("120000", "clusters/prod/c0.yaml"),
        ("160000", "clusters/prod"),
        ("160000", "clusters/prod/vendor"),
        ("100644", "clusters"),
        ("100644", "clusters/prod"),
    ] {
        let world = World::new(&[("README.md", "\n")]);
        let blob = world.git(&["rev-parse", "main:README.md"]);
        let id = if mode == "160000" { id } else { &blob };
        put(&world, mode, id, path);
        let tip = world.tip();
        let (code, message) = refused(world.publish(&[("prod", &Files::config_maps(1, "a"))]));
        assert_eq!(code, "HLD0902", "{mode} {path}: {message}");
        assert!(message.contains(path), "{message}");
        assert_eq!(world.tip(), tip);
    }
}

/// Commits an entry of any mode.
fn put(world: &World, mode: &str, id: &str, path: &str) {
    let temp = tempfile::tempdir().unwrap();
    git::git(temp.path(), &["clone", "-q", world.repository().to_str().unwrap(), "clone"]).unwrap();
    let clone = temp.path().join("clone");
    git::git(&clone, &["update-index", "--add", "--cacheinfo", &format!("{mode},{id},{path}")]).unwrap();
    git::git(&clone, &["commit", "-q", "-m", "odd"]).unwrap();
    git::git(&clone, &["push", "-q", "origin", "HEAD:main"]).unwrap();
}

#[test]
fn an_executable_file_becomes_a_plain_one() {
    let world = World::new(&[("README.md", "\n")]);
    let files = Files::config_maps(1, "a");
    world.publish(&[("prod", &files)]).unwrap();
    let blob = world.git(&["rev-parse", "main:clusters/prod/c0.yaml"]);
    put(&world, "100755", &blob, "clusters/prod/c0.yaml");
    world.publish(&[("prod", &files)]).unwrap();
    assert!(world.git(&["ls-tree", "main", "clusters/prod/c0.yaml"]).starts_with("100644"));
}

#[test]
fn foreign_files_are_taken_over_only_when_asked() {
    let world = World::new(&[("clusters/prod/notes.txt", "mine\n"), ("clusters/prod/web.yaml", "a: 1\n")]);
    let files = Files::config_maps(1, "a");
    let (code, message) = refused(world.publish(&[("prod", &files)]));
    assert_eq!((code.as_str(), message.contains("clusters/prod/notes.txt")), ("HLD0908", true), "{message}");
    world.publish_with(&[("prod", &files)], |request| request.consent.adopt = true).unwrap();
    assert_eq!(world.paths(), ["clusters/prod/c0.yaml", "clusters/prod/hld.metadata"]);
}

#[test]
fn f28_broken_metadata_is_refused_for_it_may_hold_a_hold() {
    let world = World::new(&[]);
    world.publish(&[("prod", &Files::config_maps(1, "a"))]).unwrap();
    world.commit("conflict", &[("clusters/prod/hld.metadata", "<<<<<<< HEAD\nversion: 1\n")], &[]);
    assert_eq!(refused(world.publish(&[("prod", &Files::config_maps(1, "b"))])).0, "HLD0913");
}

#[test]
fn f08_a_server_that_declines_is_asked_once() {
    let world = World::new(&[]);
    let said = "echo 'changes need a \u{1b}[31mticket ::error::' >&2; echo run >> \"$GIT_DIR/runs\"; exit 1";
    for name in ["pre-receive", "update"] {
        git::hook(&world.repository(), name, said).unwrap();
        let (code, message) = refused(world.publish(&[("prod", &Files::config_maps(1, "a"))]));
        assert_eq!(code, "HLD0906");
        assert!(message.contains("changes need a \\u{1b}[31mticket"), "{message}");
        assert_eq!(std::fs::read_to_string(world.repository().join("runs")).unwrap(), "run\n");
        std::fs::remove_file(world.repository().join("hooks").join(name)).unwrap();
        std::fs::remove_file(world.repository().join("runs")).unwrap();
    }
    assert_eq!(world.n_commits(), 1);
}

#[test]
fn a_repository_that_is_not_there_is_named() {
    let world = World::new(&[]);
    let nowhere = world.repository().join("nowhere").to_str().unwrap().to_owned();
    let (code, _) = refused(world.at(nowhere).publish(&[("prod", &Files::config_maps(1, "a"))]));
    assert_eq!(code, "HLD0911");
}

#[test]
fn f05_f06_a_history_that_was_rewritten_is_not_built_on() {
    let world = World::new(&[("README.md", "\n")]);
    world.publish(&[("prod", &Files::config_maps(2, "a"))]).unwrap();
    let ours = world.tip();
    world.git(&["update-ref", "refs/heads/main", "main~1"]);
    let now = world.tip();
    let files = Files::config_maps(2, "b");
    let (code, message) = refused(world.publish(&[("prod", &files)]));
    assert_eq!(code, "HLD0904");
    assert!(message.contains(&ours) && message.contains(&now), "both are shown: {message}");
    world.publish_with(&[("prod", &files)], |request| request.consent.allow_rewrite = true).unwrap();
    world.publish(&[("prod", &Files::config_maps(2, "c"))]).unwrap();
}

#[test]
fn f05_a_branch_that_is_rewritten_while_we_publish_is_not_built_on() {
    let mut world = World::new(&[("README.md", "\n")]);
    world.has_cache = false;
    let other = world.commit("other", &[("README.md", "other\n")], &[]);
    // While the push is under way somebody forces another history onto the branch.
    let script = format!(
        "if [ ! -e \"$GIT_DIR/once\" ]; then touch \"$GIT_DIR/once\"; \
         unset GIT_QUARANTINE_PATH; new=$(git commit-tree -m forced {other}^{{tree}}); \
         git update-ref refs/heads/main $new; fi"
    );
    git::hook(&world.repository(), "pre-receive", &script).unwrap();
    let (code, message) = refused(world.publish(&[("prod", &Files::config_maps(1, "a"))]));
    assert_eq!(code, "HLD0904", "{message}");
    assert_eq!(world.message().trim(), "forced");
}

#[test]
fn f19_a_damaged_cache_is_made_anew() {
    let world = World::new(&[]);
    world.publish(&[("prod", &Files::config_maps(3, "a"))]).unwrap();
    let cache = world.temp.path().join("cache");
    for (round, damage) in ["", "garbage"].into_iter().enumerate() {
        for file in files_below(&cache).iter().filter(|path| !path.ends_with("lock")) {
            std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
            std::fs::write(file, damage).unwrap();
        }
        world.publish(&[("prod", &Files::config_maps(3, &format!("round{round}")))]).unwrap();
    }
    world.git(&["fsck", "--strict"]);
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}
