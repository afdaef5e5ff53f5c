//! `hld doctor`

use std::path::Path;

use hld_compiler::{Environment, Kind, trees};
use hld_diag::{Diagnostic, Diagnostics, NOT_FETCHED, OFFLINE};
use hld_source::Helm;

use crate::definition::{self, Definition};
use crate::error::{CommandError, FailureKind};
use crate::options::{Fetching, Global};
use crate::tools::{self, HELM_VERSION};
use crate::ui::{self, Format};

/// Show the tools there are, their versions, and what the definition here would need.
#[derive(clap::Args)]
pub(crate) struct Doctor {}

/// One thing that was looked at.
struct Finding {
    subject: &'static str,
    is_fine: bool,
    words: String,
}

pub(crate) fn run(global: &Global, _command: &Doctor) -> Result<(), CommandError> {
    let has_definition =
        ["component.yaml", "component.json"].iter().any(|file| global.directory.join(file).exists());
    let definition = if has_definition { Some(definition::open(&global.directory)?) } else { None };
    // Nothing is fetched to find out what is missing.
    let fetching = Fetching { locked: false, offline: true };
    let definition = definition.map(|definition| Definition { fetching, ..definition });
    let named = definition.as_ref().and_then(Definition::helm_binary);
    let needs = definition.as_ref().map(needs).transpose()?.unwrap_or_default();
    let mut findings = vec![
        Finding { subject: "hld", is_fine: true, words: env!("CARGO_PKG_VERSION").to_owned() },
        helm(named.as_deref(), needs.n_charts),
        git(),
        cache(),
    ];
    findings.push(definition_finding(&global.directory, definition.as_ref(), &needs));
    findings.extend(needs.missing.iter().map(|missing| Finding {
        subject: "source",
        is_fine: false,
        words: missing.clone(),
    }));
    match global.format {
        Format::Json => ui::print_json(&as_json(&findings)),
        _ => findings.iter().for_each(|finding| ui::print(&line(finding))),
    }
    let n_bad = findings.iter().filter(|finding| !finding.is_fine).count();
    if n_bad == 0 {
        return Ok(());
    }
    Err(CommandError::new(FailureKind::Definition, format!("{} to mend", ui::plural(n_bad, "thing"))))
}

fn line(finding: &Finding) -> String {
    let mark = if finding.is_fine { "ok" } else { "!!" };
    format!("{mark} {:<10} {}\n", finding.subject, hld_diag::Untrusted(&finding.words).line())
}

fn as_json(findings: &[Finding]) -> serde_json::Value {
    let findings = findings
        .iter()
        .map(|f| serde_json::json!({ "subject": f.subject, "ok": f.is_fine, "message": f.words }));
    findings.collect()
}

/// Helm matters only where there are charts.
fn helm(named: Option<&Path>, n_charts: usize) -> Finding {
    match tools::helm(named) {
        Ok(found) => {
            let version = tools::first_line(&found.path, &["version", "--short"]);
            let is_fine = version.is_some();
            let version = version.unwrap_or_else(|| "does not answer".to_owned());
            let words = format!(
                "{version} ({}, from {}); tested with v{HELM_VERSION}",
                found.path.display(),
                found.place
            );
            Finding { subject: "helm", is_fine, words }
        }
        Err((message, hint)) => {
            Finding { subject: "helm", is_fine: n_charts == 0, words: format!("{message}; {hint}") }
        }
    }
}

fn git() -> Finding {
    let version = tools::on_path("git").and_then(|git| tools::first_line(&git, &["--version"]));
    Finding {
        subject: "git",
        is_fine: true,
        words: version.unwrap_or_else(|| "not on PATH; not needed".to_owned()),
    }
}

fn cache() -> Finding {
    let words =
        hld_source::cache_dir().map_or_else(|| "no cache folder".to_owned(), |dir| dir.display().to_string());
    Finding { subject: "cache", is_fine: true, words }
}

/// What a definition needs to be compiled for all its environments.
#[derive(Default)]
struct Needs {
    n_components: usize,
    n_charts: usize,
    missing: Vec<String>,
}

fn needs(definition: &Definition) -> Result<Needs, CommandError> {
    let no_charts = Err((String::new(), String::new()));
    let helm = Helm::new(&definition.files, no_charts);
    let mut environments: Vec<Environment> = definition.settings.environments.values().cloned().collect();
    environments.extend(Environment::combined(&[]).map(|(common, _)| common).ok());
    let session = definition.install(&helm, &environments)?.session;
    let mut needs = Needs::default();
    let mut said = Diagnostics::default();
    for (tree, diagnostics) in trees(&session, &environments) {
        said.extend(diagnostics);
        needs.n_components = needs.n_components.max(tree.nodes.len());
        let charts = tree.nodes.iter().filter(|node| node.component.kind == Kind::Helm);
        needs.n_charts = needs.n_charts.max(charts.count());
    }
    let is_missing = |diagnostic: &Diagnostic| [NOT_FETCHED, OFFLINE].contains(&diagnostic.code);
    let missing = said.into_sorted(session.sources()).into_iter().filter(is_missing);
    needs.missing.extend(missing.map(|diagnostic| match diagnostic.code {
        code if code == OFFLINE => {
            let what = diagnostic.message.split(", and `--offline`").next().unwrap_or_default();
            format!("{what}: run `hld install`")
        }
        _ => diagnostic.message,
    }));
    needs.missing.sort();
    needs.missing.dedup();
    Ok(needs)
}

fn definition_finding(folder: &Path, definition: Option<&Definition>, needs: &Needs) -> Finding {
    let words = match definition {
        None => format!("none in {}", folder.display()),
        Some(definition) => format!(
            "{}, {}, {} in hld.yaml",
            ui::plural(needs.n_components, "component"),
            ui::plural(needs.n_charts, "chart"),
            ui::plural(definition.settings.environments.len(), "environment")
        ),
    };
    Finding { subject: "definition", is_fine: true, words }
}
