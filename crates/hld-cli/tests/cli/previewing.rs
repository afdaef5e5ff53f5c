//! `preview`, and `diff` of revisions: both sides from commits, what is wrong, forms, and posting.

use std::sync::{Arc, Mutex};

use hld_testkit::git::git;
use hld_testkit::http::{Request, Response, Server};
use serde_json::{Value as Json, json};

use crate::revisions::committed;
use crate::support::{Hld, MANIFEST, SHOP, World};

/// Three environments that differ by a value.
const SETTINGS: &str =
    "apiVersion: hld.dev/v1\nenvironments: {dev: {}, east: {configs: [prod]}, west: {configs: [prod]}}\n";

const TEMPLATE: &str = "name: shop\nsubcomponents:\n- name: web\n  type: template\n  path: ./web\n";

fn manifest(replicas: u8) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  replicas: {replicas}\n"
    )
}

/// A commit with everything that is there.
fn commit(world: &World, branch: &str) {
    git(&world.path(""), &["checkout", "-q", "-B", branch]).unwrap();
    git(&world.path(""), &["add", "-A"]).unwrap();
    git(&world.path(""), &["commit", "-q", "--allow-empty", "-m", "change"]).unwrap();
}

/// `main`, and a branch `change` that is checked out and has these files.
fn changed(files: &[(&str, &str)]) -> World {
    let world = committed(&[
        ("component.yaml", SHOP),
        ("hld.yaml", SETTINGS),
        ("config/dev.yaml", "config: {}\n"),
        ("config/prod.yaml", "config: {}\n"),
        ("web/web.yaml", &manifest(2)),
    ]);
    files.iter().for_each(|(path, text)| {
        world.write(path, text);
    });
    commit(&world, "change");
    world
}

fn head(world: &World) -> String {
    git(&world.path(""), &["rev-parse", "HEAD"]).unwrap().trim().to_owned()
}

#[test]
fn equal_changes_of_environments_are_shown_once() {
    let world = changed(&[("web/web.yaml", &manifest(3))]);
    world.write("web/web.yaml", "not: committed").write("component.yaml", "[");
    let run = world.hld("preview --base main --all").run();
    let expected = "dev: 1 changed\neast: 1 changed\nwest: 1 changed\n~ Deployment.apps shop/web (in all 3)\n    spec.replicas\n      - 2\n      + 3\n";
    assert_eq!(run.exits(0).untouched().stdout, expected);
    assert!(run.stderr.starts_with("note: changes that are not committed are not in `HEAD`"), "{run}");
}

#[test]
fn what_is_done_on_the_base_meanwhile_is_no_change() {
    let world = changed(&[("web/web.yaml", &manifest(3))]);
    git(&world.path(""), &["checkout", "-q", "main"]).unwrap();
    world.write("web/more.yaml", MANIFEST);
    commit(&world, "main");
    let run = world.hld("preview --base main --head change --env east").run();
    assert!(run.exits(0).stdout.starts_with("east: 1 changed\n~ Deployment"), "{run}");
    let run = world.hld("diff --rev main..change --env east").run();
    assert!(run.exits(0).stdout.starts_with("east: 1 changed, 1 removed\n"), "{run}");
    let run = world.hld("diff --rev main...change --env east").run();
    assert!(run.exits(0).stdout.starts_with("east: 1 changed\n"), "{run}");
}

#[test]
fn the_working_tree_can_be_a_side() {
    let world = changed(&[("web/web.yaml", &manifest(3))]);
    world.write("web/web.yaml", manifest(4));
    let run = world.hld("preview --base main --head worktree --env dev").run();
    assert!(run.exits(0).untouched().stdout.ends_with("      - 2\n      + 4\n"), "{run}");
    let run = world.hld("diff --base HEAD --env dev --exit-code").run();
    assert!(run.exits(1).untouched().stdout.ends_with("      - 3\n      + 4\n"), "{run}");
    let run = world.hld("diff --base main --rev HEAD --env dev").run();
    assert!(run.exits(0).stdout.ends_with("      - 2\n      + 3\n"), "{run}");
}

#[test]
fn errors_of_the_change_are_shown_with_its_lines_and_fail() {
    let world = changed(&[("web/web.yaml", "kind: Deployment\nspec: [\n")]);
    let run = world.hld("preview --base main --all --format markdown").run();
    run.exits(1).untouched().reports("error[HLD0404] web/web.yaml:3:1");
    let expected =
        "## ❌ hld preview: 1 error\n\n```text\nerror[HLD0404]: did not find expected node content";
    assert!(run.stdout.starts_with(expected), "{run}");
    assert!(run.stdout.contains("Not compared: `dev`, `east`, `west`.\n"), "{run}");
    let run = world.hld("preview --base main --all --format json").run();
    let shown: Json = serde_json::from_str(&run.exits(1).stdout).unwrap();
    assert_eq!(
        (&shown["isBroken"], &shown["head"]["diagnostics"][0]["code"]),
        (&json!(true), &json!("HLD0404"))
    );
}

