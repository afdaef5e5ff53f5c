//! Repositories and addresses that nobody makes by accident.

use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use super::support::{Origin, definition, fails};
use crate::support::{MANIFEST, World};

/// What `hld generate` says about a definition that names this source.
fn refuses(source: &str, code: i32, report: &str) {
    let component = format!(
        "name: shop\nsubcomponents:\n- name: infra\n  type: component\n  source: {source}\n  method: git\n"
    );
    let world = World::new(&[("component.yaml", &component)]);
    world.rejects("generate", code, &[&format!("{report} component.yaml:5:11")]);
}

#[test]
fn b051_addresses_of_other_kinds() {
    for source in [
        "'ext::sh -c touch% PWN'",
        "fd::7",
        "git://example.org/x",
        "http://example.org/x",
        "ftp://example.org/x",
        "'hg::https://x/y'",
    ] {
        let component = format!(
            "name: shop\nsubcomponents:\n- name: infra\n  type: component\n  source: {source}\n  method: git\n"
        );
        let world = World::new(&[("component.yaml", &component)]);
        let run = world.hld("generate").run();
        assert!([1, 3].contains(&run.status.code().unwrap()), "{source}: {run}");
        assert!(run.all_reports().iter().any(|report| report.ends_with("component.yaml:5:11")), "{run}");
        run.untouched();
    }
    refuses("http://example.org/x", 3, "refused[HLD0803]");
}

#[test]
fn b052_b053_b075_addresses_that_are_options_or_hide_something() {
    for source in [
        "'--upload-pack=touch PWN;git-upload-pack'",
        "'ssh://-oProxyCommand=touch/x'",
        "'-x@host:path'",
        "'https://example.org/a%0ahost=b'",
        "\"https://example.org/a\\nb\"",
        "'https://github.com@evil.example'",
        "'https:\\\\evil'",
        "'ssh://host:0/x'",
    ] {
        refuses(source, 1, "error[HLD0802]");
    }
}

#[test]
fn b070_addresses_of_this_machine_and_of_its_network() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "0", "[::1]", "[::]"] {
        for source in [format!("https://{host}:{port}/x"), format!("ssh://git@{host}:{port}/x")] {
            refuses(&format!("'{source}'"), 3, "refused[HLD0803]");
        }
    }
    for host in ["169.254.169.254", "[::ffff:a9fe:a9fe]", "10.0.0.1", "[fd00:ec2::254]"] {
        refuses(&format!("'https://{host}/x'"), 3, "refused[HLD0803]");
        refuses(&format!("'ssh://git@{host}/x'"), 3, "refused[HLD0803]");
    }
    assert!(listener.accept().is_err(), "nobody came");
}

#[test]
fn b052_versions_that_are_options() {
    let origin = Origin::new(&[("component.yaml", "name: infra\n")]);
    for fields in ["version: --upload-pack=touch", "branch: -x", "branch: 'a:b'"] {
        let run = definition(&origin, fields).hld("generate").run();
        run.exits(4).untouched();
    }
}

#[test]
fn b036_a_token_in_an_address() {
    let component = "name: shop\nsubcomponents:\n- name: infra\n  type: component\n  source: https://user:hunter2hunter2@example.org/x\n  method: git\n";
    let world = World::new(&[("component.yaml", component)]);
    let run = world.hld("generate --format json").run();
    run.exits(1);
    assert!(!run.stdout.contains("hunter2") && run.stdout.contains("HLD0802"), "{run}");
}

/// Adds a tree to the repository that git itself would not make, and commits it.
fn commit_tree(origin: &Origin, entries: &[(&str, &str, &str)]) {
    let write = |arguments: &[&str], input: &[u8]| {
        let mut child = Command::new("git")
            .args(arguments)
            .current_dir(origin.work())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let mut tree = Vec::new();
    for (mode, name, content) in entries {
        let id = write(&["hash-object", "-w", "--stdin"], content.as_bytes());
        tree.extend(format!("{mode} {name}\0").into_bytes());
        tree.extend((0..20).map(|at| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).unwrap()));
    }
    let tree = write(&["hash-object", "-w", "--literally", "-t", "tree", "--stdin"], &tree);
    let commit = origin.git(&["commit-tree", &tree, "-m", "hostile"]);
    origin.git(&["update-ref", "refs/heads/main", &commit]);
    // The bare repository takes what it is sent: nobody checks objects on a push.
    origin.git(&["push", "-q", "-f", "origin", "main"]);
}

