//! `hld publish` and `hld rollback`, on a server that speaks HTTP: what is published is what `generate`
//! writes, and nothing of what went wrong.

use std::path::PathBuf;

use hld_testkit::git::{self, GitServer};
use hld_testkit::http::Response;

use crate::support::{Hld, MANIFEST, SECRET, SHOP, World};

/// A manifest repository on a server, whose branch `main` has one commit.
pub(crate) struct Remote {
    pub(crate) server: GitServer,
}

impl Remote {
    pub(crate) fn new() -> Self {
        Remote::of(GitServer::start().unwrap())
    }

    pub(crate) fn of(server: GitServer) -> Self {
        let remote = Remote { server };
        remote.server.create("manifests").unwrap();
        let tree = remote.git(&["hash-object", "-t", "tree", "-w", "--stdin"]);
        let commit = remote.git(&["commit-tree", "-m", "start", &tree]);
        remote.git(&["update-ref", "refs/heads/main", &commit]);
        remote
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.server.path("manifests")
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git::git(&self.folder(), arguments).unwrap()
    }

    pub(crate) fn tip(&self) -> String {
        self.git(&["rev-parse", "main"])
    }

    pub(crate) fn n_commits(&self) -> usize {
        self.git(&["rev-list", "--count", "main"]).parse().unwrap()
    }

    /// `hld publish` to this repository, with a cache beside the definition.
    pub(crate) fn publish<'w>(&self, world: &'w World, arguments: &str) -> Hld<'w> {
        self.hld(world, &format!("publish {arguments} --to"))
    }

    pub(crate) fn rollback<'w>(&self, world: &'w World, arguments: &str) -> Hld<'w> {
        self.hld(world, &format!("rollback {arguments} --repo"))
    }

    fn hld<'w>(&self, world: &'w World, arguments: &str) -> Hld<'w> {
        let hld = world.hld(arguments).arg(self.server.url("manifests"));
        let hld = hld.args(["--path", "clusters", "--insecure"]).arg(self.server.http().authority());
        hld.env("HLD_CACHE_DIR", world.path(".cache"))
    }
}

fn shop() -> World {
    let world = World::with_manifest(MANIFEST);
    world.write("config/prod.yaml", "config: {}\n");
    world
}

#[test]
fn what_is_published_is_what_is_generated() {
    let (world, remote) = (shop(), Remote::new());
    for layout in ["component", "resource"] {
        world.hld(&format!("generate prod --adopt --layout {layout}")).run().exits(0);
        let run = remote.publish(&world, &format!("prod --layout {layout}")).run();
        run.exits(0);
        let written = run.after.files_in("work/generated/prod");
        let published = remote.git(&["ls-tree", "-r", "--name-only", "main:clusters/prod"]);
        let published: Vec<&str> = published.lines().filter(|path| *path != "hld.metadata").collect();
        assert_eq!(written.keys().collect::<Vec<_>>(), published);
        for (path, text) in &written {
            let bytes = remote.git(&["show", &format!("main:clusters/prod/{path}")]);
            assert_eq!(bytes, text.trim_end_matches('\n'), "{path}");
        }
        remote.publish(&world, &format!("prod --layout {layout}")).run().exits(0).mentions("up to date");
    }
    assert_eq!(remote.n_commits(), 3);
}

#[test]
fn f29_one_component_that_fails_publishes_nothing() {
    let remote = Remote::new();
    for (broken, at) in [("a: [1\n", "2:1"), ("a: b: c\n", "1:5")] {
        let world = World::new(&[
            ("component.yaml", &format!("{SHOP}- {{name: bad, type: static, path: bad}}\n")),
            ("web/web.yaml", MANIFEST),
            ("bad/bad.yaml", broken),
        ]);
        remote.publish(&world, "").run().exits(1).reports(&format!("error[HLD0404] bad/bad.yaml:{at}"));
        remote.publish(&world, "--dry-run").run().exits(1);
    }
    // One environment of two, and warnings under --strict.
    let world = shop();
    world.write("config/bad.yaml", "subcomponents: {web: {disabled: perhaps}}\n");
    remote.publish(&world, "--all").run().exits(1);
    remote.publish(&world, "--strict nowhere").run().exits(1);
    assert_eq!(remote.n_commits(), 1);
    assert!(remote.server.http().requests().is_empty(), "the server is not even asked");
}

#[test]
fn the_gate_is_in_front_of_the_door() {
    let remote = Remote::new();
    let world = World::with_manifest(&MANIFEST.replace("metadata:", "dat: {}\nmetadata:"));
    remote.publish(&world, "--gate").run().exits(1);
    assert_eq!(remote.n_commits(), 1);
    remote.publish(&world, "").run().exits(0);
}

