//! Sources by git: reliability.md 3.C, 3.E, B077, B078 and F14, against real repositories.

mod credentials;
mod hostile;
mod secrets;
mod support;
mod tls;
mod web;

use rustix::process::Signal;

use self::support::{Origin, clear_cache, commit_all, definition, files_of_cache, insecure};
use crate::support::{MANIFEST, Running, SECRET, World};

/// A component to fetch: it holds another one by a path of its own.
const INFRA: [(&str, &str); 3] = [
    ("stack/component.yaml", "name: infra\nsubcomponents:\n- {name: web, type: static, path: ../web}\n"),
    ("stack/config/common.yaml", "config: {}\n"),
    ("web/web.yaml", MANIFEST),
];

#[test]
fn a_component_is_fetched_locked_and_compiled() {
    let origin = Origin::new(&INFRA);
    let world = definition(&origin, "branch: main, path: stack");
    let run = world.hld("generate").run();
    run.exits(0);
    assert!(world.read("generated/common/infra/web.yaml").contains("ConfigMap"));
    let lock = world.read("hld.lock");
    assert!(lock.contains(&format!("commit: {}", origin.tip())), "{lock}");
    assert!(!world.path("components").exists(), "nothing is put into the definition's folder");
    let asked = origin.n_requests();
    world.hld("generate --locked --offline").run().exits(0);
    assert_eq!(origin.n_requests(), asked, "lock and cache suffice");
}

#[test]
fn the_lock_is_kept_when_the_branch_moves() {
    let origin = Origin::new(&INFRA);
    let world = definition(&origin, "branch: main, path: stack");
    world.hld("install").run().exits(0);
    let (lock, first) = (world.read("hld.lock"), origin.tip());
    origin.commit(&[("web/web.yaml", "kind: Other\n")]);
    world.hld("generate").run().exits(0);
    assert_eq!(world.read("hld.lock"), lock);
    clear_cache(&world);
    world.hld("generate --locked").run().exits(0);
    assert!(world.read("generated/common/infra/web.yaml").contains("ConfigMap"), "of {first}");
}

#[test]
fn branches_tags_and_commits_are_versions() {
    let origin = Origin::new(&INFRA);
    let first = origin.tip();
    origin.git(&["tag", "-a", "v1", "-m", "one"]);
    origin.git(&["push", "-q", "origin", "v1"]);
    origin.commit(&[("web/web.yaml", "a: [broken")]);
    let commit = format!("version: '{first}', path: stack");
    let short = format!("version: '{}', path: stack", &first[..9]);
    for fields in [
        "version: v1, path: stack",
        "branch: v1, path: stack",
        &commit,
        &short,
        "branch: main, version: v1, path: stack",
    ] {
        let world = definition(&origin, fields);
        world.hld("generate").run().exits(0);
        assert!(world.read("hld.lock").contains(&format!("commit: {first}")), "{fields}");
    }
    definition(&origin, "path: stack")
        .hld("generate")
        .run()
        .exits(1)
        .reports("error[HLD0404] components/infra/web/web.yaml:1:11");
}

#[test]
fn b062_a_version_that_is_not_there_is_named() {
    let origin = Origin::new(&INFRA);
    for (fields, words) in [
        ("branch: mian", "did you mean `main`"),
        ("version: v2", "`v2`"),
        ("version: '0123456789012345678901234567890123456789'", "0123456789012345678901234567890123456789"),
    ] {
        let world = definition(&origin, fields);
        let run = world.hld("generate").run();
        run.exits(4).mentions(words).reports("error[HLD0804] component.yaml:5:11");
        assert!(!world.path("hld.lock").exists());
    }
}

#[test]
fn locked_and_offline_say_what_is_missing() {
    let origin = Origin::new(&INFRA);
    let world = definition(&origin, "path: stack");
    world.rejects("generate --locked", 1, &["error[HLD0807] component.yaml:5:11"]);
    world.rejects("generate --offline", 1, &["error[HLD0808] component.yaml:5:11"]);
    world.rejects("install --locked", 1, &["error[HLD0807] component.yaml:5:11"]);
    assert_eq!(origin.n_requests(), 0);
    world.hld("install").run().exits(0);
    clear_cache(&world);
    world.rejects("generate --offline", 1, &["error[HLD0808] component.yaml:5:11"]);
}

#[test]
fn blocks_that_nobody_needs_are_removed_by_install() {
    let origin = Origin::new(&INFRA);
    let world = definition(&origin, "path: stack");
    world.hld("generate").run().exits(0);
    world.write("component.yaml", "name: shop\nsubcomponents: []\n");
    world.hld("install --locked").run().exits(0);
    assert!(world.read("hld.lock").contains("commit:"));
    world.hld("install").run().exits(0);
    assert!(!world.read("hld.lock").contains("commit:"));
}

