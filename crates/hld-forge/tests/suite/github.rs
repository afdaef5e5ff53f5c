//! The fake of GitHub. It follows GitHub's published description of its REST API
//! (github/rest-api-description at 0000036e: `info.version` 1.1.4, API version 2022-11-28) for the
//! operations that hld uses: `users/get-authenticated`, `pulls/get`, `issues/list-comments`,
//! `issues/create-comment`, `issues/update-comment`, `issues/delete-comment` and
//! `repos/create-commit-status`. It refuses what these refuse, and properties that they do not name.
//! Limits that GitHub has and its description does not name are marked. Of GraphQL it knows the one
//! query that says who a token of an app is.

use hld_testkit::http::{Request, Response};
use serde_json::{Value as Json, json};

use crate::fake::{FakeComment, GHOST, HEAD, ME, NEWER, State, TOKEN};

/// A property of a body.
struct Property {
    name: &'static str,
    is_required: bool,
    is_nullable: bool,
    /// The values that there are, if not any text.
    words: &'static [&'static str],
    /// Most characters (not in the description).
    longest: usize,
}

const TEXT: Property =
    Property { name: "", is_required: false, is_nullable: false, words: &[], longest: usize::MAX };
const COMMENT: &[Property] = &[Property { name: "body", is_required: true, longest: 65_536, ..TEXT }];
const STATUS: &[Property] = &[
    Property { name: "state", is_required: true, words: &["error", "failure", "pending", "success"], ..TEXT },
    Property { name: "target_url", is_nullable: true, ..TEXT },
    Property { name: "description", is_nullable: true, longest: 140, ..TEXT },
    Property { name: "context", longest: 255, ..TEXT },
];

/// Most statuses of one commit and context.
const MOST_STATUSES: usize = 1_000;

/// A refusal, as GitHub words it.
fn refusal(status: u16, message: &str) -> Response {
    let url = "https://docs.github.com/rest";
    Response::json(
        status,
        &json!({ "message": message, "documentation_url": url, "status": status.to_string() }),
    )
}

/// The answer to a request. A refusal is remembered as well: hld is not to earn one.
pub(crate) fn answer(request: &Request, state: &mut State) -> Response {
    match route(request, state) {
        Ok(response) => response,
        Err((status, message)) => {
            state.unexpected.push(format!("{} {}: {message}", request.method, request.target));
            refusal(status, &message)
        }
    }
}

/// A status and words.
type Refused = (u16, String);

fn route(request: &Request, state: &mut State) -> Result<Response, Refused> {
    check_headers(request)?;
    let path: Vec<&str> = request.path().split('/').skip(1).collect();
    let not_found = || (404, "Not Found".to_owned());
    match (request.method.as_str(), &path[..]) {
        ("POST", ["api", "graphql"]) => viewer(request),
        ("GET", ["api", "v3", "user"]) if state.is_app => {
            Ok(refusal(403, "Resource not accessible by integration"))
        }
        ("GET", ["api", "v3", "user"]) => {
            Ok(Response::json(200, &json!({ "login": ME, "id": 7, "user_view_type": "public" })))
        }
        (method, ["api", "v3", "repos", "team", "shop", rest @ ..]) => {
            repository((method, rest), request, state).ok_or_else(not_found)?
        }
        _ => Err(not_found()),
    }
}

/// What stands below the repository; `None` where there is nothing.
fn repository(
    (method, path): (&str, &[&str]),
    request: &Request,
    state: &mut State,
) -> Option<Result<Response, Refused>> {
    Some(match (method, path) {
        ("GET", ["pulls", "3"]) => Ok(Response::json(200, &pull(state))),
        ("GET", ["issues", "3", "comments"]) => comments(request, state),
        ("POST", ["issues", "3", "comments"]) => body(request, COMMENT).map(|body| {
            let id = state.add(ME, body["body"].as_str().unwrap_or_default());
            Response::json(201, &comment(&state.comments[id as usize - 1]))
        }),
        ("PATCH", ["issues", "comments", id]) => {
            let id = id.parse().ok()?;
            body(request, COMMENT).map(|body| match state.comment(id) {
                Some(found) => {
                    found.body = body["body"].as_str().unwrap_or_default().to_owned();
                    Response::json(200, &comment(found))
                }
                // Somebody has deleted it: nothing that hld could have known.
                None => refusal(404, "Not Found"),
            })
        }
        ("DELETE", ["issues", "comments", id]) => Ok(match state.comment(id.parse().ok()?) {
            Some(found) => {
                found.is_deleted = true;
                Response::new(204, "")
            }
            None => refusal(404, "Not Found"),
        }),
        ("POST", ["statuses", sha]) => body(request, STATUS).and_then(|body| status(sha, body, state)),
        _ => return None,
    })
}