#[test]
fn exit_codes_say_what_can_be_done() {
    let (world, remote) = (shop(), Remote::new());
    remote.publish(&world, "prod --branch mian").run().exits(1).mentions("did you mean `main`?");
    remote.publish(&world, "prod --branch a..b").run().exits(2).reports("error[HLD0909]");
    remote.publish(&world, "prod --time 0").run().exits(2);
    world.hld("publish prod").run().exits(2).reports("error[HLD0909]");
    git::hook(&remote.folder(), "pre-receive", "echo '##vso[task.complete]' >&2; exit 1").unwrap();
    let run = remote.publish(&world, "prod").run();
    run.exits(4).reports("error[HLD0906]");
    assert!(!run.stderr.lines().any(|line| line.starts_with("##")), "{run}");
    git::hook(&remote.folder(), "pre-receive", "exit 0").unwrap();
    let nothing = Remote::of(GitServer::with_faults(|_, _| Response::Lost).unwrap());
    nothing.publish(&world, "prod").run().exits(6).reports("error[HLD0907]");
    let closed = Remote::of(GitServer::with_faults(|_, _| Response::new(401, "who?")).unwrap());
    closed.publish(&world, "prod").run().exits(4).reports("error[HLD0911]");
    remote.publish(&world, "prod").run().exits(0);
    world.write("web/web.yaml", "");
    remote.publish(&world, "prod").run().exits(3).reports("refused[HLD0901]");
    remote.publish(&world, "prod --allow-removals 1").run().exits(0);
    assert_eq!(remote.n_commits(), 3);
}

#[test]
fn f13_a_full_disk_publishes_nothing() {
    let (world, remote) = (shop(), Remote::new());
    world.write("web/more.yaml", format!("{MANIFEST}# {}\n", "filling ".repeat(1 << 16)));
    for blocks in [0, 1, 2, 8] {
        let run = remote.publish(&world, "prod").behind(&format!("ulimit -f {blocks}")).run();
        if blocks == 0 {
            run.exits(5);
        }
        assert!(matches!(run.status.code(), Some(0 | 5)), "{run}");
    }
    remote.publish(&world, "prod").run().exits(0);
    assert_eq!(remote.n_commits(), 2);
    remote.git(&["fsck", "--strict"]);
}

#[test]
fn hld_yaml_names_the_target() {
    let (world, remote) = (shop(), Remote::new());
    let (url, authority) = (remote.server.url("manifests"), remote.server.http().authority());
    remote.git(&["branch", "live", "main"]);
    world.write(
        "hld.yaml",
        format!("apiVersion: hld.dev/v1\npublish: {{to: '{url}', branch: live, path: a/b}}\n"),
    );
    world.hld("publish prod").run().exits(2).mentions("it is not encrypted");
    let run = |arguments: &str| {
        let hld = world.hld(arguments).args(["--insecure", &authority]);
        hld.env("HLD_CACHE_DIR", world.path(".cache")).run()
    };
    run("publish prod").exits(0);
    assert_eq!(remote.git(&["ls-tree", "--name-only", "live", "a/b/"]), "a/b/prod");
    run("publish prod --path .").exits(0);
    assert_eq!(remote.git(&["ls-tree", "--name-only", "live"]), "a\nprod");
    world.write("web/web.yaml", format!("{MANIFEST}data: {{a: b}}\n"));
    run("publish prod").exits(0);
    run("rollback prod").exits(0);
    // A folder of this machine is for the command line, and a token is for nobody.
    world.write("hld.yaml", "apiVersion: hld.dev/v1\npublish: {to: /srv/manifests}\n");
    world.hld("publish prod").run().exits(2).mentions("a folder of this machine is not allowed here");
    let hld = world.hld("publish prod --to").arg(format!("https://{SECRET}@example.org/a"));
    hld.run().exits(2).mentions("it has a password or token in it");
}

#[test]
fn what_is_not_committed_is_told() {
    let (world, remote) = (shop(), Remote::new());
    std::fs::remove_dir(world.path(".git")).unwrap();
    world.write(".gitignore", "generated\n.cache\n");
    for arguments in [&["init", "-q"][..], &["add", "-A"], &["commit", "-q", "-m", "a"]] {
        git::git(&world.path(""), arguments).unwrap();
    }
    let run = remote.publish(&world, "prod").run();
    run.exits(0);
    assert!(!run.stderr.contains("HLD0916"), "{run}");
    world.write("web/web.yaml", format!("{MANIFEST}data: {{a: b}}\n"));
    remote.publish(&world, "prod --rev HEAD").run().exits(0).mentions("up to date");
    remote.publish(&world, "prod").run().exits(0).reports("warning[HLD0916]");
    let commit = git::git(&world.path(""), &["rev-parse", "HEAD"]).unwrap();
    let message = remote.git(&["log", "-1", "--format=%B", "main"]);
    assert!(
        message.contains(&format!("\nHld-Source-Commit: {commit}\nHld-Source-Modified: true\n")),
        "{message}"
    );
}

