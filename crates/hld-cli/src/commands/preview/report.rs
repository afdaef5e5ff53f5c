//! What a preview came to: for the terminal, as Markdown, as JSON.

use hld_diag::{BASE_BROKEN, Diagnostic, NO_BASE, SourceMap, Span};
use hld_diff::write::{self, Budget, Colour, code_block, code_span};
use hld_diff::{Folded, fold};
use hld_forge::State;
use serde_json::{Value as Json, json};

use crate::commands::comparing::Compared;
use crate::commands::sides::{Side, Told};
use crate::ui::{self, plural};

/// Both sides, and what differs.
pub(super) struct Report {
    /// The definition's folder in its repository.
    pub(super) place: String,
    pub(super) before: Side,
    pub(super) after: Side,
    pub(super) compared: Compared,
}

/// Most errors that Markdown quotes.
const MOST_ERRORS: usize = 20;

impl Report {
    /// Whether the change can not be published as it is.
    pub(super) fn is_broken(&self) -> bool {
        self.after.is_broken()
    }

    /// What the status says.
    pub(super) fn state(&self) -> State {
        if self.is_broken() { State::Failure } else { State::Success }
    }

    /// One line: `2 errors`, `2 of 4 environments change, 1 dangerous change`.
    pub(super) fn verdict(&self) -> String {
        let n_errors = fatal(&self.after).count();
        if n_errors > 0 {
            return plural(n_errors, "error");
        }
        let comparisons = &self.compared.comparisons;
        let folded = fold(comparisons);
        let n_changed = comparisons.iter().filter(|one| !one.difference.is_empty()).count();
        let n_all = comparisons.len() + self.compared.left_out.len();
        let mut said = match (n_changed, n_all) {
            (0, _) => "no environment changes".to_owned(),
            (1, 1) => "1 environment changes".to_owned(),
            (n, all) => format!("{n} of {all} environments change"),
        };
        match folded.dangers().len() {
            0 => {}
            n => said.push_str(&format!(", {}", plural(n, "dangerous change"))),
        }
        if !self.compared.left_out.is_empty() {
            said.push_str(&format!(", {} not compared", self.compared.left_out.len()));
        }
        said
    }

    /// Says which environments have no difference, and why.
    pub(super) fn say_what_is_left_out(&self) {
        let mut said = Vec::new();
        let n_errors = fatal(&self.before).count();
        if n_errors > 0 {
            let message = format!(
                "`{}` does not compile: {} there, and nothing to compare with",
                self.before.point.label,
                plural(n_errors, "error")
            );
            said.push(Diagnostic::new(BASE_BROKEN, Span::NONE, message).hint_opt(self.left_out()));
        }
        if !self.before.is_there {
            let message = format!("`{}` has no definition here: everything is new", self.before.point.label);
            said.push(Diagnostic::new(NO_BASE, Span::NONE, message));
        }
        ui::show(&said, &SourceMap::default());
    }

