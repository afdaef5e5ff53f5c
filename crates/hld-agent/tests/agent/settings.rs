//! What the agent is told: flags, Flux's flags, and the file.

use std::time::Duration;

use hld_agent::config::{Config, LogFormat, Parsed, parse};

use crate::world::file;

fn parsed(arguments: &[&str]) -> Parsed {
    parse(["hld-agent"].iter().chain(arguments).map(|argument| (*argument).to_owned()))
}

fn config(arguments: &[&str]) -> Config {
    match parsed(arguments) {
        Parsed::Run(config, warnings) if warnings.is_empty() => *config,
        other => panic!("{other:?}"),
    }
}

/// What is said of arguments that the agent does not start with.
fn refusal(arguments: &[&str]) -> String {
    match parsed(arguments) {
        Parsed::Wrong(diagnostics, _) => {
            diagnostics.iter().map(|said| format!("{}: {}\n", said.code, said.message)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_deployment_of_flux_is_understood() {
    let config = config(&[
        "--git-url=git@github.com:org/manifests.git",
        "--git-branch=master",
        "--git-path=prod,common",
        "--git-path=extra",
        "--git-label=flux-prod",
        "--git-poll-interval=5m",
        "--git-timeout=1m30s",
        "--git-readonly",
        "--sync-interval=10m",
        "--sync-garbage-collection",
        "--sync-state=secret",
        "--ssh-keygen-dir=/var/fluxd/keygen",
        "--listen=:3030",
        "--listen-metrics=:3031",
        "--log-format=fmt",
    ]);
    assert_eq!(config.git.paths, ["prod", "common", "extra"]);
    assert_eq!((config.sync.as_str(), config.git.branch.as_str()), ("flux-prod", "master"));
    assert_eq!(config.git.poll_interval, Duration::from_secs(300));
    assert_eq!(config.git.timeout, Duration::from_secs(90));
    assert_eq!(config.interval, Duration::from_secs(600));
    assert_eq!(config.git.key_file.unwrap().to_str(), Some("/var/fluxd/keygen/identity"));
    assert_eq!(config.listen_metrics.unwrap().port(), 3031);
    assert!(config.prune && config.log_format == LogFormat::Text);
}

#[test]
fn flags_of_flux_are_ignored_with_one_warning_or_refused_with_the_reason() {
    let url = "--git-url=https://git.example.org/m.git";
    let flags =
        [url, "--registry-rps=20", "--git-email", "a@b", "--memcached-hostname=x", "--k8s-secret-name=key"];
    let Parsed::Run(_, warnings) = parsed(&flags) else { panic!() };
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].message.contains("--registry-rps") && warnings[0].message.contains("--k8s-secret-name")
    );
    for (flag, why) in [
        ("--manifest-generation=true", "runs nothing that a repository brings"),
        ("--git-readonly=false", "never writes to the repository"),
        ("--sync-state=git", "kept in the cluster"),
        ("--sops", "decrypts nothing"),
        ("--sync-garbage-collection-dry", "hld agent diff"),
    ] {
        let said = refusal(&[url, flag]);
        assert!(said.starts_with("HLD1252: ") && said.contains(why), "{flag}: {said}");
    }
}

#[test]
fn the_file_says_everything_and_flags_win() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = file(
        folder.path(),
        "config.yaml",
        "apiVersion: hld.dev/v1alpha1\nkind: AgentConfig\nsync: prod\nnamespace: ops\n\
         git:\n  url: ssh://git@git.example.org:2222/m.git\n  branch: release\n  paths: [prod/, ./common]\n  pollInterval: 30s\n\
         \x20 keyFile: /k\n  knownHostsFile: /h\ninterval: 2m\nprune: false\nallowRewrite: true\n\
         webhooks:\n  listen: 127.0.0.1:4000\n  receivers:\n  - {name: forge, provider: azure-devops, secretFile: /s}\nlogFormat: text\n",
    );
    let flag = format!("--config={}", path.display());
    let read = config(&[&flag, "--git-branch=main", "--sync-garbage-collection"]);
    assert_eq!(
        (read.sync.as_str(), read.namespace.as_str(), read.git.branch.as_str()),
        ("prod", "ops", "main")
    );
    assert_eq!(read.git.paths, ["prod", "common"]);
    assert!(read.prune && read.allow_rewrite && !read.allow_self);
    assert_eq!(read.webhooks.receivers[0].name, "forge");
    assert_eq!(read.webhooks.listen.port(), 4000);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let said = refusal(&[
        "--git-path=../x",
        "--git-poll-interval=5",
        "--sync-interval=10000000000000h",
        "--git-timeout=-1s",
        "--sync=Not A Name",
        "--listen=nowhere",
        "--git-url=https://git.example.org/m.git",
    ]);
    for part in ["`../x`", "git.pollInterval", "`interval`", "git.timeout", "`sync`", "`listen`"] {
        assert!(said.contains(part), "{said} lacks {part}");
    }
    assert!(refusal(&[]).contains("`git.url` is missing"));
}

#[test]
fn a_url_with_a_token_is_refused_without_showing_it() {
    for url in [
        "https://x:hunter2@git.example.org/m.git",
        "http://git.example.org/m.git",
        "ext::sh -c id",
        "git://h/m",
    ] {
        let said = refusal(&["--git-url", url]);
        assert!(said.contains("`git.url` can not be used") && !said.contains("hunter2"), "{said}");
    }
    assert_eq!(
        config(&["--git-url=http://127.0.0.1:3000/m.git", "--git-insecure=127.0.0.1:3000"]).git.url.port(),
        3000
    );
}

#[test]
fn a_file_that_is_wrong_is_shown_at_its_place() {
    let folder = tempfile::TempDir::new().unwrap();
    let head = "apiVersion: hld.dev/v1alpha1\nkind: AgentConfig\n";
    for (text, part) in [
        (format!("{head}git: {{ulr: x}}\n"), "unknown field `ulr`"),
        (format!("{head}prune: maybe\n"), "`prune` is wrong"),
        (format!("{head}git: {{paths: prod}}\n"), "`git.paths` is wrong"),
        (format!("{head}webhooks: {{receivers: [{{name: a, provider: svn}}]}}\n"), "unknown variant `svn`"),
        ("kind: AgentConfig\ngit: {url: x}\n".to_owned(), "is not `AgentConfig` of `hld.dev/v1alpha1`"),
        (String::new(), "the configuration is empty"),
        ("a: [\n".to_owned(), ""),
        (format!("{head}prune: true\nprune: false\n"), "prune"),
    ] {
        let path = file(folder.path(), "config.yaml", &text);
        let said = refusal(&[&format!("--config={}", path.display()), "--git-url=https://h/m"]);
        assert!(said.contains(part), "{said} lacks {part}");
    }
    assert!(refusal(&["--config=/nowhere/at/all.yaml"]).contains("can not be read"));
}
