//! The cases as tests: each has its name, and threads and filters work as in any other test.

use std::process::ExitCode;
use std::sync::Arc;

use hld_testkit::examples::{self, Scope};
use hld_testkit::{Hld, definitions};
use libtest_mimic::{Arguments, Trial};

/// The binary under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_hld");

/// Runs what is in the scope.
pub(crate) fn run(hld: Hld, scope: Scope) -> ExitCode {
    let hld = Arc::new(hld);
    let cases = definitions::cases().expect("the fixtures can be read");
    let cases = cases.into_iter().filter(|case| case.has_charts() == (scope == Scope::Everything));
    let mut trials: Vec<Trial> = cases
        .map(|case| {
            let hld = Arc::clone(&hld);
            Trial::test(case.name.clone(), move || Ok(case.check(&hld)?))
        })
        .collect();
    assert!(!trials.is_empty(), "there are no fixtures of definitions");
    let examples = examples::all().expect("the examples can be read");
    assert!(!examples.is_empty(), "there are no examples");
    trials.extend(examples.into_iter().map(|example| {
        let hld = Arc::clone(&hld);
        Trial::test(format!("example {}", example.name), move || Ok(example.check(&hld, scope)?))
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
