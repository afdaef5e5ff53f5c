//! What CI systems run from `integrations/`, with the real program and real repositories: the shell
//! recipe, the scripts in the template for Azure Pipelines and in the action for GitHub.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hld_diag::FileId;
use hld_testkit::git::{self, GitServer};
use hld_testkit::http::{Response, Server};
use hld_yaml::Value;

use crate::publishing::Remote;
use crate::support::{MANIFEST, SECRET, World};

/// Two static components; `dev` and `east` are configs.
const FILES: [(&str, &str); 5] = [
    ("component.yaml", "name: shop\nsubcomponents:\n- name: web\n  type: static\n  path: ./web\n"),
    ("web/web.yaml", MANIFEST),
    ("config/dev.yaml", "config: {}\n"),
    ("config/prod.yaml", "config: {}\n"),
    ("config/east.yaml", "config: {}\n"),
];

/// A job of a CI system: a checkout of a definition, and a manifest repository with a README.
struct Job {
    world: World,
}

/// What a script came to.
struct Ended {
    code: Option<i32>,
    output: String,
}

impl Job {
    fn new() -> Self {
        let world = World::new(&FILES);
        fs::remove_dir_all(world.path("generated")).unwrap();
        git::git(&world.path(""), &["init", "-q", "-b", "main"]).unwrap();
        let job = Job { world };
        job.commit("first");
        git::bare(&job.manifests()).unwrap();
        let blob = ["-c", "echo hello | git hash-object -w --stdin"];
        let blob = Command::new("sh").args(blob).current_dir(job.manifests()).output().unwrap();
        let blob = String::from_utf8(blob.stdout).unwrap();
        fs::write(job.world.outside("tree"), format!("100644 blob {}\tREADME.md\n", blob.trim())).unwrap();
        let tree = "git update-ref refs/heads/main $(git commit-tree -m start $(git mktree < ../tree))";
        let who = [("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@example.com")];
        let committer = [("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@example.com")];
        let mut command = Command::new("sh");
        command.args(["-c", tree]).current_dir(job.manifests()).envs(who).envs(committer);
        assert!(command.status().unwrap().success());
        job
    }

    fn manifests(&self) -> PathBuf {
        self.world.outside("manifests.git")
    }

    fn commit(&self, message: &str) {
        git::git(&self.world.path(""), &["add", "-A"]).unwrap();
        git::git(&self.world.path(""), &["commit", "-q", "-m", message]).unwrap();
    }

    fn published(&self, arguments: &[&str]) -> String {
        git::git(&self.manifests(), arguments).unwrap()
    }

    /// Puts a program that only says what it was given in the place of hld.
    fn play_hld(&self) -> OsString {
        let script =
            "#!/bin/sh\ncase $1 in version) echo 'hld 9.8.7' ;; *) echo \"arguments: $*\"; env ;; esac\n";
        let path = self.world.outside("bin/hld");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path_with(&self.world.outside("bin"))
    }

    /// Runs a program in the checkout, with these variables and no others.
    fn run(&self, program: &[&str], variables: &[(&str, &str)], path: Option<OsString>) -> Ended {
        let hld = Path::new(env!("CARGO_BIN_EXE_hld")).parent().unwrap();
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).current_dir(self.world.path("")).env_clear();
        command.env("PATH", path.unwrap_or_else(|| path_with(hld)));
        for (name, folder) in [("HOME", "home"), ("TMPDIR", "tmp"), ("HLD_CACHE_DIR", "cache")] {
            command.env(name, self.world.outside(folder));
        }
        let output = command.envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let output_text = String::from_utf8_lossy(&text).into_owned();
        let left = fs::read_dir(self.world.outside("tmp")).unwrap().count();
        assert_eq!(left, 0, "something is left behind: {output_text}");
        Ended { code: output.status.code(), output: output_text }
    }

    /// Runs the shell recipe.
    fn build(&self, variables: &[(&str, &str)]) -> Ended {
        self.run(&["sh", &integration("shell/build.sh")], variables, None)
    }
}

impl Ended {
    #[track_caller]
    fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.output);
        self
    }

    #[track_caller]
    fn says(&self, words: &str) -> &Self {
        assert!(self.output.contains(words), "`{words}` is missing:\n{}", self.output);
        self
    }
}

