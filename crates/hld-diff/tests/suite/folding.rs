//! Equal changes of several comparisons are told once.

use hld_diff::fold;
use hld_diff::write::{Colour, json, markdown, terminal};

use crate::{comparisons, deployment};

const ONE: &str = "  replicas: 2\n";
const TWO: &str = "  replicas: 3\n";

#[test]
fn equal_changes_are_told_once_with_where_they_are() {
    let (old, new) = (deployment(ONE), deployment(TWO));
    let comparisons = comparisons(&old, &[("east", &new), ("dev", &old), ("west", &new), ("test", "")]);
    let shown = terminal(&fold(&comparisons), Colour::Plain);
    let expected = "east: 1 changed\ndev: no difference\nwest: 1 changed\ntest: 1 removed\n\
        ~ Deployment.apps shop/web (in east, west (of 4))\n    spec.replicas\n      - 2\n      + 3\n\
        - Deployment.apps shop/web (in test (of 4))\n";
    assert_eq!(shown, expected);
}

#[test]
fn what_is_the_same_everywhere_says_so() {
    let (old, new) = (deployment(ONE), deployment(TWO));
    let comparisons = comparisons(&old, &[("east", &new), ("west", &new)]);
    let shown = markdown(&fold(&comparisons), None);
    let expected = "| | added | changed | removed |\n|---|---|---|---|\n| `east` |  | 1 |  |\n| `west` |  | 1 |  |\n\n\
        **changed** `Deployment.apps shop/web` in all 2\n\n```diff\n# spec.replicas\n-2\n+3\n```\n";
    assert_eq!(shown, expected);
}

#[test]
fn what_did_not_change_may_differ() {
    let one = |spec: &str, other: &str| deployment(&format!("{spec}  other: {other}\n"));
    let mut comparisons = comparisons(&one(ONE, "a"), &[("east", &one(TWO, "a"))]);
    comparisons.extend(crate::comparisons(&one(ONE, "b"), &[("west", &one(TWO, "b"))]));
    assert_eq!(fold(&comparisons).changes.len(), 1);
}

#[test]
fn values_of_secrets_do_not_keep_changes_apart() {
    let secret = |value: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{a: {value}}}\n")
    };
    let comparisons = comparisons(&secret("x"), &[("east", &secret("y")), ("west", &secret("z"))]);
    // Whether two environments have the same password is nothing to tell.
    assert_eq!(fold(&comparisons).changes.len(), 1);
}

#[test]
fn an_object_that_stands_twice_is_told_twice() {
    let object = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n";
    let twice = format!("{object}---\n{object}");
    let comparisons = comparisons("", &[("east", &twice), ("west", object)]);
    let folded = fold(&comparisons);
    let within: Vec<&[usize]> = folded.changes.iter().map(|shared| shared.within.as_slice()).collect();
    assert_eq!(within, [&[0, 1][..], &[0]]);
}

#[test]
fn dangers_stand_on_top_with_where_they_are() {
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: 'd|b', namespace: shop}\n";
    let comparisons = comparisons(claim, &[("a|b", ""), ("west", claim)]);
    let folded = fold(&comparisons);
    let shown = terminal(&folded, Colour::Plain);
    let expected = "a|b: 1 removed\nwest: no difference\n1 dangerous change:\n  \
        ! data loss: PersistentVolumeClaim shop/d|b removed: its volume may be deleted with it (in a|b (of 2))\n\
        - PersistentVolumeClaim shop/d|b (in a|b (of 2))\n";
    assert_eq!(shown, expected);
    let expected = "| | added | changed | removed |\n|---|---|---|---|\n| `a\\|b` |  |  | 1 |\n\n\
        No difference: `west`.\n\n⚠️ **1 dangerous change**\n\n\
        - **data loss**: `PersistentVolumeClaim shop/d|b` removed: its volume may be deleted with it (in `a|b` (of 2))\n\n\
        **removed** `PersistentVolumeClaim shop/d|b` in `a|b` (of 2)\n";
    assert_eq!(markdown(&folded, None), expected);
    let shown = json(&folded);
    assert_eq!(shown["folded"][0]["in"][0], "a|b");
    assert_eq!(shown["comparisons"][0]["objects"][0]["dangers"][0]["risk"], "data loss");
}

#[test]
fn many_environments_are_counted() {
    let (old, new) = (deployment(ONE), deployment(TWO));
    let names: Vec<String> = (0..30).map(|n| format!("e{n}")).collect();
    let mut afters: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), new.as_str())).collect();
    afters[29].1 = &old;
    let shown = terminal(&fold(&comparisons(&old, &afters)), Colour::Plain);
    assert!(
        shown.contains("(in e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11 and 17 more (of 30))\n"),
        "{shown}"
    );
}