#[test]
fn a_token_of_the_environment_goes_to_its_host_alone() {
    let world = shop();
    let server = GitServer::with_faults(|request, backend| match request.header("authorization") {
        None => Response::new(401, "who?").header("WWW-Authenticate", "Basic realm=\"git\""),
        // `x-access-token` and the secret.
        Some("Basic eC1hY2Nlc3MtdG9rZW46YzRuNHJ5LXMzY3IzdA==") => backend(request),
        Some(_) => Response::new(403, "no"),
    });
    let remote = Remote::of(server.unwrap());
    let port = remote.server.http().authority().rsplit(':').next().unwrap().to_owned();
    remote.publish(&world, "prod").run().exits(4).reports("error[HLD0911]");
    let wrong = remote.publish(&world, "prod").env("HLD_TOKEN_127_0_0_1_PORT_1", SECRET);
    wrong.run().exits(4).reports("error[HLD0911]");
    remote.publish(&world, "prod").env(&format!("HLD_TOKEN_127_0_0_1_PORT_{port}"), SECRET).run().exits(0);
    let said = remote.git(&["log", "--format=%B%an%ae", "main"])
        + &remote.git(&["show", "main:clusters/prod/hld.metadata"]);
    assert!(!said.contains(SECRET), "{said}");
    let kept = World::snapshot(&world).files_in("work/.cache");
    assert!(kept.values().all(|text| !text.contains(SECRET)), "the cache has no secret in it");
}

#[test]
fn a_folder_of_this_machine_is_a_repository_too() {
    let world = shop();
    git::bare(&world.path(".remote")).unwrap();
    let publish = || {
        let hld = world.hld("publish prod --to ./.remote --create-branch");
        hld.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HLD_CACHE_DIR", world.path(".cache"))
    };
    publish().run().exits(0).mentions("published");
    publish().run().exits(0).mentions("up to date");
}

#[test]
fn a_report_for_programs() {
    let (world, remote) = (shop(), Remote::new());
    let report = |arguments: &str| {
        let run = remote.publish(&world, &format!("prod --format json {arguments}")).run();
        serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap_or_else(|_| panic!("no report\n{run}"))
    };
    assert_eq!(report("--dry-run")["outcome"], "would publish");
    let published = report("--message words");
    assert_eq!((&published["outcome"], &published["commit"]), (&"published".into(), &remote.tip().into()));
    assert_eq!((&published["environments"][0]["added"], &published["branch"]), (&1.into(), &"main".into()));
    assert_eq!(report("")["outcome"], "up to date");
    world.write("web/web.yaml", "");
    let refused = report("");
    assert_eq!(
        (&refused["outcome"], &refused["diagnostics"][0]["code"]),
        (&"refused".into(), &"HLD0901".into())
    );
}

#[test]
fn a_rollback_is_held_until_it_is_released() {
    let (world, remote) = (shop(), Remote::new());
    remote.publish(&world, "prod").run().exits(0);
    world.write("web/web.yaml", format!("{MANIFEST}data: {{bad: change}}\n"));
    remote.publish(&world, "prod").run().exits(0);
    remote.rollback(&world, "prod").run().exits(0).mentions("published");
    assert!(!remote.git(&["show", "main:clusters/prod/web.yaml"]).contains("bad"));
    remote.publish(&world, "prod").run().exits(3).reports("refused[HLD0903]");
    remote.rollback(&world, "prod").run().exits(1).reports("error[HLD0910]");
    remote.rollback(&world, "--env prod --env dev").run().exits(2).mentions("one environment");
    remote.publish(&world, "prod --release-hold").run().exits(0);
    assert!(remote.git(&["show", "main:clusters/prod/web.yaml"]).contains("bad"));
}

