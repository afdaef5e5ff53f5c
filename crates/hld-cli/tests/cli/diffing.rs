//! `diff`: paths, environments against what is written, forms, exit codes, and no secrets.

use crate::support::{MANIFEST, SECRET, SHOP, World};

/// A ConfigMap with this value.
fn config_map(value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web}}\ndata: {{a: {value}}}\n")
}

fn shop() -> World {
    World::new(&[("component.yaml", SHOP), ("web/web.yaml", &config_map("old"))])
}

#[test]
fn two_files_are_compared_object_by_object() {
    let world = World::new(&[("a.yaml", &config_map("old")), ("b.yaml", &config_map("new"))]);
    let run = world.hld("diff a.yaml b.yaml").run();
    let expected = "a.yaml -> b.yaml: 1 changed\n~ ConfigMap web\n    data.a\n      - old\n      + new\n";
    assert_eq!(run.exits(0).untouched().stdout, expected);
    world.hld("diff a.yaml b.yaml --exit-code").run().exits(1).untouched();
    let run = world.hld("diff a.yaml a.yaml --exit-code").run();
    assert_eq!(run.exits(0).stdout, "a.yaml -> a.yaml: no difference\n");
    assert!(run.stderr.is_empty(), "{run}");
}

#[test]
fn folders_are_compared_whatever_file_an_object_is_in() {
    let world = World::new(&[("a/x/web.yaml", &config_map("old")), ("a/.git/x.yaml", "[")]);
    world.write("a/read.me", "{").write("b/other.yml", config_map("old"));
    world.write("b/more.json", "{\"apiVersion\": \"v1\", \"kind\": \"B\", \"metadata\": {\"name\": \"b\"}}");
    let run = world.hld("diff ./a ./b").run();
    assert!(run.exits(0).stdout.starts_with("./a -> ./b: 1 added\n+ B b\n"), "{run}");
    world.hld("diff ./a b/other.yml").run().exits(2).mentions("a file and a folder");
}

#[test]
fn an_environment_is_compared_with_what_is_written() {
    let world = shop();
    world.hld("generate prod").run().exits(0);
    let run = world.hld("diff prod --exit-code").run();
    assert_eq!(run.exits(0).untouched().stdout, "prod: no difference\n");
    world.write("web/web.yaml", config_map("new"));
    let run = world.hld("diff prod").run();
    let expected = "prod: 1 changed\n~ ConfigMap web\n    data.a\n      - old\n      + new\n";
    assert_eq!(run.exits(0).untouched().stdout, expected);
}

