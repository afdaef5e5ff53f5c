//! What servers say to people (B067).

use std::sync::Arc;

use hld_git::{ErrorKind, Limits, NoCredentials, PushOutcome, Want};
use hld_testkit::git::{GitServer, hook};
use hld_testkit::http::{Response, Server};

use crate::support::{begin, commit, few, head, line, list, ours, packet, remote, serving};

/// What moves the cursor, commands a CI system, turns text around.
const HOSTILE: &str = "\x1b[2J\x1b]0;x\x07##vso[task.setvariable variable=x]y\r##[error]z\u{202e}\u{9b}";

/// Asserts that a text is fit for people.
fn is_harmless(text: &str) {
    assert!(text.len() <= 4096, "{} bytes", text.len());
    assert!(!text.contains("##vso[") && !text.contains("##["), "{text:?}");
    assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{text:?}");
}

#[test]
fn b067_what_a_server_says_instead_of_a_list() {
    let long = HOSTILE.repeat(700);
    for words in [HOSTILE, &long] {
        let refusal = packet(format!("ERR {words}").as_bytes());
        let body = [begin(), refusal, b"0000".to_vec()].concat();
        let server = Server::start(move |_| {
            Response::new(200, body.clone())
                .header("content-type", "application/x-git-upload-pack-advertisement")
        })
        .unwrap();
        let (_folder, ours) = ours();
        let there = remote(&server.url("/app"), Arc::new(NoCredentials));
        let error = ours.fetch(&there, Want::Head, &few()).unwrap_err();
        assert!(error.message.contains("setvariable"), "{error}");
        is_harmless(&error.message);
    }
}

#[test]
fn b067_names_headers_and_noise() {
    let answers = [
        Response::new(200, "x").header("content-type", "text/x; ##vso[task.complete]\x1b[2J"),
        Response::new(200, "x").header("content-type", "##vso[task.complete]x"),
        Response::new(503, "x").header("retry-after", "##vso[task.complete]x"),
        Response::redirect(302, "https://##vso[x]/"),
        Response::redirect(302, "##vso[task.complete]x"),
        Response::Raw(format!("HTTP/1.1 {HOSTILE}\r\n\r\n").into_bytes()),
        Response::Raw([&b"HTTP/1.1 200 OK\r\nx: "[..], &[b'y'; 10 << 20]].concat()),
        list(&[line("HEAD", true), line(&format!("refs/heads/{HOSTILE}"), false)]),
    ];
    for answer in answers {
        let server = Server::start(move |_| answer.clone()).unwrap();
        let (_folder, ours) = ours();
        let there = remote(&server.url("/app"), Arc::new(NoCredentials));
        for want in [Want::Branch("no"), Want::Branch(HOSTILE)] {
            is_harmless(&ours.fetch(&there, want, &few()).unwrap_err().message);
        }
    }
    let noise =
        [packet(format!("\x02{HOSTILE}").as_bytes()), packet(format!("\x03{HOSTILE}").as_bytes())].concat();
    let server = serving(move |out| out.write_all(&noise));
    let (_folder, ours) = ours();
    let there = remote(&server.url("/app"), Arc::new(NoCredentials));
    is_harmless(&ours.fetch(&there, Want::Branch("main"), &few()).unwrap_err().message);
    assert!(!head("result").is_empty());
}

#[test]
fn b067_what_a_hook_says_about_a_push() {
    let server = GitServer::start().unwrap();
    let bare = server.create("app").unwrap();
    let (_folder, ours) = ours();
    let one = commit(&ours, "1");
    let there = remote(&server.url("app"), Arc::new(NoCredentials));
    let hostile = r"printf '\033[2J##vso[task.complete]x\r\n##[error]\0\233y\n' >&2";
    let long = "head -c 10000000 /dev/zero | tr '\\0' '\\033' >&2";
    for script in [hostile, long] {
        hook(&bare, "pre-receive", &format!("{script}; cat > /dev/null; exit 1")).unwrap();
        let PushOutcome::Refused(words) = ours.push(&there, (one, None), "main").unwrap() else {
            panic!("the hook refuses");
        };
        is_harmless(&words);
    }
    assert_eq!(ours.list(&there, &Limits::default()).unwrap(), []);
    let gone = remote(&server.url("gone"), Arc::new(NoCredentials));
    assert_eq!(ours.push(&gone, (one, None), "main").unwrap_err().kind, ErrorKind::NotFound);
}
