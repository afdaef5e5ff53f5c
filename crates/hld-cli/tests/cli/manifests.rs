//! reliability.md 3.K: manifests, and the files they are written to.
//!
//! B121, B122, B124 and B125 are rules of gates to come.

use std::fs;

use crate::support::{MANIFEST, SHOP, World};

/// An object with this name.
fn object(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
}

#[test]
fn b118_broken_files_among_good_ones() {
    let world = World::new(&[("component.yaml", SHOP)]);
    for n in 0..50 {
        world.write(&format!("web/m{n:02}.yaml"), object(&format!("m{n}")));
    }
    world
        .write("web/m07.yaml", "a: [b\n")
        .write("web/m31.yaml", "kind: A\n\tx: y\n")
        .write("web/m40.json", "{\"a\"");
    let run = world.is_wrong(&[]);
    for file in ["web/m07.yaml", "web/m31.yaml", "web/m40.json"] {
        run.mentions(&format!("--> {file}:"));
    }
    assert_eq!(
        run.all_reports().iter().filter(|report| report.starts_with("error[HLD0404]")).count(),
        3,
        "{run}"
    );
}

#[test]
fn b118_broken_files_of_several_components() {
    let component = "name: shop\nsubcomponents:\n- {name: a, type: static, path: a}\n- {name: b, type: static, path: b}\n- {name: ../c, type: static, path: a}\n";
    let world = World::new(&[("component.yaml", component), ("a/a.yaml", "a: [b\n"), ("b/b.yaml", "\"")]);
    world.is_wrong(&["[HLD0204] component.yaml:5:10"]).mentions("--> a/a.yaml:").mentions("--> b/b.yaml:1:2");
}

#[test]
fn b119_documents_that_are_no_objects() {
    for text in [
        "kind: A\nmetadata: {name: a}\n",
        "apiVersion: v1\nmetadata: {name: a}\n",
        "apiVersion: v1\nkind: A\n",
        "- a\n",
        "text\n",
        "5\n",
        "apiVersion: v1\nkind: A\nmetadata: {name: ''}\n",
        "apiVersion: v1\nkind: A\nmetadata: x\n",
    ] {
        World::with_manifest(text).is_odd(&["[HLD0405] web/web.yaml:1:1"]);
    }
    let text = format!("{MANIFEST}---\n# a comment\n- a\n");
    World::with_manifest(&text).is_odd(&["[HLD0405] web/web.yaml:6:1"]);
}

#[test]
fn b119_documents_that_are_fine() {
    for text in [
        "apiVersion: v1\nkind: A\nmetadata: {generateName: a-}\n",
        "",
        "# nothing\n",
        "---\n---\n---\n",
        &format!("---\n{MANIFEST}---\n---\n"),
    ] {
        World::with_manifest(text).is_fine();
    }
}

#[test]
fn b119_lists_in_lists() {
    let nested = "{apiVersion: v1, kind: List, items: [".repeat(100)
        + "{apiVersion: v1, kind: A, metadata: {name: a}}"
        + &"]}".repeat(100);
    let run = World::with_manifest(&nested).hld("generate --jobs 2").behind("ulimit -v 1000000").run();
    assert!([0, 1].contains(&run.status.code().unwrap()), "{run}");
    assert!(
        run.all_reports().iter().any(|report| report.contains("HLD0103") || report.contains("HLD0405")),
        "{run}"
    );
}

#[test]
fn b119_list_of_a_hundred_thousand() {
    let items: String =
        (0..100_000).map(|n| format!("- {{apiVersion: v1, kind: A, metadata: {{name: a{n}}}}}\n")).collect();
    let world = World::with_manifest(&format!("apiVersion: v1\nkind: List\nitems:\n{items}"));
    world.hld("generate --strict").behind("ulimit -v 1000000").run().exits(0).mentions("100000 resources");
    let world = World::with_manifest(&format!(
        "apiVersion: v1\nkind: List\nitems:\n{items}- {{apiVersion: v1, kind: A, metadata: {{name: a7}}}}\n"
    ));
    world.is_odd(&[]).mentions("HLD0406");
}

#[test]
fn b120_one_resource_of_two_components() {
    let component = "name: shop\nsubcomponents:\n- {name: a, type: static, path: a}\n- {name: b, type: static, path: b}\n";
    let world = World::new(&[("component.yaml", component), ("a/a.yaml", MANIFEST), ("b/b.yaml", MANIFEST)]);
    world.is_odd(&["[HLD0406] b/b.yaml:1:1"]).mentions("a/a.yaml:1:1").mentions("`a` and `b`");
}

#[test]
fn b120_resources_that_differ_by_version_alone() {
    let deployment =
        |version: &str| format!("apiVersion: apps/{version}\nkind: Deployment\nmetadata: {{name: web}}\n");
    let world = World::with_manifest(&deployment("v1"));
    world.write("web/x.yaml", deployment("v1beta1"));
    world.is_odd(&["[HLD0406] web/x.yaml:1:1"]);
    let world = World::with_manifest(MANIFEST);
    world.write("web/x.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\n");
    world.write("web/y.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: other}\n");
    world.is_fine();
}