fn integration(path: &str) -> String {
    hld_testkit::repository().join("integrations").join(path).to_str().unwrap().to_owned()
}

fn path_with(folder: &Path) -> OsString {
    std::env::join_paths([folder, Path::new("/usr/bin"), Path::new("/bin")]).unwrap()
}

fn yaml(path: &str) -> Value {
    let text = fs::read_to_string(integration(path)).unwrap();
    let read = hld_yaml::read(&text, FileId::NONE, &hld_yaml::ReadOptions::default()).unwrap();
    read.documents.into_iter().next().unwrap()
}

/// A script of the template for Azure Pipelines.
struct Step {
    name: String,
    script: String,
    /// Its variables, as they are written.
    env: Vec<(String, String)>,
}

fn azure_steps() -> Vec<Step> {
    let template = yaml("azure-devops/templates/hld.yml");
    let steps = template.get("steps").and_then(Value::as_seq).unwrap();
    let text = |step: &Value, key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let scripts = steps.iter().filter(|step| step.get("bash").is_some());
    scripts
        .map(|step| {
            let env = step.get("env").and_then(Value::as_map).unwrap();
            let env =
                env.iter().filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned())));
            Step { name: text(step, "displayName"), script: text(step, "bash"), env: env.collect() }
        })
        .collect()
}

#[test]
fn the_scripts_are_right_for_their_shells() {
    let job = Job::new();
    job.run(&["sh", "-n", &integration("shell/build.sh")], &[], None).exits(0);
    let action = yaml("github/setup/action.yml");
    let action = action.get("runs").and_then(|runs| runs.get("steps")?.as_seq()?.first()).unwrap();
    let action = action.get("run").and_then(Value::as_str).unwrap().to_owned();
    let scripts: Vec<String> = azure_steps().into_iter().map(|step| step.script).collect();
    assert_eq!(scripts.len(), 2);
    for script in scripts.iter().chain([&action]) {
        job.run(&["bash", "-n", "-c", script], &[], None).exits(0);
    }
}

#[test]
fn a_pull_request_is_checked_and_nothing_is_published() {
    let job = Job::new();
    let repository = job.manifests();
    let variables =
        [("VERIFY_ONLY", "1"), ("REPO", repository.to_str().unwrap()), ("FAB_ENVS", "dev,prod east")];
    let before = job.published(&["rev-parse", "main"]);
    job.build(&variables).exits(0).says("dev: 1 object").says("prod-east: 1 object");
    job.world.write("web/web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndatta: {}\n");
    job.build(&variables).exits(1).says("`datta` of `ConfigMap web` is no field");
    let recipe = integration("shell/build.sh");
    for (system, annotation) in
        [("TF_BUILD", "##vso[task.logissue type=error;"), ("GITHUB_ACTIONS", "::error ")]
    {
        let variables = [&variables[..], &[(system, "true")]].concat();
        job.run(&["sh", &recipe, "--dry-run"], &variables, None).exits(1).says(annotation);
    }
    assert_eq!(job.published(&["rev-parse", "main"]), before);
}

