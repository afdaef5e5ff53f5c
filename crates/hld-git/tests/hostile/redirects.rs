//! Where servers send us, and with what (B064).

use std::sync::Arc;

use hld_git::{Credential, Credentials, ErrorKind, GitError, PushOutcome, RemoteUrl, Want};
use hld_testkit::git::GitServer;
use hld_testkit::http::{Response, Server};

use crate::support::{commit, few, line, list, ours, remote};

const CANARY: &str = "canary-7f3a";

struct Fixed(Vec<Credential>);

impl Credentials for Fixed {
    fn find(&self, _: &RemoteUrl) -> Result<Vec<Credential>, GitError> {
        Ok(self.0.clone())
    }
}

fn logins() -> [Arc<dyn Credentials>; 2] {
    let password = Credential::Password { user: "x".into(), secret: CANARY.into() };
    [Arc::new(Fixed(vec![password])), Arc::new(Fixed(vec![Credential::Bearer(CANARY.into())]))]
}

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

#[test]
fn b064_another_port_is_another_server() {
    let challenge = |_: &_| Response::new(401, "").header("www-authenticate", "Basic realm=\"x\"");
    let thief = Server::start(challenge).unwrap();
    for status in STATUSES {
        let location = thief.url("/app/info/refs?service=git-upload-pack");
        let server = Server::start(move |_| Response::redirect(status, &location)).unwrap();
        for login in logins() {
            let (_folder, ours) = ours();
            let error = ours.fetch(&remote(&server.url("/app"), login), Want::Head, &few()).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Protocol, "{error}");
            assert!(error.message.contains(&thief.authority()), "it says where: {error}");
        }
    }
    assert_eq!(thief.requests(), []);
}

#[test]
fn b064_questions_with_a_body_are_asked_nowhere_else() {
    let thief = Server::start(|_| Response::new(200, "")).unwrap();
    for (status, place) in
        STATUSES.into_iter().flat_map(|status| [(status, thief.url("")), (status, String::new())])
    {
        let server = Server::start(move |request| match request.method.as_str() {
            "GET" => list(&[line("HEAD", true), line("refs/heads/main", false)]),
            _ => Response::redirect(status, &format!("{place}/other{}", request.target)),
        })
        .unwrap();
        for login in logins() {
            let (_folder, ours) = ours();
            let there = remote(&server.url("/app"), login);
            assert_eq!(ours.fetch(&there, Want::Head, &few()).unwrap_err().kind, ErrorKind::Protocol);
        }
        assert!(server.requests().iter().all(|request| !request.target.contains("other")));
    }
    assert_eq!(thief.requests(), []);
}

#[test]
fn b064_addresses_of_other_kinds_and_circles() {
    for location in [
        "http://169.254.169.254/latest/info/refs?service=git-upload-pack",
        "https://127.0.0.1/app/info/refs?service=git-upload-pack",
        "file:///etc/passwd",
        "ext::sh -c touch",
        "//evil.example/app/info/refs?service=git-upload-pack",
        "\\\\evil.example/app",
        "/app/info/refs?service=git-upload-pack",
        "/etc/passwd",
        "",
    ] {
        let server = Server::start(move |_| Response::redirect(302, location)).unwrap();
        for login in logins() {
            let (_folder, ours) = ours();
            let before = server.requests().len();
            let error = ours.fetch(&remote(&server.url("/app"), login), Want::Head, &few()).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Protocol, "{location}: {error}");
            assert!(server.requests().len() - before <= 6, "{location}");
            assert!(!error.message.contains(CANARY));
        }
    }
}

#[test]
fn a_repository_that_was_renamed_is_found() {
    let server = GitServer::with_faults(|request, backend| {
        if request.path().starts_with("/old/info") {
            return Response::redirect(301, &request.target.replace("/old", "/app"));
        }
        match request.header("authorization") {
            Some(_) => backend(request),
            None => Response::new(401, "").header("www-authenticate", "Basic realm=\"x\""),
        }
    })
    .unwrap();
    server.create("app").unwrap();
    for login in logins() {
        let (_folder, ours) = ours();
        let there = remote(&server.url("old"), login);
        let branch = server.http().requests().len().to_string();
        let one = commit(&ours, "1");
        assert_eq!(ours.push(&there, (one, None), &branch).unwrap(), PushOutcome::Accepted);
        assert_eq!(ours.fetch(&there, Want::Branch(&branch), &few()).unwrap(), one);
    }
}
