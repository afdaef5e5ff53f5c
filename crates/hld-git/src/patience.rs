//! How long a silent SSH server is waited for. libgit2 has one setting for the whole process.

use std::sync::Once;
use std::time::Duration;

/// How long a connection may take.
pub(crate) const CONNECTING: Duration = Duration::from_secs(20);

/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(60);

static SET: Once = Once::new();

/// Waits no longer than this for a connection, and for the next word of a server. Only the first call
/// counts, and it must come before the first connection; without one it is 20 s and 60 s.
pub fn wait_at_most(connecting: Duration, silence: Duration) {
    let milliseconds = |time: Duration| i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
    SET.call_once(|| set(milliseconds(connecting), milliseconds(silence)));
}

/// The same with the usual times, if nothing was said.
pub(crate) fn ensure() {
    wait_at_most(CONNECTING, SILENCE);
}

#[expect(unsafe_code, reason = "libgit2 keeps these in plain variables of the process")]
fn set(connecting: i32, silence: i32) {
    // SAFETY: what is written is read when a connection is opened, and all that open one come through
    // `ensure` before, which waits for the end of this call. Two numbers can not be refused.
    let set = unsafe {
        git2::opts::set_server_connect_timeout_in_milliseconds(connecting)
            .and(git2::opts::set_server_timeout_in_milliseconds(silence))
    };
    debug_assert!(set.is_ok(), "libgit2 takes any number of milliseconds");
}