#[test]
fn a_pull_request_is_compared_with_its_target() {
    let job = Job::new();
    git::git(&job.world.path(""), &["update-ref", "refs/remotes/origin/main", "HEAD"]).unwrap();
    job.world.write("web/web.yaml", format!("{MANIFEST}data: {{a: b}}\n"));
    job.commit("second");
    let systems = [
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
        ("GITHUB_BASE_REF", "main"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("PREVIEW_BASE", "main~1"),
    ];
    for target in systems {
        let variables = [("VERIFY_ONLY", "1"), ("FAB_ENVS", "dev,prod east"), target];
        job.build(&variables).exits(0).says("~ ConfigMap web (in all 2)");
    }
    // A wrong manifest fails the run, and the preview is made all the same: its comment says why.
    job.world.write("web/web.yaml", format!("{MANIFEST}datta: {{}}\n"));
    job.commit("third");
    job.build(&[("VERIFY_ONLY", "1"), systems[0]]).exits(1).says("prod: 1 changed").says("datta");
}

#[test]
fn environments_are_published_as_fab_envs_lists_them() {
    let job = Job::new();
    let repository = job.manifests();
    let variables = [
        ("REPO", repository.to_str().unwrap()),
        ("BRANCH_NAME", "main"),
        ("FAB_ENVS", "dev, prod east,"),
        ("COMMIT_MESSAGE", "Merged PR 7: a new shop"),
    ];
    job.build(&variables).exits(0);
    let files = job.published(&["ls-tree", "-r", "--name-only", "main"]);
    let expected =
        ["README.md", "dev/hld.metadata", "dev/web.yaml", "prod-east/hld.metadata", "prod-east/web.yaml"];
    assert_eq!(files.lines().collect::<Vec<_>>(), expected);
    let message = job.published(&["log", "-1", "--format=%s", "main"]);
    assert_eq!(message, "Updated k8s manifest files post commit: Merged PR 7: a new shop");
    let tip = job.published(&["rev-parse", "main"]);
    job.build(&variables).exits(0).says("up to date");
    assert_eq!(job.published(&["rev-parse", "main"]), tip);
}

#[test]
fn a_branch_that_is_not_there_is_created_and_a_folder_may_be_named() {
    let job = Job::new();
    let repository = job.manifests();
    let variables =
        [("REPO", repository.to_str().unwrap()), ("BRANCH_NAME", "live"), ("MANIFEST_PATH", "clusters")];
    job.build(&variables).exits(0);
    assert!(job.published(&["ls-tree", "-r", "--name-only", "live"]).contains("clusters/prod/web.yaml"));
}

#[test]
fn a_definition_elsewhere_is_cloned() {
    let job = Job::new();
    let (repository, definition) = (job.manifests(), job.world.outside("definition.git"));
    git::git(&job.world.path(""), &["clone", "-q", "--bare", ".", definition.to_str().unwrap()]).unwrap();
    job.world.write("component.yaml", "broken: [\n");
    let variables = [
        ("REPO", repository.to_str().unwrap()),
        ("HLD_PATH", definition.to_str().unwrap()),
        ("FAB_ENVS", "dev"),
    ];
    job.build(&variables).exits(0);
    assert!(job.published(&["ls-tree", "-r", "--name-only", "main"]).contains("dev/web.yaml"));
    let missing = job.world.outside("nowhere");
    let variables = [("REPO", "x"), ("HLD_PATH", missing.to_str().unwrap())];
    job.build(&variables).exits(4).says("HLD_PATH can not be cloned");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let job = Job::new();
    job.build(&[]).exits(2).says("REPO is required");
    let ended = job.build(&[("REPO", &format!("https://me:{SECRET}@example.com/m"))]);
    ended.exits(2).says("set ACCESS_TOKEN_SECRET");
    assert!(!ended.output.contains(SECRET), "{}", ended.output);
    let variables = [("VERSION", "0.0.0-none"), ("VERIFY_ONLY", "1")];
    job.build(&variables).exits(2).says("VERSION is 0.0.0-none, and this is hld ");
    let nothing = Some(path_with(&job.world.outside("bin")));
    let recipe = integration("shell/build.sh");
    job.run(&["sh", &recipe], &[], nothing).exits(2).says("there is no hld");
}

#[test]
fn the_token_is_in_the_environment_under_the_name_of_its_host_and_nowhere_else() {
    let job = Job::new();
    let path = job.play_hld();
    for (repository, name) in [
        ("https://dev.azure.com/org/project/_git/m", "HLD_TOKEN_DEV_AZURE_COM"),
        ("my-host.example.com/m", "HLD_TOKEN_MY__HOST_EXAMPLE_COM"),
        ("https://git.example.com:8443/m", "HLD_TOKEN_GIT_EXAMPLE_COM_PORT_8443"),
        ("https://git.example.com:443/m", "HLD_TOKEN_GIT_EXAMPLE_COM"),
        ("http://127.0.0.1/m", "HLD_TOKEN_127_0_0_1_PORT_80"),
    ] {
        let variables = [("REPO", repository), ("ACCESS_TOKEN_SECRET", SECRET)];
        let ended = job.run(&["sh", &integration("shell/build.sh")], &variables, Some(path.clone()));
        ended.exits(0).says(&format!("\n{name}={SECRET}\n"));
        let arguments = ended.output.lines().find(|line| line.starts_with("arguments: ")).unwrap();
        assert!(!arguments.contains(SECRET), "{arguments}");
        assert!(arguments.contains(" --to http"), "{arguments}");
    }
    let variables = [("REPO", "https://host$(id)/m"), ("ACCESS_TOKEN_SECRET", SECRET)];
    let ended = job.run(&["sh", &integration("shell/build.sh")], &variables, Some(path));
    ended.exits(2).says("REPO is no address of a host");
}

#[test]
fn the_token_pushes_to_its_host() {
    let mut encoded = Command::new("sh");
    encoded.args(["-c", &format!("printf 'x-access-token:{SECRET}' | base64")]);
    let encoded = String::from_utf8(encoded.output().unwrap().stdout).unwrap();
    let expected = format!("Basic {}", encoded.trim());
    let remote = Remote::of(
        GitServer::with_faults(move |request, backend| match request.header("authorization") {
            Some(sent) if sent == expected => backend(request),
            _ => Response::new(401, "").header("www-authenticate", "Basic realm=\"git\""),
        })
        .unwrap(),
    );
    let job = Job::new();
    let (url, authority) = (remote.server.url("manifests"), remote.server.http().authority());
    let recipe = integration("shell/build.sh");
    let push = |variables: &[(&str, &str)]| {
        let variables = [&[("REPO", url.as_str())], variables].concat();
        job.run(&["sh", &recipe, "--insecure", &authority], &variables, None)
    };
    push(&[]).exits(4).says("credentials");
    let ended = push(&[("ACCESS_TOKEN_SECRET", "another")]);
    assert!(!ended.exits(4).output.contains("another"), "{}", ended.output);
    let ended = push(&[("ACCESS_TOKEN_SECRET", SECRET)]);
    assert!(!ended.exits(0).output.contains(SECRET), "{}", ended.output);
    assert_eq!(remote.n_commits(), 2);
    assert!(!remote.git(&["log", "-1", "--format=%B", "main"]).contains(SECRET));
}

#[test]
fn commit_messages_and_environments_are_never_commands() {
    let job = Job::new();
    let path = job.play_hld();
    let variables = [
        ("REPO", "https://example.com/m"),
        ("COMMIT_MESSAGE", "$(touch evil) `touch evil`; touch evil\n\"' * --force"),
        ("FAB_ENVS", "*,$(touch evil),--force"),
    ];
    let ended = job.run(&["sh", &integration("shell/build.sh")], &variables, Some(path));
    ended.exits(0).says("--env * --env $(touch evil) --env --force --message");
    assert!(!job.world.path("evil").exists());
}

#[test]
fn a_lock_file_is_taken_as_it_is() {
    let job = Job::new();
    let path = job.play_hld();
    let said = |variables: &[(&str, &str)]| {
        job.run(&["sh", &integration("shell/build.sh")], variables, Some(path.clone()))
            .exits(0)
            .output
            .clone()
    };
    let modes = [("VERIFY_ONLY", "1"), ("REPO", "https://example.com/m")];
    for mode in modes {
        assert!(!said(&[mode]).contains("--locked"));
    }
    job.world.write("hld.lock", "version: 1\n");
    for mode in modes {
        assert!(said(&[mode]).contains(" --locked "));
    }
}

fn sha256(text: &str, folder: &Path) -> String {
    fs::write(folder.join("hashed"), text).unwrap();
    let output = Command::new("sha256sum").arg(folder.join("hashed")).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

/// Stands for a release.
const RELEASE: &str = "#!/bin/sh\ncase $1 in version) echo 'hld 9.8.7' ;; *) echo released ;; esac\n";

fn releases() -> Server {
    Server::start(|request| match request.path() {
        "/hld" => Response::new(200, RELEASE),
        _ => Response::new(404, "none"),
    })
    .unwrap()
}

#[test]
fn hld_is_downloaded_and_compared_with_its_digest() {
    let (job, server) = (Job::new(), releases());
    let digest = sha256(RELEASE, &job.world.outside(""));
    let (url, missing) = (server.url("/hld"), server.url("/none"));
    let with = |url: &str, digest: &str| {
        job.build(&[("VERIFY_ONLY", "1"), ("HLD_URL", url), ("HLD_SHA256", digest)])
    };
    with(&url, &digest).exits(0).says("released");
    with(&url, &"0".repeat(64)).exits(3).says("its digest is not HLD_SHA256");
    with(&url, "").exits(2).says("HLD_SHA256 is required");
    with(&missing, &digest).exits(4).says("can not be downloaded");
    with("file:///etc/passwd", &digest).exits(4);
}

#[test]
fn the_action_for_github_puts_a_pinned_hld_on_the_path() {
    let (job, server) = (Job::new(), releases());
    let digest = sha256(RELEASE, &job.world.outside(""));
    let (runner, paths) = (job.world.outside("runner"), job.world.outside("paths"));
    fs::create_dir(&runner).unwrap();
    let action = yaml("github/setup/action.yml");
    let step = action.get("runs").and_then(|runs| runs.get("steps")?.as_seq()?.first()).unwrap();
    let script = step.get("run").and_then(Value::as_str).unwrap();
    let run = |digest: &str| {
        let url = server.url("/hld");
        let (runner, paths) = (runner.to_str().unwrap(), paths.to_str().unwrap());
        let variables = [
            ("HLD_URL", url.as_str()),
            ("HLD_SHA256", digest),
            ("RUNNER_TEMP", runner),
            ("GITHUB_PATH", paths),
        ];
        job.run(&["bash", "-c", script], &variables, None)
    };
    assert_ne!(run(&"0".repeat(64)).code, Some(0));
    assert!(!paths.exists());
    run(&digest).exits(0);
    let folder = fs::read_to_string(&paths).unwrap();
    let released = Command::new(Path::new(folder.trim()).join("hld")).arg("x").output().unwrap();
    assert_eq!(released.stdout, b"released\n");
}

#[test]
fn the_template_for_azure_pipelines_runs_the_recipe() {
    let job = Job::new();
    let repository = job.manifests();
    let recipe = integration("shell/build.sh");
    let steps = azure_steps();
    let run = |name: &str, more: &[(&str, &str)]| {
        let Step { script, env, .. } = steps.iter().find(|step| step.name == name).unwrap();
        let mut variables: Vec<(&str, &str)> =
            env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // What the agent sets: variables of the pipeline, and its own.
        variables.extend([
            ("REPO", repository.to_str().unwrap()),
            ("BUILD_SOURCEBRANCHNAME", "main"),
            ("BUILD_SOURCEVERSIONMESSAGE", "Merged PR 8"),
            ("SCRIPT", &recipe),
        ]);
        variables.extend(more);
        job.run(&["bash", "-c", script], &variables, None)
    };
    let before = job.published(&["rev-parse", "main"]);
    run("Validate and preview", &[]).exits(0).says("prod: 1 object");
    assert_eq!(job.published(&["rev-parse", "main"]), before);
    run("Publish", &[]).exits(0);
    let message = job.published(&["log", "-1", "--format=%s", "main"]);
    assert_eq!(message, "Updated k8s manifest files post commit: Merged PR 8");
    // The name of a secret that nobody has set is no token.
    let path = job.play_hld();
    let Step { script, env, .. } = steps.iter().find(|step| step.name == "Publish").unwrap();
    let (name, unset) = env.iter().find(|(name, _)| name == "ACCESS_TOKEN_SECRET").unwrap();
    let mut variables = vec![
        ("REPO", "https://example.com/m"),
        ("BUILD_SOURCEBRANCHNAME", "main"),
        ("BUILD_SOURCEVERSIONMESSAGE", "x"),
        ("SCRIPT", &recipe),
    ];
    variables.push((name, unset));
    let ended = job.run(&["bash", "-c", script], &variables, Some(path.clone()));
    assert!(!ended.exits(0).output.contains("HLD_TOKEN_"), "{}", ended.output);
    variables.pop();
    variables.push((name, SECRET));
    let ended = job.run(&["bash", "-c", script], &variables, Some(path));
    ended.exits(0).says(&format!("\nHLD_TOKEN_EXAMPLE_COM={SECRET}\n"));
}

#[test]
fn secrets_of_the_template_stand_in_variables_alone() {
    for Step { name, script, .. } in azure_steps() {
        // The agent writes `$(…)` out before the shell sees the script.
        assert!(!script.contains("$("), "{name}: {script}");
    }
}
