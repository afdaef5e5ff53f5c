//! Diagnostics as annotations of GitHub Actions.

use super::{Report, lines};
use crate::{Diagnostic, Severity, Untrusted};

/// One line for each diagnostic: `::error file=a.yaml,line=3,col=5,title=HLD1001::what`.
///
/// What the runner decodes can not end the command or begin another one (actions/toolkit,
/// `escapeData`, `escapeProperty`).
#[must_use]
pub fn github(report: &Report<'_>) -> String {
    report.diagnostics.iter().map(|diagnostic| line(report, diagnostic)).collect()
}

fn line(report: &Report<'_>, diagnostic: &Diagnostic) -> String {
    let command = match diagnostic.severity {
        Severity::Note => "notice",
        Severity::Warning => "warning",
        Severity::Error | Severity::Refused => "error",
    };
    let place = report.locate(diagnostic.span).map_or_else(String::new, |at| {
        let path = property(&Untrusted(&at.path).line());
        format!("file={path},line={},col={},", at.line, at.column)
    });
    let text = lines(report, diagnostic).iter().map(|line| data(line)).collect::<Vec<_>>().join("%0A");
    format!("::{command} {place}title={}::{text}\n", diagnostic.code)
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
