//! What a signal must end: processes and scratch folders, and whether one has come.
//!
//! Who handles signals calls [`cancel`]; whoever starts a process or makes a scratch folder registers
//! it here.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal};

static CANCELLED: AtomicBool = AtomicBool::new(false);

/// Processes that are ended when the run is cancelled.
static CHILDREN: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Folders that are removed when the run is cancelled.
static LITTER: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Whether the run is cancelled: nothing new may be started or written.
#[must_use]
pub fn is_cancelled() -> bool {
    CANCELLED.load(Ordering::SeqCst)
}

/// Cancels the run and ends its processes.
pub fn cancel() {
    CANCELLED.store(true, Ordering::SeqCst);
    let Ok(children) = CHILDREN.lock() else { return };
    for child in children.iter() {
        rustix::process::kill_process(*child, Signal::KILL).ok();
    }
}

/// Starts a process that is ended with the run, until the guard is dropped. Drop it before the
/// process is waited for: afterwards its number may be another's.
///
/// A signal waits until a process that is being started is known, and none is started after it.
///
/// # Errors
/// The process can not be started, or the run is cancelled.
pub fn spawn(command: &mut Command) -> io::Result<(Child, ChildGuard)> {
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
#[derive(Debug)]
pub struct ChildGuard(Option<Pid>);

impl Drop for ChildGuard {
    fn drop(&mut self) {
        if let Ok(mut children) = CHILDREN.lock() {
            children.retain(|child| Some(*child) != self.0);
        }
    }
}

/// Registers a folder as litter until the guard is dropped.
#[must_use]
pub fn litter(folder: &Path) -> Litter {
    if let Ok(mut litter) = LITTER.lock() {
        litter.push(folder.to_owned());
    }
    Litter(folder.to_owned())
}

/// Keeps a folder registered as litter.
#[derive(Debug)]
pub struct Litter(PathBuf);

impl Drop for Litter {
    fn drop(&mut self) {
        if let Ok(mut litter) = LITTER.lock() {
            litter.retain(|folder| *folder != self.0);
        }
    }
}

/// Tries to remove all litter; whether some is still there.
#[must_use]
pub fn sweep() -> bool {
    let litter = LITTER.lock().map(|litter| litter.clone()).unwrap_or_default();
    litter.iter().any(|folder| {
        std::fs::remove_dir_all(folder).ok();
        folder.exists()
    })
}
