//! Values of Secrets are nowhere.

use hld_diff::fold;
use hld_diff::write::{Colour, json, markdown, terminal};

use crate::{check, difference};

/// Stands in every value that must not be told; also as base64.
const CANARY: [&str; 2] = ["s3cr3t-canary", "czNjcjN0LWNhbmFyeQ=="];

/// A Secret with these lines.
fn secret(lines: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\n{lines}")
}

#[test]
fn changed_values_are_told_to_have_changed() {
    check(
        &secret("data: {a: eA==, b: eQ==, c: eg==}\n"),
        &secret("data: {a: eA==, b: eHg=, d: eg==}\n"),
        "~ Secret db\n    data.b\n      the secret value changed\n    data.c\n      - (secret)\n    data.d\n      + (secret)\n",
    );
    check(&secret(""), &secret("stringData: {a: x}\n"), "~ Secret db\n    stringData\n      + a: (secret)\n");
}

#[test]
fn no_writer_has_a_secret() {
    let [plain, encoded] = CANARY;
    let annotated = |value: &str| {
        secret("").replace(
            "  name: db\n",
            &format!(
                "  name: db\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{value}'\n"
            ),
        )
    };
    let template = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Template\nmetadata: {{name: t}}\nobjects:\n- kind: Secret\n  apiVersion: v1\n  stringData: {{a: \"{value}\"}}\n"
        )
    };
    let sides = [
        (secret(&format!("data: {{a: {encoded}}}\n")), secret("data: {a: eA==}\n")),
        (
            secret(&format!("stringData:\n  a: |\n    x\n    {plain}\n")),
            secret("stringData:\n  a: |\n    x\n    y\n"),
        ),
        (secret(&format!("data: {encoded}\n")), secret("data: [x]\n")),
        (secret(&format!("data: {{a: {{b: [{plain}]}}}}\n")), secret("data: {a: {b: [x]}}\n")),
        (secret(&format!("Data: {{a: {encoded}}}\n")), secret("Data: {a: eA==}\n")),
        (secret(&format!("data: &x {{a: {encoded}}}\nother: *x\n")), secret("other: {a: eA==}\n")),
        (secret(&format!("data: {{a: {encoded}}}\n")).replace("Secret", "secret"), String::new()),
        (annotated(plain), annotated("x")),
        (template(plain), template("x")),
        (
            format!(
                "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: Secret, metadata: {{name: a}}, data: {{a: {encoded}}}}}\n"
            ),
            String::new(),
        ),
    ];
    for (one, other) in &sides {
        for (before, after) in [(one, other), (other, one)] {
            let comparisons = [difference(before, after)];
            let comparison = fold(&comparisons);
            assert!(!comparison.is_empty(), "{before}{after}");
            let shown = [
                terminal(&comparison, Colour::Plain),
                terminal(&comparison, Colour::Ansi),
                markdown(&comparison, None),
                json(&comparison).to_string(),
                format!("{comparison:?}"),
            ];
            for text in shown {
                assert!(CANARY.iter().all(|canary| !text.contains(canary)), "{text}");
            }
        }
    }
}

#[test]
fn a_broken_secret_is_not_quoted() {
    let text = secret(&format!("data: {{a: {}: b}}\n", CANARY[0]));
    let outcome = crate::outcome("", &text);
    assert!(outcome.diagnostics.has_fatal());
    assert!(!format!("{:?}", outcome.diagnostics).contains(CANARY[0]));
}
