//! Repositories on a server: git over HTTP with logins, redirects, lost replies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hld_git::{
    Allowed, Content, Credential, Credentials, ErrorKind, GitError, Limits, NoCredentials, ObjectId,
    PushOutcome, Remote, RemoteUrl, Repository, Signature, TreeFile, Want,
};
use hld_testkit::git::{GitServer, git};
use hld_testkit::http::{Response, Server};

/// The word that must be seen nowhere but by its own host.
const CANARY: &str = "canary-7f3a";

struct Fixed(Credential);

impl Credentials for Fixed {
    fn find(&self, _: &RemoteUrl) -> Result<Vec<Credential>, GitError> {
        Ok(vec![self.0.clone()])
    }
}

fn password() -> Arc<dyn Credentials> {
    Arc::new(Fixed(Credential::Password { user: "x".into(), secret: CANARY.into() }))
}

fn remote(url: &str, credentials: Arc<dyn Credentials>) -> Remote {
    let authority = url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let allowed = Allowed { local: false, insecure: vec![authority] };
    Remote::new(RemoteUrl::parse(url, &allowed).unwrap(), credentials)
}

fn ours() -> (tempfile::TempDir, Repository) {
    let folder = tempfile::TempDir::new().unwrap();
    let repository = Repository::create(folder.path()).unwrap();
    (folder, repository)
}

fn commit(repository: &Repository, text: &str, parents: &[ObjectId]) -> ObjectId {
    let blob = repository.write_blob(text.as_bytes()).unwrap();
    let tree = repository.write_tree(&[TreeFile { path: "a".into(), blob }]).unwrap();
    let signature = Signature { name: "T".into(), email: "t@example".into(), seconds: 0, offset: 0 };
    repository.commit(&Content { tree, parents, signature: &signature, message: "change" }).unwrap()
}

#[test]
fn over_http_a_shallow_fetch_is_pushed_from() {
    let server = GitServer::start().unwrap();
    let bare = server.create("app").unwrap();
    let (_folder, first) = ours();
    let there = remote(&server.url("app"), Arc::new(NoCredentials));
    let one = commit(&first, "1", &[]);
    assert_eq!(first.push(&there, (one, None), "main").unwrap(), PushOutcome::Accepted);
    let two = commit(&first, "2", &[one]);
    assert_eq!(first.push(&there, (two, Some(one)), "main").unwrap(), PushOutcome::Accepted);

    let (_folder, second) = ours();
    let limits = Limits { depth: Some(1), ..Limits::default() };
    assert_eq!(second.fetch(&there, Want::Branch("main"), &limits).unwrap(), two);
    assert_eq!(second.history(two, 10).unwrap().len(), 1, "only the tip was fetched");
    let three = commit(&second, "3", &[two]);
    assert_eq!(second.push(&there, (three, Some(two)), "main").unwrap(), PushOutcome::Accepted);
    assert_eq!(git(&bare, &["rev-list", "--count", "main"]).unwrap(), "3");
    let (_folder, third) = ours();
    assert_eq!(third.fetch(&there, Want::Commit { id: one, near: None }, &limits).unwrap(), one);
}

#[test]
fn a_login_is_sent_when_it_is_asked_for() {
    let server = GitServer::with_faults(|request, backend| match request.header("authorization") {
        Some("Basic eDpjYW5hcnktN2YzYQ==") => backend(request),
        _ => Response::new(401, "").header("www-authenticate", "Basic realm=\"git\""),
    })
    .unwrap();
    server.create("app").unwrap();
    let (_folder, ours) = ours();
    let list = |credentials| ours.list(&remote(&server.url("app"), credentials), &Limits::default());
    assert!(list(password()).is_ok());
    let error = list(Arc::new(NoCredentials)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth, "{error}");
    let wrong = Fixed(Credential::Password { user: "x".into(), secret: "canary-wrong".into() });
    let error = list(Arc::new(wrong)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth, "{error}");
    assert!(!error.message.contains("canary"), "{error}");
}

#[test]
fn a_bearer_header_goes_with_every_request() {
    let server = GitServer::with_faults(|request, backend| match request.header("authorization") {
        Some("Bearer canary-7f3a") => backend(request),
        _ => Response::new(401, "").header("www-authenticate", "Bearer"),
    })
    .unwrap();
    server.create("app").unwrap();
    let (_folder, ours) = ours();
    let there = remote(&server.url("app"), Arc::new(Fixed(Credential::Bearer(CANARY.into()))));
    let one = commit(&ours, "1", &[]);
    assert_eq!(ours.push(&there, (one, None), "main").unwrap(), PushOutcome::Accepted);
    assert_eq!(ours.fetch(&there, Want::Head, &Limits::default()).unwrap(), one);
}

