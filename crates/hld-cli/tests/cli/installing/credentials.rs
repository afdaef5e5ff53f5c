//! Files that say how to log in, and are not as they should be (B040).

use std::os::unix::fs::PermissionsExt;

use super::support::{Origin, base64, definition};
use crate::support::{MANIFEST, SECRET, World};

const INFRA: [(&str, &str); 2] = [
    ("component.yaml", "name: infra\nsubcomponents:\n- {name: web, type: static, path: web}\n"),
    ("web/web.yaml", MANIFEST),
];

#[test]
fn b040_access_files_that_are_none() {
    let origin = Origin::private(&INFRA, &format!("x-access-token:{SECRET}"));
    let line = format!("{}: HLD_TEST_TOKEN\n", origin.url());
    let world = || definition(&origin, "branch: main");
    let good = world();
    good.write("access.yaml", &line);
    good.hld("generate").run().exits(0);
    // Links inside of the definition are its own business.
    let linked = world();
    linked.write("secrets/access.yaml", &line).link("access.yaml", "secrets/access.yaml");
    linked.hld("generate").run().exits(0);

    let malformed =
        ["a: [b", "- a", "{a: {b: c}}", "\u{0}", "a: b\na: c\n", &format!("{}: {SECRET}\n", origin.url())];
    for text in malformed {
        let world = world();
        world.write("access.yaml", text);
        let run = world.hld("generate").run();
        assert_eq!(run.status.code(), Some(1), "{text:?}: {run}");
        run.untouched();
        run.mentions("access.yaml");
    }
    let outside = world();
    std::fs::write(outside.outside("home/access.yaml"), &line).unwrap();
    outside.link("access.yaml", outside.outside("home/access.yaml"));
    let device = world();
    device.link("access.yaml", "/dev/zero");
    let pipe = world();
    pipe.fifo("access.yaml");
    let large = world();
    large.write_sparse("access.yaml", 100 << 20);
    let folder = world();
    folder.write("access.yaml/x", "");
    for world in [outside, device, pipe, large, folder] {
        let run = world.hld("generate").behind("ulimit -v 2000000").run();
        assert!([1, 3, 4, 5].contains(&run.status.code().unwrap()), "{run}");
        run.mentions("access.yaml");
    }
}

#[test]
fn b040_a_netrc_is_not_read() {
    let origin = Origin::private(&INFRA, &format!("x-access-token:{SECRET}"));
    let world = definition(&origin, "branch: main");
    let netrc = format!("machine 127.0.0.1 login x-access-token password {SECRET}\n");
    std::fs::write(world.outside("home/.netrc"), &netrc).unwrap();
    world.hld("generate").run().exits(4);
    // Nor is one that can not be read at all waited for.
    std::fs::remove_file(world.outside("home/.netrc")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", world.outside("home/.netrc")).unwrap();
    world.hld("generate").run().exits(4);
    assert!(!origin.saw_authorization());
}

/// A definition whose user has this `~/.gitconfig`.
fn with_git_config(origin: &Origin, text: &str) -> World {
    let world = definition(origin, "branch: main");
    std::fs::write(world.outside("home/.gitconfig"), text).unwrap();
    world
}

#[test]
fn b040_helpers_of_git() {
    let origin = Origin::private(&INFRA, &format!("ada:{SECRET}"));
    let says = |words: &str| format!("[credential]\n\thelper = \"!f() {{ cat >/dev/null; {words}; }}; f\"\n");
    let path = std::env::var_os("PATH").unwrap();
    let good = with_git_config(&origin, &says(&format!("echo username=ada; echo password={SECRET}")));
    good.hld("generate").env("PATH", &path).run().exits(0);
    assert!(origin.saw_token());
    for (helper, code) in [
        (says("exit 1"), 4),
        (says("echo nonsense"), 4),
        (says("printf 'username=ada\\\\npassword=a\\\\tb\\\\n'"), 1),
        ("[credential]\n\thelper = /nowhere/helper\n".to_owned(), 4),
    ] {
        let run = with_git_config(&origin, &helper).hld("generate").env("PATH", &path).run();
        assert_eq!(run.status.code(), Some(code), "{helper}: {run}");
        run.untouched();
    }
    let run = with_git_config(&origin, "[credential\n").hld("generate").run();
    assert_ne!(run.status.code(), Some(0), "{run}");
    run.mentions(".gitconfig").untouched();
}

#[test]
fn b040_a_helper_of_git_that_never_ends() {
    let origin = Origin::private(&INFRA, &format!("ada:{SECRET}"));
    let world = with_git_config(&origin, "[credential]\n\thelper = \"!f() { exec sleep 60; }; f\"\n");
    let settings = world.read("hld.yaml");
    world.write("hld.yaml", format!("{settings}limits: {{sourceSeconds: 1}}\n"));
    let run = world.hld("generate").env("PATH", std::env::var_os("PATH").unwrap()).run();
    run.exits(1).untouched().mentions("sourceSeconds");
}

#[test]
fn b040_a_store_that_everybody_may_read() {
    let origin = Origin::private(&INFRA, &format!("ada:{SECRET}"));
    let world = with_git_config(&origin, "[credential]\n\thelper = store\n");
    let store = world.outside("home/.git-credentials");
    std::fs::write(&store, format!("http://ada:{SECRET}@{}\n", origin.authority())).unwrap();
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o644)).unwrap();
    // It is git's file, and git's program that reads it.
    world.hld("generate").env("PATH", std::env::var_os("PATH").unwrap()).run().exits(0);
    let login = base64(format!("ada:{SECRET}").as_bytes());
    assert!(
        super::support::files_of_cache(&world, "")
            .iter()
            .all(|path| { !String::from_utf8_lossy(&std::fs::read(path).unwrap()).contains(&login) })
    );
}
