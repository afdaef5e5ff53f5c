//! A real forge: Gitea on a loopback port, with SQLite in a temporary folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use ureq::tls::TlsConfig;

use crate::process::{Process, at_free_port, free_port};
use crate::tools;

/// A Gitea that runs. It and its folder are gone when this is dropped.
pub struct Gitea {
    _server: Process,
    folder: TempDir,
    scheme: Scheme,
    port: u16,
    token: String,
}

/// How it is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

/// Its one user, who may do everything.
pub const USER: &str = "ada";

/// The password of [`USER`].
pub const PASSWORD: &str = "of-no-worth-1815";

impl Gitea {
    /// Starts one and waits until it serves.
    ///
    /// # Errors
    /// The program is not in the tool cache, or it does not serve: what it said.
    pub fn start() -> Result<Self, String> {
        at_free_port(|| Self::start_with(Scheme::Http))
    }

    /// The same over TLS, with a certificate for `127.0.0.1` that nobody has signed but itself.
    ///
    /// # Errors
    /// As [`Gitea::start`]; there is no `openssl`.
    pub fn start_with_tls() -> Result<Self, String> {
        at_free_port(|| Self::start_with(Scheme::Https))
    }

    fn start_with(scheme: Scheme) -> Result<Self, String> {
        let program = tools::require("gitea", tools::GITEA)?;
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let port = free_port()?;
        let settings = folder.path().join("app.ini");
        let mut text = settings_text(folder.path(), &program.with_file_name("static"), port);
        if scheme == Scheme::Https {
            new_certificate(folder.path())?;
            let at = folder.path().display();
            let tls =
                format!("[server]\nPROTOCOL = https\nCERT_FILE = {at}/tls.crt\nKEY_FILE = {at}/tls.key");
            text = text.replace("[server]", &tls).replace("ROOT_URL = http:", "ROOT_URL = https:");
        }
        std::fs::write(&settings, text).map_err(|error| error.to_string())?;
        let log = folder.path().join("gitea.log");
        let mut server = Process::start(&program, &log, |command| {
            command.arg("--config").arg(&settings).arg("web");
            in_world(command, folder.path());
        })?;
        let url = format!("{}://127.0.0.1:{port}/api/healthz", scheme.name());
        server.wait_for("answer", || client().get(&url).call().ok().filter(|it| it.status() == 200))?;
        let token = new_user(&program, &settings, folder.path())?;
        Ok(Gitea { _server: server, folder, scheme, port, token })
    }

    /// The certificate that it shows.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("tls.crt")
    }

    /// `127.0.0.1:3000`
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `http://127.0.0.1:3000`
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme.name(), self.host())
    }

    /// The URL of a repository for git, without credentials.
    #[must_use]
    pub fn remote(&self, repository: &str) -> String {
        format!("{}/{USER}/{repository}.git", self.url())
    }

    /// A token of [`USER`] for everything. It is worth nothing elsewhere.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Where it keeps a repository: for tests that look at it, or break it.
    #[must_use]
    pub fn folder_of(&self, repository: &str) -> PathBuf {
        self.folder.path().join(format!("repositories/{USER}/{repository}.git"))
    }

    /// Calls its API: `path` is what comes after `/api/v1/`.
    ///
    /// # Errors
    /// It answers with a failure: what it said.
    pub fn call(&self, method: &str, path: &str, body: Option<&Json>) -> Result<Json, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{method} {path}: {error}");
        let url = format!("{}/api/v1/{path}", self.url());
        let request = ureq::http::Request::builder().method(method).uri(&url);
        let request = request.header("Authorization", format!("token {}", self.token));
        let request = request.header("Content-Type", "application/json");
        let text = body.map_or_else(String::new, Json::to_string);
        let request = request.body(text).map_err(|error| failed(&error))?;
        let mut answer = client().run(request).map_err(|error| failed(&error))?;
        let text = answer.body_mut().read_to_string().map_err(|error| failed(&error))?;
        if !answer.status().is_success() {
            return Err(failed(&format!("{} {text}", answer.status())));
        }
        if text.is_empty() {
            return Ok(Json::Null);
        }
        serde_json::from_str(&text).map_err(|error| failed(&error))
    }

    /// Makes a repository with one commit on `main`.
    ///
    /// # Errors
    /// Gitea refuses.
    pub fn create_repository(&self, name: &str) -> Result<(), String> {
        let body = json!({"name": name, "auto_init": true, "default_branch": "main"});
        self.call("POST", "user/repos", Some(&body)).map(drop)
    }

    /// Opens a pull request: its number.
    ///
    /// # Errors
    /// Gitea refuses.
    pub fn open_pull_request(&self, repository: &str, branch: &str, title: &str) -> Result<u64, String> {
        let body = json!({"head": branch, "base": "main", "title": title});
        let opened = self.call("POST", &format!("repos/{USER}/{repository}/pulls"), Some(&body))?;
        opened["number"].as_u64().ok_or_else(|| format!("the pull request has no number: {opened}"))
    }

    /// Merges a pull request.
    ///
    /// # Errors
    /// Gitea refuses.
    pub fn merge_pull_request(&self, repository: &str, number: u64) -> Result<(), String> {
        let path = format!("repos/{USER}/{repository}/pulls/{number}");
        let deadline = Instant::now() + Duration::from_secs(60);
        // Until Gitea has found out whether it can be merged, it says that it can not.
        while self.call("GET", &path, None)?["mergeable"] != true && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        self.call("POST", &format!("{path}/merge"), Some(&json!({"Do": "merge"}))).map(drop)
    }

    /// Has it call `url` at each push to a repository, signed with `secret`.
    ///
    /// # Errors
    /// Gitea refuses.
    pub fn add_webhook(&self, repository: &str, url: &str, secret: &str) -> Result<(), String> {
        let config = json!({"url": url, "content_type": "json", "secret": secret});
        let body = json!({"type": "gitea", "active": true, "events": ["push"], "config": config});
        self.call("POST", &format!("repos/{USER}/{repository}/hooks"), Some(&body)).map(drop)
    }
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

