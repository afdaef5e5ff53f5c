//! Commits that are not applied: nothing is written but the status, which says why.

use crate::world::{World, config_map, eventually, get};

/// The files are pushed to a new repository; the agent gives the reason, and its words have the part.
fn check(files: &[(&str, &[u8])], flags: &[&str], (reason, part): (&str, &str)) {
    let mut world = World::new();
    for (path, bytes) in files {
        world.write(path, bytes);
    }
    let commit = world.push();
    let config = world.config(flags);
    world.start(config);
    let status = world.until_reason(reason);
    let ready = status.condition("Ready").unwrap();
    assert!(ready.message.contains(part), "{} lacks {part}", ready.message);
    assert_eq!((status.commit.as_str(), status.applied.as_str()), (commit.as_str(), ""));
    assert!(status.condition("Stalled").unwrap().status, "{status:?}");
    world.stop();
    let beside = |call: &String| !call.contains("/configmaps/hld-status-main") && !call.contains("/events");
    let writes = world.api.calls().into_iter().filter(hld_fakes::Call::is_write).map(|call| call.to_string());
    let writes: Vec<String> = writes.filter(beside).collect();
    assert!(writes.is_empty(), "{writes:?}");
}

fn good() -> Vec<u8> {
    config_map("good", "1").into_bytes()
}

#[test]
fn b128_a_commit_that_holds_nothing_is_no_wish_to_remove_everything() {
    let empty: (&str, &str) = ("EmptySource", "nothing is removed (HLD1253)");
    check(&[("README.md", b"# nothing")], &[], empty);
    check(&[("prod/README.md", b"# nothing")], &["--git-path=prod"], empty);
    check(&[("prod/a.yaml", b"# only a comment\n---\n")], &["--git-path=prod"], empty);
    check(&[("prod/.hidden.yaml", &good())], &["--git-path=prod"], empty);
    check(&[("kustomization.yaml", b"resources: []\n"), ("a.yaml", &good())], &[], empty);
}

#[test]
fn b128_f42_a_path_that_is_no_folder_stalls() {
    check(&[("a.yaml", &good())], &["--git-path=prod"], ("PathNotFound", "`prod` is not there"));
    check(&[("prod", &good())], &["--git-path=prod"], ("PathNotFound", "`prod` is a file"));
    check(&[("Prod/a.yaml", &good())], &["--git-path=prod"], ("PathNotFound", "it seems to be `Prod` now"));
    // One of two is not enough.
    check(&[("a/a.yaml", &good())], &["--git-path=a,b"], ("PathNotFound", "`b` is not there"));
}

#[test]
fn b129_one_broken_file_keeps_the_whole_commit_back() {
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("a: \u{fc}".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (text, part) in [
        (b"a: [\n".as_slice(), "bad.yaml"),
        (b"a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> other\n", "merge"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "LFS"),
        (b"\0GITCRYPT\0abc", "git-crypt"),
        (b"kind: ConfigMap\nmetadata: {name: x}\n", "apiVersion"),
        (b"\xc3\x28", "bad.yaml"),
        (&utf16, "bad.yaml"),
        (&good(), "stands in"),
    ] {
        check(&[("good.yaml", &good()), ("z/bad.yaml", text)], &[], ("BuildFailed", part));
    }
}

#[test]
fn f75_links_and_submodules_are_refused() {
    let mut world = World::new();
    world.write("prod/a.yaml", good());
    std::os::unix::fs::symlink("../../etc/passwd", world.clone().join("prod/b.yaml")).unwrap();
    world.push();
    let config = world.config(&["--git-path=prod"]);
    world.start(config.clone());
    let status = world.until_reason("UnsafeEntry");
    assert!(
        status.condition("Ready").unwrap().message.contains("`prod/b.yaml` is a symbolic link"),
        "{status:?}"
    );
    std::fs::remove_file(world.clone().join("prod/b.yaml")).unwrap();
    let module = format!("160000,{},prod/module", "1".repeat(40));
    hld_testkit::git::git(&world.clone(), &["add", "-A"]).unwrap();
    hld_testkit::git::git(&world.clone(), &["update-index", "--add", "--cacheinfo", &module]).unwrap();
    hld_testkit::git::git(&world.clone(), &["commit", "-qm", "module"]).unwrap();
    hld_testkit::git::git(&world.clone(), &["push", "-q", "origin", "HEAD:main"]).unwrap();
    world.until("a submodule", |status| {
        status.condition("Ready").is_some_and(|ready| ready.message.contains("`prod/module` is a submodule"))
    });
}

#[test]
fn b131_b133_parts_of_the_agent_are_refused() {
    let own = |kind: &str, api: &str, namespace: &str, name: &str| {
        format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: '{namespace}'}}\n")
            .into_bytes()
    };
    for manifest in [
        own("Deployment", "apps/v1", "hld-agent", "hld-agent"),
        own("ConfigMap", "v1", "hld-agent", "hld-status-main"),
        own("Secret", "v1", "hld-agent", "anything"),
        own("Namespace", "v1", "", "hld-agent"),
        own("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", "", "hld-agent"),
    ] {
        check(&[("good.yaml", &good()), ("own.yaml", &manifest)], &[], ("OwnObjects", "hld-agent"));
    }
}

#[test]
fn a_kustomization_that_patches_stalls() {
    let text = b"resources: [a.yaml]\nnamePrefix: x-\n";
    check(&[("kustomization.yaml", text), ("a.yaml", &good())], &[], ("Kustomization", "`namePrefix`"));
}

#[test]
fn f40_a_repository_that_is_not_there_is_said_and_the_probes_stay_well() {
    let mut world = World::new();
    let mut config = world.config(&[]);
    world.start(config.clone());
    // The branch does not exist yet.
    world.until_reason("BranchNotFound");
    assert_eq!(get(world.addresses().health, "/healthz").0, 200);
    world.stop();
    config.git.url = hld_git::RemoteUrl::parse(
        "http://127.0.0.1:1/m.git",
        &hld_git::Allowed { local: false, insecure: vec!["127.0.0.1:1".to_owned()] },
    )
    .unwrap();
    world.start(config);
    let status = world.until_reason("FetchFailed");
    // Trying again may help: it is not stalled.
    assert!(!status.condition("Stalled").unwrap().status, "{status:?}");
    let failed = "hld_agent_git_fetches_total{result=\"failed\"}";
    eventually(
        "another try",
        || get(world.addresses().metrics, "/metrics").1.contains(failed).then_some(()),
        String::new,
    );
}

#[test]
fn a_word_to_stop_ends_the_agent() {
    let mut world = World::new();
    let config = world.config(&[]);
    world.start(config.clone());
    world.stop();
    // Also one that has never reached its cluster.
    world.api.fault(hld_fakes::Fault::always("", "", hld_fakes::Effect::Cut));
    world.start(config);
    world.stop();
}
