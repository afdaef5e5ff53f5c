//! The flags of Flux v1's `fluxd`: which of them mean something here, which are put aside, and
//! which are refused because leaving them out would change what is applied.
//!
//! The flags that mean something are those of [`super::flags`]; this module knows the others.

use hld_diag::{AGENT_FLAG_IGNORED, AGENT_FLAG_REFUSED, Diagnostic, Span, Untrusted};

/// What becomes of a flag.
#[derive(Clone, Copy)]
enum Verdict {
    /// It has nothing to say here, and why.
    Ignored(&'static str),
    /// It would change what is applied, and why it can not.
    Refused(&'static str),
}

/// Whether a flag has a value behind it when no `=` is written.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Switch,
    Value,
}

use Shape::{Switch, Value};
use Verdict::{Ignored, Refused};

const NO_COMMITS: &str = "the agent never writes to the repository";
const NO_IMAGES: &str = "images are not updated by the agent";
const NO_COMMANDS: &str = "the agent runs nothing that a repository brings";
const NO_SECRETS: &str = "the agent decrypts nothing yet";
const KEY_IN_FILE: &str = "the deploy key is a file: mount the Secret";
const NO_EFFECT: &str = "it has no counterpart";

/// Every flag of `fluxd` 1.25 that is not one of the agent's own.
const FLAGS: &[(&str, Shape, Verdict)] = &[
    ("kubernetes-kubectl", Value, Ignored("kubectl is not used")),
    ("git-ci-skip", Switch, Ignored(NO_COMMITS)),
    ("git-ci-skip-message", Value, Ignored(NO_COMMITS)),
    ("git-user", Value, Ignored(NO_COMMITS)),
    ("git-email", Value, Ignored(NO_COMMITS)),
    ("git-set-author", Switch, Ignored(NO_COMMITS)),
    ("git-gpg-key-import", Value, Refused("signatures are not checked yet")),
    ("git-signing-key", Value, Ignored(NO_COMMITS)),
    ("git-verify-signatures", Switch, Refused("signatures are not checked yet")),
    ("git-verify-signatures-mode", Value, Refused("signatures are not checked yet")),
    ("git-sync-tag", Value, Ignored(NO_COMMITS)),
    ("git-notes-ref", Value, Ignored(NO_COMMITS)),
    ("git-secret", Switch, Refused(NO_SECRETS)),
    ("sops", Switch, Refused(NO_SECRETS)),
    ("manifest-generation", Switch, Refused(NO_COMMANDS)),
    ("sync-timeout", Value, Ignored("the agent waits for each object as long as the API server does")),
    ("sync-garbage-collection-dry", Switch, Refused("`hld agent diff` shows what would be removed")),
    (
        "k8s-allow-namespace",
        Value,
        Refused("RBAC says where the agent may write: `hld agent bootstrap --namespaced`"),
    ),
    (
        "k8s-namespace-whitelist",
        Value,
        Refused("RBAC says where the agent may write: `hld agent bootstrap --namespaced`"),
    ),
    ("k8s-default-namespace", Value, Refused("objects say their namespace; without one it is `default`")),
    ("k8s-unsafe-exclude-resource", Value, Ignored("only what the repository holds is looked at")),
    ("k8s-secret-name", Value, Ignored(KEY_IN_FILE)),
    ("k8s-verbosity", Value, Ignored(NO_EFFECT)),
    ("ssh-keygen-bits", Value, Ignored(KEY_IN_FILE)),
    ("ssh-keygen-type", Value, Ignored(KEY_IN_FILE)),
    ("ssh-keygen-format", Value, Ignored(KEY_IN_FILE)),
    ("automation-interval", Value, Ignored(NO_IMAGES)),
    ("memcached-hostname", Value, Ignored(NO_IMAGES)),
    ("memcached-port", Value, Ignored(NO_IMAGES)),
    ("memcached-service", Value, Ignored(NO_IMAGES)),
    ("memcached-timeout", Value, Ignored(NO_IMAGES)),
    ("docker-config", Value, Ignored(NO_IMAGES)),
    ("rpc-timeout", Value, Ignored(NO_EFFECT)),
    ("connect", Value, Refused("the agent reports to nobody outside the cluster")),
    ("token", Value, Refused("a token does not belong on a command line")),
];

/// Flags of the registry scanner that are switches; all others have a value.
const REGISTRY_SWITCHES: &[&str] = &["registry-trace", "registry-disable-scanning"];

fn look_up(name: &str) -> Option<(Shape, Verdict)> {
    if name.starts_with("registry-") {
        let shape = if REGISTRY_SWITCHES.contains(&name) { Switch } else { Value };
        return Some((shape, Ignored(NO_IMAGES)));
    }
    FLAGS.iter().find(|(known, _, _)| *known == name).map(|(_, shape, verdict)| (*shape, *verdict))
}

/// Arguments without those that only Flux knows.
#[derive(Debug)]
pub(super) struct Sifted {
    /// What is left for the agent's own parser.
    pub(super) arguments: Vec<String>,
    /// One warning for all that were put aside; an error for each that is refused.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Takes the flags out that only Flux has. Arguments behind `--` are left alone.
pub(super) fn sift(arguments: impl IntoIterator<Item = String>) -> Sifted {
    let mut kept = Vec::new();
    let mut diagnostics = Vec::new();
    let mut ignored: Vec<String> = Vec::new();
    let mut arguments = arguments.into_iter().peekable();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            kept.push(argument);
            kept.extend(arguments.by_ref());
            break;
        }
        let name =
            argument.strip_prefix("--").map(|flag| flag.split_once('=').map_or(flag, |(name, _)| name));
        let Some((name, (shape, verdict))) = name.and_then(|name| Some((name, look_up(name)?))) else {
            kept.push(argument);
            continue;
        };
        let is_off = argument.ends_with("=false");
        match verdict {
            Ignored(why) => ignored.push(format!("`--{}` ({why})", Untrusted(name).line())),
            Refused(_) if shape == Switch && is_off => {}
            Refused(why) => diagnostics.push(refused(name, why)),
        }
        if shape == Value && !argument.contains('=') {
            arguments.next_if(|value| !value.starts_with("--"));
        }
    }
    if !ignored.is_empty() {
        ignored.dedup();
        let message = format!("flags of Flux that have no effect: {}", ignored.join(", "));
        diagnostics.push(Diagnostic::new(AGENT_FLAG_IGNORED, Span::NONE, message));
    }
    Sifted { arguments: kept, diagnostics }
}

