//! `hld preview`

mod posting;
mod report;

use std::path::PathBuf;

use hld_diff::write::Budget;

use self::posting::Posting;
use self::report::Report;
use super::comparing::compare_sides;
use super::sides::{self, Base, Care, Range};
use crate::error::{CommandError, FailureKind};
use crate::options::{Environments, Fetching, Global};
use crate::ui::{self, Format};

/// Show what a change does to every environment, and put it on the pull request.
///
/// `hld preview --base main --all` compiles two commits straight from the repository: HEAD, and the
/// commit where it left `main`. Equal changes of several environments are shown once, dangerous ones on
/// top. If HEAD does not compile the preview fails and shows the lines to mend.
///
/// With --post the result becomes a comment on the pull request, which is kept up to date, and a status
/// of its commit: on Azure DevOps, GitHub and Gitea. In CI the pull request is known; elsewhere it is
/// named by --forge, --forge-url, --repository and --pull.
#[derive(clap::Args)]
pub(crate) struct Preview {
    #[command(flatten)]
    environments: Environments,
    /// Branch or commit that the change goes to.
    #[arg(long, value_name = "REV")]
    base: String,
    /// Commit or branch with the change; `worktree` is the folder as it is.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    head: String,
    #[command(flatten)]
    fetching: Fetching,
    /// Check the manifests of the change as `hld validate` does; fail if one is wrong.
    #[arg(long)]
    gate: bool,
    /// Write the whole as Markdown into this file; a comment has only so much room.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    posting: posting::Arguments,
}

pub(crate) fn run(global: &Global, command: &Preview) -> Result<(), CommandError> {
    let after = Some(command.head.as_str()).filter(|head| *head != "worktree");
    let range = Range::new(global, (&command.base, Base::Fork), after, command.fetching)?;
    let posting = Posting::new(global, &command.posting, &range)?;
    if let Some(posting) = &posting {
        posting.begin();
    }
    let report = match made(global, command, &range) {
        Ok(report) => report,
        Err(error) => {
            if let Some(posting) = &posting {
                posting.give_up(&error);
            }
            return Err(error);
        }
    };
    let link = posting.as_ref().and_then(Posting::link);
    let whole = report.markdown(None, link);
    match global.format {
        Format::Markdown => ui::print(&whole),
        Format::Json => ui::print_json(&report.json()),
        _ => ui::print_styled(&report.text()),
    }
    if let Some(file) = &command.output {
        write(file, &whole)?;
    }
    let posted = match &posting {
        Some(posting) => {
            let whole = whole_place(command);
            let budget = Budget { bytes: posting.room(), whole: &whole };
            posting.finish(&report, &report.markdown(Some(&budget), link))
        }
        None => Ok(()),
    };
    if report.is_broken() { Err(CommandError::new(FailureKind::Definition, "")) } else { posted }
}

/// Compiles both sides and compares them.
fn made(global: &Global, command: &Preview, range: &Range) -> Result<Report, CommandError> {
    let care = if command.gate { Care::Gated } else { Care::Shown };
    let [before, after] = sides::compile_both(global, range, (&command.environments, [Care::Quiet, care]))?;
    let compared = compare_sides(&before, &after)?;
    let report = Report { place: sides::place(&global.directory), before, after, compared };
    report.say_what_is_left_out();
    Ok(report)
}

/// Where the whole is when a comment is cut, as Markdown.
fn whole_place(command: &Preview) -> String {
    let name = command.output.as_ref().and_then(|file| file.file_name());
    match name {
        Some(name) => format!("The file {} of this run", hld_diff::write::code_span(&name.to_string_lossy())),
        None => "The log of this run".to_owned(),
    }
}

fn write(file: &std::path::Path, text: &str) -> Result<(), CommandError> {
    std::fs::write(file, text).map_err(|error| {
        let words = hld_source::system_words(&error);
        CommandError::new(FailureKind::Io, format!("`{}` can not be written: {words}", file.display()))
    })
}
