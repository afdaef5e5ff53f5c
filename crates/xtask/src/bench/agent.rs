//! The agent on a real API server: a cluster from nothing, one change after a push, a sweep that finds nothing.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hld_testkit::cluster::{Cluster, Parts};
use hld_testkit::git::{bare, git};
use hld_testkit::process::{Process, free_port};

use crate::Outcome;
use crate::build::release_agent;

/// Folders, each with four objects.
const FOLDERS: usize = 100;
/// Objects of the sweep.
const SWEPT: usize = 1000;
/// Sweeps whose time is taken.
const SWEEPS: u64 = 10;
/// Pushes whose time is taken.
const PUSHES: usize = 5;

/// What is asked for.
const ASKED_NOTHING: f64 = 10.0;
const ASKED_MEMORY: u64 = 60;
const ASKED_PUSH: f64 = 1.0;
const ASKED_WRITES: u64 = 10;
const ASKED_SWEEP: f64 = 0.5;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// The secret of the webhooks.
const TOKEN: &str = "bench";

/// `bench agent`.
pub(crate) fn agent() -> Outcome {
    let program = release_agent()?;
    let cluster = Cluster::start(Parts::ApiServer)?;
    let folder = tempfile::tempdir().map_err(words)?;
    let first =
        from_nothing(&Bench { program: &program, cluster: &cluster, folder: &folder.path().join("a") })?;
    let second = sweep(&Bench { program: &program, cluster: &cluster, folder: &folder.path().join("b") })?;
    Ok(first && second)
}

/// What a measurement is done with.
struct Bench<'b> {
    program: &'b Path,
    cluster: &'b Cluster,
    folder: &'b Path,
}

/// Four hundred objects from nothing, and one of them changed by a push.
fn from_nothing(bench: &Bench<'_>) -> Outcome {
    let namespace = "bench";
    bench.namespaces(&["agent-bench", namespace])?;
    let repository = Repository::new(bench.folder)?;
    (0..FOLDERS).try_for_each(|at| repository.write_folder(at, namespace))?;
    repository.push()?;
    let began = Instant::now();
    let agent = Agent::start(bench, "bench", "interval: 1h\n")?;
    agent.until("a first sync", |agent| agent.metric("hld_agent_ready") == Some(1))?;
    let seconds = began.elapsed().as_secs_f64();
    let mut times = Vec::new();
    let mut writes = 0;
    for at in 0..PUSHES {
        // Webhooks that come together share a fetch: this one comes alone.
        std::thread::sleep(Duration::from_secs(6));
        repository.write(&format!("f{at}/map.yaml"), &map(&format!("m{at}"), namespace, "changed"))?;
        repository.push()?;
        let (before, before_writes) = (agent.configured(), bench.writes()?);
        let began = Instant::now();
        agent.webhook()?;
        agent.until("the change", |agent| agent.configured() > before)?;
        times.push(began.elapsed().as_secs_f64());
        // Status and event come behind the object.
        std::thread::sleep(Duration::from_millis(500));
        writes = writes.max(bench.writes()? - before_writes);
    }
    times.sort_by(f64::total_cmp);
    let (push, peak) = (times[PUSHES / 2], agent.peak()?);
    println!("{FOLDERS} folders of 4 objects, real API server");
    println!("from nothing         {seconds:>8.2} s     (asked: {ASKED_NOTHING:.0})");
    println!("peak memory          {peak:>8} MiB   (asked: {ASKED_MEMORY})");
    println!(
        "after a push         {push:>8.2} s     (asked: {ASKED_PUSH:.0}; from the webhook, median of {PUSHES})"
    );
    println!("writes for it        {writes:>8}       (asked: {ASKED_WRITES})");
    Ok(seconds <= ASKED_NOTHING && peak < ASKED_MEMORY && push <= ASKED_PUSH && writes <= ASKED_WRITES)
}

