//! Fakes of the forges' APIs, made after their published descriptions: GitHub's (in `github.rs`), the
//! swagger file of Gitea 1.26, Azure DevOps' git API 7.1. They know the calls that hld makes; any
//! other call, field or login is remembered and fails the test.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hld_forge::{Access, Forge, Kind, Patience, Target, open};
use hld_testkit::http::{Request, Response, Server};
use serde_json::{Value as Json, json};

use crate::github;

pub(crate) const TOKEN: &str = "t0k3n-canary";
pub(crate) const ME: &str = "hld-bot";
pub(crate) const KINDS: [Kind; 3] = [Kind::Azure, Kind::Github, Kind::Gitea];

/// The author of comments whose user is gone.
pub(crate) const GHOST: &str = "";

/// The commit at the head of the pull request when a test begins.
pub(crate) const HEAD: &str = "1111111111111111111111111111111111111111";
/// Another commit.
pub(crate) const NEWER: &str = "2222222222222222222222222222222222222222";

#[derive(Clone, Debug)]
pub(crate) struct FakeComment {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) is_deleted: bool,
}

/// Answers in place of the fake, by what it is asked.
type Fault = Box<dyn FnMut(&Request, &mut State) -> Option<Response> + Send>;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) head: String,
    pub(crate) is_closed: bool,
    pub(crate) comments: Vec<FakeComment>,
    pub(crate) statuses: Vec<Json>,
    /// What should not have been asked.
    pub(crate) unexpected: Vec<String>,
    pub(crate) threads: Vec<(u64, String)>,
    /// Pages that GitHub says there are at least.
    pub(crate) n_pages: usize,
    pub(crate) is_app: bool,
    fault: Option<Fault>,
}

impl State {
    pub(crate) fn add(&mut self, author: &str, body: &str) -> u64 {
        let id = self.comments.len() as u64 + 1;
        let (author, body) = (author.to_owned(), body.to_owned());
        self.comments.push(FakeComment { id, author, body, is_deleted: false });
        id
    }

    pub(crate) fn comment(&mut self, id: u64) -> Option<&mut FakeComment> {
        self.comments.iter_mut().find(|comment| comment.id == id && !comment.is_deleted)
    }
}

pub(crate) struct Fake {
    pub(crate) kind: Kind,
    pub(crate) server: Server,
    state: Arc<Mutex<State>>,
}

