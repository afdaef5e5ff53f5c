//! A helm that is missing, lies, prints rubbish or never ends.

use rustix::process::Signal;

use crate::support::{CHART, World, open_fifo, receive};

/// A helm that prints one object.
const GOOD: &str = "cat > /dev/null; echo 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}'";

#[test]
fn helm_is_missing() {
    let world = World::new(&[("component.yaml", CHART), ("chart/Chart.yaml", "name: web\n")]);
    world.is_wrong(&["[HLD0502] component.yaml:3:9"]).mentions("go install helm.sh/helm/v4/cmd/helm");
    world.write("hld.yaml", "apiVersion: hld.dev/v1\nhelm: {binary: tools/helm}\n");
    world.is_wrong(&["[HLD0502] component.yaml:3:9"]).mentions("tools/helm");
    world.rejects("doctor", 1, &[]);
}

#[test]
fn helm_is_no_program() {
    let world = World::with_helm(GOOD);
    std::fs::write(world.outside("bin/helm"), "\u{7f}ELF rubbish").unwrap();
    world.is_wrong(&["[HLD0503] component.yaml:3:9"]);
    let world = World::with_helm(GOOD);
    std::fs::remove_file(world.outside("bin/helm")).unwrap();
    std::fs::create_dir(world.outside("bin/helm")).unwrap();
    world.is_wrong(&["[HLD0502] component.yaml:3:9"]);
}

#[test]
fn helm_is_not_looked_for_without_charts() {
    World::with_manifest(crate::support::MANIFEST).is_fine();
}

#[test]
fn helm_fails() {
    let world = World::with_helm(
        "cat > /dev/null; echo 'level=WARN msg=x' >&2; echo 'Error: no such thing' >&2; exit 1",
    );
    world.is_wrong(&["[HLD0503] component.yaml:3:9"]).mentions("no such thing");
    for script in
        ["exit 7", "kill -9 $$", "kill -SEGV $$", "exec < /dev/null > /dev/null 2> /dev/null; exit 1"]
    {
        World::with_helm(script).is_wrong(&["[HLD0503] component.yaml:3:9"]);
    }
}

#[test]
fn helm_fails_with_escape_sequences() {
    let world = World::with_helm(
        "printf 'Error: \\033[2J\\033]0;title\\007\\r##vso[task.setvariable]x\\n' >&2; exit 1",
    );
    let run = world.is_wrong(&["[HLD0503] component.yaml:3:9"]);
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains('\u{7}'), "{:?}", run.stderr);
}

#[test]
fn helm_prints_what_is_no_yaml() {
    for script in [
        "echo 'a: [b'",
        "printf 'kind: \"A\\n'",
        "echo 'kind: A'; printf '\\tx: y\\n'",
        "printf 'a: b: c\\n'",
    ] {
        World::with_helm(script).is_wrong(&["[HLD0404] component.yaml:3:9"]);
    }
    for script in ["printf '\\377\\376x'", "head -c 4096 /bin/sh"] {
        let run = World::with_helm(script).is_wrong(&[]);
        assert!(run.all_reports().iter().any(|report| report.ends_with(" component.yaml:3:9")), "{run}");
    }
}

#[test]
fn helm_prints_what_is_no_object() {
    for (text, word) in [("- a", "a list"), ("text", "a scalar"), ("5", "a scalar")] {
        let world = World::with_helm(&format!("cat > /dev/null; echo '{text}'"));
        world.is_odd(&["[HLD0506] component.yaml:3:9"]).mentions(word);
    }
    World::with_helm("cat > /dev/null; echo '# only a comment'; echo ---; echo '{}'").is_fine();
    World::with_helm("cat > /dev/null").is_fine();
}

#[test]
fn helm_prints_without_end() {
    let world = World::with_helm("cat > /dev/null; exec yes 'a: b'");
    world.is_wrong(&["[HLD0503] component.yaml:3:9"]).mentions("larger than");
    let world = World::with_helm("yes 'Error: no' | head -c 50000000 >&2; exit 1");
    world.is_wrong(&["[HLD0503] component.yaml:3:9"]);
}

