//! reliability.md 3.A: sizes and depths (B006, B007, B014, B015, B016).
//!
//! Every run has a bound on its memory; a bound on time only where it hangs.

use crate::support::{MANIFEST, Run, SHOP, World, with_subcomponent};

/// Memory of a run, as the shell asks for it: a few threads with their stacks, and a text or two.
const MEMORY: &str = "ulimit -v 1000000";

/// Runs `hld generate` with little memory: exit code 1, a report that begins so, nothing touched.
fn check(world: &World, report: &str) -> Run {
    let run = world.hld("generate --jobs 2").behind(MEMORY).run();
    run.exits(1).untouched();
    assert!(run.all_reports().iter().any(|known| known.starts_with(report)), "no `{report}`\n{run}");
    run
}

/// `depth` components inline in each other.
fn nested(depth: usize) -> String {
    let mut text = "{name: a, type: static, path: web, subcomponents: [".repeat(depth);
    text.push_str(&"]}".repeat(depth));
    text
}

#[test]
fn b006_deeply_nested_subcomponents() {
    let world = World::new(&[("component.yaml", &nested(10_000))]);
    check(&world, "error[HLD0103] component.yaml:1:").mentions("128");
}

#[test]
fn b006_tree_that_is_too_deep() {
    // Each file is shallow; the tree is not.
    let world = World::new(&[("component.yaml", &with_subcomponent("{name: a, source: ./0}"))]);
    for n in 0..70 {
        world.write(
            &format!("{n}/component.yaml"),
            with_subcomponent(&format!("{{name: a, source: ../{}}}", n + 1)),
        );
    }
    check(&world, "error[HLD0209] 64/component.yaml:1:7").mentions("`treeDepth` is 64");
}

#[test]
fn b006_tree_of_depth_64() {
    let world = World::new(&[("component.yaml", &with_subcomponent("{name: a, source: ./1}"))]);
    for n in 1..64 {
        world.write(
            &format!("{n}/component.yaml"),
            with_subcomponent(&format!("{{name: a, source: ../{}}}", n + 1)),
        );
    }
    world.write("64/component.yaml", "name: last\n");
    world.hld("generate --strict").behind(MEMORY).run().exits(0);
}

/// A component with `n` inline subcomponents.
fn siblings(n: usize) -> String {
    let mut text = "name: shop\nsubcomponents:\n".to_owned();
    (0..n).for_each(|n| text.push_str(&format!("- {{name: c{n}, type: static, path: web}}\n")));
    text
}

#[test]
fn b007_ten_thousand_siblings() {
    let world = World::new(&[("component.yaml", &siblings(9_999)), ("web/a.yaml", "")]);
    world.hld("generate --strict").behind(MEMORY).run().exits(0);
    let world = World::new(&[("component.yaml", &siblings(10_001))]);
    check(&world, "error[HLD0209] component.yaml:3:10").mentions("`treeNodes` is 10000");
}

#[test]
fn b007_a_million_siblings() {
    let world = World::new(&[("component.yaml", &siblings(1_000_000))]);
    check(&world, "error[HLD0103] component.yaml:1:1").mentions("3145728").mentions("fileBytes");
}

#[test]
fn b007_diamond_that_fans_out() {
    let world = World::new(&[("component.yaml", "name: shop\nsubcomponents: [{name: a, source: ./0}]\n")]);
    for n in 0..30 {
        let (a, b) =
            (format!("{{name: a, source: ../{}}}", n + 1), format!("{{name: b, source: ../{}}}", n + 1));
        world.write(&format!("{n}/component.yaml"), format!("name: d\nsubcomponents: [{a}, {b}]\n"));
    }
    world.write("30/component.yaml", "name: last\n");
    check(&world, "error[HLD0209]").mentions("treeNodes");
}

/// Nine levels, each of nine aliases to the one before.
fn bomb(prefix: &str) -> String {
    let mut text = format!("{prefix}a0: &a0 [x]\n");
    for n in 1..10 {
        let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
        text.push_str(&format!("{prefix}a{n}: &a{n} [{aliases}]\n"));
    }
    text
}

#[test]
fn b014_alias_bomb_in_a_component_file() {
    let world = World::new(&[("component.yaml", &bomb(""))]);
    let run = world.hld("generate --strict").behind(MEMORY).run();
    run.exits(1).untouched();
}

#[test]
fn b014_alias_bomb_in_config() {
    let world = World::with_config(&format!("config:\n{}", bomb("  ")));
    check(&world, "error[HLD0103] config/common.yaml:");
    let world = World::with_config(&format!("{}namespace: *a9\n", bomb("")));
    world.hld("generate --strict").behind(MEMORY).run().exits(1).untouched();
}

#[test]
fn b014_alias_bomb_in_hld_yaml() {
    let world = World::with_manifest(MANIFEST);
    world.write("hld.yaml", bomb(""));
    check(&world, "error[HLD0103] hld.yaml:");
}

#[test]
fn b014_alias_bomb_in_a_manifest() {
    // The text is taken as it is; only what names the object is expanded.
    let world =
        World::with_manifest(&format!("{}apiVersion: v1\nkind: *a9\nmetadata: {{name: *a9}}\n", bomb("")));
    world.hld("generate --strict").behind(MEMORY).run().exits(1).untouched();
    let world = World::with_manifest(&format!(
        "{}<<: {{kind: A}}\napiVersion: v1\nmetadata: {{name: a}}\n",
        bomb("")
    ));
    world.hld("generate --strict").behind(MEMORY).run();
}

