//! Imports go down only, and what a crate must not know it can not name.

use std::process::Command;

use serde_json::Value as Json;

/// The crates in rows: a crate imports only from rows above its own.
const ROWS: &[&[&str]] = &[
    &["hld-diag"],
    &["hld-yaml", "hld-semver"],
    &["hld-gotmpl", "hld-k8s"],
    &["hld-sprig", "hld-diff", "hld-lint"],
    &["hld-helm", "hld-kustomize"],
    &["hld-compiler"],
    &["hld-git", "hld-oci", "hld-apply"],
    &["hld-source", "hld-publisher", "hld-forge", "hld-agent"],
    &["hld-cli"],
];

/// What tests and automation are made of: they may import everything, and nothing ships them.
const DEV: &[&str] = &["hld-testkit", "xtask"];

/// Crates that only these may import.
const RESERVED: &[(&str, &[&str])] = &[
    ("git2", &["hld-git"]),
    ("kube", &["hld-apply", "hld-agent"]),
    ("hld-compiler", &["hld-cli", "hld-testkit", "xtask"]),
    // It writes `"yes"` and `"1_000"` without quotes: a test shows it, nothing uses it.
    ("serde_yaml", &[]),
];

#[test]
fn imports_go_down_only() {
    let packages = packages();
    assert!(!packages.is_empty(), "cargo names no crates");
    let wrong: Vec<String> =
        packages.iter().flat_map(|(name, imports)| wrong_imports(name, imports)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong_imports(name: &str, imports: &[String]) -> Vec<String> {
    let is_dev = |name: &str| DEV.contains(&name);
    let Some(row) = row(name).or_else(|| is_dev(name).then_some(ROWS.len())) else {
        return vec![format!("{name} stands in no row")];
    };
    let is_wrong = |import: &&String| {
        let is_upward = match row_or_dev(import) {
            Some(imported) => imported >= row && !(is_dev(name) && is_dev(import)),
            None => false,
        };
        let is_reserved = RESERVED.iter().any(|(reserved, by)| reserved == import && !by.contains(&name));
        is_upward || is_reserved
    };
    imports.iter().filter(is_wrong).map(|import| format!("{name} must not import {import}")).collect()
}

fn row(name: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&name))
}

fn row_or_dev(name: &str) -> Option<usize> {
    row(name).or_else(|| DEV.contains(&name).then_some(ROWS.len()))
}

/// Every crate of the workspace, and what it imports outside of its tests.
fn packages() -> Vec<(String, Vec<String>)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(hld_testkit::repository())
        .output()
        .unwrap();
    let metadata: Json = serde_json::from_slice(&output.stdout).unwrap();
    let list = |json: &Json| json.as_array().unwrap().clone();
    let name = |json: &Json| json["name"].as_str().unwrap().to_owned();
    let imports = |package: &Json| {
        let shipped = list(&package["dependencies"]).into_iter().filter(|import| import["kind"] != "dev");
        shipped.map(|import| name(&import)).collect()
    };
    list(&metadata["packages"]).iter().map(|package| (name(package), imports(package))).collect()
}