impl Fake {
    pub(crate) fn start(kind: Kind) -> Self {
        let state = Arc::new(Mutex::new(State { head: HEAD.to_owned(), ..State::default() }));
        let shared = state.clone();
        let server = Server::start(move |request| {
            let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let fault = state.fault.take();
            if let Some(mut fault) = fault {
                let response = fault(request, &mut state);
                state.fault = Some(fault);
                if let Some(response) = response {
                    return response;
                }
            }
            answer(kind, request, &mut state)
        });
        Fake { kind, server: server.unwrap(), state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `fault` may answer.
    pub(crate) fn faults(
        &self,
        fault: impl FnMut(&Request, &mut State) -> Option<Response> + Send + 'static,
    ) {
        self.state().fault = Some(Box::new(fault));
    }

    pub(crate) fn target(&self) -> Target {
        let api = match self.kind {
            Kind::Azure => self.server.url("/org"),
            Kind::Github => self.server.url("/api/v3"),
            Kind::Gitea => self.server.url("/api/v1"),
        };
        let api = Target::api(self.kind, &api).unwrap();
        Target { kind: self.kind, api, repository: "team/shop".to_owned(), pull: 3, head: None, link: None }
    }

    pub(crate) fn access(&self) -> Access {
        let patience = Patience { tries: 4, pause: Duration::from_millis(1), total: Duration::from_secs(20) };
        Access { token: TOKEN.into(), insecure: vec![self.server.authority()], patience }
    }

    pub(crate) fn open(&self) -> Box<dyn Forge> {
        open(&self.target(), &self.access()).unwrap()
    }

    /// Our comments and those of others that are there.
    pub(crate) fn bodies(&self) -> Vec<(u64, String, String)> {
        let state = self.state();
        let there = state.comments.iter().filter(|comment| !comment.is_deleted);
        there.map(|comment| (comment.id, comment.author.clone(), comment.body.clone())).collect()
    }

    /// How many requests were made of a method.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.server.requests().iter().filter(|request| request.method == method).count()
    }

    #[track_caller]
    pub(crate) fn was_asked_nothing_else(&self) {
        assert_eq!(self.state().unexpected, Vec::<String>::new());
    }
}

/// The answer of a forge in good health.
fn answer(kind: Kind, request: &Request, state: &mut State) -> Response {
    let login = match kind {
        Kind::Github => return github::answer(request, state),
        Kind::Azure => "Basic OnQwazNuLWNhbmFyeQ==".to_owned(),
        Kind::Gitea => format!("token {TOKEN}"),
    };
    if request.header("authorization") != Some(&login) {
        state.unexpected.push(format!("login {:?}", request.header("authorization")));
        return Response::json(401, &json!({ "message": "Bad credentials" }));
    }
    let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
    let path: Vec<&str> = request.path().split('/').skip(1).collect();
    let answer = match kind {
        Kind::Azure => azure(request, (&path, &body), state),
        _ => gitea(request, (&path, &body), state),
    };
    answer.unwrap_or_else(|| {
        state.unexpected.push(format!("{} {} {body}", request.method, request.target));
        Response::json(404, &json!({ "message": "Not Found" }))
    })
}

/// Whether an object has these fields and no others.
fn has(body: &Json, fields: &[&str]) -> bool {
    body.as_object().is_some_and(|body| body.keys().all(|key| fields.contains(&key.as_str())))
}

fn comments(state: &State) -> Vec<Json> {
    let there = state.comments.iter().filter(|comment| !comment.is_deleted);
    let json = |comment: &FakeComment| json!({ "id": comment.id, "user": { "login": comment.author, "id": 7 }, "body": comment.body });
    there.map(json).collect()
}

fn gitea(request: &Request, (path, body): (&[&str], &Json), state: &mut State) -> Option<Response> {
    let ["api", "v1", path @ ..] = path else { return None };
    let ok = |status, json: Json| Some(Response::json(status, &json));
    match (request.method.as_str(), path) {
        ("GET", ["repos", "team", "shop", "issues", "3", "comments"]) => ok(200, Json::from(comments(state))),
        ("GET", ["user"]) => ok(200, json!({ "login": ME, "id": 7 })),
        ("GET", ["repos", "team", "shop", "pulls", "3"]) => {
            let word = if state.is_closed { "closed" } else { "open" };
            ok(200, json!({ "number": 3, "state": word, "head": { "sha": state.head, "ref": "change" } }))
        }
        ("POST", ["repos", "team", "shop", "issues", "3", "comments"]) if has(body, &["body"]) => {
            let id = state.add(ME, body["body"].as_str()?);
            ok(201, json!({ "id": id }))
        }
        ("PATCH", ["repos", "team", "shop", "issues", "comments", id]) if has(body, &["body"]) => {
            match state.comment(id.parse().ok()?) {
                Some(comment) => comment.body = body["body"].as_str()?.to_owned(),
                None => return ok(404, json!({ "message": "Not Found" })),
            }
            ok(200, json!({ "id": id }))
        }
        ("DELETE", ["repos", "team", "shop", "issues", "comments", id]) => {
            state.comment(id.parse().ok()?)?.is_deleted = true;
            Some(Response::new(204, ""))
        }
        ("POST", ["repos", "team", "shop", "statuses", commit])
            if has(body, &["state", "context", "description", "target_url"]) =>
        {
            let mut status = body.clone();
            status["commit"] = Json::from(*commit);
            state.statuses.push(status);
            ok(201, json!({ "id": 1 }))
        }
        _ => None,
    }
}

fn azure(request: &Request, (path, body): (&[&str], &Json), state: &mut State) -> Option<Response> {
    let ok = |json: Json| Some(Response::json(200, &json));
    if let ("GET", ["org", "_apis", "connectionData"]) = (request.method.as_str(), path) {
        return ok(json!({ "authenticatedUser": { "id": ME }, "authorizedUser": { "id": ME } }));
    }
    let ["org", "team", "_apis", "git", "repositories", "shop", "pullRequests", "3", rest @ ..] = path else {
        return None;
    };
    if request.query() != "api-version=7.1" {
        return None;
    }
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let word = if state.is_closed { "completed" } else { "active" };
            let commit = json!({ "commitId": state.head });
            ok(json!({ "pullRequestId": 3, "status": word, "lastMergeSourceCommit": commit }))
        }
        ("GET", ["threads"]) => ok(json!({ "value": azure_threads(state), "count": state.comments.len() })),
        ("POST", ["threads"]) if has(body, &["comments", "status"]) => {
            let [comment] = body["comments"].as_array()?.as_slice() else { return None };
            if !has(comment, &["parentCommentId", "content", "commentType"]) {
                return None;
            }
            let id = state.add(ME, comment["content"].as_str()?);
            state.threads.push((id, body["status"].as_str()?.to_owned()));
            ok(json!({ "id": id }))
        }
        ("PATCH", ["threads", thread]) if has(body, &["status"]) => {
            state.threads.push((thread.parse().ok()?, body["status"].as_str()?.to_owned()));
            ok(json!({ "id": thread }))
        }
        ("PATCH", ["threads", thread, "comments", "1"]) if has(body, &["content"]) => {
            match state.comment(thread.parse().ok()?) {
                Some(comment) => comment.body = body["content"].as_str()?.to_owned(),
                None => return Some(Response::json(404, &json!({ "message": "TF401: not found" }))),
            }
            ok(json!({ "id": 1 }))
        }
        ("DELETE", ["threads", thread, "comments", "1"]) => {
            state.comment(thread.parse().ok()?)?.is_deleted = true;
            Some(Response::new(200, ""))
        }
        ("GET", ["iterations"]) => ok(json!({ "value": [
            { "id": 1, "sourceRefCommit": { "commitId": "0000000000000000000000000000000000000000" } },
            { "id": 2, "sourceRefCommit": { "commitId": state.head } },
        ] })),
        ("POST", ["statuses"])
            if has(body, &["state", "description", "context", "targetUrl", "iterationId"]) =>
        {
            state.statuses.push(body.clone());
            ok(json!({ "id": 1 }))
        }
        _ => None,
    }
}

/// Deleted comments stay in their threads.
fn azure_threads(state: &State) -> Vec<Json> {
    let thread = |comment: &FakeComment| {
        let (content, is_deleted) = (&comment.body, comment.is_deleted);
        json!({ "id": comment.id, "isDeleted": false, "comments": [
            { "id": 1, "author": { "id": comment.author }, "content": content, "isDeleted": is_deleted },
            { "id": 2, "author": { "id": ME }, "content": "an answer" },
        ] })
    };
    state.comments.iter().map(thread).collect()
}
