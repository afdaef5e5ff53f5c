//! Signals: whoever presses Ctrl-C gets the old output and no litter.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use hld_source::process;
use nix::sys::signal::{self, SigSet};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

/// Held while new output takes the place of old: a signal waits for that.
static COMMITTING: Mutex<()> = Mutex::new(());

/// How long other threads have to notice before their litter is given up.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Asks for the time to put new output in its place: nothing ends the program, or takes staged files
/// away, until the guard is dropped. `None` once a signal has come.
pub(crate) fn committing() -> Option<MutexGuard<'static, ()>> {
    let guard = COMMITTING.lock().ok()?;
    (!process::is_cancelled()).then_some(guard)
}

/// Leaves the end of the program to a signal that has come; returns where none has.
pub(crate) fn yield_to_signal() {
    while process::is_cancelled() {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A file that grows beyond the limit of the system is an error of the one who writes it, no signal.
pub(crate) fn outlive_full_files() {
    signal_hook::flag::register(SIGXFSZ, Arc::default()).ok();
}

/// Waits for signals on a thread of its own; the first one ends the program with 128 + its number.
///
/// What is written becomes visible by one rename, so the program may end at any moment. Litter is
/// removed first; writers stop by themselves once [`process::is_cancelled`] says so.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn watch() -> std::io::Result<()> {
    // One that comes while it begins to be received would be lost: it waits.
    let held = [signal::SIGINT, signal::SIGTERM, signal::SIGHUP].into_iter().collect::<SigSet>();
    held.thread_block()?;
    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP]);
    held.thread_unblock()?;
    let mut signals = signals?;
    let wait = move || {
        let Some(signal) = signals.forever().next() else { return };
        process::cancel();
        let _committed = COMMITTING.lock();
        let deadline = Instant::now() + PATIENCE;
        while process::sweep() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::process::exit(128 + signal);
    };
    std::thread::Builder::new().spawn(wait).map(drop)
}
