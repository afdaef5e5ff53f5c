//! Commands that show something: `tree`, `explain`, `schema`, `completions`, `doctor`, `version`.

use crate::support::{SHOP, World};

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn tree_shows_components_with_their_folders_and_what_is_disabled() {
    let world = World::new(&[
        (
            "component.yaml",
            "name: shop\nsubcomponents:\n- name: infra\n  source: ./infra\n- name: web\n  type: static\n  path: ./web\n",
        ),
        ("infra/component.yaml", "name: infra\nsubcomponents:\n- name: dns\n  type: helm\n  path: ./dns\n"),
        (
            "config/common.yaml",
            "subcomponents:\n  web: {disabled: true}\n  infra: {subcomponents: {dns: {namespace: net}}}\n",
        ),
    ]);
    let run = world.hld("tree").run();
    let expected = "common\nshop (component, .)\n└── infra (component, infra)\n    └── dns (helm, infra, namespace net)\n(disabled: web)\n";
    assert_eq!(run.exits(0).untouched().stdout, expected);
    let run = world.hld("tree --format json").run();
    let tree = json(&run.stdout);
    assert_eq!(tree["environments"][0]["components"][2]["path"], "infra/dns");
    assert_eq!(tree["environments"][0]["disabled"][0], "web");
}

#[test]
fn explain_knows_every_code_and_suggests() {
    let world = World::new(&[("component.yaml", SHOP)]);
    let list = world.hld("explain").run();
    for line in list.stdout.lines() {
        let code = line.split(' ').next().unwrap();
        let page = world.hld(&format!("explain {code}")).run();
        assert!(page.exits(0).stdout.starts_with(&format!("# {code}: ")), "{code}");
    }
    assert!(list.stdout.lines().count() > 50);
    world.hld("explain HLD0109").run().exits(2).mentions("did you mean");
}

#[test]
fn schemas_are_json_schemas() {
    let world = World::new(&[("component.yaml", SHOP)]);
    let names = world.hld("schema").run();
    assert_eq!(names.stdout, "component\nconfig\naccess\nhld\nlock\nprovenance\n");
    for name in names.stdout.lines() {
        let schema = json(&world.hld(&format!("schema {name}")).run().stdout);
        assert!(schema["$schema"].as_str().unwrap().contains("2020-12"), "{name}");
    }
    world.hld("schema conponent").run().exits(2).mentions("did you mean `component`?");
}

#[test]
fn completions_name_every_command() {
    let world = World::new(&[("component.yaml", SHOP)]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = world.hld(&format!("completions {shell}")).run();
        assert!(run.exits(0).stdout.contains("generate"), "{shell}");
    }
}

#[test]
fn doctor_says_what_a_definition_lacks() {
    let world = World::new(&[(
        "component.yaml",
        "name: shop\nsubcomponents:\n- name: dns\n  type: helm\n  method: git\n  source: https://example.test/x\n  path: x\n",
    )]);
    let run = world.hld("doctor").run();
    run.exits(1).mentions("to mend");
    assert!(run.stdout.contains("!! helm"), "{run}");
    assert!(run.stdout.contains("hld.lock does not have the source `https://example.test/x`"), "{run}");
}

#[test]
fn version_is_one_line() {
    let world = World::new(&[("component.yaml", SHOP)]);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(world.hld("version").run().stdout, format!("hld {version}\n"));
    assert_eq!(json(&world.hld("version --format json").run().stdout)["version"], version);
}

#[test]
fn check_lists_what_is_stale_and_writes_nothing() {
    let world = World::new(&[("component.yaml", SHOP), ("web/a.yaml", crate::support::MANIFEST)]);
    world.hld("generate").run().exits(0);
    world.hld("generate --check").run().exits(0).untouched();
    world.write("web/a.yaml", "apiVersion: v1\nkind: A\nmetadata: {name: other}\n");
    let run = world.hld("generate --check").run();
    run.exits(1).untouched().mentions("`web.yaml` would change");
    assert_eq!(run.all_reports(), ["error[HLD0705]"]);
}

#[test]
fn stdout_and_provenance_say_where_things_come_from() {
    let world = World::new(&[("component.yaml", SHOP), ("web/a.yaml", crate::support::MANIFEST)]);
    let run = world.hld("generate --stdout").run();
    assert_eq!(run.exits(0).untouched().stdout, format!("---\n{}\n", crate::support::MANIFEST));
    world.hld("generate --provenance p.json").run().exits(0);
    let provenance = json(&world.read("p.json"));
    let web = &provenance["environments"][0]["components"][1];
    assert_eq!(web["defined"]["line"], 3);
    let resource = &web["resources"][0];
    assert_eq!((&resource["kind"], &resource["output"]), (&"ConfigMap".into(), &"common/web.yaml".into()));
    assert_eq!((&resource["origin"]["path"], &resource["line"]), (&"web/a.yaml".into(), &2.into()));
}

#[test]
fn the_resource_layout_has_one_file_an_object() {
    let two = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: B, namespace: shop}\n";
    let world = World::new(&[("component.yaml", SHOP), ("web/a.yaml", two)]);
    world.hld("generate --layout resource").run().exits(0);
    assert!(world.read("generated/common/web/configmap_a.yaml").contains("name: a"));
    assert!(world.read("generated/common/web/deployment.apps_shop_%42.yaml").contains("name: B"));
}

#[test]
fn several_environments_in_one_run() {
    let world = World::new(&[("component.yaml", SHOP), ("web/a.yaml", crate::support::MANIFEST)]);
    world.write("config/prod.yaml", "").write("config/east.yaml", "");
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nenvironments:\n  live: {configs: [prod, east], output: out/live}\n  dev: {}\n");
    world.hld("generate --env live --env").arg("prod east").run().exits(0);
    assert!(
        world.path("generated/out/live/web.yaml").exists()
            && world.path("generated/prod-east/web.yaml").exists()
    );
    world.hld("generate --all").run().exits(0).mentions("dev: ").mentions("live: ");
    world.hld("generate --all prod").run().exits(2);
}

#[test]
fn a_flood_of_diagnostics_is_cut_for_people_and_whole_for_programs() {
    let fields: String = (0..250).map(|at| format!("x{at}: 1\n")).collect();
    let world = World::new(&[("component.yaml", &format!("{SHOP}{fields}"))]);
    let run = world.hld("generate").run();
    run.exits(1).mentions("… and 51 more");
    assert_eq!(run.all_reports()[0], "error[HLD0401] component.yaml:5:9", "what stops the run comes first");
    let run = world.hld("generate --format json").run();
    assert_eq!(json(&run.stdout)["diagnostics"].as_array().unwrap().len(), 251);
}
