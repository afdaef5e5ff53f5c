//! reliability.md 3.D: command line and environment.
//!
//! B045 and B047 need a network.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use crate::support::{MANIFEST, SHOP, World};

/// Runs `hld generate` into a folder that it must not write to: refused, nothing touched.
fn check_output(world: &World, folder: impl AsRef<OsStr>) {
    let run = world.hld("generate --output").arg(folder).run();
    run.exits(3).untouched().reports("refused[HLD0702]");
}

#[test]
fn b041_folders_that_are_no_output() {
    let world = World::with_manifest(MANIFEST);
    for folder in ["/", ".", "..", "./.", "web", "web/inner/deep", "../work", "web/..", "generated/../web"] {
        check_output(&world, folder);
    }
    check_output(&world, world.outside("home"));
    check_output(&world, world.path(""));
    check_output(&world, world.outside(""));
}

#[test]
fn b041_output_that_is_a_link_or_a_file() {
    let world = World::with_manifest(MANIFEST);
    world.link("out", "../canary").link("home", world.outside("home")).link("loop", "loop").write("file", "");
    for folder in ["out", "home", "loop", "file"] {
        check_output(&world, folder);
    }
    world.link("up", "..");
    check_output(&world, "up/work");
}

#[test]
fn b041_output_that_is_a_git_folder() {
    let world = World::with_manifest(MANIFEST);
    check_output(&world, ".git");
    check_output(&world, ".git/objects");
}

#[test]
fn b041_folder_with_files_of_others() {
    let world = World::with_manifest(MANIFEST);
    world.write("out/common/letters.txt", "dear\n").write("out/common/web.yaml", "old: true\n");
    let run = world.rejects("generate --output out", 3, &["refused[HLD0701]"]);
    run.mentions("`letters.txt`").mentions("--adopt");
}

#[test]
fn b041_output_beside_other_files() {
    let world = World::with_manifest(MANIFEST);
    world.write("out/letters.txt", "dear\n").write("out/other/web.yaml", "old: true\n");
    world.hld("generate --output out --strict").run().exits(0);
    assert_eq!(world.read("out/letters.txt"), "dear\n");
    assert_eq!(world.read("out/other/web.yaml"), "old: true\n");
}

#[test]
fn b042_temporary_folder() {
    let world = World::with_manifest(MANIFEST);
    for folder in ["/nonexistent", "/proc/self", "/dev/null", "", "relative"] {
        world.hld("generate").env("TMPDIR", folder).run().exits(0);
    }
}

#[test]
fn b042_no_home() {
    let world = World::with_manifest(MANIFEST);
    world.hld("generate").without("HOME").without("HLD_CACHE_DIR").run().exits(0);
    world.hld("generate").env("HOME", "/nonexistent").run().exits(0);
    world.hld("doctor").without("HOME").without("HLD_CACHE_DIR").without("PATH").run().exits(0);
}

#[test]
fn b042_umask() {
    let world = World::with_manifest(MANIFEST);
    let run = world.hld("generate prod").behind("umask 0777").run();
    assert!([0, 5].contains(&run.status.code().unwrap()), "{run}");
    let world = World::with_manifest(MANIFEST);
    world.hld("generate").behind("umask 0022").run().exits(0);
    let mode = world.path("generated/common/web.yaml").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    let mode = world.path("generated/common").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
}

#[test]
fn b042_folder_that_was_deleted() {
    let world = World::with_manifest(MANIFEST);
    world.write("gone/x", "");
    let run = world
        .hld("generate")
        .in_folder(world.path("gone"))
        .behind("rm -r ../gone; exec \"$@\"")
        .env("PATH", "/usr/bin:/bin")
        .run();
    run.exits(2);
    assert!(!world.path("gone").exists());
}

#[test]
fn b043_arguments_that_are_no_utf8() {
    let world = World::with_manifest(MANIFEST);
    world.hld("generate").arg(OsStr::from_bytes(b"a\xff")).run().exits(2).untouched();
    world.hld("generate --env").arg(OsStr::from_bytes(b"\xff")).run().exits(2).untouched();
    world.hld("").arg(OsStr::from_bytes(b"\xff")).run().exits(2).untouched();
    world.hld("generate -C").arg(OsStr::from_bytes(b"\xff")).run().exits(2).untouched();
}

