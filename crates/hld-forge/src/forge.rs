//! What a forge can do for us.

use crate::ForgeError;

/// One pull request of one forge.
pub trait Forge {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// Most bytes of a comment.
    fn limit(&self) -> usize;

    /// Who we are, as [`Comment::author`] names it.
    ///
    /// # Errors
    /// The forge does not say.
    fn identity(&self) -> Result<String, ForgeError>;

    /// The pull request as it is now.
    ///
    /// # Errors
    /// The forge does not say.
    fn pull(&self) -> Result<Pull, ForgeError>;

    /// Its comments, the oldest first.
    ///
    /// # Errors
    /// The forge does not say, or there are too many.
    fn comments(&self) -> Result<Vec<Comment>, ForgeError>;

    /// Adds a comment. Is not tried twice: the forge may have taken it although no answer came.
    ///
    /// # Errors
    /// The forge did not take it, or did not answer.
    fn create(&self, text: &Text<'_>) -> Result<(), ForgeError>;

    /// Changes a comment.
    ///
    /// # Errors
    /// The forge did not take it.
    fn update(&self, comment: &Comment, text: &Text<'_>) -> Result<(), ForgeError>;

    /// Deletes a comment.
    ///
    /// # Errors
    /// The forge refused.
    fn delete(&self, comment: &Comment) -> Result<(), ForgeError>;

    /// Sets a status of a commit of the pull request.
    ///
    /// # Errors
    /// The forge did not take it.
    fn set_status(&self, commit: &str, status: &Status) -> Result<(), ForgeError>;
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// The commit at the tip of what is to be merged.
    pub head: String,
    /// Whether it can still be merged.
    pub is_open: bool,
}

/// A comment of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// What the forge calls it.
    pub id: String,
    /// Who wrote it, as [`Forge::identity`] names people.
    pub author: String,
    /// Its text.
    pub body: String,
}

/// What a comment is to say.
#[derive(Clone, Copy, Debug)]
pub struct Text<'t> {
    /// Markdown.
    pub body: &'t str,
    /// What it is about came to; some forges show it beside the comment.
    pub state: State,
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is under way.
    Pending,
    /// All is well.
    Success,
    /// Something has to be mended first.
    Failure,
}

/// The status of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What the check is called: `hld/preview`.
    pub context: String,
    /// What it came to.
    pub state: State,
    /// One line about it; cut where the forge takes less.
    pub description: String,
    /// Where to read more: an address of the CI system.
    pub link: Option<String>,
}

/// Longest description of a status.
const LONGEST: usize = 140;

impl Status {
    /// The description, not longer than forges take.
    pub(crate) fn short_description(&self) -> String {
        if self.description.len() <= LONGEST {
            return self.description.clone();
        }
        format!("{}…", &self.description[..self.description.floor_char_boundary(LONGEST - 3)])
    }
}
