//! The pure crates have no files, clock, environment or network: `clippy.toml` lists what reaches
//! for them, and each of these crates switches the lints on.

use crate::rust_files;

/// Crates without I/O, as far as there are any.
const PURE: &[&str] = &[
    "hld-diag",
    "hld-yaml",
    "hld-semver",
    "hld-gotmpl",
    "hld-sprig",
    "hld-k8s",
    "hld-helm",
    "hld-kustomize",
    "hld-diff",
    "hld-lint",
    "hld-compiler",
];

/// What stands in the `lib.rs` of each.
const SWITCH: &str = "#![warn(clippy::disallowed_methods, clippy::disallowed_types)]";

#[test]
fn pure_crates_switch_the_lints_on_and_nowhere_off() {
    let crates = hld_testkit::repository().join("crates");
    let mut n_checked = 0;
    for name in PURE.iter().filter(|name| crates.join(name).is_dir()) {
        let source = crates.join(name).join("src");
        let lib = std::fs::read_to_string(source.join("lib.rs")).unwrap();
        assert!(lib.lines().any(|line| line == SWITCH), "{name}/src/lib.rs has no line {SWITCH}");
        for (path, text) in rust_files(&source) {
            let others = text.lines().filter(|line| *line != SWITCH);
            let is_touched = others.into_iter().any(|line| line.contains("clippy::disallowed_"));
            assert!(!is_touched, "{} changes the lints of its crate", path.display());
        }
        n_checked += 1;
    }
    assert!(n_checked > 0, "there are no pure crates");
}

#[test]
fn the_lists_name_what_reaches_outside() {
    let lists = std::fs::read_to_string(hld_testkit::repository().join("clippy.toml")).unwrap();
    for path in [
        "std::fs::read",
        "std::env::var",
        "std::time::Instant",
        "std::net::TcpStream",
        "std::process::Command",
    ] {
        assert!(lists.contains(&format!("\"{path}\"")), "clippy.toml does not name {path}");
    }
}
