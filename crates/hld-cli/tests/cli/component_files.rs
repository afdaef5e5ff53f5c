//! reliability.md 3.A: component files.
//!
//! B002 and B020-B022 need sources that are fetched. Files that no reader takes are in `text`, and
//! bombs in `limits`.

use std::os::unix::ffi::OsStrExt;

use crate::support::{MANIFEST, SHOP, World, with_subcomponent};

/// A component named so, inline and as the root, can not be compiled.
fn check_bad_name(name: &str) {
    let inline = format!("name: {name}, type: static, path: ./web");
    let world = World::new(&[
        ("component.yaml", &with_subcomponent(&format!("{{{inline}}}"))),
        ("web/web.yaml", MANIFEST),
    ]);
    world.is_wrong(&["[HLD0204] component.yaml:3:10"]);
    let world = World::new(&[("component.yaml", &format!("name: {name}\n"))]);
    world.is_wrong(&["[HLD0204] component.yaml:1:7"]);
}

#[test]
fn b001_name_that_is_a_path() {
    check_bad_name("../../../../OUTSIDE");
    check_bad_name("../canary");
}

#[test]
fn b001_name_of_a_reference_that_is_a_path() {
    let world = World::new(&[
        ("component.yaml", &with_subcomponent("{name: ../../canary, source: ./a}")),
        ("a/component.yaml", SHOP),
        ("a/web/web.yaml", MANIFEST),
    ]);
    world.is_wrong(&["[HLD0204] component.yaml:3:10"]);
}

#[test]
fn b003_names_that_no_file_can_have() {
    let long = "a".repeat(256);
    let names = [
        "/etc/x",
        "\"C:x\"",
        "'\\\\srv\\s'",
        ".",
        "..",
        "\"a\\0b\"",
        "\"a\\nb\"",
        "a.",
        "\"a \"",
        "CON",
        "aux.yaml",
        "com1",
        &long,
        "a/b",
        "'a\\b'",
        "\"a\\u202eb\"",
        "\"-n\"",
        "\"a\\u200bb\"",
        "\"a\\e[31m\"",
    ];
    names.iter().for_each(|name| check_bad_name(name));
}

#[test]
fn b003_odd_names() {
    for name in ["Web", "we_b", "größe", "\"a b\"", "$HOME", "~root", &"a".repeat(64)] {
        let text = with_subcomponent(&format!("{{name: {name}, type: static, path: ./web}}"));
        World::new(&[("component.yaml", &text), ("web/web.yaml", MANIFEST)])
            .is_odd(&["[HLD0205] component.yaml:3:10"]);
    }
}

#[test]
fn b003_name_that_is_missing_or_null() {
    for entry in [
        "{type: static, path: ./web}",
        "{name: ~, type: static, path: ./web}",
        "{name: '', type: static, path: ./web}",
    ] {
        let world = World::new(&[("component.yaml", &with_subcomponent(entry)), ("web/web.yaml", MANIFEST)]);
        let reports = world.is_odd(&[]).all_reports();
        assert!(
            reports.iter().any(|report| report.starts_with("warning[HLD0205] component.yaml:3:")),
            "{reports:?}"
        );
    }
}

#[test]
fn b004_names_of_environments_that_are_paths_options_or_shell() {
    let world = World::with_manifest(MANIFEST);
    for name in [
        "a/b",
        "..",
        "../prod",
        "a b",
        "$HOME",
        "~root",
        "a\nb",
        "",
        "a\\b",
        ".hidden",
        "a\u{202e}b",
        "a;b",
        "`id`",
    ] {
        let run = world.hld("generate").arg("--").arg(name).run();
        run.exits(2).untouched().reports("error[HLD0305]");
    }
    world.hld("generate --").arg("-x").run().exits(2).untouched().reports("error[HLD0305]");
    world.hld("generate --env ../prod").run().exits(2).untouched().reports("error[HLD0305]");
    world.hld("tree a/b").run().exits(2).untouched().reports("error[HLD0305]");
}

