//! The machine of the road: a forge, a cluster, the agent, and a folder for what people and pipelines do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hld_testkit::Told;
use hld_testkit::cluster::{Cluster, Parts};
use hld_testkit::git::git;
use hld_testkit::gitea::{Gitea, PASSWORD, USER};
use hld_testkit::process::{Process, free_port};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::tale::Said;
use crate::build::Programs;

/// The repository of the definition.
pub(super) const DEFINITION: &str = "shop";

/// The repository of the manifests.
pub(super) const MANIFESTS: &str = "shop-manifests";

/// The agent's own namespace, and its account in it.
pub(super) const AGENT: &str = "hld-agent";

/// What the forge signs its webhooks with.
const SECRET: &str = "of-no-worth-1843";

/// How long something may take to come true, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// All that runs.
pub(super) struct World {
    pub(super) gitea: Gitea,
    pub(super) cluster: Cluster,
    hld: PathBuf,
    agent: Option<Process>,
    agent_program: PathBuf,
    webhook_port: u16,
    folder: TempDir,
}

impl World {
    /// Starts the forge and the cluster.
    pub(super) fn start(programs: Programs) -> Result<Self, String> {
        // The one waits for its disk while the other computes.
        let cluster = std::thread::spawn(|| Cluster::start(Parts::Nodes));
        let gitea = Gitea::start()?;
        let cluster = cluster.join().map_err(|_| "the cluster's thread panicked".to_owned())??;
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let Programs { hld, agent: agent_program } = programs;
        let world =
            World { gitea, cluster, hld, agent: None, agent_program, webhook_port: free_port()?, folder };
        world.make_home()?;
        for repository in [DEFINITION, MANIFESTS] {
            world.gitea.create_repository(repository)?;
        }
        Ok(world)
    }

    /// The home of whoever runs git and hld: git's own helper knows how to log in to the forge.
    fn make_home(&self) -> Result<(), String> {
        let config = format!(
            "[user]\n\tname = Ada\n\temail = ada@example.com\n[credential]\n\thelper = store --file={}\n",
            self.login().display()
        );
        let login = format!("http://{USER}:{PASSWORD}@{}\n", self.gitea.host());
        let made = std::fs::create_dir_all(self.home())
            .and_then(|()| std::fs::write(self.home().join(".gitconfig"), config))
            .and_then(|()| std::fs::write(self.login(), login));
        made.map_err(|error| error.to_string())
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn login(&self) -> PathBuf {
        self.home().join("credentials")
    }

    /// The work tree in which people change the definition.
    pub(super) fn definition(&self) -> PathBuf {
        self.folder.path().join(DEFINITION)
    }

    /// Runs git in a folder, with the forge's login.
    pub(super) fn git(&self, folder: &Path, arguments: &[&str]) -> Result<String, String> {
        let store = format!("credential.helper=store --file={}", self.login().display());
        let arguments: Vec<&str> = ["-c", &store].iter().chain(arguments).copied().collect();
        git(folder, &arguments).map_err(|error| error.to_string())
    }

    /// Runs hld in a folder, with these variables besides a home: what it said.
    pub(super) fn hld(
        &self,
        said: &mut Said,
        (folder, variables): (&Path, &[(&str, String)]),
        arguments: &[&str],
    ) -> Result<Told, String> {
        said.command("hld", arguments);
        let mut command = Command::new(&self.hld);
        command.args(arguments).current_dir(folder).stdin(Stdio::null()).env_clear();
        command.env("HOME", self.home()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let output = command.output().map_err(|error| format!("hld: {error}"))?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Told { exit_code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) })
    }

    /// The newest commit of the manifests.
    pub(super) fn published(&self) -> Result<String, String> {
        git(&self.gitea.folder_of(MANIFESTS), &["rev-parse", "main"]).map_err(|error| error.to_string())
    }

    /// Gives the cluster what the agent needs there, above all an account with the rights of an applier.
    pub(super) fn bootstrap(&self, said: &mut Said) -> Result<(), String> {
        let (url, host) = (self.gitea.remote(MANIFESTS), self.gitea.host());
        let arguments = ["agent", "bootstrap", "--print", "--git-url", &url, "--path", "clusters/prod"];
        let arguments: Vec<&str> =
            arguments.into_iter().chain(["--git-username", USER, "--insecure", &host]).collect();
        let told = self.hld(said, (&self.definition(), &[]), &arguments)?;
        if told.exit_code != Some(0) {
            return Err(told.stderr);
        }
        said.command("kubectl", &["apply", "--server-side", "-f", "-"]);
        said.quote(&self.cluster.apply(&told.stdout)?, 3);
        Ok(())
    }

