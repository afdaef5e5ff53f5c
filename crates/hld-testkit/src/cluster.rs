//! A real Kubernetes control plane, without containers.
//!
//! The program is `tests/apiserver`; kwok plays nodes and pods. One may be shared by the tests of a
//! process, each in a namespace of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::process::{self, Process};
use crate::{Told, tools};

/// A control plane that runs. It and its folder are gone when this is dropped or its process ends.
#[derive(Debug)]
pub struct Cluster {
    // Nodes end before what they talk to.
    nodes: Option<Process>,
    _server: Process,
    folder: TempDir,
    program: PathBuf,
}

/// What runs besides the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Nothing: objects are stored and validated, and nobody acts on them.
    ApiServer,
    /// The controllers and the scheduler: namespaces end, owners' objects are removed.
    Controllers,
    /// Those, and a node on which pods become ready.
    Nodes,
}

/// The node of [`Parts::Nodes`].
const NODE: &str = "apiVersion: v1\nkind: Node\nmetadata:\n  name: node-a\n";

static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();

impl Cluster {
    /// Starts one and waits until it is ready.
    ///
    /// # Errors
    /// The program is not in the tool cache, or it does not become ready: what its parts said.
    pub fn start(parts: Parts) -> Result<Self, String> {
        process::at_free_port(|| Self::start_once(parts))
    }

    fn start_once(parts: Parts) -> Result<Self, String> {
        let program = tools::require("apiserver", &tools::control_plane()?)?;
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let log = folder.path().join("control-plane.log");
        let mut server = Process::start(&program, &log, |command| {
            command.arg("control-plane");
            command.arg(format!("--controllers={}", parts != Parts::ApiServer)).arg(folder.path());
        })?;
        let ready = || {
            std::fs::read_to_string(&log).ok()?.lines().any(|line| line.starts_with("ready ")).then_some(())
        };
        if let Err(error) = server.wait_for("control plane", ready) {
            return Err(format!("{error}\n{}", ends_of_logs(folder.path())));
        }
        let mut cluster = Cluster { nodes: None, _server: server, folder, program };
        if parts == Parts::Nodes {
            cluster.start_nodes()?;
        }
        Ok(cluster)
    }

    /// The one that the tests of this process share, with controllers. A test takes a namespace.
    ///
    /// # Errors
    /// It could not be started.
    pub fn shared() -> Result<&'static Cluster, String> {
        let start = || {
            let cluster = Cluster::start(Parts::Controllers)?;
            process::remove_at_exit(cluster.folder.path())?;
            Ok(cluster)
        };
        SHARED.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    fn start_nodes(&mut self) -> Result<(), String> {
        let program = tools::require("kwok", tools::KWOK)?;
        let stages = program.with_file_name("stages.yaml");
        let kubeconfig = self.kubeconfig();
        self.nodes = Some(Process::start(&program, &self.folder.path().join("kwok.log"), |command| {
            command.arg("--kubeconfig").arg(&kubeconfig).arg("--config").arg(stages);
            command.args(["--manage-all-nodes=true"]).env("HOME", self.folder.path());
        })?);
        self.apply(NODE)?;
        self.kubectl(&["wait", "--for=condition=Ready", "node/node-a", "--timeout=120s"]).map(drop)
    }

    /// The configuration of a client that may do everything.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// The configuration of a client that is a service account, and may do what that may.
    ///
    /// # Errors
    /// There is no such account.
    pub fn kubeconfig_of(&self, namespace: &str, account: &str) -> Result<PathBuf, String> {
        let token = self.kubectl(&["create", "token", account, "--namespace", namespace])?;
        let view = self.kubectl(&["config", "view", "--raw", "--output", "json"])?;
        let mut config: Json = serde_json::from_str(&view).map_err(|error| error.to_string())?;
        config["users"][0]["user"] = json!({"token": token.trim()});
        let path = self.folder.path().join(format!("{namespace}-{account}.kubeconfig"));
        std::fs::write(&path, config.to_string()).map_err(|error| error.to_string())?;
        Ok(path)
    }

    /// A `kubectl` that talks to it.
    #[must_use]
    pub fn kubectl_command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("kubectl").env("KUBECONFIG", self.kubeconfig()).env("HOME", self.folder.path());
        command
    }

    /// What `kubectl` says.
    ///
    /// # Errors
    /// It fails: what it said.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        let told = told(self.kubectl_command().args(arguments).stdin(Stdio::null()))?;
        checked(arguments, told)
    }

    /// What `kubectl get … -o json` says; null where it is told to ignore that there is nothing.
    ///
    /// # Errors
    /// It fails, or says no JSON.
    pub fn get(&self, arguments: &[&str]) -> Result<Json, String> {
        let arguments: Vec<&str> = ["get", "-o", "json"].iter().chain(arguments).copied().collect();
        let text = self.kubectl(&arguments)?;
        if text.is_empty() {
            return Ok(Json::Null);
        }
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    /// Applies manifests.
    ///
    /// # Errors
    /// The server refuses one.
    pub fn apply(&self, manifests: &str) -> Result<String, String> {
        let file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        std::fs::write(file.path(), manifests).map_err(|error| error.to_string())?;
        self.kubectl(&["apply", "--server-side", "-f", &file.path().to_string_lossy()])
    }

    /// What its parts said last, for the message of a test.
    #[must_use]
    pub fn said(&self) -> String {
        ends_of_logs(self.folder.path())
    }
}

/// The last lines of every log in the folder.
fn ends_of_logs(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let logs =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "log"));
    let end = |path: PathBuf| {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        format!("{}\n{}\n", path.display(), lines[lines.len().saturating_sub(15)..].join("\n"))
    };
    logs.map(end).collect()
}

/// Runs it to its end.
fn told(command: &mut Command) -> Result<Told, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Told { exit_code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) })
}

fn checked(arguments: &[&str], told: Told) -> Result<String, String> {
    if told.exit_code == Some(0) {
        return Ok(told.stdout);
    }
    Err(format!("kubectl {}: {}{}", arguments.join(" "), told.stdout, told.stderr))
}