#[test]
fn b004_names_of_environments_in_hld_yaml() {
    for name in ["a/b", "..", "-x", "a b", "$HOME", "~root"] {
        let world = World::with_manifest(MANIFEST);
        world.write("hld.yaml", format!("apiVersion: hld.dev/v1\nenvironments:\n  \"{name}\": {{}}\n"));
        world.is_wrong(&["[HLD0305] hld.yaml:3:3"]);
    }
    let world = World::with_manifest(MANIFEST);
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nenvironments:\n  prod: {output: ../../canary}\n");
    world.is_wrong(&["[HLD0601] hld.yaml:3:3"]);
}

#[test]
fn b005_cycle_by_path() {
    let a = with_subcomponent("{name: b, source: ../b}");
    let b = with_subcomponent("{name: a, source: ../a}");
    let root = with_subcomponent("{name: a, source: ./a}");
    let world = World::new(&[("component.yaml", &root), ("a/component.yaml", &a), ("b/component.yaml", &b)]);
    let run = world.is_wrong(&["[HLD0208] b/component.yaml:3:21"]);
    run.mentions("a -> b -> a").mentions("in component `a` at component.yaml:3:10");
}

#[test]
fn b005_reference_to_itself() {
    for source in ["./", ".", "a/..", "./././"] {
        let world = World::new(&[
            ("component.yaml", &with_subcomponent(&format!("{{name: me, source: {source}}}"))),
            ("a/x.yaml", ""),
        ]);
        world.is_wrong(&["[HLD0208] component.yaml:3:22"]).mentions(". -> .");
    }
    let world = World::new(&[("component.yaml", &with_subcomponent("{name: me}"))]);
    world.is_wrong(&["[HLD0208] component.yaml:3:10"]).mentions("a reference needs a `source` or a `path`");
}

#[test]
fn b005_cycle_through_a_link() {
    let world = World::new(&[("component.yaml", &with_subcomponent("{name: me, source: ./loop}"))]);
    world.link("loop", ".");
    let run = world.hld("generate").run();
    run.exits(1).untouched();
    // The system follows only so many links, or the tree gets too deep.
    let is_wrong =
        |report: &String| ["error[HLD0107]", "error[HLD0209]"].iter().any(|code| report.starts_with(code));
    assert!(run.all_reports().iter().any(is_wrong), "{run}");
    run.mentions("in component `me` at loop/loop/component.yaml:3:10");
}

#[test]
fn b008_two_subcomponents_of_one_name() {
    for (first, second) in
        [("web", "web"), ("web", "WEB"), ("caf\u{e9}", "cafe\u{301}"), ("stra\u{df}e", "STRA\u{df}E")]
    {
        let text = format!(
            "name: shop\nsubcomponents:\n- {{name: {first}, type: static, path: ./web}}\n- {{name: {second}, type: static, path: ./web}}\n"
        );
        let world = World::new(&[("component.yaml", &text), ("web/web.yaml", MANIFEST)]);
        world.is_wrong(&["[HLD0207] component.yaml:4:10"]).mentions("the first one");
    }
}

#[test]
fn b009_paths_out_of_the_repository() {
    let fields = [
        "{name: x, type: static, path: ../../etc}",
        "{name: x, type: static, path: a/../../b}",
        "{name: x, type: helm, path: ../..}",
        "{name: x, type: template, path: ../canary}",
        "{name: x, source: ../canary}",
        "{name: x, source: /etc}",
        "{name: x, source: /}",
        "{name: x, path: ../canary}",
    ];
    for field in fields {
        let world = World::new(&[("component.yaml", &with_subcomponent(field))]);
        let column =
            3 + field.find("path: ").map_or_else(|| field.find("source: ").unwrap() + 8, |at| at + 6);
        world
            .rejects("generate", 3, &[&format!("refused[HLD0108] component.yaml:3:{column}")])
            .mentions("leads out of the repository");
    }
}

#[test]
fn b009_path_that_is_absolute() {
    // Fabrikate joins the path as text: it is relative to the folder.
    let world = World::new(&[("component.yaml", &with_subcomponent("{name: x, type: static, path: /etc}"))]);
    world.is_wrong(&["[HLD0401] component.yaml:3:33"]);
}

