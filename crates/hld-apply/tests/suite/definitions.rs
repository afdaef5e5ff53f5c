//! CustomResourceDefinitions (B134): many of them, large ones, and what happens to their objects.

use hld_apply::{Desired, Held, Options, Pruning, Word};
use hld_fakes::{Effect, Establish, Fault};
use serde_json::json;

use crate::world::{Files, World, check_words, config, file, reason, words};

/// The definition of `Widget`, with these annotations.
fn crd(annotations: &str) -> (String, String) {
    definition("Widget", annotations)
}

fn definition(kind: &str, annotations: &str) -> (String, String) {
    let plural = format!("{}s", kind.to_lowercase());
    let text = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
         metadata: {{name: {plural}.example.com, annotations: {{{annotations}}}}}\n\
         spec:\n  group: example.com\n  scope: Namespaced\n  names: {{kind: {kind}, plural: {plural}}}\n  \
         versions: [{{name: v1, served: true, storage: true}}]\n"
    );
    file(&format!("crds/{plural}.yaml"), &text)
}

fn widget(name: &str) -> (String, String) {
    object("Widget", name)
}

fn object(kind: &str, name: &str) -> (String, String) {
    let text =
        format!("apiVersion: example.com/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\n");
    file(&format!("{name}.yaml"), &text)
}

fn allowing(n: usize) -> Options {
    Options { allow_removals: Some(n), ..Options::default() }
}

#[tokio::test]
async fn b134_ten_thousand_crds_come_before_their_objects() {
    let world = World::new();
    world.api.establish(Establish::AfterReads(2));
    let n_crds = 10_000;
    let mut files: Files = (0..n_crds).map(|n| definition(&format!("Kind{n:05}"), "")).collect();
    // Their objects stand in files that sort before and behind.
    files.extend([object("Kind09999", "aa"), object("Kind00000", "zz"), config("web", "1")]);
    let report = world.sync(&files).await;
    assert!(report.is_complete(), "{:?}", report.changes.iter().find(|change| change.reason.is_some()));
    assert_eq!((report.count(Word::Created), report.n_inventory), (n_crds + 3, n_crds + 3));
    let calls = world.calls();
    let patched = |part: &str| calls.iter().position(|call| call.starts_with("PATCH") && call.contains(part));
    let last_crd = calls.iter().rposition(|call| call.starts_with("PATCH") && call.contains("definitions/"));
    assert!(patched("/kind09999s/aa") > last_crd && patched("/kind00000s/zz") > last_crd);
    // It is a fact once, and no work the second time.
    let report = world.sync(&files).await;
    assert_eq!(report.count(Word::Unchanged), n_crds + 3);
    assert_eq!(world.writes(), [""; 0]);
}

#[tokio::test]
async fn b134_a_crd_with_a_large_schema_is_applied_or_refused_by_name() {
    let with_schema = |n_properties: usize| {
        let (path, text) = crd("");
        let properties: String = (0..n_properties)
            .map(|n| {
                format!("          property-{n:06}: {{type: string, description: some words about it}}\n")
            })
            .collect();
        let schema =
            "      schema:\n        openAPIV3Schema:\n          type: object\n          properties:\n";
        let text = text.replace(
            "versions: [{name: v1, served: true, storage: true}]\n",
            &format!("versions:\n    - name: v1\n      served: true\n      storage: true\n{schema}"),
        );
        (path, text + &properties.replace("          property", "            property"))
    };
    // Near what etcd takes.
    let world = World::new();
    let report = world.sync(&[with_schema(18_000), widget("w")].into()).await;
    assert!(report.is_complete(), "{report:?}");
    // Ten megabytes.
    let (path, text) = with_schema(140_000);
    assert!(text.len() > 10_000_000, "{}", text.len());
    let error = Desired::parse([(&path, &text), (&widget("w").0, &widget("w").1)]).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("widgets.example.com") && said.contains("the limit is"), "{said}");
    assert!(said.starts_with("crds/widgets.yaml:1:1: HLD") && said.len() < 300, "{said}");
}

