//! What a person sees: diagnostics and messages on standard error, data on standard output.

use std::io::{self, IsTerminal, Write};

use hld_diag::render::{self, Colour};
use hld_diag::{Diagnostic, Severity, SourceMap, Untrusted};

use crate::error::CommandError;

/// The form of what is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document on standard output.
    Json,
    /// For comments on pull requests and job summaries; `diff` alone has it.
    Markdown,
    /// SARIF 2.1.0, for code scanning; `validate` and `generate` have it.
    Sarif,
    /// A JUnit report; `validate` and `generate` have it.
    Junit,
    /// Annotations of GitHub Actions; `validate` and `generate` have it.
    Github,
    /// Issues of Azure Pipelines; `validate` and `generate` have it.
    Azure,
}

impl Format {
    /// Whether it tells other programs of diagnostics, and nothing else.
    pub(crate) fn is_report(self) -> bool {
        matches!(self, Format::Sarif | Format::Junit | Format::Github | Format::Azure)
    }
}

/// A report in a form for other programs; nothing where the form is none.
pub(crate) fn report(format: Format, report: &render::Report<'_>) -> Option<String> {
    match format {
        Format::Sarif => Some(json_text(&render::sarif(report))),
        Format::Junit => Some(render::junit(report)),
        Format::Github => Some(render::github(report)),
        Format::Azure => Some(render::azure(report)),
        Format::Text | Format::Json | Format::Markdown => None,
    }
}

/// Writes data to standard output. A reader that has gone away is no error.
pub(crate) fn print(text: &str) {
    write_out(text.as_bytes()).ok();
}

/// Writes one JSON document to standard output.
pub(crate) fn print_json(value: &serde_json::Value) {
    print(&json_text(value));
}

/// A JSON document as it is written. It has no `##`, after which a CI system looks for commands in its
/// log, and no character that moves or hides text; it means the same.
pub(crate) fn json_text(value: &serde_json::Value) -> String {
    let text = format!("{value:#}\n").replace("##", "#\\u0023");
    let is_hostile = |c: char| c != '\n' && hld_diag::is_hostile(c);
    if !text.chars().any(is_hostile) {
        return text;
    }
    let escaped = |c: char| {
        let code = u32::from(c);
        // All of them have four digits, and stand in strings.
        if is_hostile(c) { format!("\\u{code:04x}") } else { c.to_string() }
    };
    text.chars().map(escaped).collect()
}

/// Writes data with colours to standard output; a stream that is no terminal gets none.
pub(crate) fn print_styled(text: &str) {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

/// Writes bytes to standard output.
pub(crate) fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush())
}

/// Writes one line to standard error.
pub(crate) fn note(line: &str) {
    let mut err = io::stderr().lock();
    writeln!(err, "{}", Untrusted(line).terminal()).ok();
}

/// Writes text to standard error that is escaped already.
pub(crate) fn note_raw(text: &str) {
    let mut err = io::stderr().lock();
    err.write_all(text.as_bytes()).ok();
}

/// Most diagnostics that are shown in full; JSON has all of them.
const MOST_SHOWN: usize = 200;

/// Shows diagnostics on standard error, a blank line behind each.
pub(crate) fn show(diagnostics: &[Diagnostic], sources: &SourceMap) {
    let mut err = anstream::stderr().lock();
    let is_cut = diagnostics.len() > MOST_SHOWN;
    // What stops the run is never crowded out by warnings.
    let fatal = diagnostics.iter().filter(|diagnostic| is_cut && diagnostic.severity.is_fatal());
    let others = diagnostics.iter().filter(|diagnostic| !(is_cut && diagnostic.severity.is_fatal()));
    for diagnostic in fatal.chain(others).take(MOST_SHOWN) {
        writeln!(err, "{}\n", render::terminal(diagnostic, sources, Colour::Ansi)).ok();
    }
    if is_cut {
        writeln!(err, "… and {} more; `--format json` lists all\n", diagnostics.len() - MOST_SHOWN).ok();
    }
}

/// Shows why a command failed.
pub(crate) fn show_error(error: &CommandError) {
    if error.message.is_empty() {
        return;
    }
    let mut err = anstream::stderr().lock();
    let red = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
    writeln!(err, "{red}error{red:#}: {}", Untrusted(&error.message).terminal()).ok();
    for hint in &error.hints {
        writeln!(err, "  = help: {}", Untrusted(hint).terminal()).ok();
    }
}

/// Whether progress may be shown: only where somebody sees it.
pub(crate) fn is_interactive() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// `2 errors and 1 warning`; empty where there is nothing to count.
pub(crate) fn count(diagnostics: &[Diagnostic]) -> String {
    let n = |test: fn(Severity) -> bool| diagnostics.iter().filter(|d| test(d.severity)).count();
    let errors = n(Severity::is_fatal);
    let warnings = n(|severity| severity == Severity::Warning);
    let parts = [(errors, "error"), (warnings, "warning")];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| plural(n, word));
    parts.collect::<Vec<_>>().join(" and ")
}

/// `1 file`, `2 files`.
pub(crate) fn plural(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// A line that says what is being done; nothing where nobody looks.
pub(crate) struct Spinner(Option<indicatif::ProgressBar>);

impl Spinner {
    /// One that says nothing yet.
    pub(crate) fn new() -> Self {
        if !is_interactive() {
            return Spinner(None);
        }
        let bar = indicatif::ProgressBar::new_spinner();
        bar.set_style(indicatif::ProgressStyle::default_spinner());
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        Spinner(Some(bar))
    }

    /// Says this from now on.
    pub(crate) fn say(&self, line: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(Untrusted(line).line());
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