#[test]
fn b009_links_out_of_the_repository() {
    let world = World::new(&[("component.yaml", SHOP)]);
    world.link("web", world.outside("canary"));
    world.rejects("generate", 3, &["refused[HLD0108] component.yaml:5:9"]);
    let world = World::new(&[("component.yaml", &with_subcomponent("{name: a, source: ./a}"))]);
    world.link("a", "../canary");
    let run = world.rejects("generate", 3, &[]);
    assert!(run.all_reports().iter().any(|report| report.starts_with("refused[HLD0108]")), "{run}");
    let world = World::with_manifest(MANIFEST);
    world.link("config", "../canary");
    world.rejects("generate", 3, &[]);
}

#[test]
fn b009_files_that_are_links_out_of_the_repository() {
    let world = World::with_manifest(MANIFEST);
    world.link("web/passwd.yaml", "/etc/passwd");
    let run = world.hld("generate").run();
    run.untouched();
    assert!(run.all_reports().iter().any(|report| report.ends_with("web/passwd.yaml:1:1")), "{run}");
    let world = World::new(&[]);
    world.link("component.yaml", world.outside("canary/inner/sings.yaml"));
    world.rejects("generate", 3, &["refused[HLD0108] component.yaml:1:1"]);
    let world = World::with_manifest(MANIFEST);
    world.link("config/common.yaml", "../../canary/inner/sings.yaml");
    world.rejects("generate", 3, &["refused[HLD0108] config/common.yaml:1:1"]);
    let world = World::with_manifest(MANIFEST);
    world.link("hld.yaml", "../canary/inner/sings.yaml");
    world.rejects("generate", 3, &["refused[HLD0108] hld.yaml:1:1"]);
}

#[test]
fn b009_links_inside_the_repository_are_fine() {
    let world = World::new(&[("component.yaml", SHOP), ("shared/web.yaml", MANIFEST)]);
    world.link("web", "shared").write("sub/component.yaml", SHOP).link("sub/web", "../shared");
    world.is_fine();
    world.hld("generate -C sub --strict").run().exits(0);
}

#[test]
fn b010_unknown_key() {
    let world = World::new(&[("component.yaml", "name: shop\nsubcomponants: []\n")]);
    world.is_odd(&["[HLD0203] component.yaml:2:1"]).mentions("did you mean `subcomponents`?");
}

#[test]
fn b010_key_of_an_older_version() {
    let world = World::with_manifest(MANIFEST);
    world.write("component.yaml", SHOP.to_owned() + "  repo: https://example.org/x\n");
    world.is_odd(&["[HLD0212] component.yaml:6:3"]);
}

#[test]
fn b010_unknown_key_of_hld_yaml() {
    let world = World::with_manifest(MANIFEST);
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nenvironmets: {}\n");
    world.is_wrong(&["[HLD0602] hld.yaml:2:1"]).mentions("did you mean `environments`?");
    world.write("hld.yaml", "apiVersion: hld.dev/v2\n");
    world.is_wrong(&["[HLD0601] hld.yaml:1:13"]);
}

#[test]
fn b011_duplicate_keys() {
    let world = World::with_manifest(MANIFEST);
    world.write("component.yaml", format!("name: bazaar\n{SHOP}"));
    world.is_odd(&["[HLD0104] component.yaml:2:1"]).mentions("the first one");
}

#[test]
fn b011_duplicate_keys_at_depth_five() {
    let world = World::with_config("config: {a: {b: {c: {d: {e: 1, e: 2}}}}}\n");
    world
        .is_odd(&["[HLD0104] config/common.yaml:1:32"])
        .mentions("it stands here already at config/common.yaml:1:26");
    let world = World::with_config("subcomponents:\n  web: {}\n  web: {}\n");
    world.is_odd(&["[HLD0104] config/common.yaml:3:3"]);
}

#[test]
fn b011_duplicate_keys_in_hld_yaml() {
    let world = World::with_manifest(MANIFEST);
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nenvironments:\n  prod: {}\n  prod: {}\n");
    world.is_wrong(&["[HLD0104] hld.yaml:4:3"]);
}

