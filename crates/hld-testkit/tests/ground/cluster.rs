use hld_testkit::cluster::{Cluster, Parts};
use hld_testkit::process::Process;
use hld_testkit::tools;

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: rollout}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: example.com/web:1}]
";

#[test]
fn a_deployment_rolls_out_on_a_real_control_plane() {
    let cluster = Cluster::start(Parts::Nodes).unwrap();
    cluster.kubectl(&["create", "namespace", "rollout"]).unwrap();
    cluster.apply(DEPLOYMENT).unwrap();
    let rolled_out = ["rollout", "status", "deployment/web", "-n", "rollout", "--timeout=120s"];
    cluster.kubectl(&rolled_out).unwrap_or_else(|error| panic!("{error}\n{}", cluster.said()));
    let deployment = cluster.get(&["deployment", "web", "-n", "rollout"]).unwrap();
    assert_eq!(deployment["status"]["readyReplicas"], 3);
}

#[test]
fn the_server_says_its_version_and_refuses_what_no_schema_has() {
    let cluster = Cluster::shared().unwrap();
    let version: serde_json::Value =
        serde_json::from_str(&cluster.kubectl(&["version", "-o", "json"]).unwrap()).unwrap();
    assert_eq!(version["serverVersion"]["gitVersion"], format!("v{}", tools::kubernetes().unwrap()));
    let misspelt = DEPLOYMENT.replace("replicas", "replicsa").replace("rollout", "default");
    let refused = cluster.apply(&misspelt).unwrap_err();
    assert!(refused.contains(".spec.replicsa: field not declared in schema"), "{refused}");
}

#[test]
fn a_service_account_may_do_what_its_roles_say() {
    let cluster = Cluster::shared().unwrap();
    cluster.kubectl(&["create", "namespace", "accounts"]).unwrap();
    cluster.kubectl(&["create", "serviceaccount", "reader", "-n", "accounts"]).unwrap();
    let reader = cluster.kubeconfig_of("accounts", "reader").unwrap();
    let list = || {
        let mut command = cluster.kubectl_command();
        command.args(["get", "configmaps", "-n", "accounts"]).env("KUBECONFIG", &reader);
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (is_allowed, said) = list();
    assert!(!is_allowed && said.contains("system:serviceaccount:accounts:reader"), "{said}");
    cluster
        .kubectl(&[
            "create",
            "rolebinding",
            "read",
            "-n",
            "accounts",
            "--clusterrole=view",
            "--serviceaccount=accounts:reader",
        ])
        .unwrap();
    assert!((0..500).any(|_| list().0), "{:?}", list());
}

#[test]
fn a_program_of_kubebuilder_assets_takes_the_place_of_a_part() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::TempDir::new().unwrap();
    let program = tools::require("apiserver", &tools::control_plane().unwrap()).unwrap();
    let (assets, marker) = (folder.path().join("assets"), folder.path().join("marker"));
    std::fs::create_dir(&assets).unwrap();
    let script =
        format!("#!/bin/sh\ntouch {}\nexec {} kube-apiserver \"$@\"\n", marker.display(), program.display());
    std::fs::write(assets.join("kube-apiserver"), script).unwrap();
    std::fs::set_permissions(assets.join("kube-apiserver"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let log = folder.path().join("log");
    let mut server = Process::start(&program, &log, |command| {
        command.args(["control-plane", "--controllers=false"]).arg(folder.path().join("plane"));
        command.env("KUBEBUILDER_ASSETS", &assets);
    })
    .unwrap();
    server
        .wait_for("line", || std::fs::read_to_string(&log).ok()?.starts_with("ready ").then_some(()))
        .unwrap();
    assert!(marker.exists());
    assert_eq!(server.stop().unwrap(), Some(0));
}
