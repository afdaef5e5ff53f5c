//! What a commit says: a subject with counts, a line an environment, trailers for programs.

use std::fmt::Write as _;

use hld_diag::Untrusted;
use hld_git::ObjectId;

use crate::publish::Source;

/// Most bytes of a message that somebody handed in.
const LONGEST: usize = 4096;

/// Most files changed by hand that are named.
const MOST_NAMED: usize = 20;

/// What a commit does to one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentChange {
    /// The environment.
    pub environment: String,
    /// Its folder in the manifest repository.
    pub folder: String,
    /// Files that are new.
    pub n_added: usize,
    /// Files with other bytes.
    pub n_changed: usize,
    /// Files that go.
    pub n_removed: usize,
    /// Objects that there are afterwards.
    pub n_objects: usize,
    /// Files that somebody changed in the manifest repository: they are as published again (F28).
    pub edited: Vec<String>,
}

impl EnvironmentChange {
    /// `+2 ~3 -1`
    #[must_use]
    pub fn counts(&self) -> String {
        format!("+{} ~{} -{}", self.n_added, self.n_changed, self.n_removed)
    }

    fn line(&self) -> String {
        let EnvironmentChange { n_added, n_changed, n_removed, n_objects, .. } = self;
        let name = Untrusted(&self.environment).line();
        let objects = if *n_objects == 1 { "object" } else { "objects" };
        format!("{name}: {n_added} added, {n_changed} changed, {n_removed} removed; {n_objects} {objects}")
    }
}

/// The message of a publication; `words` replace the subject.
pub(crate) fn publication(words: Option<&str>, changes: &[EnvironmentChange], source: &Source) -> String {
    let subject = words.map(handed_in).filter(|words| !words.is_empty()).unwrap_or_else(|| {
        let modified = if source.is_modified { ", modified" } else { "" };
        let commit = source.commit.as_ref().map(|commit| format!(" (source {}{modified})", short(commit)));
        format!("Publish {}: {}{}", names(changes), total(changes), commit.unwrap_or_default())
    });
    let mut text = format!("{subject}\n\n{}\n", body(changes));
    trailer(&mut text, "Hld-Source-Repository", source.repository.as_deref());
    trailer(&mut text, "Hld-Source-Commit", source.commit.as_deref());
    trailer(&mut text, "Hld-Source-Modified", source.is_modified.then_some("true"));
    for change in changes {
        trailer(&mut text, "Hld-Environment", Some(&change.environment));
    }
    trailer(&mut text, "Hld-Version", Some(&source.hld_version));
    trailer(&mut text, "Hld-Lock-Digest", source.lock_digest.as_deref());
    text
}

/// The message of a rollback to what stood at `restored`.
pub(crate) fn rollback(
    words: Option<&str>,
    change: &EnvironmentChange,
    restored: ObjectId,
    hld_version: &str,
) -> String {
    let subject = words.map(handed_in).filter(|words| !words.is_empty()).unwrap_or_else(|| {
        let name = Untrusted(&change.environment).line();
        format!("Roll back {name} to {}: {}", restored.short(), change.counts())
    });
    let held = "Publishing is held until `hld publish --release-hold`.";
    let mut text = format!("{subject}\n\n{}{held}\n\n", body(std::slice::from_ref(change)));
    trailer(&mut text, "Hld-Environment", Some(&change.environment));
    trailer(&mut text, "Hld-Restored-Commit", Some(&restored.to_string()));
    trailer(&mut text, "Hld-Version", Some(hld_version));
    text
}

/// `prod`, `dev, prod`, `12 environments`
fn names(changes: &[EnvironmentChange]) -> String {
    if changes.len() > 3 {
        return format!("{} environments", changes.len());
    }
    let names = changes.iter().map(|change| Untrusted(&change.environment).line());
    names.collect::<Vec<_>>().join(", ")
}

fn total(changes: &[EnvironmentChange]) -> String {
    let sum = |n: fn(&EnvironmentChange) -> usize| changes.iter().map(n).sum();
    let total = EnvironmentChange {
        n_added: sum(|change| change.n_added),
        n_changed: sum(|change| change.n_changed),
        n_removed: sum(|change| change.n_removed),
        ..EnvironmentChange::default()
    };
    total.counts()
}

