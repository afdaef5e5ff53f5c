//! The output folder: files of others, links in odd places, full disks, litter (also B046).

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::support::{MANIFEST, Run, World};

/// A definition whose environment `common` has been written once, in two components.
fn written() -> World {
    let component = "name: shop\nsubcomponents:\n- {name: web, type: static, path: web}\n- {name: api, type: static, path: api}\n";
    let world = World::new(&[
        ("component.yaml", component),
        ("web/web.yaml", MANIFEST),
        ("api/api.yaml", &MANIFEST.replace("web", "api")),
    ]);
    world.hld("generate --strict").run().exits(0);
    world
}

/// Asserts that nothing is left below `.hld` but the lock and the record.
#[track_caller]
fn no_litter(world: &World, run: &Run) {
    let ours = run.after.files_in("work/generated/.hld");
    let names: Vec<&str> = ours.keys().map(String::as_str).collect();
    assert!(names.iter().all(|name| *name == "lock" || name.starts_with("owned/")), "{names:?}\n{run}");
    assert!(names.iter().all(|name| !name.ends_with(".next")), "{names:?}\n{run}");
    let folders = fs::read_dir(world.path("generated/.hld")).unwrap().count();
    assert!(folders <= 2, "the lock and the records\n{run}");
}

#[test]
fn second_run_changes_nothing() {
    let world = written();
    let before = world.snapshot();
    let run = world.hld("generate").run();
    run.exits(0).mentions("unchanged");
    assert_eq!(before.files_in("work"), run.after.files_in("work"));
    let inode = |path: &str| world.path(path).metadata().unwrap().ino();
    assert_eq!(inode("generated/common/web.yaml"), inode("generated/common/web.yaml"));
    no_litter(&world, &run);
}

#[test]
fn files_of_others_are_refused_by_name() {
    let world = written();
    world
        .write("generated/common/notes.txt", "mine\n")
        .write("generated/common/deep/er/a.yaml", "mine: true\n");
    let run = world.rejects("generate", 3, &["refused[HLD0701]"]);
    run.mentions("`notes.txt`").mentions("`deep/er/a.yaml`");
    // Also where something new would be written, and with every layout.
    world.write("web/web.yaml", MANIFEST.replace("web", "next"));
    world.rejects("generate --layout resource", 3, &["refused[HLD0701]"]);
}

#[test]
fn files_of_others_beside_an_environment_stay() {
    let world = written();
    world
        .write("generated/README.md", "mine\n")
        .write("generated/other/x.txt", "mine\n")
        .write("generated/.hld/notes", "mine\n");
    world.write("web/web.yaml", MANIFEST.replace("web", "next"));
    world.hld("generate").run().exits(0);
    for path in ["generated/README.md", "generated/other/x.txt", "generated/.hld/notes"] {
        assert_eq!(world.read(path), "mine\n");
    }
}

#[test]
fn adopted_folders_are_replaced() {
    let world = written();
    world.write("generated/common/notes.txt", "mine\n");
    let run = world.hld("generate --adopt").run();
    run.exits(0);
    assert!(!world.path("generated/common/notes.txt").exists());
    no_litter(&world, &run);
}

#[test]
fn files_that_are_no_longer_made_go() {
    let world = written();
    world.write("component.yaml", "name: shop\nsubcomponents: [{name: api, type: static, path: api}]\n");
    let run = world.hld("generate").run();
    run.exits(0);
    assert_eq!(run.after.files_in("work/generated/common").keys().collect::<Vec<_>>(), ["api.yaml"]);
    no_litter(&world, &run);
}

#[test]
fn links_among_the_written_files() {
    let world = written();
    fs::remove_file(world.path("generated/common/web.yaml")).unwrap();
    world.link("generated/common/web.yaml", world.outside("canary/inner/sings.yaml"));
    world.rejects("generate", 3, &["refused[HLD0701]"]);
    // Taken over, the link goes and what it leads to stays.
    world.hld("generate --adopt").run().exits(0);
    assert!(world.path("generated/common/web.yaml").symlink_metadata().unwrap().is_file());
}

