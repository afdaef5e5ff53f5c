//! `validate` and `generate --gate`: files, environments, custom kinds, places, secrets, exit codes.

use crate::support::{MANIFEST, SECRET, SHOP, World};

/// A Deployment in which this field is added to `spec`.
fn deployment(field: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: {{}}\n  \
         template: {{}}\n  {field}\n"
    )
}

const WIDGETS: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}}
";

const WIDGET: &str = "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 1}\n";

#[test]
fn files_and_folders_are_checked_without_a_definition() {
    let world = World::new(&[("a/good.yaml", MANIFEST), ("a/b/bad.yml", &deployment("replcas: 1"))]);
    world.write("a/.hidden/x.yaml", "[").write("a/read.me", "{");
    let run = world.hld("validate --files a/good.yaml").run();
    run.exits(0).untouched().mentions("1 file: 1 object for Kubernetes 1.35, none invalid");
    let run = world.hld("validate --files a").run();
    run.exits(1).untouched().mentions("2 files: 2 objects for Kubernetes 1.35, 1 invalid");
    run.mentions("did you mean `replicas`?").reports("error[HLD1001] a/b/bad.yml:7:3");
    assert!(run.stdout.is_empty(), "{run}");
}

#[test]
fn standard_input_is_a_file() {
    let world = World::new(&[("bad.yaml", &deployment("replcas: 1"))]);
    let run = world.hld("validate --files -").behind("exec < bad.yaml").run();
    run.exits(1).reports("error[HLD1001] standard input:7:3");
}

#[test]
fn nothing_to_check_is_said_and_does_not_pass() {
    let world =
        World::new(&[("empty/x.txt", ""), ("none.yaml", "# nothing\n---\n"), ("component.yaml", SHOP)]);
    world.write("web/web.yaml", "# nothing\n");
    world.rejects("validate --files empty", 1, &["error[HLD1011]"]);
    world.rejects("validate --files none.yaml", 1, &["error[HLD1011]"]);
    world.rejects("validate --files nowhere", 2, &[]);
    world.hld("validate").run().exits(0).reports("warning[HLD1011]");
    world.hld("validate --strict").run().exits(1).reports("error[HLD1011]");
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let world = World::new(&[("a.yaml", "a: [\n"), ("c.yaml", &deployment("replcas: 1"))]);
    world.write("b.yaml", b"a: \xff\n");
    let run = world.hld("validate --files a.yaml b.yaml c.yaml").run();
    run.exits(1).untouched();
    for report in ["error[HLD0101] a.yaml:2:1", "error[HLD0102] b.yaml:1:1", "error[HLD1001] c.yaml:7:3"] {
        run.reports(report);
    }
}

#[test]
fn custom_kinds_are_checked_by_definitions_in_any_of_the_files() {
    let world = World::new(&[("crd.yaml", WIDGETS), ("widget.yaml", WIDGET)]);
    let run = world.hld("validate --files widget.yaml").run();
    run.exits(0).mentions("1 object for Kubernetes 1.35, none invalid, 1 without a schema");
    run.mentions("`Widget` of `example.org/v1` has no schema: 1 object was not checked");
    let run = world.hld("validate --files widget.yaml crd.yaml").run();
    run.exits(1).reports("error[HLD1001] widget.yaml:4:8");
}

#[test]
fn a_secret_is_not_shown_whatever_is_wrong_with_it() {
    let text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: key}}\nstringData:\n  a: [{SECRET}]\n  {SECRET}: 1\n"
    );
    // The name of a key is no secret, and is part of the message.
    let text = text.replace(&format!("  {SECRET}: 1\n"), "  b: 1\n");
    let broken = format!("kind: Secret\ndata: {{a: {SECRET}\n");
    let world = World::new(&[("component.yaml", SHOP), ("web/web.yaml", &text), ("broken.yaml", &broken)]);
    world.hld("validate").run().exits(1).untouched().reports("error[HLD1002] web/web.yaml:5:6");
    for form in ["text", "json"] {
        let run = world.hld(&format!("validate --files web broken.yaml --format {form}")).run();
        run.exits(1).untouched();
    }
}

