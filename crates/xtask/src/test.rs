//! `cargo xtask test`: everything that is checked.
//!
//! Every step runs, whatever became of those before it. At the end stands the closing line of each,
//! and then how many passed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::{build, conformance, integrations, road, system, tools};

/// What a step came to: whether it passed, and its closing line.
struct Closing {
    is_passed: bool,
    line: String,
}

/// Recorded answers that are part of the test.
const CONFORMANCE: [&str; 4] = ["yaml-parse", "yaml-emit", "semver", "definitions"];

/// Runs every step.
pub(crate) fn run() -> crate::Outcome {
    let mut closings: Vec<(String, Closing)> = Vec::new();
    let mut step = |name: &str, check: &dyn Fn() -> Closing| {
        println!("\n== {name}");
        closings.push((name.to_owned(), check()));
    };
    step("system programs", &|| closing(system::ensure().map(|()| true), "found or installed"));
    step("tools", &fetch_tools);
    step("cargo fmt", &|| plain(build::cargo().args(["fmt", "--all", "--check"])));
    step("cargo clippy", &|| {
        let words =
            ["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"];
        plain(build::cargo().args(words))
    });
    step("cargo test", &|| {
        let words = ["test", "--workspace", "--features", "real-programs", "--locked", "--no-fail-fast"];
        counted(build::cargo().args(words))
    });
    for kind in CONFORMANCE {
        step(&format!("conformance {kind}"), &|| recorded(kind));
    }
    step("integrations", &|| closing(integrations::run(), "built and tested"));
    step("road", &|| closing(road::run(), "whole"));
    step("cargo deny", &deny);
    Ok(summary(&closings))
}

fn summary(closings: &[(String, Closing)]) -> bool {
    println!();
    for (name, closing) in closings {
        let mark = if closing.is_passed { "ok    " } else { "FAILED" };
        println!("{mark} {name:<24} {}", closing.line);
    }
    let n_passed = closings.iter().filter(|(_, closing)| closing.is_passed).count();
    println!("{n_passed} passed, {} failed", closings.len() - n_passed);
    n_passed == closings.len()
}

fn fetch_tools() -> Closing {
    closing(tools::run(&[]), "found or installed")
}

/// Recorded answers; where the data is not beside the repository, only CI insists on it.
fn recorded(kind: &str) -> Closing {
    if !conformance::folder().is_dir() {
        let is_required = std::env::var_os("CI").is_some_and(|value| value == "true");
        println!("conformance data: not present");
        return Closing { is_passed: !is_required, line: "conformance data: not present".to_owned() };
    }
    match conformance::count(kind, &[]) {
        Ok((passed, failed)) => {
            let is_passed = failed == 0 && passed > 0;
            Closing { is_passed, line: format!("{passed} passed, {failed} failed") }
        }
        Err(message) => failed(message),
    }
}

/// Licences, sources and banned crates. Advisories need the network and change with the day: they
/// are for a scheduled run, `cargo deny check advisories`.
fn deny() -> Closing {
    let program = match tools::ensure(&tools::CARGO_DENY) {
        Ok(program) => program,
        Err(message) => return failed(message),
    };
    let fetched = plain(build::cargo().args(["fetch", "--locked"]));
    if !fetched.is_passed {
        return fetched;
    }
    let mut command = Command::new(program);
    command.current_dir(hld_testkit::repository());
    plain(command.args(["--offline", "--locked", "check", "bans", "licenses", "sources"]))
}

/// Runs a command that says by its exit code alone whether it passed.
fn plain(command: &mut Command) -> Closing {
    let status = command.status().map_err(|error| error.to_string());
    closing(status.map(|status| status.success()), "clean")
}

/// Runs `cargo test`, and adds up what its runners say at their end.
fn counted(command: &mut Command) -> Closing {
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return failed(error.to_string()),
    };
    let (mut n_passed, mut n_failed) = (0, 0);
    let lines = child.stdout.take().map(|stdout| BufReader::new(stdout).lines());
    for line in lines.into_iter().flatten().map_while(Result::ok) {
        println!("{line}");
        if line.starts_with("test result: ") {
            n_passed += number_before(&line, " passed");
            n_failed += number_before(&line, " failed");
        }
    }
    let is_passed = child.wait().is_ok_and(|status| status.success()) && n_passed > 0;
    Closing { is_passed, line: format!("{n_passed} passed, {n_failed} failed") }
}

/// `12` in `test result: ok. 12 passed; 0 failed`.
fn number_before(line: &str, word: &str) -> u64 {
    let head = line.split(word).next().unwrap_or_default();
    head.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn closing(outcome: crate::Outcome, fine: &str) -> Closing {
    match outcome {
        Ok(true) => Closing { is_passed: true, line: fine.to_owned() },
        Ok(false) => failed("see above".to_owned()),
        Err(message) => failed(message),
    }
}

fn failed(line: String) -> Closing {
    Closing { is_passed: false, line }
}

#[cfg(test)]
mod tests {
    use super::number_before;

    #[test]
    fn closing_lines_are_read() {
        let line = "test result: ok. 12 passed; 3 failed; 0 ignored; 0 measured";
        assert_eq!((number_before(line, " passed"), number_before(line, " failed")), (12, 3));
    }
}
