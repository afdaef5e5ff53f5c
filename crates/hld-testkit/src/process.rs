//! A program that serves a test: it ends with it, whatever becomes of the test.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

/// How long a server may take to answer, on a machine that is busy.
const MOST_STARTING: Duration = Duration::from_secs(120);

/// A program that runs beside a test. It is killed when this is dropped, and by the kernel when the
/// process that started it is gone. What it says is in its log file.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program`; `with` adds its arguments and what else it needs.
    ///
    /// # Errors
    /// It can not be started.
    pub fn start(program: &Path, log: &Path, with: impl FnOnce(&mut Command)) -> Result<Self, String> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let failed = |error: io::Error| format!("`{name}` can not be started: {error}");
        let said = std::fs::File::options().create(true).append(true).open(log).map_err(failed)?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).stdin(Stdio::null());
        command.stdout(said.try_clone().map_err(failed)?).stderr(said);
        with(&mut command);
        let child = spawn(command).map_err(failed)?;
        Ok(Process { name, child, log: log.to_owned() })
    }

    /// Asks until there is an answer.
    ///
    /// # Errors
    /// The program has ended, or there was none for too long; with the end of its log.
    pub fn wait_for<T>(&mut self, what: &str, mut ask: impl FnMut() -> Option<T>) -> Result<T, String> {
        let deadline = Instant::now() + MOST_STARTING;
        loop {
            if let Some(answer) = ask() {
                return Ok(answer);
            }
            if !self.is_running() {
                return Err(format!("`{}` has ended\n{}", self.name, self.said()));
            }
            if Instant::now() > deadline {
                return Err(format!("`{}`: no {what} in time\n{}", self.name, self.said()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The last lines of its log.
    #[must_use]
    pub fn said(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Asks it to stop and waits for it: its exit code.
    ///
    /// # Errors
    /// It does not stop in time.
    pub fn stop(&mut self) -> Result<Option<i32>, String> {
        let asked = Command::new("kill").args(["-TERM", &self.id().to_string()]).status();
        asked.map_err(|error| format!("`kill` can not be run: {error}"))?;
        let deadline = Instant::now() + MOST_STARTING;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Ok(status.code());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(format!("`{}` does not stop\n{}", self.name, self.said()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of the loopback interface that nobody listens on.
///
/// # Errors
/// There is none.
pub fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

/// Starts a server once more where its port was taken: one that was free may be so no longer when the server
/// listens at it.
///
/// # Errors
/// What `start` says in the end.
pub(crate) fn at_free_port<T>(start: impl Fn() -> Result<T, String>) -> Result<T, String> {
    let is_taken = |error: &String| error.to_lowercase().contains("address already in use");
    start().or_else(|error| if is_taken(&error) { start() } else { Err(error) })
}

/// Removes a folder when this process is gone, however it went: for what a static holds, which nothing
/// drops.
///
/// # Errors
/// No shell can be started.
pub fn remove_at_exit(folder: &Path) -> Result<(), String> {
    // What is read comes to its end when the process at the other end of the pipe does.
    let script = "trap '' INT TERM HUP; cat; for n in 1 2 3 4 5; do rm -rf \"$1\" && break; sleep 1; done";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(folder);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = shell.spawn().map_err(|error| format!("`sh` can not be started: {error}"))?;
    std::mem::forget(child);
    Ok(())
}

type Job = (Command, Sender<io::Result<Child>>);

/// Starts processes. The kernel's signal comes when the *thread* that started a process ends, and
/// that of a test ends with the test: this one lives as long as the process.
static SPAWNER: LazyLock<Mutex<Sender<Job>>> = LazyLock::new(|| {
    let (sender, receiver) = channel::<Job>();
    std::thread::spawn(move || {
        for (mut command, reply) in receiver {
            let _ = reply.send(command.spawn());
        }
    });
    Mutex::new(sender)
});

fn spawn(command: Command) -> io::Result<Child> {
    let (reply, answer) = channel();
    let gone = || io::Error::other("the thread that starts processes is gone");
    SPAWNER.lock().map_err(|_| gone())?.send((command, reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}
