//! The program itself: exit codes, what it says at the start, and the signal that ends it.

use std::process::{Command, Stdio};

use hld_testkit::process::Process;

use crate::world::{World, eventually};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hld-agent"));
    command.env_clear();
    command
}

#[test]
fn a_wrong_command_line_ends_with_2_and_a_code() {
    for (arguments, part) in [
        (["--no-such-flag", ""], "--no-such-flag"),
        (["--git-url=https://h/m", "--manifest-generation"], "error[HLD1252]: `--manifest-generation`"),
        (["--git-branch=main", ""], "error[HLD1250]: `git.url` is missing"),
    ] {
        let arguments = arguments.iter().filter(|argument| !argument.is_empty());
        let output = program().args(arguments).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(part) && output.stdout.is_empty(), "{said}");
    }
    let output = program().arg("--help").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    // Without a cluster it does not run.
    let nowhere = ["--git-url=https://h/m", "--listen=127.0.0.1:0"];
    let output = program().args(nowhere).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_signal_ends_it_with_0_and_every_line_of_its_log_is_json() {
    let world = World::new();
    world.write_maps(&["a"], "1");
    let commit = world.push();
    // Writes the kubeconfig.
    world.config(&[]);
    let log = world.folder.path().join("agent.log");
    let mut process = Process::start(env!("CARGO_BIN_EXE_hld-agent").as_ref(), &log, |command| {
        command.arg(format!("--kubeconfig={}", world.folder.path().join("kubeconfig").display()));
        command.arg(format!("--git-url={}", world.remote().display()));
        command.args(["--git-path=prod", "--listen=127.0.0.1:0", "--registry-rps=5"]);
    })
    .unwrap();
    world.until_applied(&commit);
    let code = process.stop().unwrap();
    assert_eq!(code, Some(0), "{}", process.said());
    let text = eventually("a log", || std::fs::read_to_string(&log).ok(), String::new);
    let (first, rest) = text.split_once('\n').unwrap();
    assert!(
        first.starts_with("warning[HLD1251]: flags of Flux that have no effect: `--registry-rps`"),
        "{first}"
    );
    let lines: Vec<serde_json::Value> =
        rest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let has = |message: &str| lines.iter().any(|line| line["message"] == message);
    assert!(has("listening") && has("new commit") && has("stopped"), "{text}");
}
