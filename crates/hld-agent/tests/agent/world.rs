//! A repository, an API server and an agent between them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hld_agent::config::{self, Config, Parsed};
use hld_agent::status::Status;
use hld_agent::{Addresses, StartError};
use hld_fakes::FakeApi;
use hld_testkit::git::{bare, git};
use serde_json::json;
use tokio::sync::watch;

/// How long something may take that happens at once when all is well.
const PATIENCE: Duration = Duration::from_secs(30);

/// A world of its own: an API server, a bare repository with a clone beside it, and an agent.
pub(crate) struct World {
    pub(crate) api: FakeApi,
    pub(crate) folder: tempfile::TempDir,
    agent: Option<Running>,
}

struct Running {
    stop: watch::Sender<bool>,
    addresses: Addresses,
    thread: JoinHandle<Result<(), StartError>>,
}

impl World {
    /// A world with an empty repository and no agent.
    pub(crate) fn new() -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        bare(&folder.path().join("remote.git")).unwrap();
        let world = World { api: FakeApi::start(), folder, agent: None };
        for name in ["hld-agent", "shop"] {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            world.api.put("admin", namespace);
        }
        git(world.folder.path(), &["clone", "-q", "remote.git", "clone"]).unwrap();
        git(&world.clone(), &["checkout", "-q", "-b", "main"]).unwrap();
        world
    }

    pub(crate) fn remote(&self) -> PathBuf {
        self.folder.path().join("remote.git")
    }

    pub(crate) fn clone(&self) -> PathBuf {
        self.folder.path().join("clone")
    }

    /// Writes a file into the clone.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.clone().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Removes a file or folder of the clone.
    pub(crate) fn remove(&self, path: &str) {
        git(&self.clone(), &["rm", "-rq", path]).unwrap();
    }

    /// Commits what is in the clone, pushes it, and gives the commit.
    pub(crate) fn push(&self) -> String {
        let clone = self.clone();
        git(&clone, &["add", "-A"]).unwrap();
        git(&clone, &["commit", "-q", "--allow-empty", "-m", "change"]).unwrap();
        git(&clone, &["push", "-q", "-f", "origin", "HEAD:main"]).unwrap();
        git(&clone, &["rev-parse", "HEAD"]).unwrap()
    }

    /// The configuration of an agent of this world, which looks for commits all the time and sweeps
    /// only when it is told to.
    pub(crate) fn config(&self, flags: &[&str]) -> Config {
        let kubeconfig = self.folder.path().join("kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
             clusters: [{{name: a, cluster: {{server: '{}'}}}}]\nusers: [{{name: a, user: {{}}}}]\n",
            self.api.url()
        );
        std::fs::write(&kubeconfig, text).unwrap();
        let own = [
            "hld-agent".to_owned(),
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--git-url={}", self.remote().display()),
            "--listen=127.0.0.1:0".to_owned(),
            "--listen-webhooks=127.0.0.1:0".to_owned(),
            "--sync-interval=1h".to_owned(),
        ];
        let arguments = own.into_iter().chain(flags.iter().map(|flag| (*flag).to_owned()));
        match config::parse(arguments) {
            Parsed::Run(config, _) => {
                let mut config = *config;
                config.git.poll_interval = Duration::from_millis(100);
                config
            }
            other => panic!("{other:?}"),
        }
    }

    /// Starts the agent.
    pub(crate) fn start(&mut self, config: Config) {
        assert!(self.agent.is_none(), "an agent runs already");
        let (stop, stopped) = watch::channel(false);
        let (sender, addresses) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let result = runtime
                .block_on(hld_agent::run(config, stopped, |addresses| sender.send(addresses).unwrap()));
            runtime.shutdown_background();
            result
        });
        let addresses = addresses.recv_timeout(PATIENCE).unwrap();
        self.agent = Some(Running { stop, addresses, thread });
    }

    /// Tells the agent to stop, and waits until it has.
    pub(crate) fn stop(&mut self) {
        let agent = self.agent.take().unwrap();
        agent.stop.send(true).ok();
        agent.thread.join().unwrap().unwrap();
    }

    pub(crate) fn addresses(&self) -> Addresses {
        self.agent.as_ref().unwrap().addresses
    }

    /// The status, as people read it.
    pub(crate) fn status(&self) -> Option<Status> {
        let map = self.api.object("ConfigMap", "hld-agent/hld-status-main")?;
        serde_json::from_str(map["data"]["status.json"].as_str()?).ok()
    }

    /// Waits until the status is as it should be, and gives it.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Status) -> bool) -> Status {
        eventually(what, || self.status().filter(|status| is_so(status)), || format!("{:#?}", self.status()))
    }

    /// Waits until `Ready` has this reason.
    pub(crate) fn until_reason(&self, reason: &str) -> Status {
        self.until(reason, |status| status.condition("Ready").is_some_and(|ready| ready.reason == reason))
    }
}