#[test]
fn links_to_folders_among_the_written_files() {
    let world = written();
    world.link("generated/common/more", world.outside("canary"));
    world.rejects("generate", 3, &["refused[HLD0701]"]);
    world.hld("generate --adopt").run().exits(0);
    assert!(world.path("generated/common/more").symlink_metadata().is_err());
}

#[test]
fn environment_folder_that_is_a_link_or_a_file() {
    let world = written();
    fs::remove_dir_all(world.path("generated/prod")).unwrap();
    world.link("generated/prod", world.outside("canary"));
    world.rejects("generate prod", 3, &["refused[HLD0702]"]);
    world.rejects("generate prod --adopt", 3, &["refused[HLD0702]"]);
    fs::remove_file(world.path("generated/prod")).unwrap();
    world.write("generated/prod", "mine\n");
    world.rejects("generate prod", 3, &["refused[HLD0702]"]);
}

#[test]
fn folder_above_an_environment_that_is_a_link() {
    let world = World::with_manifest(MANIFEST);
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nenvironments: {prod: {output: eu/prod}}\n");
    world.link("generated/eu", world.outside("canary"));
    world.rejects("generate prod", 3, &["refused[HLD0702]"]);
}

#[test]
fn b046_our_folder_is_a_link() {
    let world = World::with_manifest(MANIFEST);
    world.link("generated/.hld", world.outside("canary"));
    world.rejects("generate", 3, &["refused[HLD0702]"]);
    let world = World::with_manifest(MANIFEST);
    world.write("generated/.hld", "mine\n");
    world.rejects("generate", 3, &["refused[HLD0702]"]);
}

#[test]
fn b046_our_files_are_links() {
    for path in [
        "generated/.hld/lock",
        "generated/.hld/owned/common.next",
        "generated/.hld/owned/common",
        "generated/.hld/owned",
    ] {
        let world = World::with_manifest(MANIFEST);
        let is_folder = path.ends_with("owned");
        world.link(path, world.outside(if is_folder { "canary" } else { "canary/inner/sings.yaml" }));
        // The canary is looked after on every run.
        let run = world.hld("generate").run();
        assert!([0, 3, 5].contains(&run.status.code().unwrap()), "{run}");
    }
}

#[test]
fn b046_what_others_left_in_our_folder() {
    let world = written();
    world.write("generated/.hld/old-..%..%escaped/x.yaml", "planted: true\n");
    world.write("generated/.hld/old-%escaped/x.yaml", "planted: true\n");
    world.write("generated/.hld/old-..%escaped/x.yaml", "planted: true\n");
    world.link("generated/.hld/new-link", world.outside("canary"));
    world.link("generated/.hld/old-link", world.outside("canary"));
    world.hld("generate").run().exits(0);
    assert!(!world.path("escaped").exists() && !world.path("generated/escaped").exists());
    assert!(world.path("generated/link").symlink_metadata().is_err());
}

#[test]
fn b046_record_that_names_files_outside() {
    let world = written();
    world.write("generated/.hld/owned/common", "web.yaml\napi.yaml\n../../component.yaml\n/etc/passwd\n");
    world.write("web/web.yaml", MANIFEST.replace("web", "next"));
    world.hld("generate").run().exits(0);
    assert!(world.path("component.yaml").exists());
}

#[test]
fn litter_of_a_killed_run_goes() {
    let world = written();
    world
        .write("generated/.hld/new-x1y2z3/0/web.yaml", "half: tr")
        .write("generated/.hld/owned/common.next", "half");
    world.write("web/web.yaml", MANIFEST.replace("web", "next"));
    let run = world.hld("generate").run();
    run.exits(0);
    no_litter(&world, &run);
    assert!(world.read("generated/common/web.yaml").contains("next"));
}

#[test]
fn litter_of_a_killed_run_goes_where_nothing_changes() {
    let world = written();
    world
        .write("generated/.hld/new-x1y2z3/0/web.yaml", "half: tr")
        .write("generated/.hld/owned/common.next", "half\n");
    let run = world.hld("generate").run();
    run.exits(0);
    no_litter(&world, &run);
}

