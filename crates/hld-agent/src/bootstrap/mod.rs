//! The manifests that bring the agent into a cluster: `hld agent bootstrap --print`.
//!
//! *Guarantees*: the private key is in the printed Secret and nowhere else. The agent gets what an
//! applier needs and no more: it reads, applies (`create` and `patch`) and deletes; it can not
//! update, delete collections, impersonate, run commands in pods, or give rights that it has not.

mod hosts;
mod key;
mod rbac;

use std::fmt::Write as _;

use hld_git::{Allowed, RemoteUrl};
use secrecy::ExposeSecret as _;

use crate::config::{Provider, is_label};
use crate::own;
pub use key::DeployKey;
pub use rbac::Power;

/// What is to be brought into the cluster.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// Name of the sync.
    pub sync: String,
    /// Namespace of the agent.
    pub namespace: String,
    /// The repository.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// Folders in the repository.
    pub paths: Vec<String>,
    /// The image of the agent.
    pub image: String,
    /// `host:port` that may be reached without encryption.
    pub insecure: Vec<String>,
    /// User of https, whose password is put into a Secret by hand.
    pub username: Option<String>,
    /// Whose webhooks are received.
    pub webhooks: Option<Provider>,
    /// What the agent may do.
    pub power: Power,
}

/// What there is to print, and to do.
#[derive(Debug)]
pub struct Printed {
    /// The manifests, with secrets: for standard output alone.
    pub manifests: hld_diag::Secret,
    /// What is left to do by hand, for people.
    pub steps: Vec<String>,
}

/// Why there is nothing to print.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A value can not be used: which, and why.
    Value(&'static str, String),
    /// The system has no randomness for a key.
    NoRandomness,
}

/// Writes the manifests, with a key made for them.
///
/// # Errors
/// A value that can not be used.
pub fn print(wanted: &Bootstrap) -> Result<Printed, Refusal> {
    check(wanted)?;
    let allowed = Allowed { local: false, insecure: wanted.insecure.clone() };
    let url = RemoteUrl::parse(&wanted.url, &allowed)
        .map_err(|why| Refusal::Value("--git-url", why.to_string()))?;
    let mut steps = Vec::new();
    let mut documents = vec![namespace(wanted)];
    documents.extend(rbac::manifests(&wanted.namespace, &wanted.power));
    documents.push(config(wanted, &url));
    if url.is_ssh() {
        let key =
            DeployKey::make(&format!("hld-agent/{}", wanted.sync)).map_err(|_| Refusal::NoRandomness)?;
        documents.push(secret(wanted, own::GIT_SECRET, ("identity", key.private.expose_secret())));
        let (hosts, is_known) = hosts::known(url.host(), url.port());
        documents.push(config_map(wanted, own::KNOWN_HOSTS, ("known_hosts", &hosts)));
        steps.push(format!("give the repository this deploy key, to read: {}", key.public));
        if !is_known {
            steps.push(format!(
                "put the host key of `{}` into the ConfigMap `{}`: `ssh-keyscan` prints it; compare it with what the host's owner publishes",
                url.authority(),
                own::KNOWN_HOSTS
            ));
        }
    } else if wanted.username.is_some() {
        steps.push(format!(
            "make the Secret of the password: kubectl -n {} create secret generic {} --from-file=password=FILE",
            wanted.namespace,
            own::GIT_SECRET
        ));
    }
    if wanted.webhooks.is_some() {
        let token = token().map_err(|_| Refusal::NoRandomness)?;
        documents.push(secret(wanted, own::WEBHOOKS, ("token", token.expose_secret())));
        documents.push(WEBHOOK_SERVICE.replace("NAMESPACE", &wanted.namespace));
        steps.push(format!(
            "let the forge send pushes to `/hook/{}` of the Service `{}`, with the secret of the Secret of that name",
            wanted.sync,
            own::WEBHOOKS
        ));
    }
    documents.push(deployment(wanted, url.is_ssh()));
    Ok(Printed { manifests: documents.join("---\n").into(), steps })
}