fn refused(name: &str, why: &str) -> Diagnostic {
    let message = format!("`--{}` is not supported: {why}", Untrusted(name).line());
    Diagnostic::new(AGENT_FLAG_REFUSED, Span::NONE, message)
        .hint("leave the flag out once the repository does without it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str], kept: &[&str], messages: &[&str]) {
        let sifted = sift(arguments.iter().map(|argument| (*argument).to_owned()));
        assert_eq!(sifted.arguments, kept, "{arguments:?}");
        let said: Vec<&str> = sifted.diagnostics.iter().map(|said| said.message.as_str()).collect();
        assert_eq!(said.len(), messages.len(), "{said:?}");
        for (said, part) in said.iter().zip(messages) {
            assert!(said.contains(part), "{said} lacks {part}");
        }
    }

    #[test]
    fn one_warning_names_all_flags_that_have_no_effect() {
        check(
            &[
                "--git-url=x",
                "--registry-rps=20",
                "--memcached-service",
                "",
                "--git-user",
                "Flux",
                "--git-branch",
                "main",
            ],
            &["--git-url=x", "--git-branch", "main"],
            &["`--registry-rps` (images are not updated by the agent), `--memcached-service`"],
        );
    }

    #[test]
    fn what_would_change_the_result_is_refused() {
        check(&["--manifest-generation"], &[], &["runs nothing that a repository brings"]);
        check(&["--manifest-generation=true"], &[], &["`--manifest-generation` is not supported"]);
        check(&["--manifest-generation=false", "--sops=false"], &[], &[]);
        check(&["--git-verify-signatures", "--k8s-allow-namespace=a"], &[], &["signatures", "RBAC"]);
    }

    #[test]
    fn the_value_of_a_secret_flag_is_not_repeated() {
        check(&["--token=hunter2"], &[], &["a token does not belong"]);
        let sifted = sift(["--token".to_owned(), "hunter2".to_owned()]);
        assert!(!format!("{:?}", sifted.diagnostics).contains("hunter2"));
        assert!(sifted.arguments.is_empty());
    }
}
