//! GitHub, and GitHub Enterprise Server (REST API 2022-11-28).

use serde_json::{Value as Json, json};
use ureq::http::Method;
use url::Url;

use crate::http::{Call, Client, Login, text};
use crate::{Access, Comment, Forge, ForgeError, Pull, State, Status, Target, Text};

/// Comments of one page.
const PAGE: usize = 100;

/// Most pages of comments.
const MOST_PAGES: usize = 30;

/// A pull request on GitHub.
pub(crate) struct Github {
    client: Client,
    /// The GraphQL API, which says who a token of an app is.
    graphql: Client,
    owner: String,
    name: String,
    number: String,
}

impl Github {
    pub(crate) fn open(target: &Target, access: &Access) -> Result<Self, ForgeError> {
        let (owner, name) = target.owner_and_name()?;
        let mut graphql: Url = target.api.clone();
        // `/api/v3` and `/api/graphql` on a server of one's own.
        graphql.set_path(if target.api.path().starts_with("/api") { "/api/graphql" } else { "/graphql" });
        Ok(Github {
            client: Client::new(&target.api, access, &Login::Bearer)?,
            graphql: Client::new(&graphql, access, &Login::Bearer)?,
            owner,
            name,
            number: target.pull.to_string(),
        })
    }

    fn path<'p>(&'p self, rest: &[&'p str]) -> Vec<&'p str> {
        ["repos", &self.owner, &self.name].into_iter().chain(rest.iter().copied()).collect()
    }
}

impl Forge for Github {
    fn name(&self) -> &'static str {
        "GitHub"
    }

    fn limit(&self) -> usize {
        65_000
    }

    fn identity(&self) -> Result<String, ForgeError> {
        match self.client.call(&Call::get(&["user"])) {
            Ok(reply) => text(&reply.json, "/login", "GET /user"),
            // Tokens of apps, such as that of a workflow, can not ask that way.
            Err(ForgeError::Refused { status: 403, .. }) => {
                let query = json!({ "query": "query { viewer { login } }" });
                let reply = self.graphql.call(&Call::send(Method::POST, &[], query))?;
                text(&reply.json, "/data/viewer/login", "POST /graphql")
            }
            Err(error) => Err(error),
        }
    }

    fn pull(&self) -> Result<Pull, ForgeError> {
        let reply = self.client.call(&Call::get(&self.path(&["pulls", &self.number])))?;
        let call = "GET pull request";
        let head = text(&reply.json, "/head/sha", call)?;
        Ok(Pull { head, is_open: text(&reply.json, "/state", call)? == "open" })
    }

    fn comments(&self) -> Result<Vec<Comment>, ForgeError> {
        let path = self.path(&["issues", &self.number, "comments"]);
        let mut comments = Vec::new();
        for page in 1..=MOST_PAGES {
            let (page, size) = (page.to_string(), PAGE.to_string());
            let query = [("per_page", size.as_str()), ("page", page.as_str())];
            // The address of the next page is ours, not the server's.
            let reply = self.client.call(&Call::get(&path).query(&query))?;
            let found = reply.json.as_array().map(Vec::as_slice).unwrap_or_default();
            comments.extend(found.iter().filter_map(comment));
            if !reply.has_next || found.is_empty() {
                return Ok(comments);
            }
        }
        Err(ForgeError::TooMany("comments", MOST_PAGES * PAGE))
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

/// A comment; none of a user who is gone.
fn comment(json: &Json) -> Option<Comment> {
    Some(Comment {
        id: json["id"].as_u64()?.to_string(),
        author: json["user"]["login"].as_str()?.to_owned(),
        body: json["body"].as_str()?.to_owned(),
    })
}
