//! Commands in the documentation, run as they stand there.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use hld_testkit::git;

use crate::support::World;

/// The text of the blocks whose fence is followed by exactly `sh`, in order. What can not run in a test has a
/// second word.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        if line == "```sh" {
            blocks.push(String::new());
            is_open = true;
        } else if line.starts_with("```") {
            is_open = false;
        } else if is_open {
            let block = blocks.last_mut().unwrap();
            block.push_str(line);
            block.push('\n');
        }
    }
    blocks
}

fn document(name: &str) -> String {
    fs::read_to_string(hld_testkit::repository().join("docs").join(name)).unwrap()
}

/// Runs a script in `folder`, with hld on the PATH; gives its exit code and what it printed.
fn shell(world: &World, folder: &Path, script: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let hld = Path::new(env!("CARGO_BIN_EXE_hld")).parent().unwrap();
    let path = std::env::join_paths([hld, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let mut command = Command::new("sh");
    command.args(["-eu", "-c", &format!("exec 2>&1\n{script}")]).current_dir(folder).env_clear();
    command.env("PATH", path).env("HOME", world.outside("home"));
    command.env("HLD_CACHE_DIR", world.outside("cache")).env("TMPDIR", world.outside("tmp"));
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Test").env(format!("GIT_{who}_EMAIL"), "test@example.com");
    }
    let output = command.envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn getting_started_can_be_typed_as_it_stands() {
    let world = World::new(&[]);
    let script = blocks(&document("getting-started.md")).concat();
    let (code, output) = shell(&world, &world.outside(""), &script, &[]);
    assert_eq!(code, Some(0), "{output}");
    let manifests = world.outside("manifests.git");
    let git = |arguments: &[&str]| git::git(&manifests, arguments).unwrap();
    let files = git(&["ls-tree", "-r", "--name-only", "main"]);
    for environment in ["dev", "prod"] {
        assert!(files.contains(&format!("{environment}/web.yaml")), "{files}");
        let web = git(&["show", &format!("main:{environment}/web.yaml")]);
        assert!(web.contains("replicas: 3") && web.contains("web:1.1"), "{web}");
    }
    // The first publication, the change, the rollback, and the change again.
    assert_eq!(git(&["rev-list", "--count", "main"]), "4");
    assert!(git(&["show", "main~1:prod/web.yaml"]).contains("replicas: 2"));
    assert!(output.contains("from 2 to 3") || output.contains("replicas"), "{output}");
}

#[test]
fn an_image_tag_is_released_as_the_page_on_pipelines_says() {
    let world = World::new(&[
        ("component.yaml", "name: shop\nsubcomponents:\n- name: web\n  type: static\n  path: ./web\n"),
        ("config/prod.yaml", "subcomponents:\n  web:\n    config:\n      image: {tag: \"1\"} # the tag\n"),
    ]);
    let origin = world.outside("origin.git");
    git::bare(&origin).unwrap();
    let folder = world.path("");
    for arguments in [
        &["init", "-q", "-b", "main"][..],
        &["add", "-A"],
        &["commit", "-q", "-m", "first"],
        &["remote", "add", "origin", origin.to_str().unwrap()],
    ] {
        git::git(&folder, arguments).unwrap();
    }
    let page = document("pipelines.md");
    let section = page.split("### Image tags").nth(1).unwrap();
    let script = blocks(section).remove(0);
    let variables = |tag| {
        [
            ("FAB_ENV_NAME", "prod"),
            ("SUBCOMPONENT", "web"),
            ("YAML_PATH", "image.tag"),
            ("YAML_PATH_VALUE", tag),
        ]
    };
    let (code, output) = shell(&world, &folder, &script, &variables("20201014.7"));
    assert_eq!(code, Some(0), "{output}");
    let config = git::git(&origin, &["show", "main:config/prod.yaml"]).unwrap();
    assert!(config.contains("{tag: \"20201014.7\"} # the tag"), "{config}");
    let unknown = [("YAML_PATH", "image.tga")];
    let variables = [&variables("2")[..], &unknown].concat();
    let (code, output) = shell(&world, &folder, &script, &variables);
    assert_eq!(code, Some(1), "{output}");
    assert_eq!(git::git(&origin, &["rev-list", "--count", "main"]).unwrap(), "2");
}
