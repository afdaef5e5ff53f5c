//! What is a difference, and how it is told.

use crate::{check, deployment, difference, outcome};

/// Compares two `spec`s of one Deployment; `expected` is what stands below its heading.
#[track_caller]
fn check_spec(before: &str, after: &str, expected: &str) {
    let heading = if expected.is_empty() { "" } else { "~ Deployment.apps shop/web\n" };
    check(&deployment(before), &deployment(after), &format!("{heading}{expected}"));
}

#[test]
fn objects_are_matched_by_their_ids_wherever_they_stand() {
    let (a, b, c) = ("kind: A\napiVersion: v1\nmetadata: {name: a}\n", "b", "c");
    let object = |name: &str| a.replace("name: a", &format!("name: {name}"));
    let before = format!("{a}---\n{}", object(b));
    let after = format!("---\n{}---\n{a}---\n", object(c));
    check(
        &before,
        &after,
        "- A b\n+ A c\n      + apiVersion: v1\n      + kind: A\n      + metadata:\n      +   name: c\n",
    );
    assert_eq!(difference(&before, &after).difference.summary(), "1 added, 1 removed");
}

#[test]
fn another_api_version_is_a_change_and_another_group_another_object() {
    let old = deployment("  replicas: 1\n");
    let version = "    apiVersion\n      - apps/v1\n      + apps/v2\n";
    check(&old, &old.replace("apps/v1", "apps/v2"), &format!("~ Deployment.apps shop/web\n{version}"));
    let other = difference(&old, &old.replace("apps/v1", "extensions/v1"));
    assert_eq!(other.difference.summary(), "1 added, 1 removed");
}

#[test]
fn what_kubernetes_reads_as_the_same_is_no_difference() {
    check_spec("  a: 1\n  b: \"x\" # said\n", "  b: x\n  a: 1.0\n", "");
    check_spec("  a: &x {b: 1}\n  c: *x\n", "  a: {b: 1}\n  c: {b: 0x1}\n", "");
    check_spec("  b: 1e3\n", "  b: 1000\n", "");
    check("", "---\n# nothing\n---\n", "");
}

#[test]
fn scalars_are_told_with_their_types_where_these_differ() {
    check_spec("  replicas: 2\n", "  replicas: 3\n", "    spec.replicas\n      - 2\n      + 3\n");
    check_spec(
        "  a: 1\n",
        "  a: \"1\"\n",
        "    spec.a (a string, was an integer)\n      - 1\n      + \"1\"\n",
    );
    check_spec("  a: null\n", "  {}\n", "    spec.a\n      - null\n");
    check_spec("  x.y/z: a\n", "  x.y/z: b\n", "    spec.\"x.y/z\"\n      - a\n      + b\n");
    check_spec(
        "  cpu: 1\n",
        "  cpu: 1.5\n",
        "    spec.cpu (a number, was an integer)\n      - 1\n      + 1.5\n",
    );
}

#[test]
fn items_are_matched_by_the_fields_that_name_them() {
    check_spec(
        "  containers:\n  - {name: a, image: x}\n  - {name: b, image: x}\n",
        "  containers:\n  - {name: new}\n  - {name: b, image: z}\n",
        "    spec.containers[name=a]\n      - image: x\n      - name: a\n    spec.containers[name=new]\n      + name: new\n    spec.containers[name=b].image\n      - x\n      + z\n",
    );
    for (fields, name) in [
        ("containerPort: 80, protocol: TCP", "containerPort=80,protocol=TCP"),
        ("containerPort: 80", "containerPort=80"),
        ("port: 80", "port=80"),
        ("mountPath: /a", "mountPath=/a"),
        ("key: a b", "key=\"a b\""),
        ("ip: 10.0.0.1", "ip=10.0.0.1"),
        ("topologyKey: zone", "topologyKey=zone"),
    ] {
        check_spec(
            &format!("  items:\n  - {{{fields}, v: 1}}\n"),
            &format!("  items:\n  - {{{fields}, v: 2}}\n"),
            &format!("    spec.items[{name}].v\n      - 1\n      + 2\n"),
        );
    }
}

#[test]
fn one_port_by_two_protocols_is_two_items() {
    check_spec(
        "  ports:\n  - {port: 53, protocol: TCP}\n  - {port: 53, protocol: UDP}\n",
        "  ports:\n  - {port: 53, protocol: UDP, nodePort: 1}\n  - {port: 53, protocol: TCP}\n",
        "    spec.ports\n      moved [port=53,protocol=UDP] from 1 to 0\n    spec.ports[port=53,protocol=UDP].nodePort\n      + 1\n",
    );
}

