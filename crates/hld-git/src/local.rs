//! Repositories of this machine, spoken to as remotes.
//!
//! libgit2's own transport for folders copies objects by itself: it runs no hooks of the receiving
//! side, can not fetch a part of the history, and moves a branch without comparing it with what was
//! expected. So the git program serves the repository, over pipes, with the same protocol as a server.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};

use crate::http;
use crate::list::List;

/// What the addresses of this transport begin with.
pub(crate) const SCHEME: &str = "hld-local";

/// Tells libgit2 about our transports, once.
pub(crate) fn set_up() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // Whoever makes a tree here has made or seen what is in it; looking for each entry once more costs
        // more than all the rest of a large tree.
        git2::opts::strict_object_creation(false);
        let factory = |remote: &git2::Remote<'_>| Transport::smart(remote, false, Local);
        // SAFETY: `Once` lets no other thread of ours make a transport or open a connection meanwhile.
        #[allow(unsafe_code)]
        let done = unsafe {
            git2::transport::register(SCHEME, factory)
                .and_then(|()| git2::transport::register(http::SCHEMES[0], http::factory))
                .and_then(|()| git2::transport::register(http::SCHEMES[1], http::factory))
        };
        // Without them libgit2 would take our schemes for the names of SSH hosts.
        assert!(done.is_ok(), "libgit2 takes transports");
    });
}

struct Local;

impl SmartSubtransport for Local {
    fn action(&self, url: &str, action: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let program = match action {
            Service::UploadPackLs | Service::UploadPack => "upload-pack",
            Service::ReceivePackLs | Service::ReceivePack => "receive-pack",
        };
        let path = url.strip_prefix(SCHEME).and_then(|url| url.strip_prefix("://")).unwrap_or(url);
        let path = PathBuf::from(path);
        if !path.is_dir() {
            return Err(net_error(git2::ErrorCode::NotFound, format!("`{}` not found", path.display())));
        }
        let child = serve(program, &path).map_err(|error| {
            net_error(git2::ErrorCode::GenericError, format!("`git {program}` can not be run: {error}"))
        })?;
        Ok(Box::new(child))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

fn net_error(code: git2::ErrorCode, message: String) -> git2::Error {
    git2::Error::new(code, git2::ErrorClass::Net, message)
}

/// Starts the program that serves a repository, with nothing of the environment that changes what git does.
fn serve(program: &str, path: &std::path::Path) -> io::Result<Served> {
    let mut command = Command::new(git_program());
    command.arg(program).arg(path).env_clear();
    for kept in ["PATH", "HOME", "TMPDIR", "USER"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    Ok(Served { child, stdin, stdout, list: List::of(1) })
}

/// The git program. By its whole path, for a name would have the system copy this process to look for
/// it, which takes longer the more memory is in use.
fn git_program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join("git")).find(|program| program.is_file()).unwrap_or_else(|| "git".into())
}

/// The git program at the other end.
struct Served {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    list: List,
}

impl Read for Served {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(stdout) = &mut self.stdout else { return Ok(0) };
        self.list.read(buffer, |buffer| stdout.read(buffer))
    }
}

impl Write for Served {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stdin.as_mut().map_or(Ok(0), |stdin| stdin.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Served {
    /// Closed pipes end the program: it has either done its work or reads the end of its input.
    fn drop(&mut self) {
        self.stdin = None;
        self.stdout = None;
        self.child.wait().ok();
    }
}
