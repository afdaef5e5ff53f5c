//! An OpenSSH server with throw-away keys, on a loopback port.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::process::{Process, at_free_port, free_port};

/// A server that lets one key in, as the user who runs the test. It is gone when this is dropped.
pub struct Sshd {
    server: Process,
    folder: TempDir,
    port: u16,
}

impl Sshd {
    /// Starts one and waits until it listens.
    ///
    /// # Errors
    /// Debian's `openssh-server` is not there, or the server does not listen: what it said.
    pub fn start() -> Result<Self, String> {
        Self::start_with(&[])
    }

    /// The same with further options of sshd_config(5), `Name=value`.
    ///
    /// # Errors
    /// As [`Sshd::start`].
    pub fn start_with(options: &[&str]) -> Result<Self, String> {
        at_free_port(|| Self::start_once(options))
    }

    fn start_once(options: &[&str]) -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        for key in ["host", "other_host", "user"] {
            new_key(&folder.path().join(key))?;
        }
        let failed = |error: std::io::Error| error.to_string();
        std::fs::copy(folder.path().join("user.pub"), folder.path().join("authorized")).map_err(failed)?;
        let port = free_port()?;
        let server = listen(folder.path(), port, "host", options)?;
        Ok(Sshd { server, folder, port })
    }

    /// The same port, but another host key: as after a man in the middle has come.
    ///
    /// # Errors
    /// The server does not listen.
    pub fn change_host_key(&mut self) -> Result<(), String> {
        self.server.stop()?;
        self.server = listen(self.folder.path(), self.port, "other_host", &[])?;
        Ok(())
    }

    /// The URL of a repository in a folder of this machine.
    #[must_use]
    pub fn remote(&self, repository: &Path) -> String {
        format!("ssh://{}@127.0.0.1:{}{}", user_name(), self.port, repository.display())
    }

    /// The private key that is let in.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("user")
    }

    /// The text of a `known_hosts` that knows the first host key.
    ///
    /// # Errors
    /// The key can not be read.
    pub fn known_hosts(&self) -> Result<String, String> {
        let key = std::fs::read_to_string(self.folder.path().join("host.pub"))
            .map_err(|error| error.to_string())?;
        let words: Vec<&str> = key.split_whitespace().take(2).collect();
        Ok(format!("[127.0.0.1]:{} {}\n", self.port, words.join(" ")))
    }

    /// The fingerprint of the host key that it started with, and of the one it changes to.
    ///
    /// # Errors
    /// `ssh-keygen` can not be run.
    pub fn fingerprints(&self) -> Result<[String; 2], String> {
        let of = |key: &str| {
            let path = self.folder.path().join(key);
            let told = Command::new("ssh-keygen")
                .arg("-lf")
                .arg(path)
                .output()
                .map_err(|error| error.to_string())?;
            let text = String::from_utf8_lossy(&told.stdout).into_owned();
            text.split_whitespace().nth(1).map(str::to_owned).ok_or_else(|| format!("no fingerprint: {text}"))
        };
        Ok([of("host.pub")?, of("other_host.pub")?])
    }

    /// What it said last.
    #[must_use]
    pub fn said(&self) -> String {
        self.server.said()
    }
}

fn listen(folder: &Path, port: u16, host_key: &str, options: &[&str]) -> Result<Process, String> {
    let program = Path::new("/usr/sbin/sshd");
    if !program.is_file() {
        return Err("`/usr/sbin/sshd` is not there: install Debian's openssh-server".to_owned());
    }
    // It gives up its rights in a folder that its package makes at boot.
    let _ = std::fs::create_dir_all("/run/sshd");
    let mut server = Process::start(program, &folder.join("sshd.log"), |command| {
        let option = |name: &str, value: &dyn std::fmt::Display| format!("{name}={value}");
        command.args(["-D", "-e", "-f", "/dev/null", "-p", &port.to_string()]);
        for option in [
            option("ListenAddress", &"127.0.0.1"),
            option("HostKey", &folder.join(host_key).display()),
            option("AuthorizedKeysFile", &folder.join("authorized").display()),
            option("PidFile", &"none"),
            option("PasswordAuthentication", &"no"),
            option("KbdInteractiveAuthentication", &"no"),
            option("UsePAM", &"no"),
            option("PermitRootLogin", &"prohibit-password"),
            // The temporary folder belongs to everybody.
            option("StrictModes", &"no"),
        ] {
            command.args(["-o", &option]);
        }
        command.args(options.iter().flat_map(|option| ["-o", option]));
    })?;
    server.wait_for("connection", || std::net::TcpStream::connect(("127.0.0.1", port)).ok())?;
    Ok(server)
}

fn new_key(path: &Path) -> Result<(), String> {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f"]).arg(path).stdin(Stdio::null());
    let status = command.status().map_err(|error| format!("`ssh-keygen` can not be run: {error}"))?;
    if status.success() { Ok(()) } else { Err("`ssh-keygen` failed".to_owned()) }
}

fn user_name() -> String {
    let told = Command::new("id").arg("-un").output();
    told.map_or_else(|_| "root".to_owned(), |told| String::from_utf8_lossy(&told.stdout).trim().to_owned())
}
