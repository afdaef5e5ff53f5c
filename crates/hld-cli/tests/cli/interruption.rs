//! reliability.md 3.D, B048: signals at any moment. The output is the old one or the new one, never
//! a mixture; the next run finds no litter.

use std::collections::BTreeMap;

use rustix::process::Signal;

use crate::support::{Hld, Running, World, open_fifo, receive};

/// How many components there are: enough that writing them takes a while.
const N_COMPONENTS: usize = 300;

/// Manifests of one generation: every one of its files says which.
fn object(generation: usize, n: usize) -> String {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{n}}}\ndata: {{generation: 'g{generation}'}}\n"
    );
    text + &"# filling\n".repeat(100)
}

fn write_generation(world: &World, generation: usize) {
    let mut component = "name: shop\nsubcomponents:\n".to_owned();
    for n in 0..N_COMPONENTS {
        world.write(&format!("m{n}/m.yaml"), object(generation, n));
        component.push_str(&format!("- {{name: m{n}, type: static, path: m{n}}}\n"));
    }
    world.write("component.yaml", component);
}

/// The generation that all files of an environment belong to.
#[track_caller]
fn generation_of(files: &BTreeMap<String, String>) -> usize {
    let generation = |text: &String| {
        let (_, rest) = text.split_once("generation: 'g").expect("a whole file");
        assert!(text.ends_with("# filling\n\n"), "a whole file");
        rest.split_once('\'').unwrap().0.parse().unwrap()
    };
    let mut found: Vec<usize> = files.values().map(generation).collect();
    assert_eq!(found.len(), N_COMPONENTS, "all files are there");
    found.dedup();
    assert_eq!(found.len(), 1, "generations are mixed: {found:?}");
    found[0]
}

/// When a run is interrupted.
#[derive(Clone, Copy)]
enum Moment {
    /// After it has been looked at so often: early, for small numbers.
    Looks(usize),
    /// Once it has staged so many files.
    Staged(usize),
}

/// Starts a run and lets it go on until the moment, or until it has ended.
fn start_and_look<'w>(hld: Hld<'w>, world: &World, moment: Moment) -> Running<'w> {
    let running = hld.start();
    let mut n_looks = 0;
    let has_come = |n_looks| match moment {
        Moment::Looks(n) => n_looks >= n,
        Moment::Staged(n) => n_staged(world).is_some_and(|staged| staged >= n),
    };
    while !has_come(n_looks) && running.is_alive() {
        n_looks += 1;
    }
    running
}

/// How many components are staged; `None` before staging begins.
fn n_staged(world: &World) -> Option<usize> {
    let entries = std::fs::read_dir(world.path("generated/.hld")).ok()?.flatten();
    let mut staging = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("new-"));
    std::fs::read_dir(staging.next()?.path().join("0")).ok().map(Iterator::count)
}

/// Ends runs by the signal at ever later moments and asserts what is found afterwards.
fn interrupt_at_many_moments(signal: Signal, has_tidied_up: bool) {
    let world = World::new(&[]);
    write_generation(&world, 0);
    world.hld("generate --strict").run().exits(0);
    let mut newest = 0;
    let early = (0..8).map(|n| Moment::Looks(1 << n));
    let staged = (0..16).map(|n| Moment::Staged(n * N_COMPONENTS / 15));
    for (moment, generation) in early.chain(staged).zip(1..) {
        write_generation(&world, generation);
        let running = start_and_look(world.hld("generate"), &world, moment);
        let run = running.signal(signal).finish_killed();
        if run.status.code() != Some(0) {
            run.is_ended_by(signal.as_raw());
        }
        let found = generation_of(&run.after.files_in("work/generated/common"));
        assert!(found == newest || found == generation, "{found} is neither {newest} nor {generation}");
        newest = found;
        if has_tidied_up && run.status.code().is_some() {
            let left = run.after.files_in("work/generated/.hld");
            assert!(left.keys().all(|path| path == "lock" || path == "owned/common"), "{:?}", left.keys());
        }
    }
    write_generation(&world, 100);
    let run = world.hld("generate").run();
    run.exits(0);
    assert_eq!(generation_of(&run.after.files_in("work/generated/common")), 100);
    let left = run.after.files_in("work/generated/.hld");
    assert_eq!(left.keys().collect::<Vec<_>>(), ["lock", "owned/common"]);
    assert_eq!(
        std::fs::read_dir(world.path("generated/.hld")).unwrap().count(),
        2,
        "no empty folders either"
    );
}

#[test]
fn b048_interrupt() {
    interrupt_at_many_moments(Signal::INT, true);
}

#[test]
fn b048_terminate() {
    interrupt_at_many_moments(Signal::TERM, true);
}

#[test]
fn b048_hang_up() {
    interrupt_at_many_moments(Signal::HUP, true);
}

#[test]
fn b048_kill() {
    interrupt_at_many_moments(Signal::KILL, false);
}

#[test]
fn b048_broken_pipe_signal_does_not_end_it() {
    let (world, opened, ended) = waiting_for_a_fifo();
    let running = world.hld("generate").start();
    receive(&opened, "helm");
    running.signal(Signal::PIPE).signal(Signal::INT).finish().exits(130).untouched();
    receive(&ended, "the end of helm");
}

#[test]
fn b048_interrupt_while_another_run_writes() {
    use rustix::fs::{FlockOperation, flock};
    let world = World::new(&[]);
    write_generation(&world, 0);
    world.hld("generate").run().exits(0);
    let lock = std::fs::File::open(world.path("generated/.hld/lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    write_generation(&world, 1);
    let running = start_and_look(world.hld("generate"), &world, Moment::Looks(2000));
    let run = running.signal(Signal::INT).finish_killed();
    run.is_ended_by(2);
    assert_eq!(generation_of(&run.after.files_in("work/generated/common")), 0);
    flock(&lock, FlockOperation::Unlock).unwrap();
    world.hld("generate").run().exits(0);
}

#[test]
fn b048_several_runs_at_once() {
    let world = World::new(&[]);
    write_generation(&world, 0);
    let runs: Vec<Running<'_>> = (0..4).map(|_| world.hld("generate").start()).collect();
    for run in runs {
        run.finish().exits(0);
    }
    assert_eq!(generation_of(&world.snapshot().files_in("work/generated/common")), 0);
}

/// A definition with a helm that waits for a signal, and a FIFO that tells about it.
fn waiting_for_a_fifo() -> (World, std::sync::mpsc::Receiver<()>, std::sync::mpsc::Receiver<Vec<u8>>) {
    let world = World::with_helm("exit 1");
    let pipe = world.fifo("pipe");
    world.helm(&format!("exec 3> '{}'; exec sleep 100000", pipe.display()));
    let (opened, ended) = open_fifo(pipe);
    (world, opened, ended)
}
