//! `init`, `add`, `remove` and `set`: cases 76 to 81 of the Fabrikate suite, and what is ours.

use crate::support::World;

/// A definition that people have written by hand.
const BY_HAND: &str =
    "# the shop\nname: shop   # short\nsubcomponents:\n- name: api # first\n  type: static\n  path: ./api\n";

fn world(files: &[(&str, &str)]) -> World {
    World::new(files)
}

#[test]
fn case_76_add_replaces_a_component_of_the_same_name() {
    let world = world(&[("component.yaml", BY_HAND)]);
    world.hld("add web --source https://example.test/web.git --path x").run().exits(0);
    world.hld("add web --source ./web --method local --branch main").run().exits(0).mentions("no effect");
    let expected = format!("{BY_HAND}- name: web\n  type: component\n  source: ./web\n  method: local\n");
    assert_eq!(world.read("component.yaml"), expected);
}

#[test]
fn case_76_git_and_master_are_the_defaults() {
    let world = world(&[("component.yaml", "name: shop\n")]);
    world.hld("add web --source https://example.test/web.git").run().exits(0);
    let text = world.read("component.yaml");
    assert!(text.contains("method: git\n") && text.contains("branch: master\n"), "{text}");
}

#[test]
fn case_76_added_components_stand_in_the_order_of_their_names() {
    let world = world(&[("component.yaml", "name: shop\n")]);
    for name in ["web", "api", "cart"] {
        world.hld(&format!("add {name} --source ./x --method local")).run().exits(0);
    }
    let text = world.read("component.yaml");
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.trim_start().strip_prefix("- name: ")).collect();
    assert_eq!(names, ["api", "cart", "web"]);
}

#[test]
fn case_77_a_broken_file_is_never_overwritten() {
    for command in ["add web", "remove web"] {
        let world = world(&[("component.yaml", "name: [shop\n")]);
        world.rejects(command, 1, &["error[HLD0101] ./component.yaml:2:1"]);
    }
}

#[test]
fn remove_takes_one_component_and_nothing_else() {
    let text = format!("{BY_HAND}# the web\n- name: web\n");
    let world = world(&[("component.yaml", &text)]);
    world.hld("remove api").run().exits(0);
    assert_eq!(
        world.read("component.yaml"),
        "# the shop\nname: shop   # short\nsubcomponents:\n# the web\n- name: web\n"
    );
    let before = world.snapshot();
    world.hld("remove nobody").run().exits(0).mentions("nothing to do");
    assert!(before.differences(&world.snapshot(), &[]).is_empty());
}

#[test]
fn case_78_paths_of_keys() {
    let world = world(&[("component.yaml", BY_HAND)]);
    world.hld("set a.b=c a.\"x.y/z\".v=w").run().exits(0);
    assert_eq!(world.read("config/common.yaml"), "config:\n  a:\n    b: c\n    x.y/z:\n      v: w\n");
    world.hld("set k=v=w").run().exits(2).mentions("more than one `=`");
    world.hld("set k").run().exits(2).mentions("no `=`");
}

#[test]
fn case_79_nested_subcomponents_and_empty_config_are_written() {
    let world = world(&[("component.yaml", BY_HAND)]);
    world.write("config/common.yaml", "config:\nsubcomponents:\n  app:\n    config: {a: 1} # kept\n");
    world.hld("set --subcomponent app.inner k=v").run().exits(0);
    world.hld("set top=1").run().exits(0);
    let text = world.read("config/common.yaml");
    assert!(text.contains("config: {a: 1} # kept\n"), "{text}");
    let document = hld_yaml::read(&text, hld_diag::FileId::NONE, &hld_yaml::ReadOptions::default()).unwrap();
    let inner = document.documents[0].get("subcomponents").unwrap().get("app").unwrap();
    let inner = inner.get("subcomponents").unwrap().get("inner").unwrap().get("config").unwrap();
    assert_eq!(inner.get("k").and_then(hld_yaml::Value::as_str), Some("v"));
    assert_eq!(
        document.documents[0].get("config").unwrap().get("top").and_then(hld_yaml::Value::as_str),
        Some("1")
    );
}

#[test]
fn case_80_text_stays_text_and_typed_values_are_typed() {
    let world = world(&[("component.yaml", BY_HAND)]);
    world.hld("set image.tag=20201014.7 replicas=4 n:=4 on:=true list:=[a,b]").run().exits(0);
    let expected = "config:\n  image:\n    tag: \"20201014.7\"\n  replicas: \"4\"\n  \"n\": 4\n  \"on\": true\n  list:\n  - a\n  - b\n";
    assert_eq!(world.read("config/common.yaml"), expected);
}

#[test]
fn case_81_no_new_config_keys() {
    let world = world(&[("component.yaml", BY_HAND)]);
    world.write("config/prod.yaml", "config:\n  a: {b: 1}\n");
    world.hld("set --environment prod --no-new-config-keys a.b=2").run().exits(0);
    let before = world.snapshot();
    for arguments in ["a.c=1", "a.b.c=1", "--subcomponent x a.b=1"] {
        world.hld(&format!("set --environment prod --no-new-config-keys {arguments}")).run().exits(1);
    }
    assert!(before.differences(&world.snapshot(), &[]).is_empty());
}

#[test]
fn set_takes_a_file_and_json_stays_json() {
    let world = world(&[("component.yaml", BY_HAND), ("config/common.json", "{\"config\": {\"z\": 1}}\n")]);
    world.write("values.yaml", "image:\n  tag: 1.10\na.b: text\nlist: [1, 2]\n");
    let file = world.path("values.yaml");
    world.hld("set image.tag=2").arg("--file").arg(file).run().exits(0);
    let json: serde_json::Value = serde_json::from_str(&world.read("config/common.json")).unwrap();
    let expected =
        serde_json::json!({"config": {"z": 1, "image": {"tag": "2"}, "a": {"b": "text"}, "list": [1, 2]}});
    assert_eq!(json, expected);
}

#[test]
fn init_makes_a_definition_that_compiles_and_changes_no_file() {
    let world =
        world(&[("hello/configmap.yaml", "kept: true\napiVersion: v1\nkind: A\nmetadata: {name: a}\n")]);
    world.hld("init shop").run().exits(0);
    assert!(world.read("hello/configmap.yaml").starts_with("kept: true"));
    world.hld("generate prod --strict").run().exits(0);
    world.hld("init again").run().exits(1).mentions("exists already");
    world.hld("init a/b").run().exits(2);
}

#[test]
fn names_that_no_component_can_have_are_refused() {
    for name in ["../x", "a/b", ""] {
        let world = world(&[("component.yaml", BY_HAND)]);
        world.hld("add").arg(name).run().exits(2).untouched();
    }
}