    fn left_out(&self) -> Option<String> {
        let names: Vec<String> = self.compared.left_out.iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| format!("not compared: {}", names.join(", ")))
    }

    /// For a terminal.
    pub(super) fn text(&self) -> String {
        write::terminal(&fold(&self.compared.comparisons), Colour::Ansi)
    }

    /// For programs.
    pub(super) fn json(&self) -> Json {
        let side = |side: &Side| {
            let told: Vec<&Json> = side.told.iter().map(|told| &told.json).collect();
            json!({
                "name": side.point.label,
                "commit": side.point.commit.map(|commit| commit.to_string()),
                "isWorkTree": side.point.is_work_tree,
                "diagnostics": told,
            })
        };
        let mut shown = write::json(&fold(&self.compared.comparisons));
        shown["verdict"] = Json::from(self.verdict());
        shown["isBroken"] = Json::from(self.is_broken());
        shown["base"] = side(&self.before);
        shown["head"] = side(&self.after);
        shown["notCompared"] = Json::from(self.compared.left_out.clone());
        shown["newEnvironments"] = Json::from(self.compared.new.clone());
        shown["goneEnvironments"] = Json::from(self.compared.gone.clone());
        shown
    }

    /// For a comment: what it came to, what is wrong, then what differs. Text from outside is in code.
    pub(super) fn markdown(&self, budget: Option<&Budget<'_>>, link: Option<&str>) -> String {
        let room = budget.map_or(usize::MAX, |budget| budget.bytes);
        let sign = if self.is_broken() { "❌" } else { "✅" };
        let place = if self.place == "." { String::new() } else { format!(" of {}", code_span(&self.place)) };
        let mut out = format!("## {sign} hld preview{place}: {}\n\n", self.verdict());
        out.push_str(&self.errors(room / 2));
        out.push_str(&self.remarks());
        let end = self.end(link);
        let folded: Folded<'_> = fold(&self.compared.comparisons);
        if !self.compared.comparisons.is_empty() {
            let left = room.saturating_sub(out.len() + end.len());
            let budget = budget.map(|budget| Budget { bytes: left, whole: budget.whole });
            out.push_str(&write::markdown(&folded, budget.as_ref()));
        }
        out.push_str(&end);
        out
    }

    /// The errors of the change, with the lines of its author.
    fn errors(&self, room: usize) -> String {
        let errors: Vec<&Told> = fatal(&self.after).collect();
        if errors.is_empty() {
            return String::new();
        }
        let mut shown = String::new();
        let mut n_shown = 0;
        for told in errors.iter().take(MOST_ERRORS) {
            let block = code_block("text", &told.text);
            if shown.len() + block.len() > room {
                break;
            }
            shown.push_str(&format!("{block}\n"));
            n_shown += 1;
        }
        match errors.len() - n_shown {
            0 => {}
            n => shown.push_str(&format!("… and {n} more; the log of this run has all.\n\n")),
        }
        shown
    }

    /// What the tables do not say.
    fn remarks(&self) -> String {
        let names = |names: &[String]| {
            let most: Vec<String> = names.iter().take(20).map(|name| code_span(name)).collect();
            let more = names.len() - most.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", most.join(", "))
        };
        let mut said = String::new();
        let base = code_span(&self.before.point.label);
        if fatal(&self.before).next().is_some() {
            said.push_str(&format!("{base} does not compile: there is nothing to compare with.\n\n"));
        }
        if !self.compared.left_out.is_empty() {
            said.push_str(&format!("Not compared: {}.\n\n", names(&self.compared.left_out)));
        }
        if !self.compared.new.is_empty() {
            said.push_str(&format!("New: {}.\n\n", names(&self.compared.new)));
        }
        if !self.compared.gone.is_empty() {
            said.push_str(&format!("⚠️ **No longer there:** {}.\n\n", names(&self.compared.gone)));
        }
        said
    }

    /// What was compared.
    fn end(&self, link: Option<&str>) -> String {
        let named = |side: &Side| match (&side.point.commit, side.point.is_work_tree) {
            (Some(commit), false) if !commit.to_string().starts_with(&side.point.label) => {
                format!("{} ({})", code_span(&side.point.label), code_span(&commit.short()))
            }
            _ => code_span(&side.point.label),
        };
        let n_warnings = self.after.told.len() - fatal(&self.after).count();
        let warnings = match n_warnings {
            0 => String::new(),
            n => format!(" · {}", plural(n, "remark")),
        };
        let link = link.map_or_else(String::new, |link| format!(" · [run]({link})"));
        format!("\n---\n{} compared with {}{warnings}{link}\n", named(&self.after), named(&self.before))
    }
}

/// What has to be mended.
fn fatal(side: &Side) -> impl Iterator<Item = &Told> {
    side.told.iter().filter(|told| told.severity.is_fatal())
}
