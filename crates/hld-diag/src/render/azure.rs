//! Diagnostics as issues of Azure Pipelines.

use super::{Report, lines};
use crate::{Diagnostic, Severity, Untrusted};

/// One line for each diagnostic: `##vso[task.logissue type=error;sourcepath=a.yaml;linenumber=3;…]what`.
/// Azure Pipelines has no issue for a note: it is a line of the log.
///
/// What the agent decodes can not end the command or begin another one (azure-pipelines-agent,
/// `CommandStringConvertor`).
#[must_use]
pub fn azure(report: &Report<'_>) -> String {
    report.diagnostics.iter().map(|diagnostic| line(report, diagnostic)).collect()
}

fn line(report: &Report<'_>, diagnostic: &Diagnostic) -> String {
    let code = diagnostic.code;
    let lines = lines(report, diagnostic);
    let kind = match diagnostic.severity {
        Severity::Note => return format!("note[{code}]: {}\n", lines.join("; ")),
        Severity::Warning => "warning",
        Severity::Error | Severity::Refused => "error",
    };
    let place = report.locate(diagnostic.span).map_or_else(String::new, |at| {
        let path = property(&Untrusted(&at.path).line());
        format!("sourcepath={path};linenumber={};columnnumber={};", at.line, at.column)
    });
    let text = lines.iter().map(|line| data(line)).collect::<Vec<_>>().join("%0A");
    format!("##vso[task.logissue type={kind};{place}code={code};]{code}: {text}\n")
}

fn data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(']', "%5D").replace(';', "%3B")
}
