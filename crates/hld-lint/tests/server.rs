//! The fixtures on a real API server: what it takes passes, what it refuses is found.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;

use hld_diag::FileId;
use hld_lint::{Checker, CustomKinds, Version};
use hld_testkit::cluster::{Cluster, Parts};
use hld_testkit::tools;
use hld_yaml::Limits;

/// The fixtures that are checked for the version of the server.
const FIXTURES: [&str; 5] = ["good.yaml", "fields.yaml", "values.yaml", "kinds.yaml", "custom.yaml"];

/// A line of a definition with a pattern that neither we nor the server understand.
const BROKEN: &str = "broken: {type: string";

#[test]
fn the_server_agrees_about_every_document_of_the_fixtures() {
    let cluster = Cluster::start(Parts::ApiServer).unwrap();
    cluster.kubectl(&["create", "namespace", "shop"]).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/lint");
    let text = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        text.lines().filter(|line| !line.contains(BROKEN)).map(|line| format!("{line}\n")).collect::<String>()
    };
    let texts = FIXTURES.map(text);
    let definition = texts[4].split("\n---\n").next().unwrap();
    cluster.apply(definition).unwrap();
    let established = ["wait", "--for=condition=Established", "crd/widgets.example.org", "--timeout=60s"];
    cluster.kubectl(&established).unwrap();
    let mut custom = CustomKinds::default();
    custom.learn(definition, FileId::NONE, &Limits::default());
    let custom = [&custom];
    let checker = Checker::new(Version::parse(&tools::kubernetes().unwrap()).unwrap(), &custom);
    let mut n_compared = 0;
    for document in texts.iter().flat_map(|text| text.split("\n---\n")) {
        n_compared += usize::from(compare(&cluster, &checker, document));
    }
    assert!(n_compared >= 30, "only {n_compared} documents were compared");
}

/// Compares the verdicts about a document; whether there were two.
fn compare(cluster: &Cluster, checker: &Checker<'_>, document: &str) -> bool {
    let checked = checker.check(document, FileId::NONE, &Limits::default());
    let is_definition = document.contains("kind: CustomResourceDefinition");
    if checked.n_objects == 0 || !checked.without_schema.is_empty() || is_definition {
        return false;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), document).unwrap();
    let path = file.path().to_string_lossy().into_owned();
    let said = cluster.kubectl(&["create", "--dry-run=server", "--validate=strict", "-f", &path]);
    let said = said.map(drop);
    assert_eq!(checked.n_invalid == 0, said.is_ok(), "{document}\n{:#?}\n{said:?}", checked.diagnostics);
    true
}