#[test]
fn f39_runs_with_one_cache_do_not_wait_for_each_other() {
    let (world, remote) = (World::with_manifest(MANIFEST), Remote::new());
    let cache = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..12).map(|n| format!("e{n}")).collect();
    let environments: String = names.iter().map(|name| format!("  {name}: {{configs: [prod]}}\n")).collect();
    world.write("config/prod.yaml", "config: {}\n");
    world.write("hld.yaml", format!("apiVersion: hld.dev/v1\nenvironments:\n{environments}"));
    for (round, text) in
        [MANIFEST, "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\n"].iter().enumerate()
    {
        world.write("web/web.yaml", text);
        let publish = |name: &String| {
            let hld = remote.publish(&world, &format!("{name} --time 3600 --allow-removals 1"));
            hld.env("HLD_CACHE_DIR", cache.path())
        };
        let running: Vec<_> = names.iter().map(|name| publish(name).start()).collect();
        running.into_iter().for_each(|running| {
            running.finish().exits(0);
        });
        assert_eq!(remote.n_commits(), 1 + names.len() * (round + 1));
    }
    let published = remote.git(&["ls-tree", "--name-only", "main", "clusters/"]);
    assert_eq!(published.lines().count(), names.len());
    let left = std::fs::read_dir(cache.path().join("publish")).unwrap().next().unwrap().unwrap().path();
    let left: Vec<_> = std::fs::read_dir(left).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "the lock, the kept repository, what was published: {left:?}");
}

#[test]
fn f33_threads_make_no_difference() {
    let world = World::new(&[]);
    let mut component = "name: shop\nsubcomponents:\n".to_owned();
    for n in 0..40 {
        world.write(&format!("m{n}/m.yaml"), MANIFEST.replace("web", &format!("m{n}")));
        component.push_str(&format!("- {{name: m{n}, type: static, path: m{n}}}\n"));
    }
    world.write("component.yaml", component);
    let trees = ["1", "2", "8", "64"].map(|jobs| {
        let remote = Remote::new();
        remote.publish(&world, &format!("--jobs {jobs}")).run().exits(0);
        remote.git(&["rev-parse", "main^{tree}"])
    });
    assert_eq!(trees.iter().collect::<std::collections::BTreeSet<_>>().len(), 1, "{trees:?}");
}

#[test]
fn b160_names_from_outside_are_no_commands_of_the_log() {
    let (world, remote) = (shop(), Remote::new());
    remote.publish(&world, "prod").run().exits(0);
    let temp = tempfile::tempdir().unwrap();
    git::git(temp.path(), &["clone", "-q", remote.folder().to_str().unwrap(), "clone"]).unwrap();
    let clone = temp.path().join("clone");
    std::fs::write(clone.join("clusters/prod/x\n##vso[task.complete]\r::error::.yaml"), "a: 1\n").unwrap();
    git::git(&clone, &["add", "-A"]).unwrap();
    git::git(&clone, &["commit", "-q", "-m", "odd"]).unwrap();
    git::git(&clone, &["push", "-q", "origin", "main"]).unwrap();
    let words = "##[error]x\n::set-env name=A::b\r##vso[task.setvariable]";
    let run = remote.publish(&world, "prod").args(["--message", words]).run();
    run.exits(0).reports("warning[HLD0912]");
    for text in [&run.stderr, &run.stdout] {
        assert!(
            !text.split(['\n', '\r']).any(|line| line.starts_with("##") || line.starts_with("::")),
            "{run}"
        );
    }
    let message = remote.git(&["log", "-1", "--format=%B", "main"]);
    assert!(message.contains("\n- clusters/prod/x\\n"), "{message}");
    assert!(!message.contains("##") && !message.contains('\r'), "{message}");
}

#[test]
fn what_is_published_is_compared_with_what_is_compiled() {
    let (world, remote) = (shop(), Remote::new());
    let diff = |arguments: &str| {
        let url = format!("--published={}", remote.server.url("manifests"));
        let hld =
            world.hld(&format!("diff prod {arguments}")).arg(url).args(["--path", "clusters", "--insecure"]);
        hld.arg(remote.server.http().authority()).env("HLD_CACHE_DIR", world.path(".cache")).run()
    };
    let run = diff("");
    run.mentions("`clusters/prod` is not published");
    assert!(run.exits(0).stdout.starts_with("prod: 1 added\n"), "{run}");
    remote.publish(&world, "prod").run().exits(0);
    assert_eq!(diff("--exit-code").exits(0).stdout, "prod: no difference\n");
    world.write("web/web.yaml", format!("{MANIFEST}data: {{a: b}}\n"));
    let run = diff("--exit-code");
    assert_eq!(run.exits(1).stdout, "prod: 1 changed\n~ ConfigMap web\n    data\n      + a: b\n");
    let tip = remote.tip();
    diff("--branch nothing").exits(1).reports("error[HLD0905]");
    assert_eq!(remote.tip(), tip);
    world.hld("diff prod --published").run().exits(2);
}
