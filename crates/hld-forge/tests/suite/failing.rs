//! Forges that refuse, fail, lie or send us away.

use hld_forge::{ForgeError, Kind, Post, Posted, State, Target, open, post};
use hld_testkit::http::{Response, Server};
use serde_json::json;

use crate::fake::{Fake, HEAD, KINDS, ME, TOKEN};

const TEXT: Post<'_> = Post { id: "shop", head: HEAD, body: "text", state: State::Success };

/// Answers each comment that is sent with this.
fn refusing(kind: Kind, response: &Response) -> (Fake, Result<Posted, ForgeError>) {
    let fake = Fake::start(kind);
    let response = response.clone();
    fake.faults(move |request, _| (request.method == "POST").then(|| response.clone()));
    let result = post(&*fake.open(), &TEXT);
    (fake, result)
}

#[test]
fn b151_a_refusal_is_told_and_not_tried_again() {
    for kind in KINDS {
        for status in [400, 401, 403, 404, 409, 413, 422] {
            let answer = Response::json(status, &json!({ "message": format!("no\u{1b}[2J {TOKEN}") }));
            let (fake, result) = refusing(kind, &answer);
            let error = result.unwrap_err();
            let said = error.to_string();
            assert!(matches!(error, ForgeError::Refused { status: found, .. } if found == status), "{said}");
            assert!(said.contains("POST /") && said.contains("no\\u{1b}[2J ***"), "{said}");
            assert!(!error.is_passing() && fake.count("POST") == 1, "{said}");
        }
    }
}

#[test]
fn b151_limits_are_waited_for() {
    let limits = [
        Response::new(429, "").header("retry-after", "0"),
        Response::json(403, &json!({ "message": "secondary rate limit" })).header("retry-after", "0"),
        Response::new(403, "").header("x-ratelimit-remaining", "0").header("x-ratelimit-reset", "1"),
        Response::new(503, "<html>").header("retry-after", "0"),
        Response::new(502, ""),
        Response::Lost,
    ];
    for kind in KINDS {
        for limit in limits.clone() {
            let fake = Fake::start(kind);
            let mut left = 2;
            fake.faults(move |_, _| {
                left -= 1;
                (left >= 0).then(|| limit.clone())
            });
            assert_eq!(post(&*fake.open(), &TEXT), Ok(Posted::Done));
            assert_eq!(fake.bodies().len(), 1);
        }
    }
}

#[test]
fn b151_a_limit_beyond_our_time_is_an_error_at_once() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        fake.faults(|_, _| Some(Response::new(429, "").header("retry-after", "3600")));
        let error = post(&*fake.open(), &TEXT).unwrap_err();
        assert!(error.is_passing() && error.to_string().contains("in 3600 s"), "{error}");
        assert_eq!(fake.server.requests().len(), 1);
    }
}

#[test]
fn b151_githubs_secondary_limit_is_no_lack_of_rights() {
    let fake = Fake::start(Kind::Github);
    let words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    fake.faults(move |_, _| Some(Response::json(403, &json!({ "message": words }))));
    let error = post(&*fake.open(), &TEXT).unwrap_err();
    assert!(matches!(error, ForgeError::Later { status: 403, wait: Some(60), .. }), "{error}");
    assert_eq!((error.hint(), fake.server.requests().len()), (None, 1));
}

#[test]
fn b151_tries_are_bounded() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        fake.faults(|_, _| Some(Response::new(500, "")));
        assert!(post(&*fake.open(), &TEXT).unwrap_err().is_passing());
        assert_eq!(fake.server.requests().len(), 4);
    }
}

#[test]
fn b151_what_is_no_answer_of_the_api_is_told() {
    let answers = [
        Response::new(200, "<html>log in</html>"),
        Response::new(200, ""),
        Response::json(200, &json!({ "login": 7 })),
        Response::new(200, vec![0xff; 10]),
    ];
    for kind in KINDS {
        for answer in answers.clone() {
            let fake = Fake::start(kind);
            fake.faults(move |_, _| Some(answer.clone()));
            let error = post(&*fake.open(), &TEXT).unwrap_err();
            assert!(matches!(error, ForgeError::NotUnderstood(..)), "{error}");
        }
    }
    let fake = Fake::start(Kind::Azure);
    fake.faults(|_, _| Some(Response::new(203, "<html>sign in</html>")));
    let error = post(&*fake.open(), &TEXT).unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("token")), "{error}");
}

