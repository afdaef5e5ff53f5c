//! Running the binary: cleaned environment, limits of the system, signals, and a bound on time that
//! fails the test.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{Run, SECRET, Snapshot, World};

/// How long any process may take: far more than any needs.
const PATIENCE: Duration = Duration::from_secs(300);

/// A run of hld that has not begun.
pub(crate) struct Hld<'w> {
    world: &'w World,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, Option<OsString>)>,
    shell: String,
    folder: PathBuf,
}

impl<'w> Hld<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Hld {
            world,
            arguments: Vec::new(),
            variables: Vec::new(),
            shell: String::new(),
            folder: world.path(""),
        }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), Some(value.as_ref().to_owned())));
        self
    }

    /// Takes an environment variable away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.push((name.into(), None));
        self
    }

    /// Runs it in another folder.
    pub(crate) fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// Runs it behind this line of shell: `ulimit -v 300000`. The last command may be `exec` with
    /// redirections of its own, in which `"$@"` stands for hld.
    pub(crate) fn behind(mut self, line: &str) -> Self {
        self.shell = line.to_owned();
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Run {
        self.start().finish()
    }

    /// Runs it, or what stands in front of it, to an end of any kind.
    pub(crate) fn run_whatever(self) -> Run {
        self.start().finish_killed()
    }

    /// Starts it.
    pub(crate) fn start(self) -> Running<'w> {
        let binary = env!("CARGO_BIN_EXE_hld");
        let mut command = if self.shell.is_empty() {
            Command::new(binary)
        } else {
            let line = if self.shell.contains("\"$@\"") {
                self.shell
            } else {
                format!("{} && exec \"$@\"", self.shell)
            };
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", &line, "sh", binary]);
            shell
        };
        let world = self.world;
        command.args(&self.arguments).current_dir(&self.folder).env_clear();
        let folders = [("PATH", "bin"), ("HOME", "home"), ("HLD_CACHE_DIR", "cache"), ("TMPDIR", "tmp")];
        folders.iter().for_each(|(name, folder)| {
            command.env(name, world.outside(folder));
        });
        command.env("HLD_TEST_TOKEN", SECRET);
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let before = world.snapshot();
        let mut child = command.spawn().unwrap();
        let output = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
        Running { world, pid: Pid::from_child(&child), ended: wait(child), output, before }
    }
}

/// Reads a pipe to its end on a thread of its own.
fn collect(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).ok();
        sender.send(bytes)
    });
    receiver
}

fn wait(mut child: Child) -> Receiver<ExitStatus> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || sender.send(child.wait().unwrap()));
    receiver
}

/// A run of hld that has begun.
pub(crate) struct Running<'w> {
    world: &'w World,
    pid: Pid,
    ended: Receiver<ExitStatus>,
    output: (Receiver<Vec<u8>>, Receiver<Vec<u8>>),
    before: Snapshot,
}

impl Running<'_> {
    /// Sends a signal; a process that has ended already does not mind.
    pub(crate) fn signal(self, signal: Signal) -> Self {
        kill_process(self.pid, signal).ok();
        self
    }

    /// Whether it has not ended yet. One that has can be finished, but not signalled any more.
    pub(crate) fn is_alive(&self) -> bool {
        rustix::process::test_kill_process(self.pid).is_ok()
    }

    /// Waits for its end and checks what holds for every run.
    pub(crate) fn finish(self) -> Run {
        self.end().check()
    }

    /// Waits for the end of a run that something else may have ended.
    pub(crate) fn finish_killed(self) -> Run {
        self.end().check_bystanders()
    }

    fn end(self) -> Run {
        let Ok(status) = self.ended.recv_timeout(PATIENCE) else {
            kill_process(self.pid, Signal::KILL).ok();
            panic!("hld hangs");
        };
        let (stdout, stderr) = self.output;
        let output = (stdout.recv_timeout(PATIENCE), stderr.recv_timeout(PATIENCE));
        let (Ok(stdout), Ok(stderr)) = output else {
            panic!("hld left a process behind that holds its output")
        };
        let after = self.world.snapshot();
        Run::new(status, (stdout, stderr), (self.before, after))
    }
}

/// Opens a FIFO for reading, once somebody writes to it, and reads it to its end.
pub(crate) fn open_fifo(path: PathBuf) -> (Receiver<()>, Receiver<Vec<u8>>) {
    let (opened, has_opened) = channel();
    let (read, has_read) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut fifo = std::fs::File::open(path).unwrap();
        opened.send(()).ok();
        fifo.read_to_end(&mut bytes).ok();
        read.send(bytes)
    });
    (has_opened, has_read)
}

/// Waits for what a thread sends.
pub(crate) fn receive<T>(receiver: &Receiver<T>, what: &str) -> T {
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
