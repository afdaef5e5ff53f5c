//! Definitions straight from a commit.

use hld_testkit::git::git;

use crate::support::{CHART, MANIFEST, SHOP, World};

/// A definition that is committed.
pub(crate) fn committed(files: &[(&str, &str)]) -> World {
    let world = World::new(files);
    std::fs::remove_dir_all(world.path("generated")).unwrap();
    git(&world.path(""), &["init", "-q", "-b", "main"]).unwrap();
    git(&world.path(""), &["add", "-A"]).unwrap();
    git(&world.path(""), &["commit", "-q", "-m", "one"]).unwrap();
    world
}

#[test]
fn a_commit_is_compiled_whatever_the_folder_holds() {
    let world = committed(&[("component.yaml", SHOP), ("web/web.yaml", MANIFEST)]);
    world.write("web/web.yaml", "a: [broken").write("hld.yaml", "nonsense");
    let run = world.hld("generate --rev HEAD --stdout").run();
    run.exits(0);
    assert!(run.stdout.contains("kind: ConfigMap"), "{run}");
    world.hld("generate --stdout").run().exits(1);
    std::fs::remove_file(world.path("hld.yaml")).unwrap();
    std::fs::remove_file(world.path("component.yaml")).unwrap();
    world.hld("tree --rev main").run().exits(0);
    world.hld("generate --rev main").run().exits(0);
    assert!(world.read("generated/common/web.yaml").contains("ConfigMap"));
}

#[test]
fn a_chart_of_a_commit_is_rendered_from_a_copy_that_goes_away() {
    let chart = "name: web\nversion: 1.0.0\n";
    let world = committed(&[("component.yaml", CHART), ("chart/Chart.yaml", chart)]);
    world.helm("cat > /dev/null; echo 'apiVersion: v1\nkind: ConfigMap'; echo \"metadata: {name: $(cat $3/Chart.yaml | head -1 | cut -d' ' -f2)}\"");
    world.write("chart/Chart.yaml", "name: other\n");
    let run = world.hld("generate --rev HEAD --stdout").run();
    run.exits(0);
    assert!(run.stdout.contains("name: web"), "{run}");
}

#[test]
fn b052_a_revision_that_is_none_is_refused() {
    let world = committed(&[("component.yaml", SHOP), ("web/web.yaml", MANIFEST)]);
    for revision in ["nothing", "--upload-pack=touch"] {
        let run = world.hld("generate").arg(format!("--rev={revision}")).run();
        run.exits(2);
    }
}
