//! reliability.md 3.B: configuration. B031 is about substitution, which there is none of.

use std::fs;

use crate::support::{MANIFEST, SECRET, SHOP, World};

/// A helm that makes an object of its values.
const ECHO: &str = "echo 'apiVersion: v1\nkind: Values\nmetadata: {name: web}\nvalues:'; sed 's/^/  /'";

/// The values that the chart `web` gets.
fn values(config: &[(&str, &str)], arguments: &str) -> String {
    let world = World::with_helm(ECHO);
    config.iter().for_each(|(path, text)| {
        world.write(path, text);
    });
    let run = world.hld(arguments).run();
    run.exits(0);
    let (_, values) = run.stdout.split_once("values:\n").unwrap();
    values.lines().map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line))).collect()
}

#[test]
fn b024_a_map_meets_a_scalar() {
    let world = World::with_config("config:\n  a: text\n");
    world.write("config/prod.yaml", "config:\n  a: {b: 1}\n");
    let run = world.rejects("generate prod", 1, &["error[HLD0301] config/common.yaml:2:6"]);
    run.mentions("`config.a`").mentions("config/prod.yaml:2:6");
    world.write("config/common.yaml", "config:\n  a: [1]\n");
    world.rejects("generate prod", 1, &["error[HLD0301] config/common.yaml:2:6"]);
}

#[test]
fn b024_a_scalar_wins_over_a_map() {
    let config = [
        ("config/prod.yaml", "subcomponents: {web: {config: {a: text}}}\n"),
        ("config/common.yaml", "subcomponents: {web: {config: {a: {b: 1}}}}\n"),
    ];
    assert_eq!(values(&config, "generate prod --stdout"), "a: text\n");
}

#[test]
fn b025_config_for_nobody() {
    let world = World::with_config("subcomponents:\n  wep: {config: {a: 1}}\n");
    world.is_odd(&["[HLD0302] config/common.yaml:2:3"]).mentions("did you mean `web`?");
}

#[test]
fn b026_environment_that_no_file_mentions() {
    let world = World::with_config("");
    world.write("config/prod.yaml", "");
    world.is_wrong_when_strict("generate --strict prdo", &["[HLD0303]"]);
    world.is_wrong_when_strict("generate --strict --env prdo", &["[HLD0303]"]);
    let run = world.hld("generate prdo").run();
    run.exits(0).mentions("did you mean `prod`?").reports("warning[HLD0303]");
}

#[test]
fn b026_a_continuous_integration_changes_no_verdict() {
    let world = World::with_manifest(MANIFEST);
    world
        .hld("generate prdo")
        .env("CI", "true")
        .env("TF_BUILD", "True")
        .env("GITHUB_ACTIONS", "true")
        .run()
        .exits(0);
}