impl World {
    /// Waits until this commit is applied.
    pub(crate) fn until_applied(&self, commit: &str) -> Status {
        self.until(commit, |status| status.is_ready() && status.applied == commit)
    }

    /// Writes ConfigMaps `a`, `b` … with this value, one file each.
    pub(crate) fn write_maps(&self, names: &[&str], value: &str) {
        for name in names {
            self.write(&format!("prod/{name}.yaml"), config_map(name, value));
        }
    }

    /// Starts an agent that follows `prod`, and waits until this commit is applied.
    pub(crate) fn follow(&mut self, commit: &str) -> Status {
        let config = self.config(&["--git-path=prod"]);
        self.start(config);
        self.until_applied(commit)
    }

    /// The value of a ConfigMap of the namespace `shop`.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let map = self.api.object("ConfigMap", &format!("shop/{name}"))?;
        Some(map["data"]["key"].as_str()?.to_owned())
    }

    /// The calls that write, since the last time this was asked.
    pub(crate) fn take_writes(&self) -> Vec<String> {
        let calls = self.api.take_calls().into_iter();
        calls.filter(hld_fakes::Call::is_write).map(|call| call.to_string()).collect()
    }

    /// Waits until the agent has fetched so many times more.
    pub(crate) fn let_it_look(&self, times: u64) {
        let fetched = || {
            let (_, text) = get(self.addresses().metrics, "/metrics");
            let counts = text.lines().filter_map(|line| line.strip_prefix("hld_agent_git_fetches_total"));
            counts.filter_map(|line| line.split(' ').nth(1)?.parse::<u64>().ok()).sum::<u64>()
        };
        let before = fetched();
        eventually("fetches", || (fetched() >= before + times).then_some(()), String::new);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(agent) = self.agent.take() {
            agent.stop.send(true).ok();
            // A test that has failed already need not hear of it.
            agent.thread.join().ok();
        }
    }
}

/// Waits until there is something; `seen` says what there is instead.
pub(crate) fn eventually<T>(what: &str, find: impl Fn() -> Option<T>, seen: impl Fn() -> String) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "never {what}: {}", seen());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The text of a ConfigMap of the namespace `shop`.
pub(crate) fn config_map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{key: '{value}'}}\n"
    )
}

/// Sends bytes, and gives what is answered until the other side ends.
pub(crate) fn send(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The other side may have enough before it has everything.
    stream.write_all(request).ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status code of an answer, and its body.
pub(crate) fn answer(text: &str) -> (u16, String) {
    let code = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (code, body.to_owned())
}

/// A `POST` with headers.
pub(crate) fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    let mut request = format!("POST {path} HTTP/1.1\r\nHost: agent\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let bytes = [request.as_bytes(), body].concat();
    answer(&send(address, &bytes))
}

/// A `GET`.
pub(crate) fn get(address: SocketAddr, path: &str) -> (u16, String) {
    answer(&send(address, format!("GET {path} HTTP/1.1\r\nHost: agent\r\n\r\n").as_bytes()))
}

/// Writes a file for the agent and gives its path.
pub(crate) fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}
