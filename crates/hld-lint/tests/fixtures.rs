//! `fixtures/lint`: manifests that say themselves what is wrong with them.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;

use hld_diag::SourceMap;
use hld_lint::{Checked, Checker, CustomKinds, Version};
use hld_yaml::Limits;

/// Checks a text as one run; findings are `line: code`.
fn check(text: &str) -> (Checked, Vec<String>) {
    let named = text.lines().next().and_then(|line| line.strip_prefix("# kubernetes: "));
    let version = Version::parse(named.unwrap_or("1.35")).unwrap();
    let sources = SourceMap::default();
    let file = sources.add("manifest.yaml", text);
    let mut custom = CustomKinds::default();
    custom.learn(text, file, &Limits::default());
    let sets = [&custom];
    let checked = Checker::new(version, &sets).check(text, file, &Limits::default());
    let mut found: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|one| format!("{:3}: {}", sources.locate(one.span).unwrap().line, one.code))
        .collect();
    found.sort();
    (checked, found)
}

fn expected(text: &str) -> Vec<String> {
    let marked = text.lines().enumerate().flat_map(|(at, line)| {
        let codes = line.rsplit_once("# ").map_or("", |(_, codes)| codes).split(' ');
        codes.filter(|code| code.starts_with("HLD")).map(move |code| format!("{:3}: {code}", at + 1))
    });
    let mut expected: Vec<String> = marked.collect();
    expected.sort();
    expected
}

#[test]
fn every_fixture_has_the_findings_that_it_names_and_no_others() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/lint");
    let mut n_files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(check(&text).1, expected(&text), "{}", path.display());
            n_files += 1;
        }
    }
    assert!(n_files >= 7, "the fixtures are gone");
}

#[test]
fn json_with_tabs_is_read_as_json() {
    let text = include_str!("../../../fixtures/lint/tabs.json");
    let (checked, found) = check(text);
    assert_eq!((checked.n_objects, checked.n_invalid), (1, 1));
    assert_eq!(found, ["  5: HLD1001"]);
}

#[test]
fn what_has_no_schema_is_counted_and_passes() {
    let (checked, found) = check("apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\n");
    assert!(found.is_empty());
    let counted: Vec<_> = checked.without_schema.iter().map(|(gvk, n)| (gvk.kind.as_str(), *n)).collect();
    assert_eq!(counted, [("Thing", 1)]);
    assert_eq!((checked.n_objects, checked.n_invalid), (1, 0));
}

#[test]
fn messages_name_paths_and_types_and_never_values() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: key, namespace: shop}\n\
                data:\n  a: s3cr3t!\n  b: 4711\nstringData:\n  c: 4711\ntyp: s3cr3t\n";
    let (checked, _) = check(text);
    let said: Vec<&str> = checked.diagnostics.iter().map(|one| one.message.as_str()).collect();
    let expected = [
        "`data.a` of `Secret shop/key` must be base64",
        "`data.b` of `Secret shop/key` must be a string, not an integer",
        "`stringData.c` of `Secret shop/key` must be a string, not an integer",
        "`typ` of `Secret shop/key` is no field that Kubernetes knows",
    ];
    assert_eq!(said, expected);
    assert!(checked.has_secret);
    assert_eq!(checked.diagnostics[3].hints, ["did you mean `type`?"]);
}

#[test]
fn a_deep_or_hostile_text_ends_in_a_finding() {
    let deep = format!("apiVersion: v1\nkind: Pod\nspec: {}", "[".repeat(100_000));
    assert_eq!(check(&deep).0.diagnostics.len(), 1);
    let branches = "{items: {enum: [1]}}, ".repeat(10_000);
    let items = "1, ".repeat(10_000);
    let dear = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: a}}\nspec:\n  \
         group: example.org\n  scope: Cluster\n  names: {{kind: A, plural: as}}\n  versions:\n  - name: v1\n    served: true\n    \
         storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          \
         spec: {{type: array, items: {{type: integer}}, oneOf: [{branches}]}}\n---\n\
         apiVersion: example.org/v1\nkind: A\nmetadata: {{name: a}}\nspec: [{items}]\n"
    );
    assert!(check(&dear).1.iter().any(|found| found.ends_with("HLD0103")), "it is given up");
    let wide = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{}",
        (0..5000).map(|n| format!("  k{n}: {n}\n")).collect::<String>()
    );
    assert_eq!(check(&wide).0.diagnostics.len(), 100, "one object does not crowd out all others");
}