/// A thousand objects that are as they should be.
fn sweep(bench: &Bench<'_>) -> Outcome {
    bench.namespaces(&["agent-sweep", "swept"])?;
    let repository = Repository::new(bench.folder)?;
    for at in 0..SWEPT {
        repository.write(&format!("m{at}.yaml"), &map(&format!("m{at}"), "swept", "same"))?;
    }
    repository.push()?;
    let agent = Agent::start(bench, "sweep", "interval: 1s\n")?;
    agent.until("a first sync", |agent| agent.metric("hld_agent_ready") == Some(1))?;
    let count = |agent: &Agent| agent.metric("hld_agent_syncs_total{result=\"applied\"}").unwrap_or(0);
    let (before, seconds) = (count(&agent), agent.cpu()?);
    agent.until("the sweeps", |agent| count(agent) >= before + SWEEPS)?;
    let n_swept = count(&agent) - before;
    let each = (agent.cpu()? - seconds) / n_swept as f64;
    println!("a sweep of {SWEPT} objects {each:>6.3} s CPU (asked: {ASKED_SWEEP}; mean of {n_swept})");
    Ok(each < ASKED_SWEEP)
}

impl Bench<'_> {
    fn namespaces(&self, names: &[&str]) -> Result<(), String> {
        let manifest =
            |name: &&str| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\n");
        self.cluster.apply(&names.iter().map(manifest).collect::<String>()).map(drop)
    }

    /// Requests that write what an agent writes, as the API server counts them.
    fn writes(&self) -> Result<u64, String> {
        let text = self.cluster.kubectl(&["get", "--raw", "/metrics"])?;
        let resources = ["configmaps", "secrets", "services", "deployments", "serviceaccounts", "events"];
        let is_write = |line: &&str| {
            let verbs = ["POST", "PUT", "PATCH", "APPLY", "DELETE"];
            verbs.iter().any(|verb| line.contains(&format!("verb=\"{verb}\"")))
                && resources.iter().any(|resource| line.contains(&format!("resource=\"{resource}\"")))
        };
        let counts =
            text.lines().filter(|line| line.starts_with("apiserver_request_total{")).filter(is_write);
        Ok(counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>() as u64)
    }
}

/// A bare repository and a clone of it.
struct Repository {
    clone: PathBuf,
}

impl Repository {
    fn new(folder: &Path) -> Result<Self, String> {
        bare(&folder.join("remote.git")).map_err(words)?;
        git(folder, &["clone", "-q", "remote.git", "clone"]).map_err(words)?;
        let clone = folder.join("clone");
        git(&clone, &["checkout", "-q", "-b", "main"]).map_err(words)?;
        Ok(Repository { clone })
    }

    fn write(&self, path: &str, text: &str) -> Result<(), String> {
        let path = self.clone.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&self.clone))
            .and_then(|()| fs::write(path, text))
            .map_err(words)
    }

    /// A Deployment, a Service, a ServiceAccount and a ConfigMap, one file each.
    fn write_folder(&self, at: usize, namespace: &str) -> Result<(), String> {
        let metadata = format!("metadata: {{name: m{at}, namespace: {namespace}}}");
        let objects = [
            ("map", map(&format!("m{at}"), namespace, "first")),
            ("account", format!("apiVersion: v1\nkind: ServiceAccount\n{metadata}\n")),
            (
                "service",
                format!(
                    "apiVersion: v1\nkind: Service\n{metadata}\nspec: {{selector: {{app: m{at}}}, ports: [{{port: 80}}]}}\n"
                ),
            ),
            (
                "deployment",
                format!(
                    "apiVersion: apps/v1\nkind: Deployment\n{metadata}\nspec:\n  selector: {{matchLabels: {{app: m{at}}}}}\n\
                     \x20 template: {{metadata: {{labels: {{app: m{at}}}}}, spec: {{containers: [{{name: a, image: 'a:1'}}]}}}}\n"
                ),
            ),
        ];
        objects.iter().try_for_each(|(name, text)| self.write(&format!("f{at}/{name}.yaml"), text))
    }

    fn push(&self) -> Result<(), String> {
        let run = |arguments: &[&str]| git(&self.clone, arguments).map_err(words);
        run(&["add", "-A"])?;
        run(&["commit", "-q", "-m", "change"])?;
        run(&["push", "-q", "origin", "HEAD:main"]).map(drop)
    }
}

