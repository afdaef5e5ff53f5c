//! Kubeconfigs (B131): the agent's own, which names a cluster and a login and nothing else, and those of
//! people, who log in as with kubectl.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hld_agent::client::{Client, ClientError, Target};
use hld_testkit::http::{Response, Server};
use serde_json::json;

use crate::world::file;

const SECRET: &str = "hunter2-hunter2";

/// A kubeconfig with this user and this cluster, and a second user that nobody is.
fn kubeconfig(folder: &Path, server: &str, [user, cluster, other]: [&str; 3]) -> PathBuf {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
         clusters: [{{name: a, cluster: {{server: '{server}'{cluster}}}}}]\n\
         users: [{{name: a, user: {{{user}}}}}, {{name: b, user: {{{other}}}}}]\n"
    );
    file(folder, "kubeconfig", &text)
}

/// A program that logs in: it leaves a mark that it ran, and does this.
fn program(folder: &Path, does: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let text = format!("#!/bin/sh\ntouch '{}'\n{does}\n", folder.join("ran").display());
    let path = file(folder, "log-in", &text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn exec(program: &Path) -> String {
    let (api, command) = ("client.authentication.k8s.io/v1", program.display());
    format!(
        "exec: {{apiVersion: {api}, command: '{command}', interactiveMode: Never, \
         env: [{{name: PASSWORD, value: {SECRET}}}], args: ['--secret={SECRET}']}}"
    )
}

fn agent(kubeconfig: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hld-agent"));
    command.env_clear().stdin(Stdio::null());
    command.arg(format!("--kubeconfig={}", kubeconfig.display()));
    command.args(["--git-url=https://127.0.0.1:1/m", "--listen=127.0.0.1:0"]).output().unwrap()
}

#[test]
fn b131_an_agent_runs_nothing_that_its_kubeconfig_names_and_is_nobody_else() {
    let folder = tempfile::TempDir::new().unwrap();
    let exec = exec(&program(folder.path(), "exit 1"));
    let server = "https://127.0.0.1:1";
    for (parts, what) in [
        ([exec.as_str(), "", ""], "`exec`"),
        (["token: x", "", exec.as_str()], "`exec`"),
        (["auth-provider: {name: gcp, config: {cmd-path: sh}}", "", ""], "`auth-provider`"),
        (["token: x, as: 'system:admin'", "", ""], "`as`"),
        (["token: x, as: ''", "", ""], "`as`"),
        (["token: x, as-groups: ['system:masters']", "", ""], "`as`"),
        (["token: x, as-uid: '0'", "", ""], "`as`"),
        (["token: x", ", insecure-skip-tls-verify: true", ""], "`insecure-skip-tls-verify`"),
    ] {
        let output = agent(&kubeconfig(folder.path(), server, parts));
        let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains(&format!("the kubeconfig has {what}")), "{parts:?}: {said}");
        assert!(!folder.path().join("ran").exists() && !said.contains(SECRET), "{said}");
    }
}

#[test]
fn p7_no_text_of_a_kubeconfig_is_told() {
    let folder = tempfile::TempDir::new().unwrap();
    for text in [
        format!("users: [{{name: a, user: {{token: {SECRET}\n"),
        format!("users:\n- name: a\n  user:\n    password: {SECRET}\n    token: [{SECRET}]\n"),
        format!("users:\n- name: a\n  user: {SECRET}\n"),
        format!("{SECRET}\n"),
    ] {
        let path = file(folder.path(), "kubeconfig", &format!("apiVersion: v1\nkind: Config\n{text}"));
        let output = agent(&path);
        let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("its YAML can not be read: line ") && !said.contains("hunter2"), "{said}");
        let error = open(&path).err().unwrap().to_string();
        assert!(error.contains("its YAML can not be read: line ") && !error.contains("hunter2"), "{error}");
    }
}

fn open(kubeconfig: &Path) -> Result<Client, ClientError> {
    Client::open(Target {
        kubeconfig: Some(kubeconfig.to_owned()),
        context: None,
        namespace: "hld-agent".to_owned(),
        sync: "main".to_owned(),
    })
}

/// An API server that has no status, and tells who asks.
fn server() -> Server {
    let answer =
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404});
    Server::start(move |_| Response::json(404, &answer)).unwrap()
}

#[test]
fn b131_people_log_in_by_the_program_of_their_kubeconfig() {
    let folder = tempfile::TempDir::new().unwrap();
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": {"token": "a-token-for-an-hour"},
    });
    let exec = exec(&program(folder.path(), &format!("echo '{credential}'")));
    let server = server();
    let client = open(&kubeconfig(folder.path(), &server.url(""), [&exec, "", ""])).unwrap();
    assert!(matches!(client.status(), Err(ClientError::NoStatus(_))));
    assert!(folder.path().join("ran").exists());
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer a-token-for-an-hour"));
}

#[test]
fn b131_p7_of_a_program_that_does_not_log_in_nothing_is_told_but_how_it_ended() {
    let folder = tempfile::TempDir::new().unwrap();
    for (does, part) in [
        (format!("echo {SECRET}; echo {SECRET} >&2; exit 3"), "program to log in ended with exit status: 3"),
        (
            format!("echo '{{\"status\": {{\"token\": [\"{SECRET}\"]}}}}'"),
            "program to log in printed no credentials",
        ),
        (format!("echo '{SECRET}'"), "program to log in printed no credentials"),
    ] {
        let exec = exec(&program(folder.path(), &does));
        let server = server();
        let opened = open(&kubeconfig(folder.path(), &server.url(""), [&exec, "", ""]));
        let error = opened.err().unwrap().to_string();
        assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
        assert!(server.requests().is_empty());
    }
}

#[test]
fn b131_who_impersonates_nobody_is_not_themselves() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = server();
    for user in ["as: ''", "as: ' '", "as-groups: [ops]", "as-uid: '1'", "as-user-extra: {a: [b]}"] {
        let user = format!("token: x, {user}");
        let opened = open(&kubeconfig(folder.path(), &server.url(""), [&user, "", ""]));
        let error = opened.err().unwrap().to_string();
        assert!(error.contains("`as` names nobody"), "{user}: {error}");
    }
    assert!(server.requests().is_empty());
    // Somebody is who they say, as with kubectl.
    let user = "token: x, as: ada, as-groups: [ops]";
    let client = open(&kubeconfig(folder.path(), &server.url(""), [user, "", ""])).unwrap();
    assert!(matches!(client.status(), Err(ClientError::NoStatus(_))));
    let request = &server.requests()[0];
    assert_eq!(
        (request.header("impersonate-user"), request.header("impersonate-group")),
        (Some("ada"), Some("ops"))
    );
}
