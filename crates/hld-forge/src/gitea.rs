//! Gitea and Forgejo (API v1, as the swagger file of Gitea 1.26 has it).

use crate::http::{Call, Client, Login, text};
use crate::rest::{Rest, comment};
use crate::{Access, Comment, Forge, ForgeError, Pull, Status, Target, Text};

/// Most comments; the API gives them all at once.
const MOST_COMMENTS: usize = 10_000;

/// A pull request on Gitea.
pub(crate) struct Gitea {
    rest: Rest,
}

impl Gitea {
    pub(crate) fn open(target: &Target, access: &Access) -> Result<Self, ForgeError> {
        let client = Client::new(&target.api, access, &Login::Token)?;
        Ok(Gitea { rest: Rest::new(target, client)? })
    }
}

impl Forge for Gitea {
    fn name(&self) -> &'static str {
        "Gitea"
    }

    /// Gitea has no limit of its own; more than this nobody reads.
    fn limit(&self) -> usize {
        65_000
    }

    fn identity(&self) -> Result<String, ForgeError> {
        let reply = self.rest.client.call(&Call::get(&["user"]))?;
        text(&reply.json, "/login", "GET /user")
    }

    fn pull(&self) -> Result<Pull, ForgeError> {
        self.rest.pull()
    }

    fn comments(&self) -> Result<Vec<Comment>, ForgeError> {
        let reply = self.rest.client.call(&Call::get(&self.rest.comments_path()))?;
        let found = reply.json.as_array().map(Vec::as_slice).unwrap_or_default();
        if found.len() > MOST_COMMENTS {
            return Err(ForgeError::TooMany("comments", MOST_COMMENTS));
        }
        Ok(found.iter().filter_map(comment).collect())
    }

    fn create(&self, text: &Text<'_>) -> Result<(), ForgeError> {
        self.rest.create(text)
    }

    fn update(&self, comment: &Comment, text: &Text<'_>) -> Result<(), ForgeError> {
        self.rest.update(comment, text)
    }

    fn delete(&self, comment: &Comment) -> Result<(), ForgeError> {
        self.rest.delete(comment)
    }

    fn set_status(&self, commit: &str, status: &Status) -> Result<(), ForgeError> {
        self.rest.set_status(commit, status)
    }
}
