//! Writers that race, replies that are lost.

use std::sync::atomic::{AtomicUsize, Ordering};

use hld_testkit::git::{self, GitServer};
use hld_testkit::http::Response;

use crate::support::{Files, World, commit, refused};

/// A hook that lets somebody else commit to `main`, the first `n` times.
fn faster(world: &World, n: usize, how: &str) {
    let script = format!(
        "n=$(cat \"$GIT_DIR/n\" 2>/dev/null || echo 0); if [ $n -lt {n} ]; then echo $((n + 1)) > \"$GIT_DIR/n\"; \
         unset GIT_QUARANTINE_PATH; export GIT_AUTHOR_NAME=o GIT_AUTHOR_EMAIL=o GIT_COMMITTER_NAME=o GIT_COMMITTER_EMAIL=o; \
         new=$(git commit-tree -p main -m \"other $n\" main^{{tree}}); {how}; fi"
    );
    git::hook(&world.repository(), "pre-receive", &script).unwrap();
}

#[test]
fn f01_a_commit_of_somebody_else_is_built_on() {
    let world = World::new(&[("README.md", "\n")]);
    faster(&world, 3, "git update-ref refs/heads/main $new");
    world.publish(&[("prod", &Files::config_maps(2, "a"))]).unwrap();
    let log = world.git(&["log", "--format=%s", "main"]);
    let subjects: Vec<&str> = log.lines().collect();
    assert_eq!(
        subjects,
        ["Publish prod: +2 ~0 -0 (source 1111111)", "other 2", "other 1", "other 0", "start"]
    );
    world.git(&["fsck", "--strict"]);
}

#[test]
fn f02_a_branch_that_is_locked_for_a_moment_is_tried_again() {
    // The server's own lock is taken while the first pushes arrive: the tip does not move.
    let world = World::new(&[("README.md", "\n")]);
    let script = "n=$(cat \"$GIT_DIR/n\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$GIT_DIR/n\"; \
                  lock=\"$GIT_DIR/refs/heads/main.lock\"; if [ $n -lt 2 ]; then touch $lock; else rm -f $lock; fi";
    git::hook(&world.repository(), "pre-receive", script).unwrap();
    world.publish(&[("prod", &Files::config_maps(2, "a"))]).unwrap();
    assert_eq!(world.n_commits(), 2);
    assert_eq!(std::fs::read_to_string(world.repository().join("n")).unwrap(), "3\n");
}

#[test]
fn f02_a_lock_that_stays_is_told_in_the_servers_words() {
    let world = World::new(&[("README.md", "\n")]);
    std::fs::write(world.repository().join("refs/heads/main.lock"), "").unwrap();
    let (code, message) = refused(world.publish(&[("prod", &Files::config_maps(2, "a"))]));
    assert_eq!(code, "HLD0906", "{message}");
    assert_eq!(world.n_commits(), 1);
}

#[test]
fn f18_somebody_else_has_published_the_same() {
    let world = World::new(&[("README.md", "\n")]);
    // The other one publishes what we are about to: our own commit's tree, under its name.
    let script = "if [ ! -e \"$GIT_DIR/once\" ]; then touch \"$GIT_DIR/once\"; read old new ref; \
         unset GIT_QUARANTINE_PATH; export GIT_AUTHOR_NAME=o GIT_AUTHOR_EMAIL=o GIT_COMMITTER_NAME=o GIT_COMMITTER_EMAIL=o; \
         cp -r $GIT_OBJECT_DIRECTORY/* \"$GIT_DIR/objects/\"; unset GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES; \
         other=$(git commit-tree -p main -m theirs $new^{tree}); git update-ref refs/heads/main $other; fi";
    git::hook(&world.repository(), "pre-receive", script).unwrap();
    let outcome = world.publish(&[("prod", &Files::config_maps(2, "a"))]).unwrap();
    assert_eq!((outcome.commit, outcome.tip.unwrap().to_string()), (None, world.tip()));
    assert_eq!(world.message().trim(), "theirs");
}

#[test]
fn f02_time_that_is_used_up_ends_the_race() {
    let world = World::new(&[("README.md", "\n")]);
    faster(&world, 1000, "git update-ref refs/heads/main $new");
    let result = world.publish_with(&[("prod", &Files::config_maps(2, "a"))], |request| {
        request.time = std::time::Duration::from_millis(300);
    });
    let (code, message) = refused(result);
    assert_eq!(code, "HLD0907", "{message}");
    assert!(!world.git(&["log", "--format=%s", "main"]).contains("Publish"));
}

/// A repository behind HTTP, whose server lets faults happen.
fn served(server: &GitServer) -> World {
    server.create("manifests").unwrap();
    commit(&server.path("manifests"), "start", &[("README.md", "\n")], &[]);
    World::empty().at(server.url("manifests"))
}

#[test]
fn f09_a_reply_that_was_lost_is_recognised() {
    // The push arrives, the answer does not; so does every question about it for a while.
    for n_lost in 1..4 {
        let n_faults = AtomicUsize::new(0);
        let server = GitServer::with_faults(move |request, backend| {
            let is_push = request.method == "POST" && request.path().ends_with("git-receive-pack");
            let n = n_faults.load(Ordering::SeqCst);
            if (is_push && n == 0) || (n > 0 && n < n_lost) {
                n_faults.fetch_add(1, Ordering::SeqCst);
                if is_push {
                    backend(request);
                }
                return Response::Lost;
            }
            backend(request)
        })
        .unwrap();
        let world = served(&server);
        let outcome = world.publish(&[("prod", &Files::config_maps(2, "a"))]).unwrap();
        let log = git::git(&server.path("manifests"), &["log", "--format=%H", "main"]).unwrap();
        let commits: Vec<&str> = log.lines().collect();
        assert_eq!(commits.len(), 2, "one commit, though its reply was lost with {n_lost} faults");
        assert_eq!(outcome.commit.unwrap().to_string(), commits[0]);
    }
}

