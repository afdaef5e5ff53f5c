//! What `hld generate` says about its run.

use std::time::Duration;

use hld_compiler::{Compilation, Environment};
use hld_diag::{Diagnostic, render};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Run, State};
use crate::gate::Verdict;
use crate::ui::{self, Format, plural};

/// A spinner while environments are compiled; nothing where nobody looks.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    pub(super) fn start(environments: &[Environment]) -> Self {
        if !ui::is_interactive() {
            return Progress(None);
        }
        let names: Vec<&str> = environments.iter().map(|environment| environment.name.as_str()).collect();
        let bar = ProgressBar::new_spinner().with_message(format!("compiling {}", names.join(", ")));
        bar.set_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress(Some(bar))
    }

    pub(super) fn finish(self) {
        if let Some(bar) = self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Shows diagnostics and the summary in the form that was asked for.
pub(super) fn show(format: Format, run: &Run<'_>, diagnostics: &[Diagnostic]) {
    match format {
        Format::Json => show_json(run, diagnostics),
        _ if format.is_report() => show_report(format, run, diagnostics),
        _ => show_text(run, diagnostics),
    }
}

fn show_text(run: &Run<'_>, diagnostics: &[Diagnostic]) {
    ui::show(diagnostics, run.session.sources());
    for verdict in &run.verdicts {
        ui::note(&format!("{}: {}", verdict.name, verdict.summary()));
    }
    for (compilation, delivery) in run.compilations.iter().zip(&run.outcomes) {
        ui::note(&line(run, compilation, delivery.n_files, &delivery.state));
    }
    let counted = ui::count(diagnostics);
    let nothing = if run.outcomes.is_empty() { "nothing written" } else { "done" };
    let seconds = run.began.elapsed().as_secs_f64();
    let counted = if counted.is_empty() { String::new() } else { format!(", {counted}") };
    ui::note(&format!("{nothing} in {seconds:.2} s{counted}"));
}

/// `prod: 12 components, 45 resources, 13 files -> generated/prod`
fn line(run: &Run<'_>, compilation: &Compilation, n_files: usize, state: &State) -> String {
    let name = &compilation.environment.name;
    let counts = [
        plural(compilation.components.len(), "component"),
        plural(compilation.n_resources(), "resource"),
        plural(n_files, "file"),
    ];
    let folder = run.output_folder().join(&compilation.environment.output);
    let shown = folder.strip_prefix(&run.definition.folder).unwrap_or(&folder).display().to_string();
    let outcome = match state {
        State::Written => format!("-> {shown}"),
        State::Unchanged => format!("= {shown} (unchanged)"),
        State::Printed => "printed".to_owned(),
        State::Stale(_) => format!("differs from {shown}"),
    };
    format!("{name}: {} {outcome}", counts.join(", "))
}

/// A report for other programs; people get the summary.
fn show_report(format: Format, run: &Run<'_>, diagnostics: &[Diagnostic]) {
    let verdicts = run.verdicts.iter().map(|verdict| format!("{}: {}", verdict.name, verdict.summary()));
    let delivered = run.compilations.iter().zip(&run.outcomes);
    let lines = delivered.map(|(compilation, one)| line(run, compilation, one.n_files, &one.state));
    let summary: Vec<String> = verdicts.chain(lines).collect();
    let base = run.definition.root.as_str();
    let report = render::Report { diagnostics, sources: run.session.sources(), base, summary: &summary };
    let text = ui::report(format, &report).unwrap_or_default();
    if run.command.stdout {
        ui::note_raw(&text);
    } else {
        ui::print(&text);
    }
    summary.iter().for_each(|line| ui::note(line));
}

fn show_json(run: &Run<'_>, diagnostics: &[Diagnostic]) {
    let environments = run.compilations.iter().enumerate().map(|(at, compilation)| {
        let delivery = run.outcomes.get(at);
        let outcome = delivery.map_or("failed", |delivery| match delivery.state {
            State::Written => "written",
            State::Unchanged => "unchanged",
            State::Printed => "printed",
            State::Stale(_) => "stale",
        });
        let mut object = serde_json::json!({
            "name": compilation.environment.name,
            "configs": compilation.environment.configs,
            "folder": run.output_folder().join(&compilation.environment.output).display().to_string(),
            "components": compilation.components.len(),
            "resources": compilation.n_resources(),
            "files": delivery.map(|delivery| delivery.n_files),
            "outcome": outcome,
        });
        if let Some(State::Stale(changes)) = delivery.map(|delivery| &delivery.state) {
            object["changes"] = serde_json::json!({
                "added": changes.missing, "changed": changes.changed, "removed": changes.surplus,
            });
        }
        object
    });
    let sources = run.session.sources();
    let mut report = serde_json::json!({
        "environments": environments.collect::<Vec<_>>(),
        "diagnostics": diagnostics.iter().map(|diagnostic| render::json(diagnostic, sources)).collect::<Vec<_>>(),
        "seconds": run.began.elapsed().as_secs_f64(),
    });
    if run.command.gate {
        report["gate"] = run.verdicts.iter().map(Verdict::json).collect();
    }
    let text = ui::json_text(&report);
    // Manifests have standard output for themselves.
    if run.command.stdout { ui::note_raw(&text) } else { ui::print(&text) }
}