/// Every call names itself (GitHub refuses who does not), a form of answers and the version it means.
fn check_headers(request: &Request) -> Result<(), Refused> {
    if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return Err((401, "Bad credentials".to_owned()));
    }
    if request.header("user-agent").is_none_or(str::is_empty) {
        return Err((403, "Request forbidden by administrative rules".to_owned()));
    }
    if request.header("accept") != Some("application/vnd.github+json") {
        return Err((415, format!("Unsupported 'Accept' header: {:?}", request.header("accept"))));
    }
    match request.header("x-github-api-version") {
        Some("2022-11-28") => Ok(()),
        version => Err((400, format!("{version:?} is not a supported version"))),
    }
}

/// The body of a request, if it is as the description says.
fn body(request: &Request, properties: &[Property]) -> Result<Json, Refused> {
    let problem = || (400, "Problems parsing JSON".to_owned());
    if request.header("content-type") != Some("application/json") {
        return Err((415, "Unsupported Media Type".to_owned()));
    }
    let body: Json = serde_json::from_slice(&request.body).map_err(|_| problem())?;
    let fields = body.as_object().ok_or_else(problem)?;
    let failed = |field: &str, code: &str| Err((422, format!("Validation Failed: {field} {code}")));
    if let Some(field) = fields.keys().find(|name| properties.iter().all(|known| known.name != **name)) {
        return failed(field, "unknown");
    }
    for property in properties {
        let is_fine = match fields.get(property.name) {
            None => !property.is_required,
            Some(Json::Null) => property.is_nullable,
            Some(Json::String(text)) => {
                text.chars().count() <= property.longest
                    && (property.words.is_empty() || property.words.contains(&text.as_str()))
            }
            Some(_) => false,
        };
        if !is_fine {
            return failed(property.name, "invalid");
        }
    }
    Ok(body)
}

/// Who we are, for tokens of apps.
fn viewer(request: &Request) -> Result<Response, Refused> {
    let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
    match body {
        _ if body == json!({ "query": "query { viewer { login } }" }) => {
            Ok(Response::json(200, &json!({ "data": { "viewer": { "login": ME } } })))
        }
        _ => Err((400, "A query attribute must be specified and must be a string.".to_owned())),
    }
}

fn pull(state: &State) -> Json {
    let word = if state.is_closed { "closed" } else { "open" };
    // The repository of the change may be gone.
    let head = json!({
        "label": "team:change", "ref": "change", "sha": state.head, "repo": null, "user": user(ME),
    });
    let base = json!({ "label": "team:main", "ref": "main", "sha": NEWER, "user": user(ME) });
    json!({ "id": 1, "number": 3, "state": word, "locked": false, "head": head, "base": base })
}

fn user(login: &str) -> Json {
    json!({ "login": login, "id": 7, "type": "User", "site_admin": false })
}

fn comment(comment: &FakeComment) -> Json {
    let who = if comment.author == GHOST { Json::Null } else { user(&comment.author) };
    json!({
        "id": comment.id, "node_id": "x", "body": comment.body, "user": who,
        "url": "https://api.github.com/x", "html_url": "https://github.com/x",
        "issue_url": "https://api.github.com/x", "author_association": "CONTRIBUTOR",
        "created_at": "2011-04-14T16:00:49Z", "updated_at": "2011-04-14T16:00:49Z",
    })
}

/// One page of comments by ascending id, and in `Link` whether there is a next one.
fn comments(request: &Request, state: &State) -> Result<Response, Refused> {
    let (mut page, mut size) = (1, 30);
    for pair in request.query().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let number = value.parse::<usize>().ok().filter(|number| *number > 0);
        match (name, number) {
            ("page", Some(number)) => page = number,
            ("per_page", Some(number)) if number <= 100 => size = number,
            _ => return Err((422, format!("Validation Failed: {pair}"))),
        }
    }
    let there: Vec<Json> = state.comments.iter().filter(|comment| !comment.is_deleted).map(comment).collect();
    let n_pages = there.len().div_ceil(size).max(state.n_pages);
    let shown: Vec<Json> = there.into_iter().skip((page - 1) * size).take(size).collect();
    let response = Response::json(200, &Json::from(shown));
    // Nobody is to ask there.
    let place = "<http://127.0.0.1:1/evil>";
    let mut links = Vec::new();
    if page > 1 {
        links.push(format!("{place}; rel=\"prev\", {place}; rel=\"first\""));
    }
    if page < n_pages {
        links.push(format!("{place}; rel=\"next\", {place}; rel=\"last\""));
    }
    Ok(if links.is_empty() { response } else { response.header("link", &links.join(", ")) })
}