fn check(wanted: &Bootstrap) -> Result<(), Refusal> {
    let labels = [("--sync", &wanted.sync), ("--namespace", &wanted.namespace)];
    let namespaces = wanted.power.namespaces().iter().map(|name| ("--namespaced", name));
    for (flag, name) in labels.into_iter().chain(namespaces) {
        if !is_label(name) {
            return Err(Refusal::Value(flag, format!("`{name}` is no name of Kubernetes")));
        }
    }
    let is_kind = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "./-".contains(c);
    if let Power::Cluster(beside) = &wanted.power
        && let Some(kind) = beside.iter().find(|kind| kind.is_empty() || !kind.chars().all(is_kind))
    {
        return Err(Refusal::Value("--kind", format!("`{kind}` is not written as `group/resources`")));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "./:@_-".contains(c);
    if wanted.image.is_empty() || !wanted.image.chars().all(is_plain) {
        return Err(Refusal::Value("--image", format!("`{}` is no image", wanted.image)));
    }
    Ok(())
}

/// A secret of 256 bits, in hexadecimal.
fn token() -> Result<hld_diag::Secret, ring::error::Unspecified> {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0_u8; 32];
    ring::rand::SystemRandom::new().fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
}

/// A text as YAML writes it in quotes; JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn namespace(wanted: &Bootstrap) -> String {
    // The restricted standard of pod security holds for the agent, so it may hold for its namespace.
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {}\n  labels:\n    pod-security.kubernetes.io/enforce: restricted\n",
        wanted.namespace
    )
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

fn config_map(wanted: &Bootstrap, name: &str, (key, text): (&str, &str)) -> String {
    let (namespace, text) = (&wanted.namespace, indented(text));
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\ndata:\n  {key}: |\n{text}"
    )
}

fn secret(wanted: &Bootstrap, name: &str, (key, text): (&str, &str)) -> String {
    let (namespace, text) = (&wanted.namespace, indented(text));
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: {namespace}\ntype: Opaque\nstringData:\n  {key}: |\n{text}"
    )
}

/// The configuration file of the agent.
fn config(wanted: &Bootstrap, url: &RemoteUrl) -> String {
    let mut text = format!(
        "apiVersion: hld.dev/v1alpha1\nkind: AgentConfig\nsync: {}\nnamespace: {}\ngit:\n  url: {}\n  branch: {}\n  folder: /tmp/repository\n",
        wanted.sync,
        wanted.namespace,
        quoted(&wanted.url),
        quoted(&wanted.branch)
    );
    let list = |items: &[String]| items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", ");
    // Writing to a string does not fail.
    if !wanted.paths.is_empty() {
        writeln!(text, "  paths: [{}]", list(&wanted.paths)).ok();
    }
    if !wanted.insecure.is_empty() {
        writeln!(text, "  insecure: [{}]", list(&wanted.insecure)).ok();
    }
    if url.is_ssh() {
        text.push_str(
            "  keyFile: /etc/hld-agent/git/identity\n  knownHostsFile: /etc/hld-agent/hosts/known_hosts\n",
        );
    } else if let Some(name) = &wanted.username {
        writeln!(text, "  username: {}\n  passwordFile: /etc/hld-agent/git/password", quoted(name)).ok();
    }
    if let Some(provider) = wanted.webhooks {
        writeln!(
            text,
            "webhooks:\n  receivers:\n  - name: {}\n    provider: {}\n    secretFile: /etc/hld-agent/webhooks/token",
            wanted.sync,
            provider.name()
        )
        .ok();
    }
    config_map(wanted, own::CONFIG, ("config.yaml", &text))
}

const WEBHOOK_SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: hld-agent-webhooks
  namespace: NAMESPACE
spec:
  selector:
    app.kubernetes.io/name: hld-agent
  ports:
  - name: webhooks
    port: 80
    targetPort: webhooks
";