#[test]
fn settings_that_are_wrong_are_errors_of_the_change() {
    let world = changed(&[("hld.yaml", "apiVersion: hld.dev/v1\nnonsense: 1\n")]);
    let run = world.hld("preview --base main --all --format markdown").run();
    run.exits(1).untouched();
    assert!(run.stdout.contains("hld.yaml") && run.stdout.starts_with("## ❌ hld preview: 1 error"), "{run}");
}

#[test]
fn errors_of_the_base_alone_are_said_and_do_not_fail() {
    let world = committed(&[("component.yaml", SHOP), ("hld.yaml", SETTINGS), ("web/web.yaml", "a: [")]);
    world.write("web/web.yaml", manifest(1));
    commit(&world, "change");
    let run = world.hld("preview --base main --all --format markdown").run();
    run.exits(0).untouched().reports("warning[HLD1103]");
    assert!(run.stdout.starts_with("## ✅ hld preview: no environment changes, 3 not compared\n"), "{run}");
    assert!(run.stdout.contains("`main` does not compile"), "{run}");
    world.hld("diff --base main --all").run().exits(1).reports("error[HLD0404] web/web.yaml:1:5");
}

#[test]
fn environments_that_come_and_go_are_told() {
    let settings = SETTINGS.replace("west:", "north:");
    let world = changed(&[("hld.yaml", &settings)]);
    let run = world.hld("preview --base main --all --format markdown").run();
    run.exits(0);
    assert!(run.stdout.contains("New: `north`.\n\n⚠️ **No longer there:** `west`.\n"), "{run}");
    assert!(run.stdout.contains("**added** `Deployment.apps shop/web` in `north` (of 4)"), "{run}");
    assert!(run.stdout.contains("**removed** `Deployment.apps shop/web` in `west` (of 4)"), "{run}");
}

#[test]
fn a_definition_that_is_new_is_all_new() {
    let world = committed(&[("README.md", "shop")]);
    world.write("component.yaml", SHOP).write("web/web.yaml", manifest(1));
    world.write("config/prod.yaml", "config: {}\n");
    commit(&world, "change");
    let run = world.hld("preview --base main --all").run();
    run.exits(0).untouched().reports("note[HLD1104]");
    assert!(run.stdout.starts_with("prod: 1 added\n"), "{run}");
}

#[test]
fn an_environment_that_only_the_change_mentions_is_new() {
    let world = committed(&[("component.yaml", SHOP), ("web/web.yaml", &manifest(1))]);
    world.write("config/prod.yaml", "config: {}\n");
    commit(&world, "change");
    let run = world.hld("preview --base main --env prod --format json").run();
    let shown: Json = serde_json::from_str(&run.exits(0).stdout).unwrap();
    assert_eq!(shown["newEnvironments"], json!(["prod"]));
}

#[test]
fn the_gate_finds_what_the_cluster_would_refuse() {
    let world = changed(&[("web/web.yaml", &manifest(3).replace("replicas", "replica"))]);
    world.hld("preview --base main --env dev").run().exits(0);
    let run = world.hld("preview --base main --env dev --gate --format markdown").run();
    run.exits(1).untouched();
    assert!(run.stdout.contains("HLD1001") && run.stdout.contains("web/web.yaml:5"), "{run}");
    // What differs is shown all the same.
    assert!(run.stdout.contains("+3\n"), "{run}");
}

#[test]
fn the_whole_is_written_where_it_is_asked_for() {
    let world = changed(&[("web/web.yaml", &manifest(3))]);
    let file = world.path("preview.md");
    let run = world.hld("preview --base main --all --format markdown --output").arg(&file).run();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), run.exits(0).stdout);
    let commits =
        ["main", "HEAD"].map(|name| git(&world.path(""), &["rev-parse", "--short=7", name]).unwrap());
    let [main, head] = commits.map(|commit| commit.trim().to_owned());
    let end = format!("\n---\n`HEAD` (`{head}`) compared with `main` (`{main}`)\n");
    assert!(run.stdout.ends_with(&end), "{run}");
}

