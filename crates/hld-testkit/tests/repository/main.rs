//! What holds for the repository as a whole: its layers, its purity, its generated files.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod codes;
mod layers;
mod purity;
mod sample;
mod schemas;
mod shape;

use std::path::{Path, PathBuf};

/// Every Rust file below `folder`, with its text.
fn rust_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let files = hld_testkit::Files::read(folder).unwrap();
    let rust = files.0.into_iter().filter(|(path, _)| path.ends_with(".rs"));
    rust.map(|(path, bytes)| (folder.join(path), String::from_utf8(bytes).unwrap())).collect()
}

/// The `src` folder of every crate.
fn sources() -> Vec<PathBuf> {
    let crates = std::fs::read_dir(hld_testkit::repository().join("crates")).unwrap();
    let mut sources: Vec<PathBuf> = crates.map(|entry| entry.unwrap().path().join("src")).collect();
    sources.retain(|source| source.is_dir());
    sources.sort();
    assert!(!sources.is_empty(), "there are no crates");
    sources
}