fn deployment(wanted: &Bootstrap, is_ssh: bool) -> String {
    let mut mounts = String::new();
    let mut volumes = String::new();
    let mut mount = |name: &str, folder: &str, source: &str| {
        write!(mounts, "        - name: {name}\n          mountPath: {folder}\n          readOnly: true\n")
            .ok();
        write!(volumes, "      - name: {name}\n{source}").ok();
    };
    let from_map = |map: &str| format!("        configMap:\n          name: {map}\n");
    let from_secret = |secret: &str| {
        format!("        secret:\n          secretName: {secret}\n          defaultMode: 0440\n")
    };
    mount("config", "/etc/hld-agent/config", &from_map(own::CONFIG));
    if is_ssh {
        mount("hosts", "/etc/hld-agent/hosts", &from_map(own::KNOWN_HOSTS));
    }
    if is_ssh || wanted.username.is_some() {
        mount("git", "/etc/hld-agent/git", &from_secret(own::GIT_SECRET));
    }
    let mut ports = "        - name: health\n          containerPort: 3030\n".to_owned();
    if wanted.webhooks.is_some() {
        mount("webhooks", "/etc/hld-agent/webhooks", &from_secret(own::WEBHOOKS));
        ports.push_str("        - name: webhooks\n          containerPort: 3031\n");
    }
    DEPLOYMENT
        .replace("NAMESPACE", &wanted.namespace)
        .replace("IMAGE", &wanted.image)
        .replace("PORTS\n", &ports)
        .replace("MOUNTS\n", &mounts)
        .replace("VOLUMES\n", &volumes)
}

/// One replica, and never two at once: the old one ends before the new one starts.
const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: hld-agent
  namespace: NAMESPACE
  labels:
    app.kubernetes.io/name: hld-agent
spec:
  replicas: 1
  strategy:
    type: Recreate
  selector:
    matchLabels:
      app.kubernetes.io/name: hld-agent
  template:
    metadata:
      labels:
        app.kubernetes.io/name: hld-agent
    spec:
      serviceAccountName: hld-agent
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile:
          type: RuntimeDefault
      containers:
      - name: hld-agent
        image: IMAGE
        args: [--config=/etc/hld-agent/config/config.yaml]
        ports:
PORTS
        livenessProbe:
          httpGet:
            path: /healthz
            port: health
          periodSeconds: 30
          failureThreshold: 4
        readinessProbe:
          httpGet:
            path: /readyz
            port: health
        resources:
          requests:
            cpu: 50m
            memory: 64Mi
          limits:
            memory: 256Mi
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop: [ALL]
        volumeMounts:
        - name: tmp
          mountPath: /tmp
MOUNTS
      volumes:
      - name: tmp
        emptyDir:
          sizeLimit: 2Gi
VOLUMES
";

#[cfg(test)]
mod tests {
    use super::*;
    use hld_diag::FileId;
    use hld_k8s::{Content, ResourceId};

    fn wanted(url: &str) -> Bootstrap {
        Bootstrap {
            sync: "prod".to_owned(),
            namespace: "hld-agent".to_owned(),
            url: url.to_owned(),
            branch: "main".to_owned(),
            paths: vec!["prod".to_owned()],
            image: "registry.example.org/hld-agent:1".to_owned(),
            insecure: Vec::new(),
            username: None,
            webhooks: None,
            power: Power::Cluster(Vec::new()),
        }
    }

    fn ids(text: &str) -> Vec<ResourceId> {
        let documents = hld_k8s::documents(text, FileId::NONE, &hld_yaml::Limits::default()).unwrap();
        let ids = documents.into_iter().flat_map(|document| match document.content {
            Content::Objects(objects) => objects.into_iter().map(|object| object.id).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        });
        ids.collect()
    }

    #[test]
    fn what_is_printed_is_what_the_agent_protects() {
        let mut all = wanted("ssh://git@git.example.org/manifests.git");
        all.webhooks = Some(Provider::Gitea);
        let printed = print(&all).unwrap();
        let text = printed.manifests.expose_secret();
        let own = own::objects("hld-agent");
        let printed_ids = ids(text);
        let foreign: Vec<&ResourceId> = printed_ids.iter().filter(|id| !own.contains(id)).collect();
        assert!(foreign.is_empty(), "{foreign:?}");
        assert_eq!(printed_ids.len(), own.len(), "{printed_ids:?}");
        assert_eq!(printed.steps.len(), 3, "{:?}", printed.steps);
    }

