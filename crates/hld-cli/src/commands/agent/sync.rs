//! `hld agent sync`

use std::time::Duration;

use hld_agent::client::Request;
use hld_git::ObjectId;

use super::status::{print, verdict};
use super::{Which, failure};
use crate::error::{CommandError, FailureKind};
use crate::options::Global;
use crate::ui;

/// Ask the agent to fetch now and to compare everything.
///
/// The agent hears it by an annotation of its status, so whoever may change that ConfigMap may ask. What
/// is allowed is allowed for one commit alone.
#[derive(clap::Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    which: Which,
    /// Wait for the answer and show it; the exit code is 1 when the cluster is not like the repository.
    #[arg(long)]
    wait: bool,
    /// Seconds to wait at most.
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    timeout: u32,
    /// Allow this commit, in full, although it does not go on from the last one.
    #[arg(long, value_name = "COMMIT")]
    allow_rewrite: Option<String>,
    /// Allow the newest commit to remove exactly so many objects.
    #[arg(long, value_name = "N")]
    allow_removals: Option<usize>,
}

pub(super) fn run(global: &Global, command: &Sync) -> Result<(), CommandError> {
    let allow_rewrite = command.allow_rewrite.as_deref().map(commit).transpose()?;
    let client = command.which.open()?;
    let allow_removals = match command.allow_removals {
        None => None,
        // What is allowed is what its author has seen: the commit that the status shows now.
        Some(n) => {
            let stands = client.status().map_err(|error| failure(&error))?;
            Some((commit(&stands.commit)?, n))
        }
    };
    let request = Request { allow_rewrite, allow_removals };
    let word = client.request(&request).map_err(|error| failure(&error))?;
    if !command.wait {
        ui::note("the agent was asked; `hld agent status` says how it stands");
        return Ok(());
    }
    let patience = Duration::from_secs(command.timeout.into());
    let stands = client.wait(&word, patience).map_err(|error| failure(&error))?;
    print(&stands, global.format);
    verdict(&stands)
}

pub(super) fn commit(text: &str) -> Result<ObjectId, CommandError> {
    text.parse().map_err(|()| {
        CommandError::new(FailureKind::Usage, format!("`{text}` is no commit"))
            .hint("write all 40 digits: `git rev-parse COMMIT` says them")
    })
}
