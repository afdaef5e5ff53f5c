//! reliability.md F10 and F37: `hld publish` is killed at every system call that writes, and cancelled at
//! many moments. The branch is where it was or one whole commit further, and the next run needs nobody.

use std::collections::BTreeMap;

use rustix::process::Signal;

use crate::publishing::Remote;
use crate::support::{Hld, World};

/// System calls that write: to files, to the server, to the screen. What `openat` makes is seen at the
/// call that follows.
const WRITES: &str = "write,writev,pwrite64,sendto,sendmsg,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,\
                      unlink,unlinkat,rmdir,symlink,symlinkat,chmod,fchmod,fchmodat,ftruncate,fallocate,fsync,fdatasync,flock";

/// How many files there are.
const N_FILES: usize = 3;

/// Writes the definition's next generation: every file changes, one comes, one goes.
fn write_generation(world: &World, generation: usize) {
    let mut component = "name: shop\nsubcomponents:\n".to_owned();
    for n in 0..N_FILES {
        let name = format!("m{}", if n == 0 { generation % 2 + 10 } else { n });
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\ndata: {{generation: 'g{generation}'}}\n"
        );
        world.write(&format!("{name}/m.yaml"), text);
        component.push_str(&format!("- {{name: {name}, type: static, path: {name}}}\n"));
    }
    world.write("component.yaml", component);
}

/// The generation that a commit publishes, all of it.
#[track_caller]
fn published(remote: &Remote, commit: &str) -> usize {
    let listing = remote.git(&["ls-tree", "-r", "--name-only", commit, "clusters/common"]);
    let files: Vec<&str> = listing.lines().collect();
    assert_eq!(files.len(), N_FILES + 1, "a whole environment: {files:?}");
    let generation = |path: &&str| {
        let text = remote.git(&["show", &format!("{commit}:{path}")]);
        let (_, rest) = text.split_once("generation: 'g").expect("a whole file");
        rest.split_once('\'').unwrap().0.parse::<usize>().unwrap()
    };
    let manifests = files.iter().filter(|path| path.ends_with(".yaml"));
    let mut found: Vec<usize> = manifests.map(generation).collect();
    found.dedup();
    assert_eq!(found.len(), 1, "generations are mixed: {found:?}");
    found[0]
}

/// Publishes a generation in a run that something ends, looks at what is there, and publishes it again.
fn interrupted(world: &World, remote: &Remote, generation: usize, run: impl FnOnce(Hld<'_>)) {
    let tip = remote.tip();
    write_generation(world, generation);
    run(remote.publish(world, "--jobs 1"));
    // The server may still be at work on what it was sent: only what one commit says is one moment.
    let now = remote.tip();
    if now == tip {
        assert_eq!(published(remote, &now), generation - 1);
    } else {
        assert_eq!(remote.git(&["rev-parse", &format!("{now}^")]), tip, "one commit further");
        assert_eq!(published(remote, &now), generation);
    }
    remote.publish(world, "").run().exits(0);
    assert_eq!(remote.git(&["rev-parse", "main^"]), tip, "exactly one commit");
    assert_eq!(published(remote, "main"), generation);
}

fn begin() -> (World, Remote) {
    let (world, remote) = (World::new(&[]), Remote::new());
    remote.git(&["config", "receive.autogc", "false"]);
    write_generation(&world, 0);
    remote.publish(&world, "").run().exits(0);
    (world, remote)
}

/// Runs behind strace, which needs folders of its own.
fn traced(hld: Hld<'_>, world: &World, arguments: &str) -> crate::support::Run {
    let strace = ["/usr/bin/strace", "/usr/local/bin/strace", "/bin/strace"];
    let strace = strace.into_iter().find(|path| std::path::Path::new(path).exists());
    let strace =
        strace.expect("strace is installed: `apt-get install strace`, or `cargo xtask test` as root");
    let log = world.path(".strace");
    hld.behind(&format!("exec {strace} -f -qq -o {} {arguments} \"$@\"", log.display())).run_whatever()
}

#[test]
fn f10_killed_at_every_call_that_writes() {
    let (world, remote) = begin();
    let mut calls = Vec::new();
    interrupted(&world, &remote, 1, |hld| {
        traced(hld, &world, &format!("-e trace={WRITES}")).exits(0);
        calls = calls_of(&world.read(".strace"));
    });
    // Fewer, and they are no longer what writes.
    assert!(calls.len() > 40, "{} calls are all", calls.len());
    let mut n_killed = 0;
    for (generation, (call, n)) in (2..).zip(&calls) {
        interrupted(&world, &remote, generation, |hld| {
            let run = traced(hld, &world, &format!("-e trace={call} -e inject={call}:signal=KILL:when={n}"));
            n_killed += usize::from(run.status.code() != Some(0));
        });
    }
    // How many pieces the last answers of the server come in differs from run to run.
    assert!(n_killed * 5 > calls.len() * 4, "{n_killed} of {} were killed", calls.len());
    remote.git(&["fsck", "--strict"]);
}

/// Every call of a log of strace: its name, and which of this name it is in its thread, as strace counts.
fn calls_of(log: &str) -> Vec<(String, usize)> {
    let mut n_calls: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for line in log.lines().filter(|line| !line.contains("resumed>")) {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((name, _)) = rest.trim_start().split_once('(') else { continue };
        *n_calls.entry((name, thread)).or_default() += 1;
    }
    let mut most: BTreeMap<&str, usize> = BTreeMap::new();
    for ((name, _), n) in n_calls {
        let known = most.entry(name).or_default();
        *known = n.max(*known);
    }
    most.into_iter().flat_map(|(name, most)| (1..=most).map(|n| (name.to_owned(), n))).collect()
}

#[test]
fn f37_cancelled_at_many_moments() {
    let (world, remote) = begin();
    for (generation, n_looks) in (1..).zip((0..24).map(|n| n * n)) {
        let signal = if generation % 2 == 0 { Signal::TERM } else { Signal::KILL };
        interrupted(&world, &remote, generation, |hld| {
            let running = hld.start();
            let n_before = remote.server.http().requests().len();
            let mut n = 0;
            // Up to the server's second request the run is looked at; what follows is short.
            while n < n_looks && running.is_alive() && remote.server.http().requests().len() < n_before + 4 {
                n += 1;
                std::thread::yield_now();
            }
            running.signal(signal).finish_killed();
        });
    }
    remote.git(&["fsck", "--strict"]);
}
