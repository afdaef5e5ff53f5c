//! The real Gitea: a comment and statuses on a pull request, and what its users see and are told.

#![cfg(feature = "real-programs")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use hld_diag::FileId;
use hld_diff::write::{code_span, markdown};
use hld_diff::{Comparison, Input, Key, Options, fold};
use hld_forge::{Access, Forge, ForgeError, Kind, Patience, Post, Posted, State, Status, Target, open, post};
use hld_testkit::gitea::{Gitea, USER};
use hld_yaml::Limits;
use serde_json::{Value as Json, json};

/// A Gitea with a pull request.
struct World {
    gitea: Gitea,
    target: Target,
}

impl World {
    fn start() -> Self {
        let gitea = Gitea::start().unwrap();
        gitea.create_repository("shop").unwrap();
        let body = json!({ "title": "an issue", "body": "to be let alone" });
        gitea.call("POST", &format!("repos/{USER}/shop/issues"), Some(&body)).unwrap();
        push(&gitea, "web.yaml", "change");
        let pull = gitea.open_pull_request("shop", "change", "a change").unwrap();
        let api = Target::api(Kind::Gitea, &gitea.url()).unwrap();
        let repository = format!("{USER}/shop");
        let target = Target { kind: Kind::Gitea, api, repository, pull, head: None, link: None };
        World { gitea, target }
    }

    fn access(&self, token: &str) -> Access {
        let patience =
            Patience { tries: 2, pause: Duration::from_millis(50), total: Duration::from_secs(60) };
        Access { token: token.into(), insecure: vec![self.gitea.host()], patience }
    }

    fn forge(&self) -> Box<dyn Forge> {
        open(&self.target, &self.access(self.gitea.token())).unwrap()
    }

    fn comments(&self) -> Vec<Json> {
        let path = format!("repos/{USER}/shop/issues/{}/comments", self.target.pull);
        self.gitea.call("GET", &path, None).unwrap().as_array().unwrap().clone()
    }

    /// A user who is told of mentions, and a token of theirs.
    fn other_user(&self) -> String {
        let (name, password) = ("bob", "of-no-worth-1906");
        let body = json!({
            "username": name, "email": "bob@example.com", "password": password, "must_change_password": false,
        });
        self.gitea.call("POST", "admin/users", Some(&body)).unwrap();
        let body = json!({ "permission": "write" });
        self.gitea.call("PUT", &format!("repos/{USER}/shop/collaborators/{name}"), Some(&body)).unwrap();
        let body = json!({ "name": "test", "scopes": ["all"] }).to_string();
        let encoded = base64(&format!("{name}:{password}"));
        let mut answer = ureq::post(format!("{}/api/v1/users/{name}/tokens", self.gitea.url()))
            .header("authorization", format!("Basic {encoded}"))
            .header("content-type", "application/json")
            .send(body)
            .unwrap();
        let answer: Json = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        answer["sha1"].as_str().unwrap().to_owned()
    }
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Commits a file to a branch, which it makes of `main` if it is not there: the commit.
fn push(gitea: &Gitea, file: &str, branch: &str) -> String {
    let is_new = gitea.call("GET", &format!("repos/{USER}/shop/branches/{branch}"), None).is_err();
    let mut body = json!({ "content": base64("a: b\n"), "message": file });
    body[if is_new { "new_branch" } else { "branch" }] = Json::from(branch);
    let made = gitea.call("POST", &format!("repos/{USER}/shop/contents/{file}"), Some(&body)).unwrap();
    made["commit"]["sha"].as_str().unwrap().to_owned()
}

/// What hld-diff makes of a manifest that wants everybody's attention.
fn hostile() -> String {
    let lines = "@bob @ada fixes #1\n/merge\n![x](http://127.0.0.1:1/x.png)\n<img src=x onerror=alert(1)>\n```\n</details>\n<script>alert(1)</script>\nhttp://127.0.0.1:1/\n[a](javascript:alert(1))\n\u{202e}x\n";
    let text = Json::from(lines).to_string();
    let manifest = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: '@bob closes #1', annotations: {{a: '@bob `` #1'}}}}\ndata: {{a: {text}}}\n"
    );
    let options = Options { key: Key::new([1; 32]), limits: Limits::default() };
    let input = [Input { text: &manifest, file: FileId::NONE }];
    let difference = hld_diff::compare(&[], &input, &options).difference;
    let comparisons = [Comparison { name: "@bob #1 | x".to_owned(), difference }];
    format!("## hld preview of {}\n\n{}", code_span("@bob/#1"), markdown(&fold(&comparisons), None))
}

