//! What a run of hld left behind, and what is asserted about it.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::{SECRET, Snapshot};

/// Exit codes that a run may end with by itself.
const DOCUMENTED: [i32; 10] = [0, 1, 2, 3, 4, 5, 6, 129, 130, 143];

/// A run that has ended.
pub(crate) struct Run {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    before: Snapshot,
    pub(crate) after: Snapshot,
}

impl Run {
    pub(super) fn new(status: ExitStatus, output: (Vec<u8>, Vec<u8>), trees: (Snapshot, Snapshot)) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Run { status, stdout: text(output.0), stderr: text(output.1), before: trees.0, after: trees.1 }
    }

    /// Asserts what holds for every run that nobody killed.
    pub(super) fn check(self) -> Self {
        let code = self.status.code();
        assert!(code.is_some_and(|code| DOCUMENTED.contains(&code)), "ended with {:?}\n{self}", self.status);
        self.check_bystanders()
    }

    /// Asserts what holds for every run, whatever ended it.
    pub(super) fn check_bystanders(self) -> Self {
        assert!(!self.stderr.contains("panicked"), "{self}");
        assert!(
            !self.stdout.contains(SECRET) && !self.stderr.contains(SECRET),
            "the secret is printed\n{self}"
        );
        for folder in ["work", "cache"] {
            let before = self.before.files_in(folder);
            // Manifests hold what config gives them.
            let is_new = |path: &String, text: &String| {
                !path.starts_with("generated/") && before.get(path) != Some(text)
            };
            let mut after = self.after.files_in(folder).into_iter();
            let told = after.find(|(path, text)| text.contains(SECRET) && is_new(path, text));
            assert!(told.is_none(), "the secret is written to {:?}\n{self}", told.map(|(path, _)| path));
        }
        let strange = self.before.differences(&self.after, &["work", "cache"]);
        assert!(strange.is_empty(), "outside the definition these differ: {strange:?}\n{self}");
        self
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.status.code(), Some(code), "{:?}\n{self}", self.status);
        self
    }

    /// Asserts that a signal ended it, noticed by hld or not.
    #[track_caller]
    pub(crate) fn is_ended_by(&self, signal: i32) -> &Self {
        let by = self.status.signal().or(self.status.code().map(|code| code - 128));
        assert_eq!(by, Some(signal), "{:?}\n{self}", self.status);
        self
    }

    /// Asserts a diagnostic: `error[HLD0204] component.yaml:3:9`, or `error[HLD0303]` without a place.
    #[track_caller]
    pub(crate) fn reports(&self, report: &str) {
        let all = self.all_reports();
        assert!(all.iter().any(|known| known == report), "no `{report}` in {all:#?}\n{self}");
    }

    /// Every diagnostic on standard error, in order.
    pub(crate) fn all_reports(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut is_heading = false;
        for line in self.stderr.lines() {
            let place = line.trim_start().strip_prefix("--> ").filter(|_| is_heading);
            let heading = ["error[HLD", "warning[HLD", "refused[HLD", "note[HLD"]
                .iter()
                .any(|word| line.starts_with(word));
            if let (Some(place), Some(last)) = (place, found.last_mut()) {
                *last = format!("{last} {place}");
            } else if heading {
                found.push(line[..line.find(']').map_or(line.len(), |at| at + 1)].to_owned());
            }
            // A long message goes on in lines that begin with a blank.
            is_heading = heading || (is_heading && place.is_none() && line.starts_with("  "));
        }
        found
    }

    /// Asserts that standard error has this text.
    #[track_caller]
    pub(crate) fn mentions(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "no `{text}`\n{self}");
        self
    }

    /// Asserts that nothing was written, anywhere.
    #[track_caller]
    pub(crate) fn untouched(&self) -> &Self {
        let touched = self.before.differences(&self.after, &["cache"]);
        assert!(touched.is_empty(), "touched: {touched:?}\n{self}");
        self
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cut = |text: &str| text.chars().take(6000).collect::<String>();
        write!(f, "--- stdout\n{}\n--- stderr\n{}", cut(&self.stdout), cut(&self.stderr))
    }
}
