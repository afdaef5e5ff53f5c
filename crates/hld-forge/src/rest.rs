//! What the APIs of GitHub and Gitea have in common: Gitea's is made after GitHub's.

use serde_json::{Value as Json, json};
use ureq::http::Method;

use crate::http::{Call, Client, text};
use crate::{Comment, ForgeError, Pull, State, Status, Target, Text};

/// A pull request, by the paths and fields that both have.
pub(crate) struct Rest {
    pub(crate) client: Client,
    owner: String,
    name: String,
    number: String,
}

impl Rest {
    pub(crate) fn new(target: &Target, client: Client) -> Result<Self, ForgeError> {
        let (owner, name) = target.owner_and_name()?;
        Ok(Rest { client, owner, name, number: target.pull.to_string() })
    }

    fn path<'p>(&'p self, rest: &[&'p str]) -> Vec<&'p str> {
        ["repos", &self.owner, &self.name].into_iter().chain(rest.iter().copied()).collect()
    }

    /// Where the comments are.
    pub(crate) fn comments_path(&self) -> Vec<&str> {
        self.path(&["issues", &self.number, "comments"])
    }

    pub(crate) fn pull(&self) -> Result<Pull, ForgeError> {
        let reply = self.client.call(&Call::get(&self.path(&["pulls", &self.number])))?;
        let call = "GET pull request";
        let head = text(&reply.json, "/head/sha", call)?;
        Ok(Pull { head, is_open: text(&reply.json, "/state", call)? == "open" })
    }

    pub(crate) fn create(&self, text: &Text<'_>) -> Result<(), ForgeError> {
        let body = json!({ "body": text.body });
        self.client.call(&Call::send(Method::POST, &self.comments_path(), body).once()).map(|_| ())
    }

    pub(crate) fn update(&self, comment: &Comment, text: &Text<'_>) -> Result<(), ForgeError> {
        let path = self.path(&["issues", "comments", &comment.id]);
        let body = json!({ "body": text.body });
        self.client.call(&Call::send(Method::PATCH, &path, body)).map(|_| ())
    }

    pub(crate) fn delete(&self, comment: &Comment) -> Result<(), ForgeError> {
        let path = self.path(&["issues", "comments", &comment.id]);
        let call = Call { method: Method::DELETE, ..Call::get(&path) };
        self.client.call(&call).map(|_| ())
    }

    pub(crate) fn set_status(&self, commit: &str, status: &Status) -> Result<(), ForgeError> {
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

/// A comment; none of a user who is gone.
pub(crate) fn comment(json: &Json) -> Option<Comment> {
    Some(Comment {
        id: json["id"].as_u64()?.to_string(),
        author: json["user"]["login"].as_str()?.to_owned(),
        body: json["body"].as_str()?.to_owned(),
    })
}