#[test]
fn one_comment_is_made_and_kept() {
    let world = World::start();
    let forge = world.forge();
    let head = forge.pull().unwrap().head;
    let text = |body| Post { id: ".", head: &head, body, state: State::Success };
    assert_eq!(post(&*forge, &text("## one\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")), Ok(Posted::Done));
    assert_eq!(post(&*forge, &text("## two\r\n\n\n")), Ok(Posted::Done));
    let [comment] = &world.comments()[..] else { panic!("{:?}", world.comments()) };
    assert!(comment["body"].as_str().unwrap().contains("## two"), "{comment}");

    // Four at once, and one of ours that somebody deletes.
    let path = format!("repos/{USER}/shop/issues/comments/{}", comment["id"]);
    world.gitea.call("DELETE", &path, None).unwrap();
    std::thread::scope(|scope| {
        let runs: Vec<_> = ["a", "b", "c", "d"]
            .into_iter()
            .map(|body| {
                let (world, text) = (&world, text(body));
                scope.spawn(move || post(&*world.forge(), &text))
            })
            .collect();
        runs.into_iter().for_each(|run| assert_eq!(run.join().unwrap(), Ok(Posted::Done)));
    });
    assert_eq!(world.comments().len(), 1, "{:?}", world.comments());
}

#[test]
fn b156_somebody_elses_comment_stays() {
    let world = World::start();
    let forge = world.forge();
    let head = forge.pull().unwrap().head;
    let text = Post { id: ".", head: &head, body: "ours", state: State::Success };
    post(&*forge, &text).unwrap();
    let ours = world.comments()[0]["body"].as_str().unwrap().to_owned();
    let bob = world.other_user();
    let theirs = open(&world.target, &world.access(&bob)).unwrap();
    assert_eq!(theirs.identity().unwrap(), "bob");
    post(&*theirs, &Post { body: "theirs", ..text }).unwrap();
    post(&*forge, &Post { body: "ours again", ..text }).unwrap();
    let bodies: Vec<String> =
        world.comments().iter().map(|comment| comment["body"].as_str().unwrap().to_owned()).collect();
    assert_eq!(bodies, [ours.replace("ours", "ours again"), ours.replace("ours", "theirs")]);
}