#[test]
fn b043_paths_that_are_no_utf8() {
    let world = World::with_manifest(MANIFEST);
    let folder = world.path(OsStr::from_bytes(b"d\xff"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("component.yaml"), "name: shop\n").unwrap();
    let run = world.hld("generate").in_folder(&folder).run();
    run.exits(1).untouched().mentions("not UTF-8");
    // The output may have any name.
    world.hld("generate --output").arg(OsStr::from_bytes(b"out\xff")).run().exits(0);
    world
        .hld("generate")
        .env("HOME", OsStr::from_bytes(b"/\xff"))
        .env("HLD_CACHE_DIR", OsStr::from_bytes(b"\xff"))
        .run()
        .exits(0);
}

#[test]
fn b043_long_arguments() {
    let world = World::with_manifest(MANIFEST);
    let long = "a".repeat(100 << 10);
    world.hld("generate").arg(&long).run().exits(2).untouched().reports("error[HLD0305]");
    world.hld("generate -C").arg(&long).run().exits(2).untouched();
    world.hld("generate -C").arg("a/".repeat(3000)).run().exits(2).untouched();
    world.hld("explain").arg(&long).run().exits(2).untouched();
    world.hld("").arg(&long).run().exits(2).untouched();
    world.hld("generate --output").arg(&long).run().exits(5).untouched().reports("error[HLD0703]");
    world.hld("generate --output").arg("a/".repeat(3000)).run().exits(5).reports("error[HLD0703]");
    world.hld("generate --provenance").arg(&long).run().exits(5);
}

#[test]
fn b043_long_paths() {
    let world = World::new(&[("component.yaml", &SHOP.replace("./web", &"w/".repeat(3000)))]);
    world.is_wrong(&["[HLD0401] component.yaml:5:9"]);
    let world = World::new(&[("component.yaml", &SHOP.replace("./web", &"w".repeat(300)))]);
    world.is_wrong(&["[HLD0401] component.yaml:5:9"]);
    let world = World::new(&[("component.yaml", &SHOP.replace("./web", "\"a\\0b\""))]);
    world.is_wrong(&["[HLD0401] component.yaml:5:9"]);
}

#[test]
fn b044_streams_that_are_closed() {
    let world = World::with_manifest(MANIFEST);
    for redirection in [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"] {
        world.hld("generate --format json").behind(&format!("exec \"$@\" {redirection}")).run().exits(0);
        world.hld("generate --stdout").behind(&format!("exec \"$@\" {redirection}")).run().exits(0);
        world.hld("--help").behind(&format!("exec \"$@\" {redirection}")).run().exits(0);
        world.hld("nonsense").behind(&format!("exec \"$@\" {redirection}")).run().exits(2);
    }
    let wrong = World::new(&[]);
    wrong.hld("generate").behind("exec \"$@\" 2>&-").run().exits(1).untouched();
}

#[test]
fn b044_pipes_that_are_broken() {
    let text = MANIFEST.to_owned() + &"# filling\n".repeat(100_000);
    let world = World::with_manifest(&text);
    // A reader that goes away at once.
    let run = world
        .hld("generate --stdout")
        .env("PATH", "/usr/bin:/bin")
        .behind("{ \"$@\"; echo \"ended with $?\" >&2; } | true")
        .run();
    run.mentions("ended with 0").untouched();
    let run = world
        .hld("explain")
        .env("PATH", "/usr/bin:/bin")
        .behind("{ \"$@\"; echo \"ended with $?\" >&2; } | true")
        .run();
    run.mentions("ended with 0").untouched();
}

#[test]
fn b044_stream_that_is_full() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let world = World::with_manifest(MANIFEST);
    // Manifests that were asked for and not written are a failure.
    world.hld("generate --stdout").behind("exec \"$@\" > /dev/full").run().exits(5).untouched();
    world.hld("generate").behind("exec \"$@\" 2> /dev/full").run().exits(0);
}

#[test]
fn b044_terminals_without_abilities() {
    let world = World::with_manifest(MANIFEST);
    for (name, value) in [
        ("TERM", "dumb"),
        ("TERM", ""),
        ("COLUMNS", "0"),
        ("COLUMNS", "x"),
        ("NO_COLOR", "1"),
        ("LINES", "0"),
    ] {
        let run = world.hld("generate nowhere").env(name, value).run();
        run.exits(0).reports("warning[HLD0303]");
        assert!(!run.stderr.contains('\u{1b}'), "{run}");
        world.hld("generate --help").env(name, value).run().exits(0);
    }
}

