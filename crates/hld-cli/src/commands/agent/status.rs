//! `hld agent status`

use hld_agent::status::{self, Status as Stands};
use hld_diag::Untrusted;

use super::{Which, failure};
use crate::error::{CommandError, FailureKind};
use crate::options::Global;
use crate::ui::{self, Format};

/// Show whether the cluster is like the repository; the exit code is 1 when it is not.
#[derive(clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    which: Which,
}

pub(super) fn run(global: &Global, command: &Status) -> Result<(), CommandError> {
    let stands = command.which.open()?.status().map_err(|error| failure(&error))?;
    print(&stands, global.format);
    verdict(&stands)
}

/// Fails when the cluster is not like the repository.
pub(super) fn verdict(stands: &Stands) -> Result<(), CommandError> {
    if stands.is_ready() { Ok(()) } else { Err(CommandError::new(FailureKind::Definition, "")) }
}

pub(super) fn print(stands: &Stands, format: Format) {
    match format {
        Format::Json => ui::print_json(&serde_json::json!(stands)),
        _ => ui::print(&text(stands)),
    }
}

/// A few lines for people. What stands in a status came from a cluster.
fn text(stands: &Stands) -> String {
    let mut lines = vec![
        ("repository", stands.url.clone()),
        ("branch", stands.branch.clone()),
        (
            "paths",
            stands
                .paths
                .iter()
                .map(|path| if path.is_empty() { "." } else { path })
                .collect::<Vec<_>>()
                .join(", "),
        ),
        ("applied", or_none(&stands.applied)),
    ];
    if stands.commit != stands.applied {
        lines.push(("newest", or_none(&stands.commit)));
    }
    lines.push(("objects", stands.objects.to_string()));
    if let Some(counts) = &stands.last_change {
        let said =
            format!("{} created, {} configured, {} pruned", counts.created, counts.configured, counts.pruned);
        lines.push(("last change", said));
    }
    let conditions =
        stands.conditions.iter().filter(|condition| condition.r#type == status::READY || condition.status);
    let conditions: Vec<(String, String)> = conditions
        .map(|condition| {
            let holds = if condition.status { "yes" } else { "no" };
            let said =
                format!("{holds}, {} since {}: {}", condition.reason, condition.since, condition.message);
            (condition.r#type.to_lowercase(), said)
        })
        .collect();
    let all = lines
        .iter()
        .map(|(name, said)| (*name, said))
        .chain(conditions.iter().map(|(name, said)| (name.as_str(), said)));
    let mut out: String = all
        .map(|(name, said)| format!("{:<12} {}\n", Untrusted(name).line(), Untrusted(said).line()))
        .collect();
    for error in &stands.errors {
        let place = if error.path.is_empty() { String::new() } else { format!(" ({})", error.path) };
        let line = format!("{}{place}: {}", error.object, error.reason);
        out.push_str(&format!("  {}\n", Untrusted(&line).line()));
    }
    if stands.n_errors > stands.errors.len() {
        out.push_str(&format!("  and {} more\n", stands.n_errors - stands.errors.len()));
    }
    out
}

fn or_none(commit: &str) -> String {
    if commit.is_empty() { "none".to_owned() } else { commit.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hld_agent::status::{Condition, ObjectError};

    #[test]
    fn a_status_is_a_few_lines_without_control_characters() {
        let condition = |r#type: &str, status: bool| Condition {
            r#type: r#type.to_owned(),
            status,
            reason: "ApplyFailed".to_owned(),
            message: "a\n\u{1b}[2Jb".to_owned(),
            since: "2026-01-02T03:04:05Z".to_owned(),
        };
        let error = ObjectError {
            object: "ConfigMap a/b".into(),
            path: "p\u{202e}.yaml".into(),
            reason: "no".into(),
        };
        let stands = Stands {
            url: "https://git.example.org/m".to_owned(),
            paths: vec![String::new()],
            commit: "b".repeat(40),
            applied: "a".repeat(40),
            conditions: vec![condition("Ready", false), condition("Stalled", false)],
            errors: vec![error],
            n_errors: 41,
            ..Stands::default()
        };
        let text = text(&stands);
        assert!(
            text.contains("newest       bbbb") && text.contains("ready        no, ApplyFailed since"),
            "{text}"
        );
        assert!(!text.contains("stalled") && text.ends_with("  and 40 more\n"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(verdict(&stands).is_err());
    }
}
