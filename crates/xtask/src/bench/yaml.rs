//! Reading and writing YAML in one thread, beside Go's sigs.k8s.io/yaml on the same bytes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use hld_diag::FileId;
use hld_yaml::{Documents, Limits, ReadOptions};

use super::manifests;
use crate::Outcome;

/// What is measured, the MB/s that are asked for, and the name of Go's side.
const ASKED: [(&str, f64, Side); 3] =
    [("tree", 60.0, Side::Read), ("scan", 150.0, Side::Read), ("emit", 120.0, Side::Emit)];

/// What Go does of the same.
#[derive(Clone, Copy)]
enum Side {
    Read,
    Emit,
}

/// Rounds of each measurement; the best counts.
const ROUNDS: usize = 5;

/// `bench yaml [--files DIR]`
pub(crate) fn yaml(options: &[&str]) -> Outcome {
    let text = match options {
        [] => manifests::stream(12 << 20),
        ["--files", folder] => files(Path::new(folder))?,
        _ => return Err("usage: cargo xtask bench yaml [--files DIR]".to_owned()),
    };
    let megabytes = text.len() as f64 / 1e6;
    let (go_read, go_emit) = go(&text)?;
    let ours = [read(&text)?, scan(&text)?, emit(&text)?];
    println!("{megabytes:.1} MB, one thread, best of {ROUNDS}");
    println!("{:6} {:>10} {:>10} {:>10} {:>8}", "", "asked MB/s", "measured", "Go", "times Go");
    let mut enough = true;
    for ((name, asked, side), seconds) in ASKED.into_iter().zip(ours) {
        let theirs = match side {
            Side::Read => megabytes / go_read,
            Side::Emit => megabytes / go_emit,
        };
        let measured = megabytes / seconds;
        enough &= measured >= asked;
        println!("{name:6} {asked:>10.0} {measured:>10.1} {theirs:>10.1} {:>8.1}", measured / theirs);
    }
    Ok(enough)
}

fn limits(text: &str) -> Limits {
    Limits::of_bytes(text.len())
}

/// Seconds of reading every document into a tree.
fn read(text: &str) -> Result<f64, String> {
    let options = ReadOptions { limits: limits(text), documents: Documents::All, ..ReadOptions::default() };
    best(|| hld_yaml::read(text, FileId::NONE, &options).map_err(|error| error.go_text()))
}

/// Seconds of checking every document.
fn scan(text: &str) -> Result<f64, String> {
    best(|| hld_yaml::scan(text, FileId::NONE, &limits(text)).map_err(|error| error.go_text()))
}

/// Seconds of writing every document.
fn emit(text: &str) -> Result<f64, String> {
    let options = ReadOptions { limits: limits(text), documents: Documents::All, ..ReadOptions::default() };
    let read = hld_yaml::read(text, FileId::NONE, &options).map_err(|error| error.go_text())?;
    best(|| {
        let mut out = String::new();
        for value in &read.documents {
            hld_yaml::emit_into(&mut out, value);
        }
        Ok(out)
    })
}

/// The shortest time that `work` takes.
fn best<T>(mut work: impl FnMut() -> Result<T, String>) -> Result<f64, String> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let result = work()?;
        best = best.min(start.elapsed().as_secs_f64());
        drop(result);
    }
    Ok(best)
}

/// Seconds that sigs.k8s.io/yaml takes to read and to write the documents of `text`.
fn go(text: &str) -> Result<(f64, f64), String> {
    let work = std::env::temp_dir().join(format!("hld-bench-yaml-{}", std::process::id()));
    std::fs::create_dir_all(&work).map_err(|error| error.to_string())?;
    let file = work.join("stream.yaml");
    std::fs::write(&file, text).map_err(|error| error.to_string())?;
    let program = work.join("yamlbench");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("go/yamlbench");
    let build = Command::new("go").args(["build", "-o"]).arg(&program).arg(".").current_dir(source).status();
    let output = match build {
        Ok(status) if status.success() => Command::new(&program).arg(&file).output(),
        Ok(status) => return Err(format!("go build: {status}")),
        Err(error) => return Err(format!("go: {error}")),
    };
    let output = output.map_err(|error| error.to_string())?;
    let _ = std::fs::remove_dir_all(&work);
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut numbers = printed.split_whitespace().filter_map(|number| number.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(read), Some(emit)) => Ok((read, emit)),
        _ => Err(format!("yamlbench: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// The YAML files below `folder` that can be read, as one stream.
fn files(folder: &Path) -> Result<String, String> {
    let mut paths = Vec::new();
    find(folder, &mut paths).map_err(|error| format!("{}: {error}", folder.display()))?;
    paths.sort();
    let options = ReadOptions { documents: Documents::All, ..ReadOptions::default() };
    let texts = paths.iter().filter_map(|path| std::fs::read_to_string(path).ok());
    let good = texts.filter(|text| hld_yaml::read(text, FileId::NONE, &options).is_ok());
    Ok(good.map(|text| format!("{}\n", text.trim_end())).collect::<Vec<_>>().join("---\n"))
}

fn find(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() && !path.is_symlink() {
            find(&path, paths)?;
        } else if matches!(extension, Some("yaml" | "yml")) {
            paths.push(path);
        }
    }
    Ok(())
}