#[test]
fn b014_alias_bomb_of_text() {
    let aliases = vec!["*a"; 50_000].join(", ");
    let world =
        World::with_config(&format!("config:\n  a: &a \"{}\"\n  b: [{aliases}]\n", "x".repeat(50_000)));
    check(&world, "error[HLD0103] config/common.yaml:2:6");
}

/// Texts that are nested deeper than any reader should go.
fn deep() -> [String; 7] {
    let blocks: String = (0..1_500).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    [
        "[".repeat(10_000),
        "[".repeat(1_000_000),
        "{a: ".repeat(100_000),
        blocks,
        "- ".repeat(3_000) + "x\n",
        "? ".repeat(3_000) + "x\n",
        "[".repeat(5_000) + &"]".repeat(5_000),
    ]
}

#[test]
fn b015_deep_component_files() {
    for text in deep() {
        check(&World::new(&[("component.yaml", &text)]), "error[HLD0103] component.yaml:");
    }
    check(&World::new(&[("component.json", &"[".repeat(1_000_000))]), "error[HLD0103] component.json:1:");
    check(&World::new(&[("component.json", &"{\"a\":".repeat(100_000))]), "error[HLD0103] component.json:1:");
}

#[test]
fn b015_deep_config() {
    for text in deep() {
        check(&World::with_config(&text), "error[HLD0103] config/common.yaml:");
    }
}

#[test]
fn b015_deep_hld_yaml() {
    for text in deep() {
        let world = World::with_manifest(MANIFEST);
        world.write("hld.yaml", text);
        check(&world, "error[HLD0103] hld.yaml:");
    }
}

#[test]
fn b015_deep_manifests() {
    for text in deep() {
        check(&World::with_manifest(&text), "error[HLD0103] web/web.yaml:");
    }
}

#[test]
fn b015_deep_output_of_helm() {
    for text in ["[".repeat(10_000), "{a: ".repeat(100_000), "- ".repeat(3_000)] {
        let world = World::with_helm("cat \"$HOME/deep\"");
        std::fs::write(world.outside("home/deep"), text).unwrap();
        check(&world, "error[HLD0404] component.yaml:3:9");
    }
}

#[test]
fn b015_small_stack() {
    for text in deep() {
        let world = World::new(&[("component.yaml", &text)]);
        let run = world.hld("generate").behind("ulimit -s 1024").run();
        run.exits(1).untouched();
    }
    let world = World::new(&[("component.yaml", &nested(60)), ("web/a.yaml", "")]);
    world.hld("generate").behind("ulimit -s 1024").run().exits(0);
}

#[test]
fn b016_files_that_are_too_large() {
    let size = 200 << 20;
    let world = World::new(&[]);
    world.write_sparse("component.yaml", size);
    check(&world, "error[HLD0103] component.yaml:1:1").mentions("larger than 3145728 bytes");
    let world = World::with_manifest(MANIFEST);
    world.write_sparse("config/common.yaml", size);
    check(&world, "error[HLD0103] config/common.yaml:1:1");
    let world = World::with_manifest(MANIFEST);
    world.write_sparse("hld.yaml", size);
    check(&world, "error[HLD0103] hld.yaml:1:1").mentions("3145728");
    let world = World::with_manifest(MANIFEST);
    world.write_sparse("web/large.yaml", size);
    check(&world, "error[HLD0103] web/large.yaml:1:1").mentions("67108864").mentions("manifestBytes");
}

#[test]
fn b016_keys_of_a_megabyte() {
    let key = "k".repeat(1 << 20);
    // A key without `?` has at most 1024 characters in any YAML.
    check(
        &World::new(&[("component.yaml", &format!("{key}: x\n"))]),
        "error[HLD0101] component.yaml:1:1048577",
    );
    check(
        &World::new(&[("component.yaml", &format!("? {key}\n: x\n"))]),
        "error[HLD0103] component.yaml:1:3",
    )
    .mentions("65536");
    check(
        &World::with_config(&format!("config:\n  ? {key}\n  : x\n")),
        "error[HLD0103] config/common.yaml:2:",
    );
    check(
        &World::new(&[("component.json", &format!("{{\"{key}\": 1}}"))]),
        "error[HLD0103] component.json:1:2",
    );
}

#[test]
fn b016_scalar_of_megabytes() {
    let world = World::new(&[("component.yaml", &format!("name: {}\n", "n".repeat(3_000_000)))]);
    check(&world, "error[HLD0204] component.yaml:1:7");
    let world = World::with_config(&format!("config:\n  a: {}\n", "x".repeat(3_000_000)));
    world.hld("generate --strict").behind(MEMORY).run().exits(0);
}

#[test]
fn b016_empty_documents() {
    let world = World::with_manifest(&"---\n".repeat(1_000_000));
    world.hld("generate").behind(MEMORY).run().exits(0);
    let world = World::new(&[("component.yaml", &"---\n".repeat(700_000))]);
    world.hld("generate --strict").behind(MEMORY).run().exits(1).untouched();
}

#[test]
fn b016_comments() {
    let world = World::with_manifest(&("# comment\n".repeat(1_000_000) + MANIFEST));
    world.hld("generate --strict").behind(MEMORY).run().exits(0);
    let world = World::new(&[
        ("component.yaml", &("# comment\n".repeat(300_000) + SHOP)),
        ("web/web.yaml", MANIFEST),
    ]);
    world.hld("generate --strict").behind(MEMORY).run().exits(0);
}