#[test]
fn a_comment_that_was_taken_without_an_answer_is_not_made_twice() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        fake.faults(|request, state| {
            if request.method != "POST" || !state.comments.is_empty() {
                return None;
            }
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let text = body["body"].as_str().or(body["comments"][0]["content"].as_str()).unwrap().to_owned();
            state.add(ME, &text);
            Some(Response::Lost)
        });
        assert_eq!(post(&*fake.open(), &TEXT), Ok(Posted::Done));
        assert_eq!((fake.bodies().len(), fake.count("POST")), (1, 1));
    }
}

#[test]
fn b151_a_renamed_repository_is_followed_on_its_host() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        let url = fake.server.url("");
        fake.faults(move |request, _| {
            let moved = request.target.replace("/old-shop", "/shop");
            (moved != request.target).then(|| Response::redirect(301, &format!("{url}{moved}")))
        });
        let target = Target { repository: "team/old-shop".to_owned(), ..fake.target() };
        assert_eq!(post(&*open(&target, &fake.access()).unwrap(), &TEXT), Ok(Posted::Done));
        assert_eq!(fake.bodies().len(), 1);
        fake.was_asked_nothing_else();
    }
}

#[test]
fn b152_the_token_never_leaves_its_host() {
    let other = Server::start(|_| Response::new(200, "{}")).unwrap();
    for kind in KINDS {
        for status in [301, 302, 303, 307, 308] {
            let fake = Fake::start(kind);
            let place = other.url("/x");
            fake.faults(move |_, _| Some(Response::redirect(status, &place)));
            let error = post(&*fake.open(), &TEXT).unwrap_err();
            assert!(matches!(error, ForgeError::Elsewhere(..)), "{error}");
        }
        let fake = Fake::start(kind);
        let own = fake.server.url("/again");
        fake.faults(move |_, _| Some(Response::redirect(302, &own)));
        assert!(post(&*fake.open(), &TEXT).is_err());
        assert_eq!(fake.server.requests().len(), 4, "redirects are bounded");
        for location in ["", "http://", "javascript:x", "http://a@b:c@127.0.0.1/"] {
            let fake = Fake::start(kind);
            fake.faults(move |_, _| Some(Response::redirect(302, location)));
            assert!(post(&*fake.open(), &TEXT).is_err(), "{location}");
        }
    }
    assert!(other.requests().is_empty());
}

#[test]
fn b152_pages_are_bounded_and_their_addresses_ours() {
    let fake = Fake::start(Kind::Github);
    (0..250).for_each(|n| {
        fake.state().add("somebody", &format!("{n}"));
    });
    assert_eq!(post(&*fake.open(), &TEXT), Ok(Posted::Done));
    assert_eq!(post(&*fake.open(), &Post { body: "other", ..TEXT }), Ok(Posted::Done));
    assert_eq!(fake.bodies().len(), 251);
    fake.was_asked_nothing_else();
    // A list that has no end.
    let fake = Fake::start(Kind::Github);
    fake.state().n_pages = usize::MAX;
    (0..10_000).for_each(|_| {
        fake.state().add("somebody", "");
    });
    let error = post(&*fake.open(), &TEXT).unwrap_err();
    assert_eq!(error, ForgeError::TooMany("comments", 3_000));
    assert!(fake.count("POST") == 0 && fake.server.requests().len() < 40);
    for kind in [Kind::Gitea, Kind::Azure] {
        let fake = Fake::start(kind);
        (0..10_001).for_each(|_| {
            fake.state().add("somebody", "");
        });
        assert!(matches!(post(&*fake.open(), &TEXT), Err(ForgeError::TooMany(_, 10_000))));
    }
}

#[test]
fn what_can_not_be_used_is_refused_before_a_call() {
    let fake = Fake::start(Kind::Gitea);
    let refused = |target: &Target, access: &hld_forge::Access| match open(target, access) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error.to_string(),
    };
    let plain = hld_forge::Access { insecure: Vec::new(), ..fake.access() };
    assert!(refused(&fake.target(), &plain).contains("is not encrypted"));
    for token in ["", "a\nb", "a b", "ä"] {
        let access = hld_forge::Access { token: token.into(), ..fake.access() };
        assert!(refused(&fake.target(), &access).contains("token"), "{token}");
    }
    for repository in ["", "a", "/a", "a/..", "../a", "a/b/c"] {
        let target = Target { repository: repository.to_owned(), ..fake.target() };
        assert!(refused(&target, &fake.access()).contains("owner/name"), "{repository}");
    }
    assert!(!format!("{:?}", fake.access()).contains(TOKEN));
    assert!(fake.server.requests().is_empty());
}
