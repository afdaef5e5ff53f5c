//! Azure DevOps, services and server (REST API 7.1): a comment is the first one of a thread, a status
//! belongs to an iteration of the pull request.

use serde_json::{Value as Json, json};
use ureq::http::Method;

use crate::http::{Call, Client, Login, text};
use crate::{Access, Comment, Forge, ForgeError, Pull, State, Status, Target, Text};

const VERSION: &[(&str, &str)] = &[("api-version", "7.1")];

/// The API that says who we are has never left its preview.
const PREVIEW: &[(&str, &str)] = &[("connectOptions", "none"), ("api-version", "7.1-preview")];

/// Most threads; the API gives them all at once.
const MOST_THREADS: usize = 10_000;

/// A pull request on Azure DevOps.
pub(crate) struct Azure {
    client: Client,
    project: String,
    repository: String,
    number: String,
}

impl Azure {
    pub(crate) fn open(target: &Target, access: &Access) -> Result<Self, ForgeError> {
        let (project, repository) = target.owner_and_name()?;
        let client = Client::new(&target.api, access, &Login::Basic)?;
        Ok(Azure { client, project, repository, number: target.pull.to_string() })
    }

    fn path<'p>(&'p self, rest: &[&'p str]) -> Vec<&'p str> {
        let fixed =
            [&self.project, "_apis", "git", "repositories", &self.repository, "pullRequests", &self.number];
        fixed.into_iter().chain(rest.iter().copied()).collect()
    }

    fn write(&self, method: Method, path: &[&str], body: Json) -> Result<(), ForgeError> {
        self.client.call(&Call::send(method, &self.path(path), body).query(VERSION)).map(|_| ())
    }

    /// The iteration that a commit was pushed in.
    fn iteration(&self, commit: &str) -> Result<Option<u64>, ForgeError> {
        let reply = self.client.call(&Call::get(&self.path(&["iterations"])).query(VERSION))?;
        let mut found = reply.json["value"].as_array().into_iter().flatten().rev();
        let iteration = found.find(|one| one["sourceRefCommit"]["commitId"] == commit);
        Ok(iteration.and_then(|iteration| iteration["id"].as_u64()))
    }
}

impl Forge for Azure {
    fn name(&self) -> &'static str {
        "Azure DevOps"
    }

    fn limit(&self) -> usize {
        149_000
    }

    fn identity(&self) -> Result<String, ForgeError> {
        let reply = self.client.call(&Call::get(&["_apis", "connectionData"]).query(PREVIEW))?;
        text(&reply.json, "/authenticatedUser/id", "GET /_apis/connectionData")
    }

    fn pull(&self) -> Result<Pull, ForgeError> {
        let reply = self.client.call(&Call::get(&self.path(&[])).query(VERSION))?;
        let call = "GET pull request";
        let head = text(&reply.json, "/lastMergeSourceCommit/commitId", call)?;
        Ok(Pull { head, is_open: text(&reply.json, "/status", call)? == "active" })
    }

    fn comments(&self) -> Result<Vec<Comment>, ForgeError> {
        let reply = self.client.call(&Call::get(&self.path(&["threads"])).query(VERSION))?;
        let found = reply.json["value"].as_array().map(Vec::as_slice).unwrap_or_default();
        if found.len() > MOST_THREADS {
            return Err(ForgeError::TooMany("threads", MOST_THREADS));
        }
        let mut threads: Vec<&Json> = found.iter().collect();
        threads.sort_by_key(|thread| thread["id"].as_u64());
        Ok(threads.into_iter().filter_map(comment).collect())
    }

    fn create(&self, text: &Text<'_>) -> Result<(), ForgeError> {
        let comment = json!({ "parentCommentId": 0, "content": text.body, "commentType": "text" });
        let body = json!({ "comments": [comment], "status": thread_status(text.state) });
        let path = self.path(&["threads"]);
        self.client.call(&Call::send(Method::POST, &path, body).query(VERSION).once()).map(|_| ())
    }

    fn update(&self, comment: &Comment, text: &Text<'_>) -> Result<(), ForgeError> {
        let (thread, id) = comment.id.split_once('/').unwrap_or((&comment.id, "1"));
        let body = json!({ "content": text.body });
        self.write(Method::PATCH, &["threads", thread, "comments", id], body)?;
        self.write(Method::PATCH, &["threads", thread], json!({ "status": thread_status(text.state) }))
    }

    fn delete(&self, comment: &Comment) -> Result<(), ForgeError> {
        let (thread, id) = comment.id.split_once('/').unwrap_or((&comment.id, "1"));
        let path = self.path(&["threads", thread, "comments", id]);
        let call = Call { method: Method::DELETE, ..Call::get(&path).query(VERSION) };
        self.client.call(&call).map(|_| ())
    }

    fn set_status(&self, commit: &str, status: &Status) -> Result<(), ForgeError> {
        let state = match status.state {
            State::Pending => "pending",
            State::Success => "succeeded",
            State::Failure => "failed",
        };
        let (genre, name) = status.context.split_once('/').unwrap_or(("hld", &status.context));
        let mut body = json!({
            "state": state,
            "description": status.short_description(),
            "context": { "genre": genre, "name": name },
        });
        if let Some(link) = &status.link {
            body["targetUrl"] = Json::from(link.as_str());
        }
        // A status of an iteration is of no account for the next one: a push asks for a new one.
        match self.iteration(commit)? {
            Some(iteration) => body["iterationId"] = Json::from(iteration),
            None => {
                let why = "the pull request has no iteration with the commit that the status is for";
                return Err(ForgeError::Unusable(why.to_owned()));
            }
        }
        self.write(Method::POST, &["statuses"], body)
    }
}

/// An open thread can keep a pull request from being merged, as it should where something is wrong.
fn thread_status(state: State) -> &'static str {
    match state {
        State::Failure => "active",
        State::Pending | State::Success => "closed",
    }
}

/// The first comment of a thread that is still there.
fn comment(thread: &Json) -> Option<Comment> {
    let first = thread["comments"].as_array()?.first()?;
    let is_deleted = |json: &Json| json["isDeleted"].as_bool().unwrap_or_default();
    if is_deleted(thread) || is_deleted(first) {
        return None;
    }
    Some(Comment {
        id: format!("{}/{}", thread["id"].as_u64()?, first["id"].as_u64()?),
        author: first["author"]["id"].as_str()?.to_owned(),
        body: first["content"].as_str()?.to_owned(),
    })
}
