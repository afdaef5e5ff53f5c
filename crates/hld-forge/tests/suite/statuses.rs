//! The status of a commit.

use hld_forge::{ForgeError, Kind, State, Status};
use serde_json::{Value as Json, json};

use crate::fake::{Fake, HEAD, KINDS, NEWER};

fn status(state: State) -> Status {
    Status {
        context: "hld/preview".to_owned(),
        state,
        description: "2 of 4 environments change".to_owned(),
        link: Some("https://ci.example/1".to_owned()),
    }
}

#[test]
fn a_status_has_the_forges_words() {
    for (kind, words) in [
        (Kind::Azure, ["pending", "succeeded", "failed"]),
        (Kind::Github, ["pending", "success", "failure"]),
        (Kind::Gitea, ["pending", "success", "failure"]),
    ] {
        let fake = Fake::start(kind);
        for state in [State::Pending, State::Success, State::Failure] {
            fake.open().set_status(HEAD, &status(state)).unwrap();
        }
        fake.was_asked_nothing_else();
        let found: Vec<Json> = fake.state().statuses.iter().map(|status| status["state"].clone()).collect();
        assert_eq!(found, words, "{kind:?}");
    }
}

#[test]
fn a_status_is_of_its_commit() {
    for kind in [Kind::Github, Kind::Gitea] {
        let fake = Fake::start(kind);
        fake.open().set_status(HEAD, &status(State::Success)).unwrap();
        let expected = json!({
            "state": "success", "context": "hld/preview", "description": "2 of 4 environments change",
            "target_url": "https://ci.example/1", "commit": HEAD,
        });
        assert_eq!(fake.state().statuses, [expected]);
    }
    let fake = Fake::start(Kind::Azure);
    fake.open().set_status(HEAD, &Status { link: None, ..status(State::Success) }).unwrap();
    let expected = json!({
        "state": "succeeded", "context": { "genre": "hld", "name": "preview" }, "iterationId": 2,
        "description": "2 of 4 environments change",
    });
    assert_eq!(fake.state().statuses, [expected]);
    let error = fake.open().set_status(NEWER, &status(State::Success)).unwrap_err();
    assert!(matches!(error, ForgeError::Unusable(_)), "{error}");
    fake.was_asked_nothing_else();
}

#[test]
fn a_long_description_is_cut() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        let description = "ä".repeat(500);
        fake.open().set_status(HEAD, &Status { description, ..status(State::Success) }).unwrap();
        let sent = fake.state().statuses[0]["description"].as_str().unwrap().to_owned();
        assert!(sent.len() <= 140 && sent.ends_with('…'), "{sent}");
    }
}