#[test]
fn b012_text_that_a_shell_would_run() {
    let world = World::with_helm(
        "printf 'apiVersion: v1\\nkind: A\\nmetadata: {name: a}\\n'\nfor a in \"$@\"; do printf '%s\\n' \"$a\" | sed 's/^/# /'; done",
    );
    for word in [
        "; touch ../canary/x",
        "`touch ../canary/x`",
        "$(touch ../canary/x)",
        "\\\" touch x \\\"",
        "|| touch ../canary/x",
        "a\\ntouch ../canary/x",
    ] {
        world.write(
            "component.yaml",
            with_subcomponent(&format!(
                "{{name: web, type: helm, path: chart, version: \"{word}\", branch: \"{word}\"}}"
            )),
        );
        world.write(
            "config/common.yaml",
            format!("subcomponents: {{web: {{namespace: \"{word}\", config: {{a: \"{word}\"}}}}}}\n"),
        );
        world.hld("generate --stdout").run().exits(0).untouched();
    }
    world.write("component.yaml", with_subcomponent("{name: 'a $(touch x)', type: helm, path: chart}"));
    let run = world.hld("generate --stdout").run();
    run.exits(0).untouched();
    assert!(run.stdout.contains("# a $(touch x)\n"), "{run}");
}

#[test]
fn b012_hooks_are_not_run() {
    let world = World::with_manifest(MANIFEST);
    world.write("component.yaml", SHOP.to_owned() + "  hooks: {before-generate: [\"touch ../canary/x\"]}\n");
    world.is_odd(&["[HLD0213] component.yaml:6:3"]).mentions("not run: before-generate: touch ../canary/x");
}

#[test]
fn b013_wrong_types() {
    let cases = [
        ("name: shop\nsubcomponents: {}\n", "2:1"),
        ("name: shop\nsubcomponents: web\n", "2:1"),
        ("name: [shop]\n", "1:1"),
        ("name: {a: 1}\n", "1:1"),
        ("name: shop\nhooks: x\n", "2:1"),
        ("name: shop\nhooks: {before-install: x}\n", "2:9"),
        ("name: shop\nsource: [a]\n", "2:1"),
        ("name: shop\nsubcomponents: [web]\n", "2:17"),
        ("name: shop\nsubcomponents: [[]]\n", "2:17"),
        ("- name: shop\n", "1:1"),
        ("shop\n", "1:1"),
        ("name: shop\nhelm: {hooks: maybe}\n", "2:8"),
    ];
    for (text, at) in cases {
        World::new(&[("component.yaml", text)]).is_wrong(&[&format!("[HLD0202] component.yaml:{at}")]);
    }
}

#[test]
fn b013_scalars_are_names_by_their_text() {
    for name in ["1.0", "yes", "0x1F", "2001-01-01"] {
        let world = World::new(&[
            ("component.yaml", &format!("name: {name}\ntype: static\npath: web\n")),
            ("web/web.yaml", MANIFEST),
        ]);
        world.hld("generate").run().exits(0);
        assert!(world.read(&format!("generated/common/{name}.yaml")).contains(MANIFEST));
    }
}

#[test]
fn b013_version_that_is_a_number() {
    let world = World::with_manifest(MANIFEST);
    world.write("component.yaml", SHOP.to_owned() + "  version: 1.10\n");
    world.is_odd(&["[HLD0214] component.yaml:6:3"]).mentions("quote it: `version: \"1.10\"`");
}

#[test]
fn b018_empty_component_file() {
    for text in ["", "# only a comment\n", "---\n", "~\n"] {
        World::new(&[("component.yaml", text)]).is_odd(&["[HLD0106] component.yaml:1:1"]);
    }
    World::new(&[("component.json", "")]).is_wrong(&["[HLD0101] component.json:1:1"]);
}

#[test]
fn b018_two_documents() {
    let world = World::with_manifest(MANIFEST);
    world.write("component.yaml", format!("{SHOP}---\nname: other\n"));
    world.is_odd(&["[HLD0105] component.yaml:6:1"]);
}

#[test]
fn b018_yaml_and_json() {
    let world = World::with_manifest(MANIFEST);
    world
        .write("component.json", "{\"name\": \"other\"}")
        .write("config/common.json", "{}")
        .write("config/common.yaml", "");
    world.is_odd(&["[HLD0215] component.json:1:1", "[HLD0215] config/common.json:1:1"]);
}