/// How each scalar reaches a chart: Fabrikate's reader, then Helm's.
#[test]
fn b027_scalars() {
    let table = [
        ("0777", "511"),
        ("0o17", "15"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("1:20", "\"1:20\""),
        ("yes", "true"),
        ("no", "false"),
        ("on", "true"),
        ("off", "false"),
        ("y", "true"),
        ("12345678901234567890", "12345678901234567890"),
        ("9007199254740993", "9007199254740993"),
        ("-0", "0"),
        ("2001-01-01", "\"2001-01-01\""),
        ("1e3", "1000"),
        ("\"1e3\"", "1000"),
        ("1.10", "1.1"),
        ("tRUE", "tRUE"),
        ("'0777'", "\"0777\""),
        ("\"yes\"", "\"yes\""),
        ("0b11", "3"),
        ("08", "8"),
        ("a", "a"),
        ("''", "\"\""),
        ("10000000", "10000000"),
    ];
    let lines: String =
        table.iter().enumerate().map(|(n, (said, _))| format!("      v{n:02}: {said}\n")).collect();
    let expected: String =
        table.iter().enumerate().map(|(n, (_, taken))| format!("v{n:02}: {taken}\n")).collect();
    let config = format!("subcomponents:\n  web:\n    config:\n{lines}");
    assert_eq!(values(&[("config/common.yaml", &config)], "generate --stdout"), expected);
}

#[test]
fn b027_numbers_that_are_none() {
    for word in [".inf", "-.inf", ".nan", "+.Inf"] {
        let world = World::with_helm(ECHO);
        world.write("config/common.yaml", format!("subcomponents:\n  web:\n    config: {{a: [{word}]}}\n"));
        world.is_wrong(&["[HLD0504] config/common.yaml:3:18"]).mentions("`a[0]`");
    }
}

#[test]
fn b028_lists_maps_and_nulls() {
    let prod = "subcomponents: {web: {config: {list: [1], map: {}, n: ~, deep: {x: ~}, empty: []}}}\n";
    let common = "subcomponents: {web: {config: {list: [2], map: {a: 1}, n: 5, deep: {x: {y: 1}}, empty: [3], new: {z: ~}}}}\n";
    let merged =
        values(&[("config/prod.yaml", prod), ("config/common.yaml", common)], "generate prod --stdout");
    assert_eq!(
        merged,
        "deep:\n  x:\n    \"y\": 1\nempty:\n- 3\nlist:\n- 1\n- 2\nmap:\n  a: 1\n\"n\": 5\nnew:\n  z: null\n"
    );
}

#[test]
fn b029_environment_named_twice() {
    let world = World::with_config("");
    world.write("config/prod.yaml", "");
    world.is_wrong_when_strict("generate --strict prod prod", &["[HLD0304]"]);
    let run = world.hld("generate prod prod").run();
    run.exits(0).reports("warning[HLD0304]");
    assert_eq!(world.read("generated/prod-prod/web.yaml"), format!("---\n{MANIFEST}\n"));
    let world = World::with_manifest(MANIFEST);
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nenvironments: {prod: {configs: [a, a]}}\n");
    world.is_wrong(&["[HLD0304] hld.yaml:2:16"]);
}

#[test]
fn b029_two_environments_of_one_folder() {
    let world = World::with_manifest(MANIFEST);
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nenvironments: {a: {output: x}, b: {output: x/y}}\n");
    world.is_wrong(&["[HLD0601] hld.yaml:1:1"]);
    // `a-b` is both the config of that name and the two combined.
    let world = World::with_config("");
    world.write("config/a-b.yaml", "").write("config/a.yaml", "").write("config/b.yaml", "");
    let run = world.hld("generate").args(["--env", "a-b", "--env", "a b"]).run();
    assert!([1, 2].contains(&run.status.code().unwrap()), "{run}");
    run.untouched();
}

#[test]
fn b029_a_thousand_environments() {
    let world = World::with_config("");
    let names: Vec<String> = (0..1000).map(|n| format!("e{n}")).collect();
    names.iter().for_each(|name| {
        world.write(&format!("config/{name}.yaml"), "");
    });
    let run = world.hld("generate --all --strict").run();
    run.exits(0);
    assert_eq!(
        fs::read_dir(world.path("generated")).unwrap().count(),
        1000 + 3,
        "common, prod and .hld stand beside them"
    );
    // All of them in one make a folder name that no file system takes.
    let run = world.hld("generate").args(&names).run();
    run.untouched();
    assert!([1, 2, 5].contains(&run.status.code().unwrap()), "{run}");
}

#[test]
fn b029_order_of_environments() {
    let world = World::with_config("");
    for name in ["a", "b", "c"] {
        world.write(&format!("config/{name}.yaml"), format!("config: {{{name}: 1}}\n"));
    }
    let printed = |order: &[&str]| {
        world
            .hld("generate --stdout --format json")
            .args(order.iter().flat_map(|name| ["--env", name]))
            .run()
            .stdout
    };
    assert_eq!(printed(&["a", "b", "c"]), printed(&["c", "a", "b"]));
    assert_eq!(printed(&["a", "b", "c"]), printed(&["a", "b", "c"]));
}

#[test]
fn b030_secrets_in_config_that_does_not_parse() {
    let texts = [
        format!("config:\n  password: \"{SECRET}\n"),
        format!("config:\n  password: {SECRET}: x\n"),
        format!("config:\n  password: {SECRET}\n bad: 1\n"),
        format!("config:\n  password: [{SECRET}\n"),
        format!("config:\n  password: *{SECRET}\n"),
        format!("config:\n  password: |\n    {SECRET}\n   {SECRET}\n"),
        format!("config: {SECRET}\n"),
        format!("config:\n  {SECRET}\n"),
        format!("namespace: [{SECRET}]\n"),
        format!("injectNamespace: {SECRET}\n"),
        format!("disabled: \"{SECRET}\"\n"),
        format!("subcomponents: {SECRET}\n"),
        format!("- {SECRET}\n"),
        format!("{SECRET}\n"),
        format!("config: {{password: !!binary {SECRET}}}\n"),
        format!("config: {{password: !!int {SECRET}}}\n"),
    ];
    for text in texts {
        let world = World::with_config(&text);
        let run = world.hld("generate").run();
        run.exits(1).untouched().mentions("--> config/common.yaml:");
        let run = world.hld("generate --format json").run();
        run.exits(1).untouched();
    }
}

#[test]
fn b030_secrets_in_config_that_is_odd() {
    let world = World::with_config(&format!(
        "config: {{password: {SECRET}, password: x{SECRET}, a: {{b: 1}}}}\nunknown: {SECRET}\n"
    ));
    world.is_odd(&["[HLD0104] config/common.yaml:1:35", "[HLD0307] config/common.yaml:2:1"]);
    world.write("config/prod.yaml", format!("config: {{a: {SECRET}, password: {{a: {SECRET}}}}}\n"));
    world.hld("generate prod").run().exits(1).untouched().mentions("HLD0301");
}

#[test]
fn b030_secrets_that_templates_stumble_on() {
    let component = "name: shop\nsubcomponents: [{name: web, type: template, path: web}]\n";
    let config = format!("subcomponents: {{web: {{config: {{password: {SECRET}}}}}}}\n");
    let templates = [
        "a: {{ values.password }}: {{ '[' }}\n",
        "{{ values.password.a.b }}",
        "{{ values.password | int }}",
        "{{ values.password() }}",
        "{{ values.password + 1 }}",
        "{% for a in values.password %}{{ a.b.c }}{% endfor %}",
        "{{ [][values.password] }}",
        "{{ values[values.password] }}",
        "{{ 1 | attr(values.password) | x }}",
        "{{ values.password | replace(1) }}",
        "{{ range(values.password) }}",
        "{{ values.password | b64decode }}",
        "{{ values.password | quantity }}",
        "{{ values.password | fromyaml }}",
        "{{ values.password | float }}",
        "{{ values.password | bool }}",
    ];
    for template in templates {
        let world = World::new(&[
            ("component.yaml", component),
            ("config/common.yaml", &config),
            ("web/a.yaml", template),
        ]);
        world.hld("generate --strict").run();
    }
}

#[test]
fn b030_secrets_in_broken_output_of_helm() {
    let world = World::with_helm("cat; echo 'a: [b'");
    world
        .write("config/common.yaml", format!("subcomponents: {{web: {{config: {{password: {SECRET}}}}}}}\n"));
    world.is_wrong(&["[HLD0404] component.yaml:3:9"]);
}

#[test]
fn b030_secrets_in_config_that_is_edited() {
    let world = World::with_config(&format!("config:\n  password: {SECRET}: x\n"));
    world.rejects("set a=b", 1, &["error[HLD0101] ./config/common.yaml:2:26"]);
    let world = World::with_config(&format!("config: {{a: {SECRET}}}\n"));
    world.hld("set a.b=c").run();
}

#[test]
fn b031_there_is_no_substitution() {
    let text = "${MISSING} ${A:-${B}} $${x} $(id)";
    let config = format!("subcomponents: {{web: {{config: {{a: \"{text}\"}}}}}}\n");
    assert_eq!(
        values(&[("config/common.yaml", &config)], "generate --stdout"),
        format!("a: ${{MISSING}} ${{A:-${{B}}}} $${{x}} $(id)\n")
    );
    let nested = "${A:-".repeat(1000);
    let config = format!("subcomponents: {{web: {{config: {{a: '{nested}'}}}}}}\n");
    assert_eq!(values(&[("config/common.yaml", &config)], "generate --stdout"), format!("a: {nested}\n"));
}

#[test]
fn b032_folder_of_a_hundred_thousand_files() {
    let world = World::with_config("");
    for n in 0..100_000 {
        fs::write(world.path(format!("config/e{n}.yaml")), "").unwrap();
    }
    world.hld("generate --strict e7").behind("ulimit -v 1000000").run().exits(0);
}

#[test]
fn b032_files_that_differ_by_letter_case() {
    let world = World::with_config("");
    world.write("config/prod.yaml", "").write("config/Prod.yaml", "");
    world.rejects("generate prod", 1, &["error[HLD0308] config/Prod.yaml:1:1"]);
    world.write("config/prod.yaml\n", "");
    fs::remove_file(world.path("config/Prod.yaml")).unwrap();
    world.hld("generate prod --strict").run().exits(0);
}

#[test]
fn config_of_the_wrong_type() {
    for (text, at) in [
        ("config: hello\n", "1:1"),
        ("subcomponents: [a]\n", "1:1"),
        ("injectNamespace: \"true\"\n", "1:1"),
        ("- a\n", "1:1"),
        ("subcomponents: {web: 1}\n", "1:22"),
    ] {
        World::with_config(text).is_wrong(&[&format!("[HLD0306] config/common.yaml:{at}")]);
    }
}

#[test]
fn unknown_key_of_config() {
    let world = World::new(&[
        ("component.yaml", SHOP),
        ("web/web.yaml", MANIFEST),
        ("config/common.yaml", "subcomponents: {web: {global: {a: 1}}}\n"),
    ]);
    world.is_odd(&["[HLD0307] config/common.yaml:1:23"]);
    World::new(&[("component.yaml", SHOP), ("web/web.yaml", MANIFEST), ("config/common.json", "")])
        .is_wrong(&["[HLD0106] config/common.json:1:1"]);
}