#[test]
fn b050_no_room_for_the_threads_that_helm_needs() {
    let world = World::with_helm("cat > /dev/null; echo \"apiVersion: v1\nkind: A\nmetadata: {name: $2}\"");
    let charts = (0..6).map(|n| format!("- {{name: web{n}, type: helm, path: ./chart}}\n"));
    world.write("component.yaml", format!("name: shop\nsubcomponents:\n{}", charts.collect::<String>()));
    for kilobytes in (60_000..420_000).step_by(7_000) {
        let limit = format!("ulimit -v {kilobytes}");
        // Whatever ends it, nothing panics.
        world.hld("generate --jobs 2").behind(&limit).run_whatever();
    }
    world.is_fine();
}

#[test]
fn helm_does_not_read_its_values() {
    let world = World::with_helm("exec < /dev/null; echo 'apiVersion: v1\nkind: A\nmetadata: {name: a}'");
    world.write(
        "config/common.yaml",
        format!("subcomponents: {{web: {{config: {{a: {}}}}}}}\n", "x".repeat(1 << 20)),
    );
    world.is_fine();
}

#[test]
fn helm_gets_no_environment_but_its_own() {
    let world = World::with_helm(
        "cat > /dev/null; echo 'apiVersion: v1\nkind: A\nmetadata: {name: a}\ndata: |'; env | sed 's/^/  /'",
    );
    let run = world
        .hld("generate --stdout")
        .env("GIT_SSH_COMMAND", "x")
        .env("LD_LIBRARY_PATH", "/x")
        .env("KUBECONFIG", "/x")
        .run();
    run.exits(0);
    for name in ["HLD_TEST_TOKEN", "GIT_SSH_COMMAND", "LD_LIBRARY_PATH", "KUBECONFIG=/x"] {
        assert!(!run.stdout.contains(name), "{run}");
    }
}

#[test]
fn helm_leaves_hooks_that_nobody_runs() {
    let hook = "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}";
    let world = World::with_helm(&format!("{GOOD}; echo ---; echo '{hook}'"));
    world.is_odd(&["[HLD0505] component.yaml:3:9"]).mentions("`Pod t`");
}

#[test]
fn chart_is_missing() {
    World::new(&[("component.yaml", CHART)]).is_wrong(&["[HLD0501] component.yaml:5:9"]);
    World::new(&[("component.yaml", CHART), ("chart", "x")]).is_wrong(&["[HLD0501] component.yaml:5:9"]);
    let component = "name: shop\nsubcomponents:\n- name: web\n  type: helm\n  method: git\n  path: y\n";
    World::new(&[("component.yaml", component)]).is_wrong(&["[HLD0217] component.yaml:6:9"]);
}

#[test]
fn chart_with_links_out_of_the_repository() {
    let world = World::with_helm(GOOD);
    world.link("chart/files/passwd", "/etc/passwd");
    world.rejects("generate", 3, &["refused[HLD0108] component.yaml:3:9"]).mentions("chart/files/passwd");
    let world = World::with_helm(GOOD);
    world.link("chart/templates", world.outside("canary"));
    world.rejects("generate", 3, &["refused[HLD0108] component.yaml:3:9"]);
    let world = World::with_helm(GOOD);
    world.fifo("chart/values.yaml");
    world.rejects("generate", 3, &["refused[HLD0108] component.yaml:3:9"]);
}

/// A helm that writes to a FIFO, then hangs until it is killed; the FIFO has its end then.
fn hanging() -> (World, std::path::PathBuf) {
    let world = World::with_helm("exec 3> pipe; exec sleep 100000");
    let pipe = world.fifo("pipe");
    let script = format!("exec 3> '{}'; exec sleep 100000", pipe.display());
    world.helm(&script);
    (world, pipe)
}

#[test]
fn helm_hangs_until_a_signal() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (world, pipe) = hanging();
        let (opened, ended) = open_fifo(pipe);
        let running = world.hld("generate").start();
        receive(&opened, "helm");
        let run = running.signal(signal).finish();
        run.exits(code).untouched();
        receive(&ended, "the end of helm");
    }
}

#[test]
fn helm_hangs_until_two_signals() {
    let (world, pipe) = hanging();
    let (opened, ended) = open_fifo(pipe);
    let running = world.hld("generate").start();
    receive(&opened, "helm");
    let run = running.signal(Signal::INT).signal(Signal::INT).signal(Signal::TERM).finish();
    run.exits(130).untouched();
    receive(&ended, "the end of helm");
}