#[tokio::test]
async fn b134_custom_resources_outlive_a_crd_that_leaves_the_repository() {
    let mut world = World::new();
    let keep = config("keep", "1");
    world.sync(&[crd(""), keep.clone()].into()).await;
    // Somebody's objects, which no repository knows.
    let somebodys = json!({
        "apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "orders", "namespace": "shop"},
    });
    world.api.put("an-operator", somebodys);
    let is_there = |world: &World| {
        world.api.object("Widget", "shop/orders").is_some()
            && world.api.object("CustomResourceDefinition", "widgets.example.com").is_some()
    };
    let without: Files = [keep.clone()].into();
    // Neither alone nor with removals allowed, nor after a restart, does the CRD go.
    for options in [Options::default(), allowing(1), allowing(2), Options { prune: false, ..allowing(1) }] {
        let report = world.sync_with(&without, &options).await;
        assert_eq!(report.count(Word::Pruned), 0, "{report:?}");
        assert!(is_there(&world), "{options:?}");
        world.restart();
    }
    let report = world.sync(&without).await;
    assert!(reason(&report, Word::Skipped).contains("`hld.dev/prune: allowed`"), "{report:?}");
    // It says that it may go: now the guard asks, and asks for the right number.
    world.sync(&[crd("hld.dev/prune: allowed"), keep].into()).await;
    for options in [Options::default(), allowing(2), allowing(0)] {
        let report = world.sync_with(&without, &options).await;
        let Pruning::Held { why: Held::Dangerous { n_removed: 1, kinds }, .. } = &report.pruning else {
            panic!("{report:?}")
        };
        assert_eq!(*kinds, ["CustomResourceDefinition"]);
        assert!(is_there(&world) && !report.is_complete());
    }
    let report = world.sync_with(&without, &allowing(1)).await;
    assert_eq!(report.count(Word::Pruned), 1, "{report:?}");
    assert_eq!(world.api.objects("Widget"), [json!(null); 0]);
}

#[tokio::test]
async fn b134_a_commit_that_drops_a_crd_and_its_objects_takes_the_objects_alone() {
    let world = World::new();
    let keep = config("keep", "1");
    world.sync(&[crd(""), widget("ours"), keep.clone()].into()).await;
    let theirs = json!({
        "apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "theirs", "namespace": "shop"},
    });
    world.api.put("kubectl", theirs);
    let report = world.sync(&[keep].into()).await;
    check_words(
        &report,
        &[
            "ConfigMap shop/keep unchanged",
            "CustomResourceDefinition.apiextensions.k8s.io widgets.example.com skipped",
            "Widget.example.com shop/ours pruned",
        ],
    );
    assert!(world.api.object("Widget", "shop/theirs").is_some());
}

#[tokio::test]
async fn b134_while_a_conversion_webhook_is_down_its_kind_alone_waits() {
    let world = World::new();
    let files: Files = [crd(""), widget("a"), widget("b"), config("web", "1")].into();
    world.sync(&files).await;
    let refusal = "conversion webhook for example.com/v1, Kind=Widget failed: connection refused";
    world.api.fault(Fault::always("", "/widgets", Effect::Refuse(500, refusal.to_owned())));
    world.api.fault(Fault::always("", "/widgets/*", Effect::Refuse(500, refusal.to_owned())));
    // One of them is to go, one to change, and another kind is to change.
    let changed = file("a.yaml", &(widget("a").1 + "spec: {size: 2}\n"));
    let next: Files = [crd(""), changed, config("web", "2")].into();
    let report = world.sync(&next).await;
    assert!(!report.is_complete());
    let found = words(&report);
    assert!(found.contains(&"ConfigMap shop/web configured".to_owned()), "{found:?}");
    assert!(found.contains(&"Widget.example.com shop/a failed".to_owned()), "{found:?}");
    assert!(!found.iter().any(|word| word.ends_with("pruned")), "{found:?}");
    world.api.mend();
    assert_eq!(world.api.objects("Widget").len(), 2);
    let report = world.sync(&next).await;
    assert!(report.is_complete() && report.count(Word::Pruned) == 1, "{report:?}");
}