fn map(name: &str, namespace: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\ndata: {{key: {value}}}\n"
    )
}

/// An agent that runs.
struct Agent {
    process: Process,
    health: SocketAddr,
    hooks: SocketAddr,
}

impl Agent {
    fn start(bench: &Bench<'_>, sync: &str, more: &str) -> Result<Self, String> {
        let address = || Ok::<_, String>(SocketAddr::from(([127, 0, 0, 1], free_port()?)));
        let (health, hooks) = (address()?, address()?);
        let (secret, config) = (bench.folder.join("secret"), bench.folder.join("config.yaml"));
        fs::write(&secret, TOKEN).map_err(words)?;
        let text = format!(
            "apiVersion: hld.dev/v1alpha1\nkind: AgentConfig\nsync: {sync}\nnamespace: agent-{sync}\nkubeconfig: {}\n\
             git: {{url: {}, pollInterval: 1h}}\nlisten: {health}\nwebhooks:\n  listen: {hooks}\n  receivers:\n\
             \x20 - {{name: bench, provider: azure-devops, secretFile: {}}}\n{more}",
            bench.cluster.kubeconfig().display(),
            bench.folder.join("remote.git").display(),
            secret.display()
        );
        fs::write(&config, text).map_err(words)?;
        let process = Process::start(bench.program, &bench.folder.join("agent.log"), |command| {
            command.arg("--config").arg(&config);
        })?;
        Ok(Agent { process, health, hooks })
    }

    /// Waits, in steps that are short beside what is measured.
    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) -> Result<(), String> {
        let began = Instant::now();
        while !is_so(self) {
            if began.elapsed() > PATIENCE {
                return Err(format!("the agent: never {what}\n{}", self.process.said()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn metric(&self, name: &str) -> Option<u64> {
        let text = ask(self.health, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").ok()?;
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    fn configured(&self) -> u64 {
        self.metric("hld_agent_objects_total{result=\"configured\"}").unwrap_or(0)
    }

    fn webhook(&self) -> Result<(), String> {
        let body = r#"{"eventType":"git.push","resource":{"refUpdates":[{"name":"refs/heads/main"}]}}"#;
        let head = format!("X-Hld-Token: {TOKEN}\r\nContent-Length: {}", body.len());
        let said = ask(self.hooks, &format!("POST /hook/bench HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n{body}"))?;
        if said.starts_with("HTTP/1.1 202") { Ok(()) } else { Err(format!("the webhook: {said}")) }
    }

    fn proc(&self, file: &str) -> Result<String, String> {
        fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).map_err(words)
    }

    /// Most memory it has had, in MiB.
    fn peak(&self) -> Result<u64, String> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kib = line.trim().trim_end_matches(" kB").parse::<u64>().map_err(words)?;
        Ok(kib.div_ceil(1024))
    }

    /// Seconds of processor time so far.
    fn cpu(&self) -> Result<f64, String> {
        let stat = self.proc("stat")?;
        let behind = stat.rsplit(')').next().unwrap_or_default();
        let ticks = behind.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
        // USER_HZ is 100 on every Linux there is.
        Ok(ticks.sum::<f64>() / 100.0)
    }
}

fn ask(address: SocketAddr, request: &str) -> Result<String, String> {
    let mut stream = TcpStream::connect(address).map_err(words)?;
    stream.write_all(request.as_bytes()).map_err(words)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(words)?;
    Ok(answer)
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
