//! One comment, whatever else happens on the pull request.

use hld_forge::{ForgeError, Kind, Post, Posted, State, post};
use hld_testkit::http::Response;

use crate::fake::{Fake, GHOST, HEAD, KINDS, ME, NEWER};

fn text(body: &str) -> Post<'_> {
    Post { id: "shop", head: HEAD, body, state: State::Success }
}

/// Posts and gives the bodies that are there, without their first lines.
fn posted(fake: &Fake, post: &Post<'_>) -> Vec<String> {
    assert_eq!(hld_forge::post(&*fake.open(), post), Ok(Posted::Done), "{:?}", fake.kind);
    fake.was_asked_nothing_else();
    shown(fake)
}

fn shown(fake: &Fake) -> Vec<String> {
    let bodies = fake.bodies().into_iter();
    bodies
        .map(|(_, _, body)| body.split_once('\n').map_or(body.clone(), |(_, rest)| rest.to_owned()))
        .collect()
}

#[test]
fn one_comment_is_kept_up_to_date() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        fake.state().add("somebody", "x\nfirst");
        assert_eq!(posted(&fake, &text("one")), ["first", "one"]);
        assert_eq!(posted(&fake, &text("two\n")), ["first", "two\n"]);
        let n_writes = fake.count("PATCH") + fake.count("POST");
        assert_eq!(posted(&fake, &text("two\n")), ["first", "two\n"]);
        assert_eq!(fake.count("PATCH") + fake.count("POST"), n_writes, "the same is not written again");
        let first = fake.bodies()[1].2.clone();
        assert!(
            first.starts_with("<!-- hld:preview:") && first.contains(&format!(" head={HEAD} -->\n")),
            "{first}"
        );
    }
}

#[test]
fn there_is_room_for_what_the_forge_takes() {
    let fake = Fake::start(Kind::Github);
    // Characters of several bytes and of one: the limit of GitHub counts characters, ours bytes.
    for long in ["x".repeat(hld_forge::room(&*fake.open())), "ä".repeat(hld_forge::room(&*fake.open()) / 2)]
    {
        assert_eq!(posted(&fake, &text(&long)), std::slice::from_ref(&long));
    }
}

#[test]
fn a_comment_of_a_user_who_is_gone_is_nobodys() {
    let fake = Fake::start(Kind::Github);
    posted(&fake, &text("one"));
    let ours = fake.bodies()[0].2.clone();
    fake.state().comments.clear();
    fake.state().add(GHOST, &ours);
    assert_eq!(posted(&fake, &text("two")), ["one", "two"]);
}

#[test]
fn each_definition_has_its_own() {
    let fake = Fake::start(Kind::Gitea);
    posted(&fake, &text("one"));
    assert_eq!(posted(&fake, &Post { id: "clusters/a --> x", ..text("other") }), ["one", "other"]);
}

#[test]
fn b156_the_marker_of_somebody_else_is_no_marker() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        posted(&fake, &text("one"));
        let ours = fake.bodies()[0].2.clone();
        fake.state().comments.clear();
        fake.state().add("somebody", &ours);
        fake.state().add(ME, &format!("quoted:\n{ours}"));
        assert_eq!(posted(&fake, &text("two")).len(), 3);
        assert_eq!(fake.bodies()[0].2, ours, "{kind:?}");
    }
}

#[test]
fn b156_an_edited_marker_and_a_deleted_comment_make_a_new_one() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        posted(&fake, &text("one"));
        fake.state().comments[0].body = "<!-- hld:other -->\none".to_owned();
        assert_eq!(posted(&fake, &text("two")), ["one", "two"]);
        fake.state().comments[1].is_deleted = true;
        assert_eq!(posted(&fake, &text("three")), ["one", "three"]);
        // It is deleted between the look and the write.
        fake.faults(|request, state| {
            if request.method == "PATCH" {
                state.comments.iter_mut().for_each(|comment| comment.is_deleted = true);
            }
            None
        });
        assert_eq!(posted(&fake, &text("four")), ["four"]);
    }
}