#[test]
fn b049_assignments_that_are_none() {
    let world = World::with_manifest(MANIFEST);
    let deep = vec!["a"; 5_000].join(".") + "=1";
    for assignment in ["a", "a=b=c", "a[999999999]=1=", "\"a=1", "a:={{{{", "a:=[", "a:=*x", &deep] {
        let run = world.hld("set").arg(assignment).run();
        assert!([1, 2].contains(&run.status.code().unwrap_or(-1)), "{assignment:.40}: {run}");
        run.untouched();
    }
    world.hld("set --environment ../../canary/x a=b").run().exits(2).untouched();
    world.hld("set --subcomponent").arg("\"").arg("a=b").run().exits(2).untouched();
}

#[test]
fn b049_text_that_only_looks_like_more() {
    let world = World::with_manifest(MANIFEST);
    world.hld("set").args(["a[999999999]=1", "b={{{{", "c=$(id)", "d=a,b", "e=- x"]).run().exits(0);
    let dotted = vec!["k"; 33].join(".") + "=1";
    world.hld("set").arg(dotted).run().exits(0);
    world.hld("generate --strict").run().exits(0);
    assert!(world.read("config/common.yaml").contains("$(id)"));
}

#[test]
fn b049_files_that_are_none() {
    let world = World::with_manifest(MANIFEST);
    world.write("folder/x", "").write("broken", "a: [b");
    for file in ["/dev/zero", "folder", "nowhere", "broken"] {
        let run = world.hld("set --file").arg(file).behind("ulimit -v 1000000").run();
        assert!([1, 2].contains(&run.status.code().unwrap_or(-1)), "{file}: {run}");
        run.untouched().mentions(file);
    }
}

#[test]
fn b049_files_that_are_not_edited() {
    let world = World::with_manifest(MANIFEST);
    world.fifo("config/common.yaml");
    world.rejects("set a=b", 1, &[]).mentions("no regular file");
    let world = World::new(&[]);
    world
        .link("config", world.outside("canary"))
        .link("component.yaml", world.outside("canary/inner/sings.yaml"));
    world.rejects("set a=b", 3, &[]).mentions("leads out of the repository");
    world.rejects("add web --source x", 3, &[]);
    world.rejects("remove web", 3, &[]);
    let world = World::new(&[]);
    world.link("config/common.yaml", "nowhere").write_sparse("component.yaml", 200 << 20);
    world.rejects("set a=b", 1, &[]).mentions("leads nowhere");
    world.rejects("add web --source x", 1, &[]).mentions("3145728");
}

#[test]
fn b050_limits_of_the_system() {
    let world = World::with_manifest(MANIFEST);
    for n in 0..100 {
        world.write(
            &format!("web/m{n}.yaml"),
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{n}}}\n"),
        );
    }
    for limit in ["ulimit -n 32", "ulimit -v 300000", "ulimit -f 2048", "ulimit -s 128", "ulimit -c 0"] {
        world.hld("generate --layout resource --jobs 2").behind(limit).run().exits(0);
    }
    world.hld("generate --jobs 256").run().exits(0);
    world.hld("generate --jobs 1").run().exits(0);
}

#[test]
fn b050_too_few_files() {
    let world = World::with_manifest(MANIFEST);
    for n in 3..16 {
        let run = world.hld("generate --jobs 2").behind(&format!("ulimit -n {n}")).run_whatever();
        // Below that not even the program's libraries can be loaded.
        assert!([Some(0), Some(1), Some(2), Some(5), Some(127)].contains(&run.status.code()), "{n}: {run}");
    }
}

#[test]
fn b050_too_many_threads() {
    let world = World::with_manifest(MANIFEST);
    world.hld("generate --jobs 100000").run().exits(2).untouched().mentions("--jobs");
    world.hld("generate --jobs 1024").behind("ulimit -v 20000000").run().exits(0);
}

#[test]
fn wrong_usage() {
    let world = World::with_manifest(MANIFEST);
    for arguments in [
        "",
        "nonsense",
        "generate --nonsense",
        "generate --jobs x",
        "generate --check --stdout",
        "generate a --env b",
        "generate --layout x",
        "generate --all a",
        "explain HLD9999",
        "schema nothing",
        "generate -C nowhere",
        "generate -C component.yaml",
        "validate prod --files component.yaml",
        "validate --files",
        "tree --format sarif",
        "diff --format github",
        "validate --format markdown",
        "init a/b",
    ] {
        world.rejects(arguments, 2, &[]);
    }
}