#[test]
fn several_environments_are_compared_with_another_folder() {
    let world = shop();
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nenvironments: {dev: {}, live: {configs: [prod]}}\n");
    world.hld("generate --all --output out").run().exits(0);
    world.write("web/web.yaml", format!("{}---\n{MANIFEST}", config_map("old")));
    let run = world.hld("diff --all --against out --format json").run();
    let shown: serde_json::Value = serde_json::from_str(&run.exits(0).untouched().stdout).unwrap();
    let names: Vec<&str> =
        shown["comparisons"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dev", "live"]);
    assert_eq!(shown["comparisons"][0]["summary"]["added"], 1);
    assert_eq!(shown["comparisons"][0]["objects"][0]["content"]["kind"], "ConfigMap");
    world.hld("diff --all --against nowhere").run().exits(2).mentions("is not a folder");
}

#[test]
fn what_was_never_written_is_all_new() {
    let world = shop();
    let run = world.hld("diff east").run();
    assert!(run.exits(0).untouched().stdout.starts_with("east: 1 added\n+ ConfigMap web\n"), "{run}");
    run.mentions("everything is new");
}

#[test]
fn a_definition_that_does_not_compile_has_no_difference() {
    let world = shop();
    world.write("web/web.yaml", "a: [");
    let run = world.rejects("diff", 1, &["error[HLD0404] web/web.yaml:1:5"]);
    assert!(run.stdout.is_empty(), "{run}");
}

#[test]
fn broken_manifests_are_named_with_their_place_and_not_compared() {
    let world = World::new(&[("a.yaml", &config_map("old")), ("b.yaml", "x: 1\n---\na: [\n")]);
    let run =
        world.rejects("diff a.yaml b.yaml", 1, &["error[HLD0404] b.yaml:4:1", "warning[HLD0405] b.yaml:1:1"]);
    assert!(run.stdout.is_empty(), "{run}");
    world.write("b.yaml", b"a: \xff\n");
    world.rejects("diff a.yaml b.yaml", 1, &[]).mentions("`b.yaml` is no text");
}

#[test]
fn markdown_is_for_differences_alone() {
    let world = World::new(&[("a.yaml", &config_map("old")), ("b.yaml", &config_map("new"))]);
    let run = world.hld("diff a.yaml b.yaml --format markdown").run();
    let expected = "### `a.yaml -> b.yaml`: 1 changed\n\n**changed** `ConfigMap web`\n\n```diff\n# data.a\n-old\n+new\n```\n";
    assert_eq!(run.exits(0).stdout, expected);
    world
        .hld("generate --format markdown")
        .run()
        .exits(2)
        .untouched()
        .mentions("`hld diff` and `hld preview`");
}

#[test]
fn secrets_are_not_printed_in_any_form() {
    let secret = |value: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {{a: {value}, b: x}}\n")
    };
    let world = World::new(&[("a.yaml", &secret(SECRET)), ("b.yaml", &secret("other"))]);
    world.write("c.yaml", "").write("d.yaml", secret(&format!("{SECRET}: x: y")));
    for form in ["text", "markdown", "json"] {
        for paths in ["a.yaml b.yaml", "b.yaml a.yaml", "a.yaml c.yaml", "c.yaml a.yaml"] {
            // That it is not printed is checked on every run.
            let run = world.hld(&format!("diff {paths} --format {form}")).run();
            assert!(run.exits(0).untouched().stdout.contains("db"), "{run}");
        }
        world.hld(&format!("diff c.yaml d.yaml --format {form}")).run().exits(1).untouched();
    }
}

#[test]
fn arguments_that_mean_nothing_are_refused() {
    let world = shop();
    for arguments in
        ["diff a.yaml", "diff ./a prod", "diff a.yaml b.yaml c.yaml", "diff ./a ./b --against out"]
    {
        world.hld(arguments).run().exits(2).untouched().mentions("in pairs");
    }
    world.hld("diff ./a ./b").run().exits(2).untouched().mentions("`./a` can not be read");
    world.hld("diff a/b").arg("--all").run().exits(2).untouched();
}

#[test]
fn the_same_on_one_thread_and_on_many() {
    let objects = |value: &str| {
        let one = |n| config_map(&format!("{value}{n}")).replace("web", &format!("web{n}"));
        (0..40).map(one).collect::<Vec<_>>().join("---\n")
    };
    let world = World::new(&[("a.yaml", &objects("a")), ("b.yaml", &objects("b"))]);
    let one = world.hld("diff a.yaml b.yaml -j 1").run();
    let many = world.hld("diff a.yaml b.yaml -j 8").run();
    assert_eq!(one.exits(0).stdout, many.exits(0).stdout);
    assert!(one.stdout.contains("a39"), "{one}");
}

#[test]
fn b160_a_ci_system_finds_no_commands_in_what_is_printed() {
    let text = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: '##vso[task.complete]'}}\ndata:\n  a: |\n    ::set-env name=a::b\n    x ##[error]y\n    {value}\n"
        )
    };
    let world = World::new(&[("a.yaml", &text("old")), ("b.yaml", &text("new"))]);
    for (paths, form) in [
        ("a.yaml b.yaml", "text"),
        ("a.yaml b.yaml", "markdown"),
        ("a.yaml b.yaml", "json"),
        ("b.yaml a.yaml", "text"),
    ] {
        let run = world.hld(&format!("diff {paths} --format {form}")).run();
        let shown = &run.exits(0).stdout;
        assert!(!shown.contains("##vso[") && !shown.contains("##[") && shown.contains("vso[task"), "{run}");
        assert!(!shown.lines().any(|line| line.trim_start().starts_with("::")), "{run}");
    }
    let run = world.hld("diff a.yaml b.yaml --format json").run();
    let shown: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(shown["comparisons"][0]["objects"][0]["name"], "##vso[task.complete]");
}
