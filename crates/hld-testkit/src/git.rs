//! Git servers of a test: bare repositories in a folder of their own, served by the real git.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::http::{Request, Response, Server};

/// A folder of bare repositories, served over HTTP by `git http-backend`.
pub struct GitServer {
    folder: tempfile::TempDir,
    server: Server,
}

/// What git gives to a request that is let through.
pub type Backend<'b> = dyn Fn(&Request) -> Response + 'b;

impl GitServer {
    /// Starts a server without repositories.
    ///
    /// # Errors
    /// There is no folder or no port for it.
    pub fn start() -> io::Result<Self> {
        GitServer::with_faults(|request, backend| backend(request))
    }

    /// Starts a server whose requests go through `intercept`: it may answer by itself (a login, a
    /// redirect, a fault), change the request, or lose what the backend said.
    ///
    /// # Errors
    /// There is no folder or no port for it.
    pub fn with_faults(
        intercept: impl Fn(&Request, &Backend<'_>) -> Response + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let folder = tempfile::TempDir::new()?;
        let root: Arc<PathBuf> = Arc::new(folder.path().canonicalize()?);
        let server = Server::start(move |request| {
            intercept(request, &|request| {
                backend(&root, request)
                    .unwrap_or_else(|error| Response::new(500, format!("git http-backend: {error}")))
            })
        })?;
        Ok(GitServer { folder, server })
    }

    /// Makes an empty bare repository whose `HEAD` is `main`, and gives its folder.
    ///
    /// # Errors
    /// git refuses.
    pub fn create(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path(name);
        bare(&path)?;
        Ok(path)
    }

    /// The folder of a repository.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of a repository.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        self.server.url(&format!("/{name}"))
    }

    /// The server: its authority and what it was asked.
    #[must_use]
    pub fn http(&self) -> &Server {
        &self.server
    }
}

/// Makes an empty bare repository that takes pushes over HTTP and gives out any commit by its id.
///
/// # Errors
/// git refuses.
pub fn bare(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    git(path, &["init", "-q", "--bare", "-b", "main"])?;
    for (key, value) in [("http.receivepack", "true"), ("uploadpack.allowAnySHA1InWant", "true")] {
        git(path, &["config", key, value])?;
    }
    Ok(())
}

/// Runs git in a folder, with no configuration but the repository's and a name and date of its own;
/// gives what it printed, without the last newline.
///
/// # Errors
/// It fails: its words.
pub fn git(folder: &Path, arguments: &[&str]) -> io::Result<String> {
    let output = plain(folder).args(arguments).output()?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("git {}: {}", arguments.join(" "), words.trim_end())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
}

/// Writes a script as a hook of a bare repository.
///
/// # Errors
/// It can not be written.
pub fn hook(repository: &Path, name: &str, script: &str) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let path = repository.join("hooks").join(name);
    std::fs::create_dir_all(repository.join("hooks"))?;
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n"))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
}

fn plain(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder);
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Test").env(format!("GIT_{who}_EMAIL"), "test@example.com");
        command.env(format!("GIT_{who}_DATE"), "2026-01-02T03:04:05+00:00");
    }
    command
}

/// One request through the CGI program (git-http-backend(1)).
fn backend(root: &Path, request: &Request) -> io::Result<Response> {
    let mut command = plain(root);
    command.arg("http-backend").env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1");
    command.env("REQUEST_METHOD", &request.method).env("PATH_INFO", request.path());
    command.env("QUERY_STRING", request.query()).env("REMOTE_ADDR", "127.0.0.1");
    let passed = [
        ("content-type", "CONTENT_TYPE"),
        ("content-encoding", "HTTP_CONTENT_ENCODING"),
        ("git-protocol", "GIT_PROTOCOL"),
    ];
    for (header, variable) in passed {
        if let Some(value) = request.header(header) {
            command.env(variable, value);
        }
    }
    command.env("CONTENT_LENGTH", request.body.len().to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    let body = request.body.clone();
    let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&body)));
    let output = child.wait_with_output()?;
    writer.join().ok();
    Ok(cgi(&output.stdout))
}

/// What a CGI program printed: headers, an empty line, a body.
fn cgi(output: &[u8]) -> Response {
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(output.len());
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let body = output.get(end + 4..).unwrap_or_default();
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let status = headers.clone().find(|(name, _)| name.eq_ignore_ascii_case("status"));
    let status = status.and_then(|(_, value)| value.get(..3)?.parse().ok()).unwrap_or(200);
    let others = headers.filter(|(name, _)| !name.eq_ignore_ascii_case("status"));
    others.fold(Response::new(status, body), |response, (name, value)| response.header(name, value))
}