#[test]
fn b054_trees_with_names_of_git_or_of_other_folders() {
    let file = "100644";
    let component = (file, "component.yaml", "name: infra\n");
    for name in ["..", ".git", ".GIT", ".g\u{200c}it", "GIT~1", ".git.", ".git::$INDEX_ALLOCATION", "..\\x"] {
        let origin = Origin::new(&[("x", "x")]);
        commit_tree(&origin, &[(file, name, "x"), component]);
        let world = definition(&origin, "branch: main");
        world.rejects("generate", 3, &["refused[HLD0810] component.yaml:5:11"]);
    }
    let origin = Origin::new(&[("x", "x")]);
    commit_tree(&origin, &[component, (file, "a", "1"), ("120000", "a", "/etc")]);
    definition(&origin, "branch: main").rejects("generate", 3, &["refused[HLD0810] component.yaml:5:11"]);
}

#[test]
fn b055_links_of_a_repository_lead_nowhere_else() {
    let component = "name: infra\nsubcomponents:\n- {name: web, type: static, path: web}\n";
    for target in ["/etc", "../../../../../../../../etc", "..", "/"] {
        let origin = Origin::new(&[("component.yaml", component), ("x", "x")]);
        std::os::unix::fs::symlink(target, origin.work().join("web")).unwrap();
        origin.commit(&[("y", "y")]);
        fails(
            &definition(&origin, "branch: main"),
            3,
            "refused[HLD0108] components/infra/component.yaml:3:35",
        );
    }
    let origin = Origin::new(&[("component.yaml", component), ("web/real.yaml", MANIFEST)]);
    for (name, target) in [("passwd.yaml", "/etc/passwd"), ("loop.yaml", "loop.yaml")] {
        std::os::unix::fs::symlink(target, origin.work().join("web").join(name)).unwrap();
    }
    origin.commit(&[("y", "y")]);
    let run = definition(&origin, "branch: main").hld("generate").run();
    run.exits(1).mentions("components/infra/web/passwd.yaml");
}

#[test]
fn no_path_of_a_fetched_component_leaves_its_checkout() {
    for entry in [
        "{name: web, type: static, path: ../../../secret}",
        "{name: web, type: component, source: ../../..}",
        "{name: web, type: component, source: /etc}",
        "{name: web, type: template, path: ../../../secret}",
        "{name: web, type: helm, path: ../../../secret}",
    ] {
        let component = format!("name: infra\nsubcomponents:\n- {entry}\n");
        let origin = Origin::new(&[("component.yaml", &component)]);
        let world = definition(&origin, "branch: main");
        world.write("secret/secret.yaml", MANIFEST);
        let run = world.hld("generate").run();
        run.exits(3);
        assert!(
            run.all_reports().iter().any(|report| report.starts_with("refused[HLD0108]")),
            "{entry}: {run}"
        );
    }
    let origin = Origin::new(&[("component.yaml", "name: infra\n")]);
    definition(&origin, "path: ../..").rejects("generate", 3, &["refused[HLD0108] component.yaml:7:9"]);
}

#[test]
fn b051_a_fetched_component_can_not_name_folders_of_this_machine() {
    let local = Origin::new(&[("component.yaml", "name: loot\n")]);
    let component = format!(
        "name: infra\nsubcomponents:\n- {{name: loot, type: component, method: git, source: 'file://{}'}}\n",
        local.folder().display()
    );
    let origin = Origin::new(&[("component.yaml", &component)]);
    fails(&definition(&origin, "branch: main"), 3, "refused[HLD0803] components/infra/component.yaml:3:54");
}

#[test]
fn b056_submodules_are_not_fetched() {
    let origin = Origin::new(&[
        ("component.yaml", "name: infra\n"),
        (
            ".gitmodules",
            "[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c touch% PWN\n\tupdate = !touch PWN\n",
        ),
    ]);
    let commit = origin.tip();
    origin.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},x")]);
    origin.git(&["commit", "-q", "-m", "module"]);
    origin.git(&["push", "-q", "origin", "main"]);
    definition(&origin, "branch: main").hld("generate").run().exits(0);
}

#[test]
fn b057_a_pointer_of_git_lfs_is_no_manifest() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    let component = "name: infra\nsubcomponents:\n- {name: web, type: static, path: web}\n";
    let origin = Origin::new(&[("component.yaml", component), ("web/web.yaml", pointer)]);
    fails(&definition(&origin, "branch: main"), 1, "error[HLD0812] components/infra/web/web.yaml:1:1");
}

#[test]
fn b058_no_filter_runs_and_bytes_are_the_blobs() {
    let component = "name: infra\nsubcomponents:\n- {name: web, type: static, path: web}\n";
    let origin = Origin::new(&[
        ("component.yaml", component),
        ("web/web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n# $Id$\n"),
    ]);
    origin.commit(&[(".gitattributes", "* ident eol=crlf filter=pwn\n")]);
    let world = definition(&origin, "branch: main");
    world.hld("generate").run().exits(0);
    let text = world.read("generated/common/infra/web.yaml");
    assert!(text.contains("# $Id$\n") && !text.contains('\r'), "{text:?}");
}

