//! Signals: whoever presses Ctrl-C gets the old output and no litter.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::process::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

static CANCELLED: AtomicBool = AtomicBool::new(false);

/// Folders that are removed when a signal ends the program.
static LITTER: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Processes that are ended when a signal ends the program.
static CHILDREN: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Held while new output takes the place of old: a signal waits for that.
static COMMITTING: Mutex<()> = Mutex::new(());

/// How long other threads have to notice before their litter is given up.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Whether a signal has come: nothing new may be written.
pub(crate) fn is_cancelled() -> bool {
    CANCELLED.load(Ordering::SeqCst)
}

/// Asks for the time to put new output in its place: nothing ends the program, or takes staged files
/// away, until the guard is dropped. `None` once a signal has come.
pub(crate) fn committing() -> Option<MutexGuard<'static, ()>> {
    let guard = COMMITTING.lock().ok()?;
    (!is_cancelled()).then_some(guard)
}

/// Leaves the end of the program to a signal that has come; returns where none has.
pub(crate) fn yield_to_signal() {
    while is_cancelled() {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits for signals on a thread of its own; the first one ends the program with 128 + its number.
///
/// What is written becomes visible by one rename, so the program may end at any moment. Litter is
/// removed first; writers stop by themselves once [`is_cancelled`] says so.
///
/// A file that grows beyond the limit of the system is an error of the one who writes it, no signal.
pub(crate) fn watch() {
    signal_hook::flag::register(SIGXFSZ, Arc::default()).ok();
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    std::thread::spawn(move || {
        let Some(signal) = signals.forever().next() else { return };
        CANCELLED.store(true, Ordering::SeqCst);
        end_children();
        let _committed = COMMITTING.lock();
        let deadline = Instant::now() + PATIENCE;
        let litter = LITTER.lock().map(|litter| litter.clone()).unwrap_or_default();
        while litter.iter().any(|folder| remove(folder)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::process::exit(128 + signal);
    });
}

fn end_children() {
    let Ok(children) = CHILDREN.lock() else { return };
    for child in children.iter() {
        rustix::process::kill_process(*child, rustix::process::Signal::KILL).ok();
    }
}

/// Starts a process that is ended with the program, until the guard is dropped. Drop it before the
/// process is waited for: afterwards its number may be another's.
///
/// A signal waits until a process that is being started is known, and none is started after it.
pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, ChildGuard)> {
    let mut children = CHILDREN.lock().map_err(|_| io::Error::other("the list of processes is lost"))?;
    if is_cancelled() {
        return Err(io::ErrorKind::Interrupted.into());
    }
    let child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    children.extend(pid);
    Ok((child, ChildGuard(pid)))
}

/// Keeps a process registered.
pub(crate) struct ChildGuard(Option<Pid>);

impl Drop for ChildGuard {
    fn drop(&mut self) {
        if let Ok(mut children) = CHILDREN.lock() {
            children.retain(|child| Some(*child) != self.0);
        }
    }
}

/// Tries to remove a folder; whether it is still there.
fn remove(folder: &Path) -> bool {
    std::fs::remove_dir_all(folder).ok();
    folder.exists()
}

/// Registers a folder as litter until the guard is dropped.
pub(crate) fn litter(folder: &Path) -> Litter {
    if let Ok(mut litter) = LITTER.lock() {
        litter.push(folder.to_owned());
    }
    Litter(folder.to_owned())
}

/// Keeps a folder registered as litter.
pub(crate) struct Litter(PathBuf);

impl Drop for Litter {
    fn drop(&mut self) {
        if let Ok(mut litter) = LITTER.lock() {
            litter.retain(|folder| *folder != self.0);
        }
    }
}
