//! Gitea and Forgejo (API v1, as the swagger file of Gitea 1.26 has it).

use serde_json::{Value as Json, json};
use ureq::http::Method;

use crate::http::{Call, Client, Login, text};
use crate::{Access, Comment, Forge, ForgeError, Pull, State, Status, Target, Text};

/// Most comments; the API gives them all at once.
const MOST_COMMENTS: usize = 10_000;

/// A pull request on Gitea.
pub(crate) struct Gitea {
    client: Client,
    owner: String,
    name: String,
    number: String,
}

impl Gitea {
    pub(crate) fn open(target: &Target, access: &Access) -> Result<Self, ForgeError> {
        let (owner, name) = target.owner_and_name()?;
        let client = Client::new(&target.api, access, &Login::Token)?;
        Ok(Gitea { client, owner, name, number: target.pull.to_string() })
    }

    fn path<'p>(&'p self, rest: &[&'p str]) -> Vec<&'p str> {
        ["repos", &self.owner, &self.name].into_iter().chain(rest.iter().copied()).collect()
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
        let reply = self.client.call(&Call::get(&["user"]))?;
        text(&reply.json, "/login", "GET /user")
    }

    fn pull(&self) -> Result<Pull, ForgeError> {
        let reply = self.client.call(&Call::get(&self.path(&["pulls", &self.number])))?;
        let call = "GET pull request";
        let head = text(&reply.json, "/head/sha", call)?;
        Ok(Pull { head, is_open: text(&reply.json, "/state", call)? == "open" })
    }

    fn comments(&self) -> Result<Vec<Comment>, ForgeError> {
        let reply = self.client.call(&Call::get(&self.path(&["issues", &self.number, "comments"])))?;
        let found = reply.json.as_array().map(Vec::as_slice).unwrap_or_default();
        if found.len() > MOST_COMMENTS {
            return Err(ForgeError::TooMany("comments", MOST_COMMENTS));
        }
        Ok(found.iter().filter_map(comment).collect())
    }

    fn create(&self, text: &Text<'_>) -> Result<(), ForgeError> {
        let path = self.path(&["issues", &self.number, "comments"]);
        let body = json!({ "body": text.body });
        self.client.call(&Call::send(Method::POST, &path, body).once()).map(|_| ())
    }

    fn update(&self, comment: &Comment, text: &Text<'_>) -> Result<(), ForgeError> {
        let path = self.path(&["issues", "comments", &comment.id]);
        let body = json!({ "body": text.body });
        self.client.call(&Call::send(Method::PATCH, &path, body)).map(|_| ())
    }

    fn delete(&self, comment: &Comment) -> Result<(), ForgeError> {
        let path = self.path(&["issues", "comments", &comment.id]);
        let call = Call { method: Method::DELETE, ..Call::get(&path) };
        self.client.call(&call).map(|_| ())
    }

    fn set_status(&self, commit: &str, status: &Status) -> Result<(), ForgeError> {
        let state = match status.state {
            State::Pending => "pending",
            State::Success => "success",
            State::Failure => "failure",
        };
        let mut body =
            json!({ "state": state, "context": status.context, "description": status.short_description() });
        if let Some(link) = &status.link {
            body["target_url"] = Json::from(link.as_str());
        }
        self.client.call(&Call::send(Method::POST, &self.path(&["statuses", commit]), body)).map(|_| ())
    }
}

fn comment(json: &Json) -> Option<Comment> {
    Some(Comment {
        id: json["id"].as_u64()?.to_string(),
        author: json["user"]["login"].as_str()?.to_owned(),
        body: json["body"].as_str()?.to_owned(),
    })
}