fn body(changes: &[EnvironmentChange]) -> String {
    let mut text = String::new();
    for change in changes {
        let _ = writeln!(text, "{}", change.line());
    }
    for change in changes.iter().filter(|change| !change.edited.is_empty()) {
        let _ = writeln!(
            text,
            "\nChanged by hand in {}, now as published again:",
            Untrusted(&change.folder).line()
        );
        for path in change.edited.iter().take(MOST_NAMED) {
            let _ = writeln!(text, "- {}", Untrusted(path).line());
        }
        if change.edited.len() > MOST_NAMED {
            let _ = writeln!(text, "- and {} more", change.edited.len() - MOST_NAMED);
        }
    }
    text
}

/// One line at the end of the message, for `git interpret-trailers`. A line break in the value would
/// begin another trailer: it is escaped.
fn trailer(text: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        let _ = writeln!(text, "{key}: {}", Untrusted(value).line());
    }
}

/// The first digits of a commit's id.
pub(crate) fn short(commit: &str) -> String {
    Untrusted(commit).line().chars().take(7).collect()
}

/// Words from the command line, as often as not somebody's commit message or pull request: without
/// control characters, without trailers of their own, cut to a bearable length.
fn handed_in(words: &str) -> String {
    let end = (0..=words.len().min(LONGEST)).rev().find(|at| words.is_char_boundary(*at)).unwrap_or(0);
    let text = Untrusted(words[..end].trim()).terminal();
    let is_ours = |line: &&str| !line.trim_start().to_ascii_lowercase().starts_with("hld-");
    text.lines().filter(is_ours).collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        Source {
            repository: Some("https://example.org/shop".to_owned()),
            commit: Some("abc1234567".to_owned()),
            is_modified: false,
            lock_digest: Some("sha256:00".to_owned()),
            hld_version: "0.1.0".to_owned(),
        }
    }

    fn change(environment: &str) -> EnvironmentChange {
        EnvironmentChange {
            environment: environment.to_owned(),
            folder: format!("clusters/{environment}"),
            n_added: 2,
            n_changed: 3,
            n_removed: 1,
            n_objects: 45,
            edited: Vec::new(),
        }
    }

    #[test]
    fn a_publication_says_what_it_does_and_where_it_comes_from() {
        assert_eq!(
            publication(None, &[change("prod")], &source()),
            "Publish prod: +2 ~3 -1 (source abc1234)\n\nprod: 2 added, 3 changed, 1 removed; 45 objects\n\n\
             Hld-Source-Repository: https://example.org/shop\nHld-Source-Commit: abc1234567\n\
             Hld-Environment: prod\nHld-Version: 0.1.0\nHld-Lock-Digest: sha256:00\n"
        );
        let modified = Source { is_modified: true, ..source() };
        let text = publication(None, &[change("prod")], &modified);
        assert!(text.starts_with("Publish prod: +2 ~3 -1 (source abc1234, modified)\n"), "{text}");
        assert!(text.contains("\nHld-Source-Commit: abc1234567\nHld-Source-Modified: true\n"), "{text}");
        let many = ["a", "b", "c", "d"].map(change);
        assert!(publication(None, &many, &source()).starts_with("Publish 4 environments: +8 ~12 -4 (source"));
    }

    #[test]
    fn f28_what_was_changed_by_hand_is_named() {
        let edited = (0..30).map(|n| format!("clusters/prod/a\n{n}.yaml")).collect();
        let text = publication(None, &[EnvironmentChange { edited, ..change("prod") }], &source());
        assert!(text.contains(
            "\nChanged by hand in clusters/prod, now as published again:\n- clusters/prod/a\\n0.yaml\n"
        ));
        assert!(text.contains("- and 10 more\n"), "{text}");
    }

    #[test]
    fn words_of_others_bring_no_trailers_and_no_control_characters() {
        let words = "Merge \u{1b}[2J\rit\n\nHld-Source-Commit: 666\n  hld-environment: evil\nbye\n";
        let text = publication(Some(words), &[change("prod")], &source());
        assert!(text.starts_with("Merge \\u{1b}[2J\\rit\n\nbye\n\nprod: "), "{text}");
        assert_eq!(text.matches("Hld-Source-Commit").count(), 1, "{text}");
        let text = publication(Some(&"ä".repeat(LONGEST)), &[change("prod")], &source());
        assert!(text.len() < LONGEST + 500);
        let evil = Source { commit: Some("1\nHld-Environment: x".to_owned()), ..source() };
        assert!(
            publication(None, &[change("prod")], &evil)
                .contains("Hld-Source-Commit: 1\\nHld-Environment: x\n")
        );
    }
}
