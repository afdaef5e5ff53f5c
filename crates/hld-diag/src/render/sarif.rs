//! Diagnostics as SARIF 2.1.0, for code scanning.

use serde_json::{Value, json};

use super::{Report, lines};
use crate::{Code, Diagnostic, Severity, Span};

/// One run of hld. A diagnostic with a place is a result, one without is a notification of the tool.
#[must_use]
pub fn sarif(report: &Report<'_>) -> Value {
    let mut codes: Vec<Code> = report.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let (placed, unplaced): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        report.diagnostics.iter().partition(|diagnostic| report.locate(diagnostic.span).is_some());
    let results = placed.iter().map(|diagnostic| result(report, diagnostic, &codes));
    let notifications = unplaced.iter().map(|diagnostic| {
        json!({
            "descriptor": { "id": diagnostic.code.to_string() },
            "level": level(diagnostic.severity),
            "message": { "text": lines(report, diagnostic).join("\n") },
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "hld",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": !unplaced.iter().any(|diagnostic| diagnostic.severity.is_fatal()),
                "toolExecutionNotifications": notifications.collect::<Vec<_>>(),
            }],
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn rule(code: Code) -> Value {
    let page = code.page();
    let title = page.lines().next().unwrap_or_default();
    let title = title.split_once(": ").map_or(title, |(_, title)| title);
    json!({
        "id": code.to_string(),
        "shortDescription": { "text": title },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

fn result(report: &Report<'_>, diagnostic: &Diagnostic, codes: &[Code]) -> Value {
    let labels = diagnostic.labels.iter().filter_map(|label| {
        let mut location = location(report, label.span)?;
        location["message"] = json!({ "text": crate::Untrusted(&label.message).line() });
        Some(location)
    });
    json!({
        "ruleId": diagnostic.code.to_string(),
        "ruleIndex": codes.binary_search(&diagnostic.code).unwrap_or_default(),
        "level": level(diagnostic.severity),
        "message": { "text": lines(report, diagnostic).join("\n") },
        "locations": location(report, diagnostic.span).into_iter().collect::<Vec<_>>(),
        "relatedLocations": labels.collect::<Vec<_>>(),
    })
}

fn location(report: &Report<'_>, span: Span) -> Option<Value> {
    let at = report.locate(span)?;
    let artifact = if at.path.starts_with('/') {
        json!({ "uri": format!("file://{}", uri(&at.path)) })
    } else {
        json!({ "uri": uri(&at.path), "uriBaseId": "%SRCROOT%" })
    };
    let region = json!({ "startLine": at.line, "startColumn": at.column });
    Some(json!({ "physicalLocation": { "artifactLocation": artifact, "region": region } }))
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error | Severity::Refused => "error",
    }
}