/// Makes `tls.crt` and `tls.key`.
fn new_certificate(folder: &Path) -> Result<(), String> {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
    command.args(["-days", "2", "-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1"]);
    // One that may sign others is no server's, whoever trusts it.
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    command.arg("-keyout").arg(folder.join("tls.key")).arg("-out").arg(folder.join("tls.crt"));
    let output = command.output().map_err(|error| format!("`openssl` can not be run: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The settings: no mail, no clock, no address but loopback.
fn settings_text(folder: &Path, fixed: &Path, port: u16) -> String {
    let (folder, fixed) = (folder.display(), fixed.display());
    format!(
        "APP_NAME = tests\nRUN_MODE = prod\nWORK_PATH = {folder}\nI_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true\n\
         [server]\nHTTP_ADDR = 127.0.0.1\nHTTP_PORT = {port}\nROOT_URL = http://127.0.0.1:{port}/\n\
         STATIC_ROOT_PATH = {fixed}\nDISABLE_SSH = true\nOFFLINE_MODE = true\nLFS_START_SERVER = false\n\
         [database]\nDB_TYPE = sqlite3\nPATH = {folder}/gitea.db\nSQLITE_JOURNAL_MODE = WAL\n\
         [repository]\nROOT = {folder}/repositories\n\
         [security]\nINSTALL_LOCK = true\nSECRET_KEY = of-no-worth\n\
         [service]\nDISABLE_REGISTRATION = true\n\
         [indexer]\nISSUE_INDEXER_TYPE = db\n\
         [webhook]\nALLOWED_HOST_LIST = loopback\n\
         [cron]\nENABLED = false\n[actions]\nENABLED = false\n[packages]\nENABLED = false\n\
         [log]\nMODE = console\nLEVEL = warn\n"
    )
}

/// It sees nothing of this machine's user.
fn in_world(command: &mut Command, folder: &Path) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("HOME", folder).env("USER", user_name());
}

/// Gitea insists on running as the user whom its settings name: the one who runs it.
fn user_name() -> String {
    let told = Command::new("id").arg("-un").output();
    told.map_or_else(|_| "root".to_owned(), |told| String::from_utf8_lossy(&told.stdout).trim().to_owned())
}

/// Makes [`USER`]: the token.
fn new_user(program: &Path, settings: &Path, folder: &Path) -> Result<String, String> {
    let mut command = Command::new(program);
    command.arg("--config").arg(settings).args(["admin", "user", "create", "--admin"]);
    command.args(["--username", USER, "--password", PASSWORD, "--email", "ada@example.com"]);
    command.args(["--must-change-password=false", "--access-token", "--access-token-name", "tests"]);
    command.args(["--access-token-scopes", "all"]);
    in_world(&mut command, folder);
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_token = |word: &&str| word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let token = text.split_whitespace().find(is_token).map(str::to_owned);
    token.ok_or_else(|| format!("no token: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn client() -> ureq::Agent {
    let settings = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
    // It talks to the server that was started here, and to no other.
    let settings = settings.tls_config(TlsConfig::builder().disable_verification(true).build());
    settings.timeout_global(Some(Duration::from_secs(60))).build().into()
}