#[test]
fn an_environment_is_checked_for_its_own_kubernetes() {
    let hpa = "apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n\
               spec: {maxReplicas: 1, scaleTargetRef: {kind: Deployment, name: a}}\n";
    let world = World::new(&[("component.yaml", SHOP), ("web/web.yaml", hpa)]);
    world.write(
        "hld.yaml",
        "apiVersion: hld.dev/v1\nenvironments: {old: {configs: [], kubernetes: 1.25.3}, new: {configs: []}, \
         ancient: {configs: [], kubernetes: 1.9.0}}\n",
    );
    let run = world.hld("validate old").run();
    run.exits(0).mentions("old: 1 object for Kubernetes 1.25, none invalid");
    run.reports("warning[HLD1006] web/web.yaml:1:13");
    world.hld("validate new").run().exits(1).reports("error[HLD1005] web/web.yaml:1:13");
    world.hld("validate new --kubernetes 1.25").run().exits(0);
    let run = world.hld("validate ancient").run();
    run.exits(1).mentions("known are 1.25 to 1.37").reports("error[HLD1010]");
}

#[test]
fn findings_stand_on_the_authors_line() {
    let manifests = format!("{MANIFEST}---\n# a comment\n\n{}", deployment("replcas: 1"));
    let world = World::with_manifest(&manifests);
    world.hld("validate").run().exits(1).reports("error[HLD1001] web/web.yaml:13:3");
    let run = world.hld("validate --format json").run();
    let shown: serde_json::Value = serde_json::from_str(&run.exits(1).stdout).unwrap();
    assert_eq!(shown["checked"][0]["objects"], 2);
    assert_eq!(shown["checked"][0]["invalid"], 1);
    assert_eq!(shown["diagnostics"][0]["path"], "web/web.yaml");
    assert_eq!(shown["diagnostics"][0]["line"], 13);
}

#[test]
fn a_template_is_named_where_one_line_of_it_can_be_meant() {
    let template = deployment("replcas: {{ values.n }}");
    let world = World::new(&[("component.yaml", &SHOP.replace("static", "template"))]);
    world
        .write("web/d.yaml", template)
        .write("config/common.yaml", "config: {}\nsubcomponents: {web: {config: {n: 1}}}\n");
    let run = world.hld("validate").run();
    run.exits(1).mentions("in the manifest that it makes at generated/common/web.yaml:8:3");
    run.reports("error[HLD1001] web/d.yaml:7:3");
}

#[test]
fn a_chart_is_named_where_one_line_of_it_can_be_meant() {
    let made = deployment("replcas: 1");
    let world = World::with_helm(&format!(
        "cat > /dev/null; cat <<'E'\n---\n# Source: web/templates/d.yaml\n{made}E"
    ));
    world.hld("validate").run().exits(1).reports("error[HLD1001] generated/common/web.yaml:9:3");
    world.write("chart/templates/d.yaml", deployment("replcas: {{ .Values.n }}"));
    let run = world.hld("validate").run();
    run.exits(1).mentions("in component `web` at component.yaml:3:9");
    run.reports("error[HLD1001] chart/templates/d.yaml:7:3");
}

#[test]
fn the_gate_lets_nothing_through_that_is_wrong() {
    let world = World::with_manifest(&deployment("replcas: 1"));
    for arguments in ["generate --gate", "generate --validate", "generate --gate --stdout"] {
        let run = world.hld(arguments).run();
        run.exits(1).untouched().mentions("common: 1 object for Kubernetes 1.35, 1 invalid");
        run.reports("error[HLD1001] web/web.yaml:7:3");
        assert!(run.stdout.is_empty(), "{run}");
    }
    world.write("web/web.yaml", deployment("replicas: 1"));
    let run = world.hld("generate --gate").run();
    run.exits(0).mentions("common: 1 object for Kubernetes 1.35, none invalid");
    assert_eq!(world.read("generated/common/web.yaml"), format!("---\n{}\n", deployment("replicas: 1")));
}

#[test]
fn the_gate_stops_what_is_no_object() {
    let world = World::with_manifest("metadata: {name: a}\n");
    world.hld("generate").run().exits(0).reports("warning[HLD0405] web/web.yaml:1:1");
    let run = world.hld("generate --gate --output out").run();
    run.exits(1).untouched().reports("error[HLD0405] web/web.yaml:1:1");
    assert_eq!(run.all_reports().iter().filter(|report| report.contains("HLD0405")).count(), 1, "{run}");
}