    /// Starts the agent, with the rights of its account, to follow the manifests of `prod`. Its poll is
    /// slower than the road is long: what it hears of a push, it hears by the webhook.
    pub(super) fn start_agent(&mut self, said: &mut Said) -> Result<(), String> {
        let folder = self.folder.path();
        let (config, secret, password) =
            (folder.join("agent.yaml"), folder.join("webhook-secret"), folder.join("git-password"));
        let text = format!(
            "apiVersion: hld.dev/v1alpha1\nkind: AgentConfig\nwebhooks:\n  receivers:\n    \
             - name: gitea\n      provider: gitea\n      secretFile: {}\n",
            secret.display()
        );
        let written = std::fs::write(&config, text)
            .and_then(|()| std::fs::write(&secret, SECRET))
            .and_then(|()| std::fs::write(&password, PASSWORD));
        written.map_err(|error| error.to_string())?;
        let (url, host) = (self.gitea.remote(MANIFESTS), self.gitea.host());
        let shown = ["--git-url", &url, "--git-path", "clusters/prod", "--git-poll-interval", "1h"];
        said.command("hld-agent", &shown);
        let log = folder.join("agent.log");
        let (kubeconfig, health) = (self.cluster.kubeconfig_of(AGENT, AGENT)?, free_port()?);
        self.agent = Some(Process::start(&self.agent_program, &log, |command| {
            command.args(shown).args(["--git-branch", "main", "--git-insecure", &host, "--namespace", AGENT]);
            command.args(["--git-username", USER]).arg("--git-password-file").arg(password);
            command.arg("--config").arg(config).arg("--kubeconfig").arg(kubeconfig);
            command.args(["--listen", &format!("127.0.0.1:{health}")]);
            command.args(["--listen-webhooks", &format!("127.0.0.1:{}", self.webhook_port)]);
            command.arg("--git-folder").arg(folder.join("agent")).env("HOME", folder);
        })?);
        Ok(())
    }

    /// What the agent says of itself, as people ask it, when it is content.
    pub(super) fn ask_agent(&self, said: &mut Said) -> Result<(), String> {
        let variables = [("KUBECONFIG", self.cluster.kubeconfig().to_string_lossy().into_owned())];
        let began = Instant::now();
        loop {
            let mut asked = said.clone();
            let told = self.hld(&mut asked, (&self.definition(), &variables), &["agent", "status"])?;
            if told.exit_code == Some(0) {
                asked.quote(&told.stdout, 8);
                *said = asked;
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(told.stdout + &told.stderr);
            }
        }
    }

    /// Stops it, and forgets what it had fetched.
    pub(super) fn stop_agent(&mut self) -> Result<(), String> {
        let Some(mut agent) = self.agent.take() else { return Ok(()) };
        let code = agent.stop()?;
        let _ = std::fs::remove_dir_all(self.folder.path().join("agent"));
        if code == Some(0) { Ok(()) } else { Err(format!("hld-agent ended with {code:?}")) }
    }

    /// Has the forge call the agent at each push to the manifests.
    pub(super) fn add_webhook(&self) -> Result<(), String> {
        let url = format!("http://127.0.0.1:{}/hook/gitea", self.webhook_port);
        self.gitea.add_webhook(MANIFESTS, &url, SECRET)
    }

    /// Looks at the cluster until it is as it should be: how long that took.
    pub(super) fn wait(
        &mut self,
        what: &str,
        is_so: impl Fn(&Cluster) -> Result<bool, String>,
    ) -> Result<Duration, String> {
        let began = Instant::now();
        loop {
            if is_so(&self.cluster)? {
                return Ok(began.elapsed());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("after {} s it is not so that {what}", PATIENCE.as_secs()));
            }
            if self.agent.as_mut().is_some_and(|agent| !agent.is_running()) {
                return Err("hld-agent has ended".to_owned());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What those that run said last.
    pub(super) fn said(&self) -> String {
        let agent = self.agent.as_ref().map_or_else(String::new, Process::said);
        format!("hld-agent said:\n{agent}\n\n{}", self.cluster.said())
    }
}

/// Whether a Deployment of the shop has rolled out an image on so many replicas.
pub(super) fn is_rolled_out(cluster: &Cluster, name: &str, wanted: (&str, u64)) -> Result<bool, String> {
    let found = cluster.get(&["deployments", "-n", "shop", "--ignore-not-found"])?;
    let items = found["items"].as_array().cloned().unwrap_or_default();
    let Some(found) = items.iter().find(|item| item["metadata"]["name"] == name) else { return Ok(false) };
    let image = &found["spec"]["template"]["spec"]["containers"][0]["image"];
    let count = |at: &Json| at.as_u64().unwrap_or(0);
    let status = &found["status"];
    Ok(image.as_str().is_some_and(|image| image.ends_with(wanted.0))
        && count(&found["spec"]["replicas"]) == wanted.1
        && status["observedGeneration"] == found["metadata"]["generation"]
        && count(&status["updatedReplicas"]) == wanted.1
        && count(&status["replicas"]) == wanted.1
        && count(&status["readyReplicas"]) == wanted.1)
}

/// Whether an object is there.
pub(super) fn exists(cluster: &Cluster, kind: &str, name: &str) -> Result<bool, String> {
    let told = cluster.kubectl(&["get", kind, name, "-n", "shop", "--ignore-not-found", "-o", "name"])?;
    Ok(!told.trim().is_empty())
}