fn status(sha: &str, mut body: Json, state: &mut State) -> Result<Response, Refused> {
    // Both are GitHub's, and not in the description.
    if ![HEAD, NEWER].contains(&sha) {
        return Err((422, format!("No commit found for SHA: {sha}")));
    }
    if body["target_url"].as_str().is_some_and(|url| !url.starts_with("http")) {
        return Err((422, "Validation Failed: target_url must use http(s) scheme".to_owned()));
    }
    let of = |status: &Json| (status["commit"].clone(), status["context"].as_str().map(str::to_lowercase));
    body["commit"] = Json::from(sha);
    if state.statuses.iter().filter(|status| of(status) == of(&body)).count() >= MOST_STATUSES {
        return Err((422, "Validation Failed: this SHA and context has reached the maximum".to_owned()));
    }
    state.statuses.push(body.clone());
    let named = |name: &str| body[name].clone();
    Ok(Response::json(
        201,
        &json!({
            "id": 1, "node_id": "x", "url": "https://api.github.com/x", "state": named("state"),
            "target_url": named("target_url"), "description": named("description"), "context": named("context"),
            "creator": user(ME), "created_at": "2012-07-20T01:19:13Z", "updated_at": "2012-07-20T01:19:13Z",
        }),
    ))
}

/// A request as the forge makes it.
fn request(method: &str, target: &str, body: &Json) -> Request {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![
        header("authorization", &format!("Bearer {TOKEN}")),
        header("user-agent", "hld"),
        header("accept", "application/vnd.github+json"),
        header("x-github-api-version", "2022-11-28"),
        header("content-type", "application/json"),
    ];
    let target = format!("/api/v3{target}");
    Request { method: method.to_owned(), target, headers, body: body.to_string().into_bytes() }
}

/// The status of the answer to a request, and whether it is remembered as a mistake.
fn asked(request: &Request) -> (u16, bool) {
    let mut state = State::default();
    state.add(ME, "there");
    match answer(request, &mut state) {
        Response::Whole { status, .. } => (status, !state.unexpected.is_empty()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_fake_refuses_what_the_description_refuses() {
    let comments = "/repos/team/shop/issues/3/comments";
    let statuses = format!("/repos/team/shop/statuses/{HEAD}");
    let fine = json!({ "state": "success", "context": "hld/preview", "description": null });
    let with = |name: &str, value: Json| {
        let mut body = fine.clone();
        body[name] = value;
        ("POST", statuses.as_str(), body)
    };
    assert_eq!(asked(&request("POST", &statuses, &fine)), (201, false));
    for (method, target, body) in [
        with("state", json!("succeeded")),
        with("state", json!("SUCCESS")),
        with("state", Json::Null),
        with("context", Json::Null),
        with("context", json!("x".repeat(256))),
        with("context", json!({ "name": "preview" })),
        with("description", json!("x".repeat(141))),
        with("target_url", json!("ci.example/1")),
        with("targetUrl", json!("https://ci.example/1")),
        ("POST", statuses.as_str(), json!({ "context": "hld/preview" })),
        ("POST", "/repos/team/shop/statuses/main", fine.clone()),
        ("POST", comments, json!({})),
        ("POST", comments, json!({ "body": null })),
        ("POST", comments, json!({ "body": "x".repeat(65_537) })),
        ("POST", comments, json!({ "body": "x", "event": "COMMENT" })),
        ("PATCH", "/repos/team/shop/issues/comments/1", json!({ "content": "x" })),
        ("GET", "/repos/team/shop/issues/3/comments?per_page=101", Json::Null),
        ("GET", "/repos/team/shop/issues/3/comments?page=0", Json::Null),
        ("GET", "/repos/team/shop/issues/3/comments?limit=1", Json::Null),
    ] {
        assert_eq!(asked(&request(method, target, &body)), (422, true), "{method} {target} {body}");
    }
    for (method, target) in [
        ("PUT", "/repos/team/shop/issues/comments/1"),
        ("PATCH", "/repos/team/shop/issues/3/comments/1"),
        ("POST", "/repos/team/shop/pulls/3/comments"),
        ("GET", "/repos/team/shop/pull/3"),
        ("GET", "/app"),
    ] {
        assert_eq!(asked(&request(method, target, &json!({}))), (404, true), "{method} {target}");
    }
}

#[test]
fn the_fake_wants_the_headers_of_the_description() {
    let fine = request("GET", "/user", &Json::Null);
    assert_eq!(asked(&fine), (200, false));
    for (name, value, status) in [
        ("authorization", "token t0k3n-canary", 401),
        ("user-agent", "", 403),
        ("accept", "application/vnd.github.diff", 415),
        ("x-github-api-version", "2021-01-01", 400),
    ] {
        let mut wrong = fine.clone();
        wrong
            .headers
            .iter_mut()
            .filter(|header| header.0 == name)
            .for_each(|header| header.1 = value.to_owned());
        assert_eq!(asked(&wrong), (status, true), "{name}: {value}");
        wrong.headers.retain(|header| header.0 != name);
        assert!(asked(&wrong).1, "no {name}");
    }
}