#[test]
fn f09_somebody_has_built_on_the_commit_whose_reply_was_lost() {
    let is_first = std::sync::atomic::AtomicBool::new(true);
    let server = GitServer::with_faults(move |request, backend| {
        let is_push = request.method == "POST" && request.path().ends_with("git-receive-pack");
        if is_push && is_first.swap(false, Ordering::SeqCst) {
            backend(request);
            return Response::Lost;
        }
        backend(request)
    })
    .unwrap();
    let world = served(&server);
    let repository = server.path("manifests");
    git::hook(
        &repository,
        "post-receive",
        "if [ ! -e \"$GIT_DIR/once\" ]; then touch \"$GIT_DIR/once\"; \
         export GIT_AUTHOR_NAME=o GIT_AUTHOR_EMAIL=o GIT_COMMITTER_NAME=o GIT_COMMITTER_EMAIL=o; \
         new=$(git commit-tree -p main -m other main^{tree}); git update-ref refs/heads/main $new; fi",
    )
    .unwrap();
    let outcome = world.publish(&[("prod", &Files::config_maps(2, "a"))]).unwrap();
    let log = git::git(&repository, &["log", "--format=%s", "main"]).unwrap();
    assert_eq!(log, "other\nPublish prod: +2 ~0 -0 (source 1111111)\nstart");
    assert_eq!(outcome.commit.unwrap().to_string(), git::git(&repository, &["rev-parse", "main~1"]).unwrap());
}

#[test]
fn f17_a_hook_that_fails_afterwards_changes_nothing() {
    let world = World::new(&[("README.md", "\n")]);
    git::hook(&world.repository(), "post-receive", "echo '\u{1b}[2Jgarbage' >&2; exit 1").unwrap();
    assert!(world.publish(&[("prod", &Files::config_maps(2, "a"))]).unwrap().commit.is_some());
}

#[test]
fn a_server_that_can_not_be_reached_is_for_later() {
    let server = GitServer::with_faults(|_, _| Response::Lost).unwrap();
    let world = World::empty().at(server.url("manifests"));
    let (code, _) = refused(world.publish(&[("prod", &Files::config_maps(2, "a"))]));
    assert_eq!(code, "HLD0907");
    assert_eq!(server.http().requests().len(), 5, "it is tried five times");
}

#[test]
fn over_http_only_what_is_new_is_fetched() {
    let server = GitServer::start().unwrap();
    let world = served(&server);
    world.publish(&[("prod", &Files::config_maps(200, "a"))]).unwrap();
    commit(&server.path("manifests"), "other", &[("README.md", "more\n")], &[]);
    world.publish(&[("prod", &Files::config_maps(200, "b"))]).unwrap();
    world.publish(&[("prod", &Files::config_maps(200, "c"))]).unwrap();
    assert_eq!(git::git(&server.path("manifests"), &["rev-list", "--count", "main"]).unwrap(), "5");
    git::git(&server.path("manifests"), &["fsck", "--strict"]).unwrap();
}

#[test]
fn f07_a_long_history_is_fetched_in_part_and_rolled_back_in_full() {
    let server = GitServer::start().unwrap();
    let world = served(&server);
    let repository = server.path("manifests");
    world.publish(&[("prod", &Files::config_maps(2, "first"))]).unwrap();
    // More commits than are fetched, each of a tree that is there already.
    let script = "for n in $(seq 300); do tip=$(git commit-tree -p ${tip:-main} -m \"other $n\" main^{tree}); done; \
                  git update-ref refs/heads/main $tip";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script]).current_dir(&repository);
    for who in ["AUTHOR", "COMMITTER"] {
        shell.env(format!("GIT_{who}_NAME"), "o").env(format!("GIT_{who}_EMAIL"), "o");
    }
    assert!(shell.status().unwrap().success());
    // A runner without a cache, and then one with a cache of a part of the history.
    let count = || git::git(&repository, &["rev-list", "--count", "main"]).unwrap();
    std::fs::remove_dir_all(world.temp.path().join("cache")).unwrap();
    world.publish(&[("prod", &Files::config_maps(2, "second"))]).unwrap();
    assert_eq!(count(), "303");
    let shallow = files_named(&world.temp.path().join("cache"), "shallow");
    assert_eq!(shallow.len(), 1, "only a part was fetched");
    commit(&repository, "other", &[("README.md", "more\n")], &[]);
    world.publish(&[("prod", &Files::config_maps(2, "third"))]).unwrap();
    world.roll_back("prod", |_| {}).unwrap();
    world.roll_back("prod", |_| {}).unwrap();
    let text = git::git(&repository, &["show", "main:clusters/prod/c0.yaml"]).unwrap();
    assert!(text.contains("word: first"), "{text}");
    assert_eq!(count(), "307");
    git::git(&repository, &["fsck", "--strict"]).unwrap();
}

fn files_named(folder: &std::path::Path, name: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files_named(&entry.path(), name));
        } else if entry.file_name() == name {
            found.push(entry.path());
        }
    }
    found
}