#[test]
fn custom_kinds_of_the_environment_come_before_those_of_others() {
    let world = World::new(&[
        (
            "component.yaml",
            "name: shop\nsubcomponents:\n- {name: web, type: static, path: web}\n- {name: crd, type: template, path: crd}\n",
        ),
        ("web/web.yaml", WIDGET),
        ("config/a.yaml", "subcomponents: {crd: {config: {keep: \"true\"}}}\n"),
        ("config/b.yaml", "subcomponents: {crd: {config: {keep: \"false\"}}}\n"),
    ]);
    let kept = WIDGETS.replace(
        "{type: object}}}}}",
        "{type: object, x-kubernetes-preserve-unknown-fields: {{ values.keep }}}}}}}",
    );
    world.write("crd/crd.yaml", kept);
    world.hld("validate a").run().exits(0);
    world.hld("validate b").run().exits(1);
    let run = world.hld("validate --env a --env b").run();
    run.exits(1).mentions("a: 2 objects for Kubernetes 1.35, none invalid");
    run.mentions("b: 2 objects for Kubernetes 1.35, 1 invalid");
}

#[test]
fn other_programs_are_told_in_their_forms() {
    let world =
        World::new(&[("apps/component.yaml", SHOP), ("apps/web/web.yaml", &deployment("replcas: 1"))]);
    let place = "`spec.replcas` of `Deployment.apps web` is no field that Kubernetes knows";
    for command in ["-C apps validate", "-C apps generate --gate"] {
        let run = world.hld(&format!("{command} --format github")).run();
        let line = format!("::error file=apps/web/web.yaml,line=7,col=3,title=HLD1001::{place}%0A");
        assert!(run.exits(1).untouched().stdout.starts_with(&line), "{run}");
        run.mentions("common: 1 object for Kubernetes 1.35, 1 invalid");
        let run = world.hld(&format!("{command} --format azure")).run();
        let line = "##vso[task.logissue type=error;sourcepath=apps/web/web.yaml;linenumber=7;columnnumber=3;";
        assert!(run.exits(1).stdout.starts_with(line), "{run}");
        let run = world.hld(&format!("{command} --format sarif")).run();
        let sarif: serde_json::Value = serde_json::from_str(&run.exits(1).stdout).unwrap();
        assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "HLD1001");
        let run = world.hld(&format!("{command} --format junit")).run();
        assert!(run.exits(1).stdout.contains("<testsuite name=\"hld\" tests=\"2\" failures=\"1\""), "{run}");
    }
    world.write("apps/web/web.yaml", deployment("replicas: 1"));
    let run = world.hld("-C apps generate --gate --stdout --format github").run();
    assert!(run.exits(0).stdout.starts_with("---\n"), "{run}");
}

#[test]
fn b160_a_manifest_gives_no_commands_to_the_ci_system() {
    let command = "##vso[task.setvariable variable=a]";
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n? '{command}'\n: {{'::error::x': 1}}\n"
    );
    let world = World::new(&[("component.yaml", SHOP), ("web/web.yaml", &text)]);
    for form in ["text", "json", "github", "azure", "sarif", "junit"] {
        let run = world.hld(&format!("validate --format {form}")).run();
        let all = format!("{}{}", run.exits(1).stdout, run.stderr);
        assert!(!all.contains("##vso[task.set"), "{run}");
        let is_call = |line: &str| line.trim_start().starts_with("::") && form != "github";
        assert!(!all.lines().any(is_call), "{run}");
    }
}

#[test]
fn what_several_environments_share_is_said_once() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: 1}\n";
    let world = World::new(&[
        ("component.yaml", SHOP),
        ("web/web.yaml", secret),
        ("config/a.yaml", "{}"),
        ("config/b.yaml", "{}"),
    ]);
    let run = world.hld("validate --all").run();
    run.exits(1).mentions("a: 1 object for Kubernetes 1.35, 1 invalid");
    assert_eq!(run.all_reports(), ["error[HLD1002] web/web.yaml:4:17"]);
}

#[test]
fn paths_in_reports_begin_at_the_top_of_the_repository() {
    let world = World::new(&[("apps/a.yaml", &deployment("replcas: 1"))]);
    let run = world.hld("validate --files ./a.yaml --format github").in_folder(world.path("apps")).run();
    assert!(run.exits(1).stdout.starts_with("::error file=apps/a.yaml,line=7,"), "{run}");
    let run = world.hld("validate --files - --format github").behind("exec < apps/a.yaml").run();
    assert!(run.exits(1).stdout.starts_with("::error file=standard input,line=7,"), "{run}");
}
