//! Imports go down only, and what a crate must not know it can not name.
//!
//! The rows are those of the table in ARCHITECTURE.md.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value as Json;

/// Row of what tests and automation are made of: it may import everything, and nothing ships it.
const DEV: usize = usize::MAX;

/// Crates that only these may import.
const RESERVED: &[(&str, &[&str])] = &[
    ("git2", &["hld-git"]),
    ("kube", &["hld-apply", "hld-agent", "hld-cli"]),
    ("hld-compiler", &["hld-source", "hld-cli", "hld-testkit", "xtask"]),
    // It writes `"yes"` and `"1_000"` without quotes: a test shows it, nothing uses it.
    ("serde_yaml", &[]),
];

#[test]
fn imports_go_down_only() {
    let (rows, packages) = (rows(), packages());
    let unknown: Vec<&String> = packages.keys().filter(|name| !rows.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "ARCHITECTURE.md has no row for {unknown:?}");
    let gone: Vec<&String> = rows.keys().filter(|name| !packages.contains_key(*name)).collect();
    assert!(gone.is_empty(), "ARCHITECTURE.md has rows for {gone:?}, which are no crates");
    for (name, imports) in &packages {
        for import in imports {
            let imported = rows.get(import);
            let is_dev = rows[name] == DEV;
            assert!(
                imported.is_none_or(|row| *row < rows[name] || is_dev),
                "{name} must not import {import}"
            );
            let by = RESERVED.iter().find(|(reserved, _)| reserved == import).map(|(_, by)| *by);
            assert!(by.is_none_or(|by| by.contains(&name.as_str())), "{import} is not for {name}");
        }
    }
}

/// The row of each crate.
fn rows() -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(hld_testkit::repository().join("ARCHITECTURE.md")).unwrap();
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | `"));
    let row = |cell: &str| if cell == "dev" { Some(DEV) } else { cell.parse().ok() };
    cells.filter_map(|(cell, rest)| Some((rest.split_once('`')?.0.to_owned(), row(cell)?))).collect()
}

/// Every crate of the workspace, and what it imports outside of its tests.
fn packages() -> BTreeMap<String, Vec<String>> {
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