#[test]
fn b159_the_result_of_an_old_commit_is_dropped() {
    let world = World::start();
    let forge = world.forge();
    let old = forge.pull().unwrap().head;
    let text = Post { id: ".", head: &old, body: "old", state: State::Success };
    post(&*forge, &text).unwrap();
    let new = push(&world.gitea, "more.yaml", "change");
    // Gitea takes a moment to see what was pushed.
    let mut n_asked = 0;
    while forge.pull().unwrap().head != new {
        n_asked += 1;
        assert!(n_asked < 600, "the pull request does not move");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(post(&*forge, &Post { body: "older", ..text }), Ok(Posted::Stale));
    assert_eq!(post(&*forge, &Post { head: &new, body: "new", ..text }), Ok(Posted::Done));
    assert!(world.comments()[0]["body"].as_str().unwrap().ends_with("\nnew"));
    let body = json!({ "state": "closed" });
    world
        .gitea
        .call("PATCH", &format!("repos/{USER}/shop/pulls/{}", world.target.pull), Some(&body))
        .unwrap();
    assert_eq!(post(&*forge, &Post { head: &new, ..text }), Ok(Posted::Closed));
}

#[test]
fn a_status_is_shown_at_its_commit() {
    let world = World::start();
    let forge = world.forge();
    let head = forge.pull().unwrap().head;
    for (state, word) in
        [(State::Pending, "pending"), (State::Failure, "failure"), (State::Success, "success")]
    {
        let description = "2 of 4 environments change".to_owned();
        let link = Some("https://ci.example/1".to_owned());
        forge
            .set_status(&head, &Status { context: "hld/preview".to_owned(), state, description, link })
            .unwrap();
        let found =
            world.gitea.call("GET", &format!("repos/{USER}/shop/commits/{head}/status"), None).unwrap();
        assert_eq!((&found["state"], &found["total_count"]), (&json!(word), &json!(1)), "{found}");
        assert_eq!(found["statuses"][0]["context"], "hld/preview");
    }
}

#[test]
fn b151_refusals_are_told_in_giteas_words() {
    let world = World::start();
    let wrong = open(&world.target, &world.access("0123456789012345678901234567890123456789")).unwrap();
    let error = wrong.identity().unwrap_err();
    assert!(matches!(error, ForgeError::Refused { status: 401, .. }), "{error}");
    let target = Target { repository: format!("{USER}/nothing"), ..world.target.clone() };
    let error = open(&target, &world.access(world.gitea.token())).unwrap().pull().unwrap_err();
    assert!(matches!(error, ForgeError::Refused { status: 404, .. }), "{error}");
}

#[test]
fn b151_a_renamed_repository_is_found() {
    let world = World::start();
    let body = json!({ "name": "store" });
    world.gitea.call("PATCH", &format!("repos/{USER}/shop"), Some(&body)).unwrap();
    assert!(world.forge().pull().is_ok());
}

#[test]
fn b154_nobody_is_mentioned_and_nothing_is_referred_to() {
    let world = World::start();
    let bob = world.other_user();
    let forge = world.forge();
    let head = forge.pull().unwrap().head;
    let hostile = hostile();
    post(&*forge, &Post { id: ".", head: &head, body: &hostile, state: State::Success }).unwrap();
    // The issue knows nothing of it, and is open.
    let timeline = world.gitea.call("GET", &format!("repos/{USER}/shop/issues/1/timeline"), None).unwrap();
    assert_eq!(timeline.as_array().map_or(0, Vec::len), 0, "{timeline}");
    // What a page shows: no link, no image, no script of ours, no user.
    let page = page_of(&world, &format!("pulls/{}", world.target.pull));
    let begin = page.find("hld preview of").unwrap();
    let comment = &page[begin..begin + page[begin..].find("comment-footer").unwrap_or(6_000)];
    for taboo in [
        "href=\"/bob\"",
        "/shop/issues/1\"",
        "<img src=\"x\"",
        "<script>alert",
        "x.png\"",
        "javascript:alert(1)\"",
    ] {
        assert!(!comment.contains(taboo), "{taboo} in {comment}");
    }
    assert!(comment.contains("closes #1"), "{comment}");
    // A mention that is one arrives, and is shown as one: so what is not there above means something.
    let body = json!({ "body": "@bob: look at #1" });
    world.gitea.call("POST", &format!("repos/{USER}/shop/issues/1/comments"), Some(&body)).unwrap();
    let told = || {
        let mut answer = ureq::get(format!("{}/api/v1/notifications?all=true", world.gitea.url()))
            .header("authorization", format!("token {bob}"))
            .call()
            .unwrap();
        let answer: Json = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        let subjects = answer.as_array().unwrap().iter();
        subjects.map(|one| one["subject"]["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut n_asked = 0;
    while told().is_empty() {
        n_asked += 1;
        assert!(n_asked < 600, "a mention tells nobody");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(told(), ["an issue"]);
    assert!(page_of(&world, "issues/1").contains("href=\"/bob\""));
}

/// A page as somebody sees it who is not logged in.
fn page_of(world: &World, path: &str) -> String {
    let mut page = ureq::get(format!("{}/{USER}/shop/{path}", world.gitea.url())).call().unwrap();
    page.body_mut().read_to_string().unwrap()
}