#[test]
fn environment_that_was_moved_aside_comes_back() {
    let world = written();
    fs::rename(world.path("generated/common"), world.path("generated/.hld/old-common")).unwrap();
    fs::remove_dir_all(world.path("generated/prod")).unwrap();
    let run = world.hld("generate prod").run();
    run.exits(0);
    assert!(world.read("generated/common/web.yaml").contains("web"));
    no_litter(&world, &run);
}

#[test]
fn full_disk() {
    let world = written();
    let old = world.snapshot().files_in("work/generated/common");
    world.write("web/web.yaml", MANIFEST.replace("web", "next") + &"# filling\n".repeat(1000));
    for shell in ["trap '' XFSZ; ulimit -f 1", "ulimit -f 1", "trap '' XFSZ; ulimit -f 0"] {
        let run = world.hld("generate").behind(shell).run();
        run.exits(5).reports("error[HLD0703]");
        assert_eq!(run.after.files_in("work/generated/common"), old);
        no_litter(&world, &run);
    }
    let run = world.hld("generate --provenance where.json").behind("trap '' XFSZ; ulimit -f 1").run();
    run.exits(5);
    world.hld("generate --strict").run().exits(0);
}

#[test]
fn full_disk_at_the_first_run() {
    let world = World::with_manifest(&(MANIFEST.to_owned() + &"# filling\n".repeat(1000)));
    let old = world.snapshot().files_in("work/generated/common");
    let run = world.hld("generate").behind("ulimit -f 1").run();
    run.exits(5).reports("error[HLD0703]");
    assert_eq!(run.after.files_in("work/generated/common"), old);
    no_litter(&world, &run);
}

#[test]
fn full_file_system() {
    let world = written();
    world.write("web/web.yaml", MANIFEST.replace("web", "next") + &"# filling\n".repeat(20_000));
    fs::create_dir(world.path("small")).unwrap();
    // A file system of its own, seen by this process alone; the superuser may have one.
    let script = "mount -t tmpfs -o size=64k none small && { \"$@\"; echo \"ended with $?\" >&2; find small -type f | sort; }";
    let run = world
        .hld("generate --output small")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .behind(&format!("exec unshare --mount sh -c '{script}' sh \"$@\""))
        .run_whatever();
    if run.stderr.contains("ended with") {
        run.mentions("ended with 5").reports("error[HLD0703]");
        assert_eq!(run.stdout, "small/.hld/lock\n", "{run}");
    }
}

#[test]
fn provenance_to_odd_places() {
    let world = written();
    world.link("link.json", "folder/target.json").write("folder/target.json", "old");
    world.hld("generate --provenance link.json").run().exits(0);
    assert!(
        world.path("link.json").is_symlink()
            && world.read("folder/target.json").contains("hld.dev/provenance")
    );
    world.hld("generate --provenance folder").run().exits(5);
    world.hld("generate --provenance nowhere/x.json").run().exits(5);
}

#[test]
fn init_writes_no_file_twice() {
    let world = World::with_manifest(MANIFEST);
    world.rejects("init", 1, &[]).mentions("exists already");
    let world = World::new(&[("config/common.yaml", "mine: true\n")]);
    world.link("hello", world.outside("canary"));
    world.rejects("init shop", 3, &[]).mentions("symbolic link");
    let world = World::new(&[("config/common.yaml", "mine: true\n")]);
    world.hld("init shop").run().exits(0);
    assert_eq!(world.read("config/common.yaml"), "mine: true\n");
    let world = World::new(&[]);
    world.link("component.yaml", "nowhere");
    world.rejects("init shop", 1, &[]).mentions("exists already");
}

#[test]
fn check_writes_nothing() {
    let world = written();
    world.hld("generate --check").run().exits(0).untouched();
    world.write("web/web.yaml", MANIFEST.replace("web", "next")).write("generated/common/more.yaml", "");
    let run = world.rejects("generate --check", 1, &["error[HLD0705]"]);
    run.mentions("`web.yaml` would change").mentions("`more.yaml` would be removed");
}