#[test]
fn b064_a_redirect_to_another_host_gets_no_credentials() {
    let thief = Server::start(|_| Response::new(200, "")).unwrap();
    for status in [301, 302, 307, 308] {
        let elsewhere = thief.authority().replace("127.0.0.1", "localhost");
        let location = format!("http://{elsewhere}/app/info/refs?service=git-upload-pack");
        let server = Server::start(move |_| Response::redirect(status, &location)).unwrap();
        let (_folder, ours) = ours();
        let bearer: Arc<dyn Credentials> = Arc::new(Fixed(Credential::Bearer(CANARY.into())));
        for credentials in [password(), bearer] {
            let error = ours.list(&remote(&server.url("/app"), credentials), &Limits::default()).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Protocol, "{error}");
        }
    }
    assert_eq!(thief.requests(), []);
}

#[test]
fn b065_what_is_no_git_server_is_told() {
    let server =
        Server::start(|_| Response::new(200, "<html>log in").header("content-type", "text/html")).unwrap();
    let (_folder, ours) = ours();
    let there = remote(&server.url("/app"), Arc::new(NoCredentials));
    let error = ours.list(&there, &Limits::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Protocol, "{error}");
    let server = Server::start(|_| Response::new(404, "")).unwrap();
    let error =
        ours.list(&remote(&server.url("/app"), Arc::new(NoCredentials)), &Limits::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
}

#[test]
fn f09_a_push_whose_reply_is_lost_is_recognised() {
    let is_lost = Arc::new(AtomicBool::new(false));
    let lose = is_lost.clone();
    let server = GitServer::with_faults(move |request, backend| {
        let response = backend(request);
        let is_push = request.path().ends_with("git-receive-pack") && request.method == "POST";
        if is_push && request.body.len() > 4 && !lose.swap(true, Ordering::SeqCst) {
            Response::Lost
        } else {
            response
        }
    })
    .unwrap();
    let bare = server.create("app").unwrap();
    let (_folder, ours) = ours();
    let there = remote(&server.url("app"), Arc::new(NoCredentials));
    let one = commit(&ours, "1", &[]);
    assert_eq!(ours.push(&there, (one, None), "main").unwrap(), PushOutcome::Accepted);
    assert!(is_lost.load(Ordering::SeqCst));
    assert_eq!(git(&bare, &["rev-list", "--count", "main"]).unwrap(), "1");
}

#[test]
fn b060_a_damaged_pack_is_refused() {
    let server = GitServer::with_faults(|request, backend| match backend(request) {
        Response::Whole { status, headers, mut body } if request.path().ends_with("git-upload-pack") => {
            let pack = body.windows(4).position(|four| four == b"PACK");
            if let Some(at) = pack {
                body[at + 14] ^= 0xff;
            }
            Response::Whole { status, headers, body }
        }
        response => response,
    })
    .unwrap();
    let bare = server.create("app").unwrap();
    let (_folder, first) = ours();
    let one = commit(&first, "1", &[]);
    let there = remote(&server.url("app"), Arc::new(NoCredentials));
    assert_eq!(first.push(&there, (one, None), "main").unwrap(), PushOutcome::Accepted);
    let (folder, second) = ours();
    second.fetch(&there, Want::Head, &Limits::default()).unwrap_err();
    assert!(!second.has(one).unwrap());
    drop(second);
    let left: Vec<_> = std::fs::read_dir(folder.path().join("objects/pack")).into_iter().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(git(&bare, &["fsck"]).is_ok());
}

#[test]
fn b037_a_token_with_a_line_break_is_not_sent() {
    let server = Server::start(|_| Response::new(200, "")).unwrap();
    let (_folder, ours) = ours();
    for token in ["canary\nX: y", "canary\r", "", "canary\u{0}"] {
        for credential in [
            Credential::Bearer(token.into()),
            Credential::Password { user: "x".into(), secret: token.into() },
        ] {
            let there = remote(&server.url("/app"), Arc::new(Fixed(credential)));
            let error = ours.list(&there, &Limits::default()).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Credentials);
            assert!(!error.message.contains("canary"), "{error}");
        }
    }
    assert_eq!(server.requests(), []);
}