#[test]
fn b077_content_that_changed_behind_its_commit_is_refused() {
    let origin = Origin::new(&INFRA);
    let world = definition(&origin, "path: stack");
    world.hld("install").run().exits(0);
    let lock = world.read("hld.lock");
    let digest =
        lock.lines().find_map(|line| line.trim_start_matches("- ").trim().strip_prefix("digest: ")).unwrap();
    world.write("hld.lock", lock.replace(digest, &format!("sha256:{}", "0".repeat(64))));
    world.rejects("generate", 1, &["error[HLD0809] component.yaml:5:11"]);
    world.write("hld.lock", lock.replace("commit: ", "commit: x"));
    world.rejects("generate", 1, &["error[HLD0806]"]);
}

#[test]
fn b078_a_damaged_cache_is_noticed_and_filled_again() {
    let origin = Origin::new(&INFRA);
    let world = definition(&origin, "path: stack");
    world.hld("install").run().exits(0);
    for path in files_of_cache(&world, "web.yaml") {
        std::fs::write(path, MANIFEST.replace("web", "bad")).unwrap();
    }
    world.rejects("generate --offline", 1, &["error[HLD0808] component.yaml:5:11"]);
    world.hld("generate").run().exits(0);
    assert!(world.read("generated/common/infra/web.yaml").contains("name: web"));
}

#[test]
fn twenty_runs_share_one_cache() {
    let origin = Origin::new(&INFRA);
    let worlds: Vec<World> = (0..20).map(|_| definition(&origin, "path: stack")).collect();
    let cache = tempfile::TempDir::new().unwrap();
    let start = |world| World::hld(world, "generate").env("HLD_CACHE_DIR", cache.path()).start();
    let running: Vec<_> = worlds.iter().map(start).collect();
    let ended: Vec<_> = running.into_iter().map(Running::finish).collect();
    for (run, world) in ended.iter().zip(&worlds) {
        run.exits(0);
        assert!(world.read("generated/common/infra/web.yaml").contains("ConfigMap"));
        assert_eq!(world.read("hld.lock"), worlds[0].read("hld.lock"));
    }
    assert_eq!(std::fs::read_dir(cache.path().join("tmp")).unwrap().count(), 0, "no scratch is left");
}

#[test]
fn f14_a_run_that_is_killed_leaves_nothing_behind_for_long() {
    let origin = Origin::new(&INFRA);
    for n in 0..12 {
        let world = definition(&origin, "path: stack");
        let running = world.hld("generate").start();
        let asked = origin.n_requests();
        while running.is_alive() && origin.n_requests() < asked + n % 4 {
            std::thread::yield_now();
        }
        running.signal(Signal::KILL).finish_killed();
        world.hld("generate").run().exits(0);
        assert_eq!(std::fs::read_dir(world.outside("cache/tmp")).unwrap().count(), 0, "no scratch is left");
        assert!(files_of_cache(&world, "tmp_").is_empty() && files_of_cache(&world, "pack_git2").is_empty());
    }
}

#[test]
fn f14_a_full_disk_is_an_error_and_changes_nothing() {
    let origin = Origin::new(&INFRA);
    origin.commit(&[("large", &"x".repeat(4 << 20))]);
    let world = definition(&origin, "path: stack");
    let run = world.hld("generate").behind("ulimit -f 1024").run();
    assert!([4, 5].contains(&run.status.code().unwrap()), "{run}");
    assert!(!world.path("hld.lock").exists());
    world.hld("generate").run().exits(0);
}

#[test]
fn a_folder_that_is_there_is_used() {
    let origin = Origin::new(&INFRA);
    let world = definition(&origin, "path: stack");
    world.hld("install").run().exits(0);
    world.write("components/infra/stack/component.yaml", "name: vendored\n");
    let run = world.hld("tree").run();
    run.exits(0).reports("note[HLD0817] component.yaml:5:11");
    assert!(run.stdout.contains("vendored"), "{run}");
}

#[test]
fn fetched_components_fetch_more() {
    let inner = Origin::new(&INFRA);
    let component = format!(
        "name: outer\nsubcomponents:\n- {{name: inner, type: component, method: git, source: '{}', path: stack}}\n",
        inner.url()
    );
    let outer = Origin::new(&[("component.yaml", &component)]);
    let world = definition(&outer, "branch: main");
    world.write("hld.yaml", insecure(&[&inner, &outer]));
    let run = world.hld("install").run();
    run.exits(0);
    assert_eq!(world.read("hld.lock").matches("commit:").count(), 2);
    world.hld("generate --locked --offline").run().exits(0);
    assert!(world.read("generated/common/infra/inner/web.yaml").contains("ConfigMap"));
}

