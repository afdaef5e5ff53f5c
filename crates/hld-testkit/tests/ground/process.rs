use std::path::Path;
use std::process::{Command, Stdio};

use hld_testkit::process::Process;

fn is_running(id: u32) -> bool {
    // A process that has ended and was not waited for is a zombie.
    let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    status.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

#[test]
fn a_server_outlives_the_thread_that_started_it_and_not_its_owner() {
    let folder = tempfile::TempDir::new().unwrap();
    let log = folder.path().join("log");
    let start = move || {
        Process::start(Path::new("/bin/sleep"), &log, |command| {
            command.arg("1000");
        })
    };
    let mut server = std::thread::spawn(start).join().unwrap().unwrap();
    assert!(server.is_running());
    let id = server.id();
    drop(server);
    assert!(!is_running(id));
}

#[test]
fn a_server_that_ends_is_noticed_with_what_it_said() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut server = Process::start(Path::new("/bin/ls"), &folder.path().join("log"), |command| {
        command.arg("/no/such/folder");
    })
    .unwrap();
    let error = server.wait_for("answer", || None::<()>).unwrap_err();
    assert!(error.contains("`ls` has ended") && error.contains("/no/such/folder"), "{error}");
}

/// What a killed test leaves. The test is this program again, told by a variable to be killed.
#[test]
fn a_server_ends_with_a_process_that_is_killed() {
    const ROLE: &str = "HLD_TEST_IS_KILLED";
    if let Some(said) = std::env::var_os(ROLE) {
        let said = Path::new(&said);
        let server = Process::start(Path::new("/bin/sleep"), &said.with_extension("log"), |command| {
            command.arg("1000");
        })
        .unwrap();
        // Written beside and moved: whoever sees it sees the whole.
        std::fs::write(said.with_extension("new"), server.id().to_string()).unwrap();
        std::fs::rename(said.with_extension("new"), said).unwrap();
        std::thread::park();
    }
    let folder = tempfile::TempDir::new().unwrap();
    let said = folder.path().join("id");
    let mut killed = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::a_server_ends_with_a_process_that_is_killed"])
        .env(ROLE, &said)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let id: u32 = poll(|| std::fs::read_to_string(&said).ok()).parse().unwrap();
    assert!(is_running(id));
    killed.kill().unwrap();
    killed.wait().unwrap();
    poll(|| (!is_running(id)).then_some(()));
}

fn poll<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..6000 {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("nothing came in a minute")
}
