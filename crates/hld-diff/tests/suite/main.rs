//! Differences of manifests: what is found, that it is exactly what differs, how it is written, and
//! that no secret is in it.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod budget;
mod comparing;
mod dangers;
mod folding;
mod property;
mod secrets;
mod writing;

use hld_diag::FileId;
use hld_diff::write::{Colour, terminal};
use hld_diff::{Comparison, Input, Key, Options, Outcome, compare, fold};
use hld_yaml::Limits;

/// Compares two streams of manifests.
fn outcome(before: &str, after: &str) -> Outcome {
    let options = Options { key: Key::new([7; 32]), limits: Limits::default() };
    let input = |text| [Input { text, file: FileId::NONE }];
    compare(&input(before), &input(after), &options)
}

/// The difference, which has nothing beside it that needs to be said.
fn difference(before: &str, after: &str) -> Comparison {
    let outcome = outcome(before, after);
    assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
    Comparison { name: "test".to_owned(), difference: outcome.difference }
}

/// Compares two streams of manifests and what the terminal shows of them, without its first line.
#[track_caller]
fn check(before: &str, after: &str, expected: &str) {
    let shown = terminal(&fold(&[difference(before, after)]), Colour::Plain);
    let (_, lines) = shown.split_once('\n').unwrap();
    assert_eq!(lines, expected, "\n{lines}");
}

/// Comparisons of one text with each of several, which are named by what they are given with.
fn comparisons(before: &str, afters: &[(&str, &str)]) -> Vec<Comparison> {
    let one =
        |(name, after): &(&str, &str)| Comparison { name: (*name).to_owned(), ..difference(before, after) };
    afters.iter().map(one).collect()
}

/// A Deployment with these lines as its `spec`.
fn deployment(spec: &str) -> String {
    format!("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n{spec}")
}