#[test]
fn b018_no_component_file() {
    World::new(&[]).is_wrong(&["[HLD0201]"]).mentions("hld init");
    World::new(&[("component.yml", SHOP)]).is_wrong(&["[HLD0201]"]).mentions("name it component.yaml");
    let world = World::new(&[("component.yaml", &with_subcomponent("{name: a, source: ./a}")), ("a/x", "")]);
    world.is_wrong(&["[HLD0201] component.yaml:3:21"]);
}

#[test]
fn b019_unknown_words() {
    for word in ["Helm", "../../bin/x", "helmm", "terraform"] {
        let world = World::new(&[("component.yaml", &format!("name: shop\ntype: {word}\n"))]);
        world.is_odd(&["[HLD0206] component.yaml:2:1"]);
        let world = World::new(&[("component.yaml", &format!("name: shop\ngenerator: {word}\n"))]);
        world.is_odd(&["[HLD0206] component.yaml:2:1", "[HLD0218] component.yaml:2:1"]);
    }
    let world = World::with_manifest(MANIFEST);
    world.write("component.yaml", SHOP.to_owned() + "  method: gti\n");
    world.is_odd(&["[HLD0216] component.yaml:6:3"]).mentions("did you mean `git`?");
}

#[test]
fn b019_type_that_is_not_supported_yet() {
    World::new(&[("component.yaml", "name: shop\ntype: kustomize\n")])
        .is_wrong(&["[HLD0211] component.yaml:2:7"]);
}

#[test]
fn b023_component_file_that_is_no_file() {
    let world = World::new(&[]);
    world.fifo("component.yaml");
    world.is_wrong(&["[HLD0107] component.yaml:1:1"]);
    let world = World::new(&[("component.yaml/x", "")]);
    world.is_wrong(&["[HLD0107] component.yaml:1:1"]);
    let world = World::new(&[]);
    let _socket = std::os::unix::net::UnixListener::bind(world.path("component.yaml")).unwrap();
    world.is_wrong(&["[HLD0107] component.yaml:1:1"]);
    let world = World::new(&[]);
    world.link("component.yaml", "/dev/zero");
    world.rejects("generate", 3, &["refused[HLD0108] component.yaml:1:1"]);
    let world = World::new(&[]);
    world.link("component.yaml", "nowhere");
    world.is_wrong(&["[HLD0107] component.yaml:1:1"]);
    let world = World::new(&[]);
    world.link("component.yaml", "component.yaml");
    world.is_wrong(&["[HLD0107] component.yaml:1:1"]);
}

#[test]
fn b023_config_and_manifests_that_are_no_files() {
    let world = World::with_manifest(MANIFEST);
    world.fifo("config/common.yaml");
    world.is_wrong(&["[HLD0107] config/common.yaml:1:1"]);
    let world = World::with_manifest(MANIFEST);
    world.fifo("web/pipe.yaml");
    world.is_wrong(&["[HLD0107] web/pipe.yaml:1:1"]);
    let world = World::with_manifest(MANIFEST);
    world.fifo("hld.yaml");
    world.is_wrong(&["[HLD0107] hld.yaml:1:1"]);
    let world = World::with_manifest(MANIFEST);
    world.fifo("config");
    world.is_wrong(&["[HLD0107] config:1:1"]);
    let world = World::new(&[("component.yaml", SHOP)]);
    world.fifo("web");
    world.is_wrong(&["[HLD0401] component.yaml:5:9"]);
}

#[test]
fn b023_unreadable_files() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::with_manifest(MANIFEST);
    let nothing = std::fs::Permissions::from_mode(0o0);
    std::fs::set_permissions(world.path("web/web.yaml"), nothing).unwrap();
    if std::fs::read(world.path("web/web.yaml")).is_ok() {
        return; // the superuser reads everything
    }
    world.is_wrong(&["[HLD0107] web/web.yaml:1:1"]);
}

#[test]
fn b023_names_that_are_no_utf8() {
    let world = World::with_manifest(MANIFEST);
    std::fs::write(world.path("web").join(std::ffi::OsStr::from_bytes(b"a\xff.yaml")), MANIFEST).unwrap();
    let run = world.is_wrong(&[]);
    assert!(run.all_reports().iter().any(|report| report.starts_with("error[HLD0107] web/a")), "{run}");
}