#[test]
fn an_order_that_alone_changed_is_told_as_such() {
    check_spec(
        "  env:\n  - {name: a}\n  - {name: b}\n  - {name: c}\n",
        "  env:\n  - {name: c}\n  - {name: a}\n  - {name: b}\n",
        "    spec.env\n      only the order changed: moved [name=c] from 2 to 0\n",
    );
    check_spec(
        "  args: [a, b, c, d]\n",
        "  args: [b, c, d, a]\n",
        "    spec.args\n      only the order changed: moved an item from 0 to 3\n",
    );
}

#[test]
fn items_without_names_are_matched_by_content_and_then_by_place() {
    check_spec(
        "  args: [--a=1, --b, --c]\n",
        "  args: [--a=2, --b, --c, --d]\n",
        "    spec.args[0]\n      - --a=1\n      + --a=2\n    spec.args[3]\n      + --d\n",
    );
    check_spec(
        "  rules:\n  - verbs: [get]\n    resources: [a]\n  - verbs: [get]\n    resources: [b]\n",
        "  rules:\n  - verbs: [get]\n    resources: [b, c]\n",
        "    spec.rules[1]\n      - resources:\n      - - b\n      - verbs:\n      - - get\n    spec.rules[0].resources[0]\n      - a\n      + b\n    spec.rules[0].resources[1]\n      + c\n",
    );
    check_spec("  a: [1, 1]\n", "  a: [1]\n", "    spec.a[1]\n      - 1\n");
}

#[test]
fn texts_of_several_lines_are_compared_by_line() {
    let lines = |change: &str| {
        let lines = (1..=20).map(|n| if n == 10 { format!("    {change}\n") } else { format!("    {n}\n") });
        format!("  text: |\n{}", lines.collect::<String>())
    };
    check_spec(
        &lines("old"),
        &lines("new"),
        "    spec.text\n      @@ -7,7 +7,7 @@\n        7\n        8\n        9\n      - old\n      + new\n        11\n        12\n        13\n",
    );
    check_spec(
        "  text: \"a\\nb\"\n",
        "  text: \"a\\nb\\n\"\n",
        "    spec.text\n      @@ -1,2 +1,2 @@\n        a\n      - b\n      (no line break at the end)\n      + b\n",
    );
}

#[test]
fn lists_are_looked_into() {
    let list = |n: u8| {
        format!(
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  metadata: {{name: a}}\n  v: {n}\n"
        )
    };
    check(&list(1), "apiVersion: v1\nkind: A\nmetadata: {name: a}\nv: 1\n", "");
    check(&list(1), &list(2), "~ A a\n    v\n      - 1\n      + 2\n");
}

#[test]
fn an_object_that_stands_twice_is_compared_in_order() {
    let one = |n: u8| format!("apiVersion: v1\nkind: A\nmetadata: {{name: a}}\nv: {n}\n");
    let stream = |numbers: &[u8]| numbers.iter().map(|n| one(*n)).collect::<Vec<_>>().join("---\n");
    check(&stream(&[1, 2]), &stream(&[2, 3]), "~ A a\n    v\n      - 1\n      + 3\n");
    check(&stream(&[1, 1]), &stream(&[1]), "- A a\n");
}

#[test]
fn what_can_not_be_compared_is_said_with_its_place() {
    let sources = hld_diag::SourceMap::default();
    let text = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n---\na: [\n---\nkind: B\n";
    let file = sources.add_private("a.yaml", text);
    let options = hld_diff::Options { key: hld_diff::Key::new([0; 32]), limits: hld_yaml::Limits::default() };
    let outcome = hld_diff::compare(&[], &[hld_diff::Input { text, file }], &options);
    assert_eq!(outcome.difference.summary(), "1 added");
    let said = outcome.diagnostics.into_sorted(&sources);
    let said: Vec<String> =
        said.iter().map(|one| format!("{} {}", one.code, sources.locate(one.span).unwrap())).collect();
    assert_eq!(said, ["HLD0404 a.yaml:6:1", "HLD0405 a.yaml:7:1"]);
}

#[test]
fn directives_and_odd_marks_are_read_as_yaml_reads_them() {
    let object = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n";
    check(&format!("%YAML 1.1\n---\n{object}...\n"), object, "");
    check(&format!("--- # said\n{object}"), &format!("---\r\n{}", object.replace('\n', "\r\n")), "");
    check(
        &format!("--- {{apiVersion: v1, kind: A, metadata: {{name: a}}}}\n---\n{object}"),
        "",
        "- A a\n- A a\n",
    );
}

#[test]
fn hostile_texts_end_in_a_diagnostic() {
    let deep = format!("apiVersion: v1\nkind: A\nmetadata: {{name: a}}\nx: {}", "[".repeat(100_000));
    let laughs = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
    for text in [deep.as_str(), laughs] {
        let outcome = outcome("", text);
        assert!(outcome.diagnostics.has_fatal() && outcome.difference.is_empty());
    }
}
