//! What publishing and rolling back say about their run.

use std::time::Instant;

use hld_diag::{Diagnostic, SourceMap, render};
use hld_publisher::{Branch, EnvironmentOutcome, Outcome};
use serde_json::{Value as Json, json};

use crate::error::CommandError;
use crate::ui::{self, Format};

/// What is known of a run besides its outcome.
pub(crate) struct Report {
    pub(crate) url: String,
    pub(crate) branch: Branch,
    pub(crate) is_dry: bool,
    pub(crate) began: Instant,
}

impl Report {
    /// Shows how it ended, and makes a failure of a refusal.
    pub(crate) fn show(
        &self,
        format: Format,
        result: Result<Outcome, Diagnostic>,
    ) -> Result<(), CommandError> {
        match result {
            Ok(outcome) => {
                match format {
                    Format::Json => ui::print_json(&self.json(&outcome)),
                    _ => self.text(&outcome),
                }
                Ok(())
            }
            Err(refused) => {
                if format == Format::Json {
                    ui::print_json(&self.refusal(&refused));
                } else {
                    ui::show(std::slice::from_ref(&refused), &SourceMap::default());
                    ui::note(&format!("nothing published in {:.2} s", self.seconds()));
                }
                Err(CommandError::diagnosed([&refused]))
            }
        }
    }

    fn text(&self, outcome: &Outcome) {
        ui::show(&outcome.diagnostics, &SourceMap::default());
        for environment in &outcome.environments {
            if let EnvironmentOutcome::Changed(change) = environment {
                let name = &change.environment;
                let objects = ui::plural(change.n_objects, "object");
                ui::note(&format!("{name}: {} files, {objects} -> {}", change.counts(), change.folder));
            }
        }
        ui::note(&format!("{} in {:.2} s", self.summary(outcome), self.seconds()));
    }

    fn summary(&self, outcome: &Outcome) -> String {
        let Report { url, branch, .. } = self;
        let changes = outcome.environments.iter().any(|one| matches!(one, EnvironmentOutcome::Changed(_)));
        let is_superseded =
            outcome.environments.iter().any(|one| matches!(one, EnvironmentOutcome::Superseded(_)));
        match (outcome.commit, outcome.tip) {
            (Some(commit), _) => format!("published {commit} to {branch} of {url}"),
            (None, _) if changes && self.is_dry => format!("would publish to {branch} of {url}"),
            (None, _) if is_superseded => format!("superseded: nothing published to {branch} of {url}"),
            (None, Some(tip)) => format!("up to date {tip}"),
            (None, None) => "nothing to publish".to_owned(),
        }
    }

    fn json(&self, outcome: &Outcome) -> Json {
        let environments: Vec<Json> = outcome.environments.iter().map(environment).collect();
        let any = |word: &str| environments.iter().any(|one| one["outcome"] == word);
        let said = match outcome.commit {
            Some(_) => "published",
            None if self.is_dry && any("changed") => "would publish",
            None if any("superseded") => "superseded",
            None => "up to date",
        };
        json!({
            "outcome": said,
            "repository": self.url,
            "branch": self.branch.as_str(),
            "commit": outcome.commit.map(|commit| commit.to_string()),
            "tip": outcome.tip.map(|tip| tip.to_string()),
            "environments": environments,
            "diagnostics": outcome.diagnostics.iter().map(diagnostic).collect::<Vec<_>>(),
            "seconds": self.seconds(),
        })
    }

    fn refusal(&self, refused: &Diagnostic) -> Json {
        json!({
            "outcome": "refused",
            "repository": self.url,
            "branch": self.branch.as_str(),
            "commit": null,
            "environments": [],
            "diagnostics": [diagnostic(refused)],
            "seconds": self.seconds(),
        })
    }

    fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}

fn diagnostic(diagnostic: &Diagnostic) -> Json {
    render::json(diagnostic, &SourceMap::default())
}

fn environment(outcome: &EnvironmentOutcome) -> Json {
    match outcome {
        EnvironmentOutcome::Changed(change) => json!({
            "outcome": "changed",
            "name": change.environment,
            "folder": change.folder,
            "added": change.n_added,
            "changed": change.n_changed,
            "removed": change.n_removed,
            "objects": change.n_objects,
            "edited": change.edited,
        }),
        EnvironmentOutcome::UpToDate => json!({ "outcome": "up to date" }),
        EnvironmentOutcome::Superseded(by) => json!({ "outcome": "superseded", "by": by }),
    }
}
