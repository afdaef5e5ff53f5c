//! Diagnostics as a JUnit report.

use std::fmt::Write;

use super::{Colour, Report, lines, terminal};
use crate::{Diagnostic, Untrusted};

/// A report with one suite: a case for each line of the summary, which passes, and one for each
/// diagnostic, which fails if it is an error.
#[must_use]
pub fn junit(report: &Report<'_>) -> String {
    let n_failures = report.diagnostics.iter().filter(|one| one.severity.is_fatal()).count();
    let n_tests = report.diagnostics.len() + report.summary.len();
    let counts = format!("tests=\"{n_tests}\" failures=\"{n_failures}\"");
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ =
        writeln!(out, "<testsuites name=\"hld\" {counts}>\n  <testsuite name=\"hld\" {counts} errors=\"0\">");
    for line in report.summary {
        let _ =
            writeln!(out, "    <testcase classname=\"hld\" name=\"{}\"/>", escape(&Untrusted(line).line()));
    }
    for diagnostic in report.diagnostics {
        case(report, diagnostic, &mut out);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(report: &Report<'_>, diagnostic: &Diagnostic, out: &mut String) {
    let at = report.locate(diagnostic.span);
    let class = at.as_ref().map_or_else(|| "hld".to_owned(), |at| escape(&Untrusted(&at.path).line()));
    let place = at.map_or_else(String::new, |at| format!(" {at}"));
    let name = escape(&Untrusted(&format!("{}{place}", diagnostic.code)).line());
    let message = escape(lines(report, diagnostic).first().map_or("", String::as_str));
    let text = escape(&terminal(diagnostic, report.sources, Colour::Plain));
    let _ = writeln!(out, "    <testcase classname=\"{class}\" name=\"{name}\">");
    let _ = if diagnostic.severity.is_fatal() {
        writeln!(out, "      <failure type=\"{}\" message=\"{message}\">{text}</failure>", diagnostic.code)
    } else {
        writeln!(out, "      <system-out>{text}</system-out>")
    };
    out.push_str("    </testcase>\n");
}

/// Text for XML 1.0: markup escaped, characters that it can not have replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\u{20}'..='\u{fffd}' | '\u{10000}'.. => out.push(c),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}
