//! The one comment of a definition on a pull request.
//!
//! *Flow*: look at the pull request, look for our comment, write, and look again, until the comment is
//! there once and as it should be. Two runs at once end with one comment: each deletes all of ours but
//! the oldest. The newest commit wins: a run whose commit is not the head any more writes nothing; if
//! the head moves while it writes, it marks what it wrote as out of date.

use crate::{Comment, Forge, ForgeError, State, Text, marker};

/// What to write.
#[derive(Clone, Copy, Debug)]
pub struct Post<'p> {
    /// Which definition it is about: any text that is the same each time.
    pub id: &'p str,
    /// The commit it is about.
    pub head: &'p str,
    /// Markdown that is safe to show, not longer than [`room`] says.
    pub body: &'p str,
    /// What the check came to.
    pub state: State,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// The comment stands.
    Done,
    /// Nothing was written: the pull request has another head by now.
    Stale,
    /// Nothing was written: the pull request is closed.
    Closed,
}

/// Most times that the comment is looked at.
const ROUNDS: usize = 5;

/// Bytes of a comment that are not for its text.
const RESERVED: usize = 200;

/// How many bytes of text a comment of the forge has room for.
#[must_use]
pub fn room(forge: &dyn Forge) -> usize {
    forge.limit() - RESERVED
}

/// Writes the comment, or brings it up to date.
///
/// # Errors
/// The forge refused, or can not be reached.
pub fn post(forge: &dyn Forge, post: &Post<'_>) -> Result<Posted, ForgeError> {
    let me = forge.identity()?;
    let body = format!("{}\n{}", marker::line(post.id, post.head), post.body);
    let text = Text { body: &body, state: post.state };
    let mut failure = None;
    for round in 0..ROUNDS {
        let pull = forge.pull()?;
        let ours = ours(forge, post.id, &me)?;
        if pull.head != post.head || !pull.is_open {
            if round > 0 {
                withdraw(forge, post, &ours)?;
            }
            return Ok(if pull.is_open { Posted::Stale } else { Posted::Closed });
        }
        let Some((first, others)) = ours.split_first() else {
            match forge.create(&text) {
                // Nobody knows whether it was taken: the next round sees.
                Err(error) if error.is_passing() => failure = Some(error),
                created => created?,
            }
            continue;
        };
        for other in others {
            unless_gone(forge.delete(other))?;
        }
        // A forge may write a text a little differently: after a write the first line decides.
        let is_written = round > 0 && marker::head(post.id, &first.body) == Some(post.head);
        if plain(&first.body) == plain(&body) || (is_written && round > 1) {
            return Ok(Posted::Done);
        }
        unless_gone(forge.update(first, &text))?;
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(Posted::Done),
    }
}

/// Our comments about a definition, the oldest first.
fn ours(forge: &dyn Forge, id: &str, me: &str) -> Result<Vec<Comment>, ForgeError> {
    let mut comments = forge.comments()?;
    comments.retain(|comment| comment.author == me && marker::head(id, &comment.body).is_some());
    Ok(comments)
}

/// Marks what we wrote about a commit that is not the head any more.
fn withdraw(forge: &dyn Forge, post: &Post<'_>, ours: &[Comment]) -> Result<(), ForgeError> {
    let is_ours = |comment: &&Comment| marker::head(post.id, &comment.body) == Some(post.head);
    let Some(comment) = ours.first().filter(is_ours) else { return Ok(()) };
    let line = marker::line(post.id, post.head);
    let body =
        format!("{line}\n**Out of date:** the pull request has moved on; its next run writes this anew.\n");
    unless_gone(forge.update(comment, &Text { body: &body, state: State::Pending }))
}

/// What is gone need not be changed.
fn unless_gone(result: Result<(), ForgeError>) -> Result<(), ForgeError> {
    match result {
        Err(error) if error.is_gone() => Ok(()),
        result => result,
    }
}

/// A text as forges may give it back.
fn plain(body: &str) -> String {
    body.replace("\r\n", "\n").trim_end().to_owned()
}