#[test]
fn b068_limits_of_what_is_fetched() {
    let origin =
        Origin::new(&[("component.yaml", "name: infra\n"), ("a/b/c", "x"), ("large", &"x".repeat(5000))]);
    let world = definition(&origin, "branch: main");
    let settings = world.read("hld.yaml");
    for (limit, word) in [("sourceEntries: 2", "sourceEntries"), ("sourceBytes: 4000", "sourceBytes")] {
        world.write("hld.yaml", format!("{settings}limits: {{{limit}}}\n"));
        world.rejects("generate", 1, &["error[HLD0811] component.yaml:5:11"]).mentions(word);
    }
}

#[test]
fn b065_what_answers_is_no_git_server() {
    let server = hld_testkit::http::Server::start(|_| {
        hld_testkit::http::Response::new(200, "<html>log in</html>").header("content-type", "text/html")
    })
    .unwrap();
    let component = format!(
        "name: shop\nsubcomponents:\n- name: infra\n  type: component\n  source: {}\n  method: git\n",
        server.url("/x")
    );
    let settings = format!("apiVersion: hld.dev/v1\ninsecure: ['{}']\n", server.authority());
    let world = World::new(&[("component.yaml", &component), ("hld.yaml", &settings)]);
    let run = world.hld("generate").run();
    assert!([4, 6].contains(&run.status.code().unwrap()), "{run}");
    run.untouched();
}

#[test]
fn two_sources_do_not_share_a_folder() {
    let (one, two) = (
        Origin::new(&[("component.yaml", "name: one\n")]),
        Origin::new(&[("component.yaml", "name: two\n")]),
    );
    let inner = |origin: &Origin| {
        format!("  - {{name: infra, type: component, method: git, source: '{}'}}\n", origin.url())
    };
    let component = format!(
        "name: shop\nsubcomponents:\n- name: a\n  type: static\n  path: m\n  subcomponents:\n{}- name: b\n  type: static\n  path: m\n  subcomponents:\n{}",
        inner(&one),
        inner(&two)
    );
    let world = World::new(&[("component.yaml", &component), ("m/m.yaml", MANIFEST)]);
    world.write("hld.yaml", super::insecure(&[&one, &two]));
    let run = world.hld("generate").run();
    run.exits(1).untouched();
    assert!(run.all_reports().iter().any(|report| report.starts_with("error[HLD0818]")), "{run}");
}

#[test]
fn b069_names_of_files_that_nobody_can_read() {
    let component = "name: infra\nsubcomponents:\n- {name: web, type: static, path: web}\n";
    let names: [&[u8]; 11] = [
        b"a\nerror[HLD0999]: x.yaml",
        b"a\tb.yaml",
        b"a:b.yaml",
        b"a .yaml",
        b"trailing.yaml ",
        "\u{202e}lmay.exe.yaml".as_bytes(),
        b"con.yaml",
        b"NUL",
        b"\x1b[2J.yaml",
        b"##vso[task.complete]x.yaml",
        b"-rf.yaml",
    ];
    for (text, code) in [(MANIFEST, 0), ("a: [broken", 1)] {
        let origin = Origin::new(&[("component.yaml", component), ("web/real.yaml", MANIFEST)]);
        for (n, name) in names.into_iter().enumerate() {
            let path = origin.work().join("web").join(std::ffi::OsStr::from_bytes(name));
            std::fs::write(path, text.replace("web", &format!("w{n}"))).unwrap();
        }
        origin.commit(&[("y", "y")]);
        let world = definition(&origin, "branch: main");
        for arguments in ["generate", "generate --format json", "generate --layout resource"] {
            let run = world.hld(arguments).run();
            run.exits(code);
            for said in [&run.stdout, &run.stderr] {
                assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{run}");
                assert!(!said.contains('\u{202e}') && !said.contains("##vso["), "{run}");
                assert!(!said.lines().any(|line| line.starts_with("error[HLD0999]")), "{run}");
            }
        }
        for path in world.snapshot().files_in("work/generated").keys() {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "/.-_".contains(c);
            assert!(path.chars().all(is_plain), "{path:?}");
        }
    }
}

#[test]
fn b069_a_name_that_is_no_text() {
    let component = "name: infra\nsubcomponents:\n- {name: web, type: static, path: web}\n";
    let origin = Origin::new(&[("component.yaml", component), ("web/real.yaml", MANIFEST)]);
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe.yaml");
    std::fs::write(origin.work().join("web").join(name), MANIFEST).unwrap();
    origin.commit(&[("y", "y")]);
    let run = definition(&origin, "branch: main").hld("generate").run();
    run.exits(1).mentions("a file whose name is no UTF-8");
}