#[test]
fn mirrors_stand_behind_the_names() {
    let origin = Origin::new(&INFRA);
    let component = "name: shop\nsubcomponents:\n- name: infra\n  type: component\n  source: https://github.com/team/infra\n  method: git\n  path: stack\n";
    let world = World::new(&[("component.yaml", component)]);
    let hld = format!(
        "apiVersion: hld.dev/v1\nmirrors: {{'https://github.com/team/infra': '{}'}}\n",
        origin.folder().display()
    );
    world.write("hld.yaml", hld);
    world.hld("generate").env("PATH", std::env::var_os("PATH").unwrap()).run().exits(0);
    let lock = world.read("hld.lock");
    assert!(lock.contains("source: https://github.com/team/infra") && !lock.contains("tmp"), "{lock}");
}

#[test]
fn static_and_template_components_are_fetched_too() {
    let origin = Origin::new(&[
        ("manifests/web.yaml", MANIFEST),
        ("templates/web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ component.name }}'}\n"),
    ]);
    let entry = |name: &str, kind: &str, path: &str| {
        format!("- {{name: {name}, type: {kind}, method: git, source: '{}', path: {path}}}\n", origin.url())
    };
    let component = format!(
        "name: shop\nsubcomponents:\n{}{}",
        entry("a", "static", "manifests"),
        entry("b", "template", "templates")
    );
    let world = World::new(&[("component.yaml", &component), ("hld.yaml", &insecure(&[&origin]))]);
    world.hld("generate --strict").run().exits(0);
    assert!(world.read("generated/common/a.yaml").contains("name: web"));
    assert!(world.read("generated/common/b.yaml").contains("name: 'b'"));
}

#[test]
fn a_commit_of_the_definition_is_installed_by_its_own_lock() {
    let origin = Origin::new(&INFRA);
    let world = definition(&origin, "path: stack");
    world.hld("install").run().exits(0);
    std::fs::remove_dir_all(world.path("generated")).unwrap();
    commit_all(&world.path(""));
    world.write("component.yaml", "name: other\n");
    std::fs::remove_file(world.path("hld.lock")).unwrap();
    world.hld("generate --rev HEAD --locked --offline").run().exits(0);
    assert!(world.read("generated/common/infra/web.yaml").contains("ConfigMap"));
    assert!(!world.path("hld.lock").exists());
}

#[test]
fn b039_a_token_is_sent_and_never_told() {
    let token = "x-access-token:".to_owned() + SECRET;
    let origin = Origin::private(&INFRA, &token);
    let world = definition(&origin, "path: stack");
    world.hld("generate").run().exits(4).reports("error[HLD0804] component.yaml:5:11");
    world.write("access.yaml", format!("{}: HLD_TEST_TOKEN\n", origin.url()));
    world.hld("generate").run().exits(0);
    assert!(origin.saw_token());
    world.write("access.yaml", format!("{}: HLD_UNSET\n", origin.url()));
    clear_cache(&world);
    world.rejects("generate", 1, &["error[HLD0814] component.yaml:5:11"]).mentions("HLD_UNSET");
    std::fs::remove_file(world.path("access.yaml")).unwrap();
    let port = origin.authority().rsplit(':').next().unwrap().to_owned();
    let variable = format!("HLD_TOKEN_127_0_0_1_PORT_{port}");
    world.hld("generate").env(&variable, SECRET).run().exits(0);
}

#[test]
fn b033_a_fetched_component_can_not_have_variables_sent() {
    let loot = Origin::new(&INFRA);
    let component = format!(
        "name: bad\nsubcomponents:\n- {{name: loot, type: component, method: git, source: '{}', path: stack}}\n",
        loot.url()
    );
    let access = format!("{}: HLD_TEST_TOKEN\n", loot.url());
    let bad = Origin::new(&[("component.yaml", &component), ("access.yaml", &access)]);
    let world = definition(&bad, "branch: main");
    world.write("hld.yaml", insecure(&[&bad, &loot]));
    let run = world.hld("generate").run();
    run.exits(0).reports("warning[HLD0801] component.yaml:5:11");
    assert!(loot.n_requests() > 0 && !loot.saw_authorization() && !bad.saw_authorization());
}

#[test]
fn b064_credentials_do_not_follow_a_redirect() {
    let thief = Origin::new(&INFRA);
    let origin = Origin::redirecting(&thief);
    let world = definition(&origin, "path: stack");
    world.write("access.yaml", format!("{}: HLD_TEST_TOKEN\n", origin.url()));
    world.hld("generate").run().exits(4);
    assert_eq!(thief.n_requests(), 0);
}