#[test]
fn b123_one_file_of_two_components() {
    let component = "name: web\ntype: static\npath: a\nsubcomponents: [{name: web, type: static, path: b}]\n";
    let world =
        World::new(&[("component.yaml", component), ("a/a.yaml", &object("a")), ("b/b.yaml", &object("b"))]);
    world.is_odd(&["[HLD0407] component.yaml:4:24"]);
    let text = world.read("generated/common/web.yaml");
    assert!(text.contains("name: a}") && text.contains("name: b}"), "both are kept: {text}");
    let component = "name: Web\ntype: static\npath: a\nsubcomponents: [{name: web, type: static, path: b}]\n";
    let world =
        World::new(&[("component.yaml", component), ("a/a.yaml", &object("a")), ("b/b.yaml", &object("b"))]);
    world.is_wrong(&["[HLD0407] component.yaml:4:24"]);
}

#[test]
fn b123_names_of_files_tell_resources_apart() {
    let names = [
        "a_b",
        "a/b",
        "A_b",
        "a:b",
        "a%5fb",
        "..",
        "../../x",
        "a\\b",
        "CON",
        &"n".repeat(300),
        &format!("{}x", "n".repeat(299)),
    ];
    let text: String = names
        .iter()
        .map(|name| format!("---\napiVersion: v1\nkind: A\nmetadata: {{name: '{name}'}}\n"))
        .collect();
    let world = World::with_manifest(&text);
    world.hld("generate --layout resource").run().exits(0);
    let files = world.snapshot().files_in("work/generated/common/web");
    assert_eq!(files.len(), names.len(), "{:?}", files.keys());
    let folded: std::collections::BTreeSet<String> = files.keys().map(|path| path.to_lowercase()).collect();
    assert_eq!(folded.len(), names.len(), "{folded:?}");
}

#[test]
fn b123_thousands_of_files() {
    let text: String = (0..5_000).map(|n| format!("---\n{}", object(&format!("m{n}")))).collect();
    let world = World::with_manifest(&text);
    world.hld("generate --layout resource --strict").run().exits(0);
    assert_eq!(fs::read_dir(world.path("generated/common/web")).unwrap().count(), 5_000);
}

#[test]
fn b126_more_output_than_allowed() {
    let world = World::new(&[("component.yaml", SHOP)]);
    for n in 0..20 {
        world.write(&format!("web/m{n:02}.yaml"), object(&format!("m{n}")) + &"# filling\n".repeat(10_000));
    }
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nlimits: {outputBytes: 1000000}\n");
    let run = world.is_wrong(&[]);
    run.mentions("error[HLD0410]").mentions("outputBytes").mentions("1000000");
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nlimits: {manifestBytes: 1000}\n");
    world.is_wrong(&["[HLD0103] web/m00.yaml:1:1"]);
}

#[test]
fn b126_a_gigabyte_of_manifests() {
    let world = World::new(&[("component.yaml", SHOP)]);
    for n in 0..20 {
        world.write_sparse(&format!("web/m{n:02}.yaml"), 60 << 20);
    }
    let run = world.hld("generate").behind("ulimit -v 1000000").run();
    run.exits(1).untouched().mentions("HLD0410");
}

#[test]
fn b127_bytes_stay_as_they_are() {
    let texts = [
        "apiVersion: v1\nkind: A\nmetadata: {name: a}\ndata:\n  x: ${x} {{ .Values.y }} $(VAR)\n  y: \"a\\n---\\nb\"\n  z: \"\\t\u{1f600}\"\n  on: yes\n",
        "apiVersion: v1\r\nkind: A\r\nmetadata: {name: a}\r\ndata: {x: \"y\"}\r\n",
        "apiVersion: v1\nkind: A\nmetadata: {name: a}\ndata:\n  x: |\n    ---a\n     --- b\n    \ttab\n",
        "apiVersion: v1\nkind: A\nmetadata: {name: a} # \u{fc}\n...\n",
        "apiVersion: v1\nkind: A\nmetadata: {name: a}",
    ];
    for text in texts {
        let world = World::with_manifest(text);
        world.is_fine();
        assert_eq!(world.read("generated/common/web.yaml"), format!("---\n{text}\n"));
    }
}

#[test]
fn static_folders_and_their_entries() {
    let world = World::with_manifest(MANIFEST);
    world
        .write("web/a.txt", "text\n")
        .write("web/.hidden", "a: [\n")
        .write("web/image.png", b"\x89PNG\0\xff");
    world.is_odd(&["[HLD0402] web/a.txt:1:1", "[HLD0402] web/.hidden:1:1", "[HLD0402] web/image.png:1:1"]);
    let world = World::with_manifest(MANIFEST);
    world.write("web/inner/a.yaml", MANIFEST);
    world.is_wrong(&["[HLD0403] component.yaml:5:9"]);
    World::new(&[("component.yaml", SHOP)]).is_wrong(&["[HLD0401] component.yaml:5:9"]);
    World::new(&[("component.yaml", SHOP), ("web", MANIFEST)]).is_wrong(&["[HLD0401] component.yaml:5:9"]);
    let world = World::new(&[("component.yaml", "name: shop\ntype: static\n"), ("web.yaml", MANIFEST)]);
    fs::remove_dir_all(world.path("generated")).unwrap();
    world.is_odd(&["[HLD0408] component.yaml:1:7"]);
}
