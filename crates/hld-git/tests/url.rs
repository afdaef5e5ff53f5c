//! Addresses of repositories.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use hld_git::{Allowed, RemoteUrl, UrlProblem};

fn parse(text: &str) -> Result<String, UrlProblem> {
    RemoteUrl::parse(text, &Allowed::default()).map(|url| url.to_string())
}

#[test]
fn the_usual_spellings_are_read() {
    let same = |text: &str| assert_eq!(parse(text).as_deref(), Ok(text));
    same("https://github.com/example/app.git");
    same("ssh://git@git.example:2222/app");
    assert_eq!(parse("git@github.com:example/app").unwrap(), "ssh://git@github.com/example/app");
    assert_eq!(parse("HTTPS://GitHub.com./a/b").unwrap(), "https://github.com/a/b");
    let azure = "https://org@dev.azure.com/org/project/_git/app";
    assert_eq!(parse(azure).unwrap(), "https://dev.azure.com/org/project/_git/app");
}

#[test]
fn f04_one_repository_has_one_key() {
    let key = |text| RemoteUrl::parse(text, &Allowed::default()).unwrap().key();
    let spellings = [
        "https://github.com/Example/app",
        "https://github.com:443/example/app.git",
        "ssh://git@github.com/example/app.git/",
        "git@github.com:example/app",
    ];
    for spelling in spellings {
        assert_eq!(key(spelling), "github.com/example/app", "{spelling}");
    }
    assert_ne!(key("https://github.com:8443/example/app"), key("https://github.com/example/app"));
}

#[test]
fn b051_only_https_and_ssh_are_allowed() {
    for text in ["git://h/x", "ftp://h/x", "ext::sh -c touch", "fd::7", "hg::https://h/x", "javascript://h/x"]
    {
        let problem = parse(text).unwrap_err();
        assert!(matches!(problem, UrlProblem::Scheme(_) | UrlProblem::Malformed(_)), "{text}: {problem:?}");
    }
    assert_eq!(parse("file:///srv/x"), Err(UrlProblem::Local));
    assert_eq!(parse("/srv/x"), Err(UrlProblem::Local));
    assert_eq!(parse("http://h/x"), Err(UrlProblem::Insecure("h:80".into())));
    let allowed = Allowed { local: true, insecure: vec!["127.0.0.1:8080".into()] };
    assert!(RemoteUrl::parse("http://127.0.0.1:8080/x", &allowed).is_ok());
    assert!(RemoteUrl::parse("http://127.0.0.1:8081/x", &allowed).is_err());
    assert!(RemoteUrl::parse("/srv/x", &allowed).is_ok());
}

#[test]
fn b052_b053_what_would_become_an_option_or_a_line_is_refused() {
    let hostile = [
        "--upload-pack=touch PWN",
        "-oProxyCommand=x",
        "ssh://-oProxyCommand=x/y",
        "ssh://-x@host/y",
        "-x@host:y",
        "git@-x:y",
        "git@host:-y",
        "ssh://host/a'b",
        "ssh://host/`a`",
        "ssh://host/$(a)",
        "https://host/a\nb",
        "https://host/a%0ab",
        "https://host/a%00b",
        "https:///x",
        "https://host:0/x",
        "https://host:99999/x",
        "https://host",
        "https://host/",
        "",
    ];
    for text in hostile {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn b036_b075_nothing_hides_in_an_address() {
    for text in ["https://user:tok@host/x", "https://tok@host/x", "https://github.com@evil.example/x"] {
        assert_eq!(parse(text), Err(UrlProblem::HasSecret), "{text}");
    }
    for text in [
        "https:\\\\evil.example\\x",
        "https://evil.example\\@github.com/x",
        "https://h/x?y",
        "https://evil#@github.com/x",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert_eq!(parse("https://exämple.test/x").unwrap(), "https://xn--exmple-cua.test/x");
}