    #[test]
    fn two_agents_in_one_cluster_share_no_object() {
        let printed = |namespace: &str| {
            let wanted =
                Bootstrap { namespace: namespace.to_owned(), ..wanted("https://git.example.org/m.git") };
            ids(print(&wanted).unwrap().manifests.expose_secret())
        };
        let (one, other) = (printed("hld-agent"), printed("ops"));
        assert!(one.iter().all(|id| !other.contains(id)), "{one:?} {other:?}");
        assert!(other.iter().all(|id| own::objects("ops").contains(id)), "{other:?}");
    }

    #[test]
    fn the_private_key_is_in_the_secret_alone() {
        let printed = print(&wanted("git@github.com:org/manifests.git")).unwrap();
        let text = printed.manifests.expose_secret();
        assert_eq!(text.matches("BEGIN OPENSSH PRIVATE KEY").count(), 1);
        assert!(text.contains("github.com ssh-ed25519 "), "{text}");
        let steps = printed.steps.join("\n");
        assert!(steps.contains("ssh-ed25519 AAAA") && !steps.contains("PRIVATE"), "{steps}");
        assert!(!format!("{printed:?}").contains("OPENSSH"), "{printed:?}");
    }

    #[test]
    fn the_printed_configuration_is_one_that_the_agent_takes() {
        let mut cases =
            vec![wanted("git@github.com:org/manifests.git"), wanted("https://git.example.org/m.git")];
        cases[1].username = Some("reader\": x\n".to_owned());
        cases[1].webhooks = Some(Provider::AzureDevops);
        for case in cases {
            let printed = print(&case).unwrap();
            let read = hld_yaml::read(
                printed.manifests.expose_secret(),
                FileId::NONE,
                &hld_yaml::ReadOptions::default(),
            );
            let documents = read.unwrap().documents;
            let config =
                documents.iter().find_map(|value| value.get("data")?.get("config.yaml")?.as_str()).unwrap();
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), config).unwrap();
            let flag = format!("--config={}", file.path().display());
            match crate::config::parse(["hld-agent".to_owned(), flag]) {
                crate::config::Parsed::Run(config, warnings) => {
                    assert!(warnings.is_empty() && config.sync == "prod" && config.git.paths == ["prod"]);
                    assert_eq!(config.git.username, case.username);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn rights_are_those_of_an_applier() {
        let manifests = |power: Power| {
            print(&Bootstrap { power, ..wanted("https://git.example.org/m.git") }).unwrap().manifests
        };
        let all = manifests(Power::Cluster(vec!["cert-manager.io/certificates".to_owned()]));
        let all = all.expose_secret();
        assert!(all.contains("- apiGroups: [cert-manager.io]\n  resources: [certificates]\n"));
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        for too_much in [
            "escalate",
            "bind]",
            "impersonate",
            "'*'",
            "pods/exec",
            "serviceaccounts/token",
            "deletecollection",
        ] {
            assert!(!lines(all).iter().any(|line| line.contains(too_much)), "{too_much}");
        }
        let some = manifests(Power::Namespaces(vec!["shop".to_owned()]));
        let some = ids(some.expose_secret());
        assert!(!some.iter().any(|id| id.kind.starts_with("ClusterRole")), "{some:?}");
        assert!(some.iter().any(|id| id.kind == "Role" && id.namespace == "shop"), "{some:?}");
    }

    #[test]
    fn values_that_would_break_the_manifests_are_refused() {
        let bad = |change: fn(&mut Bootstrap)| {
            let mut wanted = wanted("https://git.example.org/m.git");
            change(&mut wanted);
            print(&wanted).unwrap_err()
        };
        assert!(matches!(bad(|w| w.sync = "a b".to_owned()), Refusal::Value("--sync", _)));
        assert!(matches!(bad(|w| w.namespace = "A".to_owned()), Refusal::Value("--namespace", _)));
        assert!(matches!(bad(|w| w.image = "x\n- y".to_owned()), Refusal::Value("--image", _)));
        assert!(matches!(
            bad(|w| w.url = "http://git.example.org/m".to_owned()),
            Refusal::Value("--git-url", _)
        ));
        assert!(matches!(
            bad(|w| w.url = "https://user:token@host/m".to_owned()),
            Refusal::Value("--git-url", _)
        ));
        assert!(matches!(
            bad(|w| w.power = Power::Cluster(vec!["a: b".to_owned()])),
            Refusal::Value("--kind", _)
        ));
    }
}