#[test]
fn arguments_that_mean_nothing_are_refused() {
    let world = changed(&[]);
    for arguments in [
        "preview --all",
        "preview --base nothing --all",
        "preview --base main --head nothing --all",
        "preview --base --upload-pack=x --all",
        "preview --base main --all --pull 3",
        "preview --base main --all --post --forge gitea --pull 3",
        "diff --rev main..HEAD --base main",
        "diff --base main --against x",
        "diff ./a ./b --base main",
        "diff --path x",
        "diff --published --base main",
    ] {
        world.hld(arguments).run().exits(2).untouched();
    }
    let run = world.hld("preview --base main --all --post").run();
    run.exits(2).untouched().mentions("finds no pull request");
}

#[test]
fn the_same_on_one_thread_and_on_many() {
    let world = changed(&[("component.yaml", TEMPLATE), ("web/web.yaml", &manifest(3))]);
    let run = |jobs: &str| world.hld(&format!("preview --base main --all --format markdown -j {jobs}")).run();
    let (one, many) = (run("1"), run("8"));
    assert_eq!(one.exits(0).stdout, many.exits(0).stdout);
}

/// What a forge was told.
#[derive(Default)]
struct Told {
    head: String,
    comments: Vec<String>,
    states: Vec<String>,
    /// Fails the calls whose path ends so, with a status.
    broken: Option<(&'static str, u16)>,
}

/// A small Gitea.
fn forge(told: &Arc<Mutex<Told>>) -> Server {
    let told = told.clone();
    Server::start(move |request| answer(request, &mut told.lock().unwrap())).unwrap()
}

fn answer(request: &Request, told: &mut Told) -> Response {
    let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
    let path = request.path().trim_start_matches("/api/v1");
    if request.header("authorization") != Some("token t0k3n") {
        return Response::new(401, "");
    }
    if let Some((_, status)) = told.broken.filter(|(end, _)| path.ends_with(end)) {
        return Response::new(status, "");
    }
    let comments = |told: &Told| -> Json {
        let json =
            |(at, body): (usize, &String)| json!({ "id": at + 1, "body": body, "user": { "login": "bot" } });
        told.comments.iter().enumerate().map(json).collect()
    };
    match (request.method.as_str(), path) {
        ("GET", "/user") => Response::json(200, &json!({ "login": "bot" })),
        ("GET", "/repos/team/shop/pulls/3") => {
            Response::json(200, &json!({ "state": "open", "head": { "sha": told.head } }))
        }
        ("GET", "/repos/team/shop/issues/3/comments") => Response::json(200, &comments(told)),
        ("POST", "/repos/team/shop/issues/3/comments") => {
            told.comments.push(body["body"].as_str().unwrap().to_owned());
            Response::json(201, &json!({}))
        }
        ("PATCH", "/repos/team/shop/issues/comments/1") => {
            told.comments[0] = body["body"].as_str().unwrap().to_owned();
            Response::json(200, &json!({}))
        }
        ("POST", path) if path.starts_with("/repos/team/shop/statuses/") => {
            let (state, said) = (body["state"].as_str().unwrap(), body["description"].as_str().unwrap());
            told.states.push(format!("{} {state}: {said}", &path[26..]));
            Response::json(201, &json!({}))
        }
        _ => Response::new(404, ""),
    }
}

/// A preview that is posted on the small Gitea.
fn posting<'w>(world: &'w World, server: &Server, more: &str) -> Hld<'w> {
    let authority = server.authority();
    let arguments = format!(
        "preview --base main --all --post --forge gitea --forge-url http://{authority} --insecure {authority} --repository team/shop --pull 3 {more}"
    );
    world.hld(&arguments).env("HLD_FORGE_TOKEN", "t0k3n")
}

#[test]
fn a_preview_is_posted_and_brought_up_to_date() {
    let world = changed(&[("web/web.yaml", "a: [")]);
    let broken = head(&world);
    let told = Arc::new(Mutex::new(Told { head: broken.clone(), ..Told::default() }));
    let server = forge(&told);
    posting(&world, &server, "").run().exits(1);
    let comment = told.lock().unwrap().comments.join("|");
    assert!(
        comment.starts_with("<!-- hld:preview:") && comment.contains("\n## ❌ hld preview: 1 error\n"),
        "{comment}"
    );
    world.write("web/web.yaml", manifest(3));
    commit(&world, "change");
    let fixed = head(&world);
    told.lock().unwrap().head.clone_from(&fixed);
    let run = posting(&world, &server, "").run();
    assert!(run.exits(0).untouched().stdout.starts_with("dev: 1 changed\n"), "{run}");
    let told = told.lock().unwrap();
    let [comment] = &told.comments[..] else { panic!("{:?}", told.comments) };
    assert!(comment.contains("\n## ✅ hld preview: 3 of 3 environments change\n"), "{comment}");
    let expected = [
        format!("{broken} pending: compiling both sides"),
        format!("{broken} failure: 1 error"),
        format!("{fixed} pending: compiling both sides"),
        format!("{fixed} success: 3 of 3 environments change"),
    ];
    assert_eq!(told.states, expected);
}

