//! reliability.md 3.A, B017: texts that are no YAML, or not quite.

use crate::support::{MANIFEST, SHOP, World};

/// Bytes, and where and how each kind of file that holds them is refused.
struct Broken {
    bytes: &'static [u8],
    code: &'static str,
    at: &'static str,
}

const fn broken(bytes: &'static [u8], code: &'static str, at: &'static str) -> Broken {
    Broken { bytes, code, at }
}

/// What is no YAML in any file.
const BROKEN: [Broken; 14] = [
    broken(b"name: a\xffb\n", "HLD0102", "1:1"),
    broken(b"name: \"a\0b\"\n", "HLD0102", "1:9"),
    broken(b"\0", "HLD0102", "1:1"),
    broken(b"\xff\xfen\0a\0m\0e\0:\0 \0a\0\xd8\n\0", "HLD0102", "1:1"),
    broken(b"\xff\xfe\0\0n\0\0\0", "HLD0102", "1:1"),
    broken(b"\xed\xa0\x80: x\n", "HLD0102", "1:1"),
    broken(b"name:\n\t- a\n", "HLD0101", "2:1"),
    broken(b"%YAML 9.9\n---\nname: a\n", "HLD0101", "1:1"),
    broken(b"name: \"never ends\n", "HLD0101", "2:1"),
    broken(b"name: 'never ends\n", "HLD0101", "2:1"),
    broken(b"name: [a\n", "HLD0101", "2:1"),
    broken(b"name: *nobody\n", "HLD0101", "1:7"),
    broken(b"0: [:!00 \xef", "HLD0102", "1:1"),
    broken(b"a: b: c\n", "HLD0101", "1:5"),
];

/// Asserts that a file of these bytes is refused with this code, somewhere in it.
fn check(world: &World, path: &str, case: &Broken, code: &str) {
    world.write(path, case.bytes);
    let run = world.hld("generate").run();
    run.exits(1).untouched();
    let wanted = format!("error[{code}] {path}:");
    let shown = String::from_utf8_lossy(case.bytes);
    assert!(
        run.all_reports().iter().any(|report| report.starts_with(&wanted)),
        "{shown:?}: no `{wanted}`\n{run}"
    );
}

#[test]
fn b017_broken_component_files() {
    for case in &BROKEN {
        let world = World::new(&[]);
        check(&world, "component.yaml", case, case.code);
        world.hld("generate").run().reports(&format!("error[{}] component.yaml:{}", case.code, case.at));
    }
}

#[test]
fn b017_broken_config() {
    for case in &BROKEN {
        check(&World::with_manifest(MANIFEST), "config/common.yaml", case, case.code);
    }
}

#[test]
fn b017_broken_hld_yaml() {
    for case in &BROKEN {
        check(&World::with_manifest(MANIFEST), "hld.yaml", case, case.code);
    }
}

#[test]
fn b017_broken_manifests() {
    for case in &BROKEN {
        let code = if case.code == "HLD0101" { "HLD0404" } else { case.code };
        check(&World::with_manifest(MANIFEST), "web/broken.yaml", case, code);
    }
}

#[test]
fn b017_broken_templates() {
    let component = "name: shop\ntype: template\npath: web\n";
    for text in [
        "{% for %}",
        "{{ values. }}",
        "{{ a",
        "{{ missing }}",
        "{% include 'nothing' %}",
        "{{ values.a.b.c }}",
    ] {
        World::new(&[("component.yaml", component), ("web/a.yaml", text)])
            .is_wrong(&[])
            .mentions("HLD0409")
            .mentions("--> web/a.yaml:1:");
    }
    let world = World::new(&[("component.yaml", component), ("web/a.yaml", "a: {{ '[' }}\n")]);
    world.is_wrong(&["[HLD0404] web/a.yaml:1:1"]);
    let world = World::new(&[
        ("component.yaml", component),
        ("web/a.yaml", "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}"),
    ]);
    let run = world.is_wrong(&[]);
    run.mentions("HLD0409").mentions("templateFuel");
}

#[test]
fn b017_references_to_itself() {
    for text in ["a: &a [*a]\n", "config: &a\n  b: *a\n", "config: &a\n  <<: *a\n"] {
        let world = World::with_config(text);
        let run = world.hld("generate --strict").run();
        run.exits(1).untouched();
    }
    let world = World::with_config("config: &a\n  b: *a\n");
    world.is_wrong(&[]).mentions("--> config/common.yaml:2:");
}

#[test]
fn b017_tags_are_read_as_kubernetes_reads_them() {
    let world =
        World::with_helm("echo 'apiVersion: v1\nkind: A\nmetadata: {name: a}\ndata: |'; sed 's/^/  /'");
    world.write(
        "config/common.yaml",
        "subcomponents:\n  web:\n    config: {a: !!binary aGk=, b: !x y, c: !!python/object z, d: !!str 1}\n",
    );
    let run = world.is_fine();
    let text = world.read("generated/common/web.yaml");
    assert!(
        text.contains("a: hi\n")
            && text.contains("b: \"y\"\n")
            && text.contains("c: z\n")
            && text.contains("d: \"1\"\n"),
        "{text}\n{run}"
    );
}

#[test]
fn b017_byte_order_mark_and_line_ends() {
    let plain = World::with_manifest(MANIFEST);
    plain.is_fine();
    for text in [
        format!("\u{feff}{SHOP}"),
        SHOP.replace('\n', "\r\n"),
        format!("\u{feff}{}", SHOP.replace('\n', "\r\n")),
    ] {
        let world = World::new(&[("component.yaml", &text), ("web/web.yaml", MANIFEST)]);
        world.is_fine();
        assert_eq!(world.read("generated/common/web.yaml"), plain.read("generated/common/web.yaml"));
    }
    for text in [format!("\u{feff}{MANIFEST}"), MANIFEST.replace('\n', "\r\n")] {
        World::with_manifest(&text).is_fine();
        World::with_config(&format!("\u{feff}{}", "config: {}\nnamespace: a\n".replace('\n', "\r\n")))
            .is_fine();
    }
}

#[test]
fn b017_broken_json() {
    for text in [
        "{",
        "{\"name\": 'a'}",
        "{\"name\": \"a\",}",
        "nul",
        "{\"name\": \"a\"} x",
        "[1, 2",
        "{\"name\": \"\\ud8\"}",
        "// comment\n{}",
    ] {
        let world = World::new(&[("component.json", text)]);
        world.is_wrong(&[]).mentions("error[HLD0101]").mentions("--> component.json:1:");
    }
    // A lone surrogate is U+FFFD to Go, and that is no name.
    World::new(&[("component.json", "{\"name\": \"a\\ud800\"}")])
        .is_wrong(&["[HLD0204] component.json:1:10"]);
}