#[test]
fn b156_two_runs_at_once_leave_one_comment() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        let results: Vec<_> = std::thread::scope(|scope| {
            let run = |name: &'static str| {
                let fake = &fake;
                scope.spawn(move || post(&*fake.open(), &text(name)))
            };
            let runs: Vec<_> = ["a", "b", "c", "d"].into_iter().map(run).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert!(results.iter().all(|result| *result == Ok(Posted::Done)), "{results:?}");
        assert_eq!(fake.bodies().len(), 1, "{:?}", fake.bodies());
    }
}

#[test]
fn b156_duplicates_of_ours_are_deleted() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        posted(&fake, &text("one"));
        let ours = fake.bodies()[0].2.clone();
        fake.state().add(ME, &ours);
        fake.state().add("somebody", &ours);
        let shown = posted(&fake, &text("two"));
        assert_eq!(shown, ["two", "one"]);
        assert_eq!(fake.bodies()[1].1, "somebody", "{kind:?}");
    }
}

#[test]
fn b159_an_old_result_is_dropped() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        fake.state().head = NEWER.to_owned();
        assert_eq!(post(&*fake.open(), &text("old")), Ok(Posted::Stale));
        fake.state().head = HEAD.to_owned();
        fake.state().is_closed = true;
        assert_eq!(post(&*fake.open(), &text("old")), Ok(Posted::Closed));
        fake.was_asked_nothing_else();
        assert_eq!((fake.count("POST"), fake.count("PATCH")), (0, 0), "{kind:?}");
    }
}

#[test]
fn b159_a_result_that_grows_old_while_it_is_written_is_marked() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        fake.faults(|request, state| {
            if request.method == "POST" {
                state.head = NEWER.to_owned();
            }
            None
        });
        assert_eq!(post(&*fake.open(), &text("old")), Ok(Posted::Stale));
        let [marked] = &shown(&fake)[..] else { panic!("{:?}", fake.bodies()) };
        assert!(marked.starts_with("**Out of date:**"), "{marked}");
        assert_eq!(posted(&fake, &Post { head: NEWER, ..text("new") }), ["new"]);
    }
}

#[test]
fn b159_what_a_newer_run_has_written_stays() {
    for kind in KINDS {
        let fake = Fake::start(kind);
        posted(&fake, &text("old"));
        // While the old run writes, a newer one is through.
        fake.faults(|request, state| {
            if request.method == "PATCH" && state.head == HEAD {
                state.head = NEWER.to_owned();
                let body = state.comments[0].body.replace(HEAD, NEWER).replace("old", "new");
                state.comments[0].body = body;
                return Some(Response::Lost);
            }
            None
        });
        let target = fake.target();
        let access = hld_forge::Access {
            patience: hld_forge::Patience { tries: 1, ..fake.access().patience },
            ..fake.access()
        };
        let result = post(&*hld_forge::open(&target, &access).unwrap(), &text("older"));
        assert!(matches!(result, Err(ForgeError::Unreachable(..))), "{result:?}");
        assert_eq!(shown(&fake), ["new"]);
    }
}

#[test]
fn a_failure_keeps_the_thread_open_on_azure() {
    let fake = Fake::start(Kind::Azure);
    posted(&fake, &Post { state: State::Failure, ..text("bad") });
    posted(&fake, &text("good"));
    let threads: Vec<(u64, String)> = fake.state().threads.clone();
    assert_eq!(threads, [(1, "active".to_owned()), (1, "closed".to_owned())]);
}

#[test]
fn the_token_of_an_app_says_who_it_is_another_way() {
    let fake = Fake::start(Kind::Github);
    fake.state().is_app = true;
    assert_eq!(posted(&fake, &text("one")), ["one"]);
    assert_eq!(fake.server.requests()[1].target, "/api/graphql");
}