#[test]
fn b159_a_comment_is_cut_and_the_whole_is_in_the_file() {
    let many: String = (0..3000)
        .map(|n| format!("---\n{}", MANIFEST.replace("name: web", &format!("name: w{n}"))))
        .collect();
    let world = changed(&[("web/web.yaml", &many)]);
    let told = Arc::new(Mutex::new(Told { head: head(&world), ..Told::default() }));
    let server = forge(&told);
    let file = world.path("whole.md");
    posting(&world, &server, "--output").arg(&file).run().exits(0);
    let comment = told.lock().unwrap().comments[0].clone();
    assert!(
        comment.len() <= 65_000 && comment.contains("The file `whole.md` of this run has the whole"),
        "{comment}"
    );
    assert!(std::fs::read_to_string(&file).unwrap().contains("ConfigMap w2999"));
}

#[test]
fn f38_a_forge_that_fails_does_not_change_the_result() {
    let world = changed(&[("web/web.yaml", &manifest(3))]);
    let without = world.hld("preview --base main --all").run();
    for (path, status, code) in
        [("comments", 403, 4), ("comments", 500, 6), ("user", 401, 4), ("pulls/3", 404, 4), ("", 429, 6)]
    {
        let broken = Some((path, status));
        let told = Arc::new(Mutex::new(Told { head: head(&world), broken, ..Told::default() }));
        let server = forge(&told);
        let run = posting(&world, &server, "").run();
        assert_eq!(run.exits(0).stdout, without.stdout);
        run.reports("warning[HLD1101]");
        posting(&world, &server, "--require-comment").run().exits(code).reports("error[HLD1101]");
    }
    let down = Server::start(|_| Response::Lost).unwrap();
    let run = posting(&world, &down, "").run();
    assert_eq!(run.exits(0).stdout, without.stdout);
    world.write("web/web.yaml", "a: [");
    commit(&world, "change");
    posting(&world, &down, "--require-comment").run().exits(1);
}

#[test]
fn b159_a_preview_of_an_old_head_is_not_posted() {
    let world = changed(&[("web/web.yaml", &manifest(3))]);
    let told = Arc::new(Mutex::new(Told { head: "0".repeat(40), ..Told::default() }));
    let server = forge(&told);
    posting(&world, &server, "--require-comment").run().exits(0).reports("note[HLD1102]");
    assert!(told.lock().unwrap().comments.is_empty());
}

#[test]
fn the_token_of_a_ci_system_is_for_its_forge_alone() {
    let world = changed(&[]);
    let told = Arc::new(Mutex::new(Told { head: head(&world), ..Told::default() }));
    let server = forge(&told);
    let run = posting(&world, &server, "").without("HLD_FORGE_TOKEN").env("GITHUB_TOKEN", "t0k3n").run();
    run.exits(2).mentions("HLD_FORGE_TOKEN");
    assert!(server.requests().is_empty());
    let run =
        posting(&world, &server, "--token-env MINE").without("HLD_FORGE_TOKEN").env("MINE", "t0k3n").run();
    run.exits(0);
}

#[test]
fn ci_systems_say_which_pull_request_it_is() {
    let world = changed(&[("web/web.yaml", &manifest(3))]);
    let told = Arc::new(Mutex::new(Told { head: "1".repeat(40), ..Told::default() }));
    let server = forge(&told);
    let event = json!({ "pull_request": { "number": 3, "head": { "sha": "1".repeat(40) } } });
    std::fs::write(world.outside("tmp/event.json"), event.to_string()).unwrap();
    let run = world
        .hld(&format!("preview --base main --all --post --require-comment --insecure {}", server.authority()))
        .env("GITEA_ACTIONS", "true")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_API_URL", server.url("/api/v1"))
        .env("GITHUB_SERVER_URL", server.url(""))
        .env("GITHUB_REPOSITORY", "team/shop")
        .env("GITHUB_EVENT_PATH", world.outside("tmp/event.json"))
        .env("GITHUB_TOKEN", "t0k3n")
        .run();
    run.exits(0);
    assert_eq!(told.lock().unwrap().comments.len(), 1);
    let run = world
        .hld("preview --base main --all --post --forge azure")
        .env("GITEA_ACTIONS", "true")
        .env("GITHUB_API_URL", server.url("/api/v1"))
        .env("GITHUB_REPOSITORY", "team/shop")
        .env("GITHUB_REF", "refs/pull/3/merge")
        .run();
    run.exits(2).mentions("is not on the forge that `--forge` names");
}
