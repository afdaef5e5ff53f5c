//! What servers offer besides objects, and nobody takes (B066).

use std::sync::Arc;

use hld_git::{Allowed, Limits, NoCredentials, PushOutcome, Remote, RemoteUrl, Want};
use hld_testkit::git::{GitServer, git};
use hld_testkit::http::{Response, Server};

use crate::support::{commit, list, ours, remote};

#[test]
fn b066_bundles_packs_elsewhere_and_hooks_of_the_server() {
    let thief = Server::start(|_| Response::new(200, "")).unwrap();
    let server = GitServer::start().unwrap();
    let bare = server.create("app").unwrap();
    let mark = bare.join("hook-ran");
    let hook = format!("touch {}; exec \"$@\"", mark.display());
    for (key, value) in [
        ("uploadpack.advertiseBundleURIs", "true"),
        ("bundle.version", "1"),
        ("bundle.mode", "all"),
        ("bundle.x.uri", &thief.url("/x.bundle")),
        ("uploadpack.allowFilter", "true"),
        ("uploadpack.packObjectsHook", &hook),
        ("receive.advertisePushOptions", "true"),
        ("transfer.advertiseSID", "true"),
        ("transfer.advertiseObjectInfo", "true"),
        ("protocol.version", "2"),
    ] {
        git(&bare, &["config", key, value]).unwrap();
    }
    let (_folder, ours) = ours();
    let one = commit(&ours, "1");
    let blob = ours.entries(ours.tree_of(one).unwrap()).unwrap()[0].id;
    let elsewhere = format!("{blob} {} {}", "1".repeat(40), thief.url("/x.pack"));
    git(&bare, &["config", "uploadpack.blobPackfileUri", &elsewhere]).unwrap();
    let there = remote(&server.url("app"), Arc::new(NoCredentials));
    assert_eq!(ours.push(&there, (one, None), "main").unwrap(), PushOutcome::Accepted);
    let url =
        RemoteUrl::parse(bare.to_str().unwrap(), &Allowed { local: true, insecure: Vec::new() }).unwrap();
    for there in [there, Remote::new(url, Arc::new(NoCredentials))] {
        let (_folder, ours) = crate::support::ours();
        assert_eq!(ours.fetch(&there, Want::Head, &Limits::default()).unwrap(), one);
        assert!(ours.has(blob).unwrap(), "it came with the rest");
    }
    assert_eq!(thief.requests(), []);
    assert!(!mark.exists(), "what a repository says is no program for its readers");
    for request in server.http().requests() {
        assert_eq!(request.header("git-protocol"), None);
        let words = String::from_utf8_lossy(&request.body).into_owned();
        assert!(!words.contains("bundle-uri") && !words.contains("packfile-uris"), "{words}");
        assert!(!words.contains("server-option") && !words.contains("filter"), "{words}");
    }
}

#[test]
fn b066_capabilities_that_nobody_knows() {
    let (folder, ours) = ours();
    let one = commit(&ours, "1");
    let server = Server::start(move |_| {
        let capabilities = "bundle-uri=http://127.0.0.1:1/x packfile-uris=http,https server-option object-info \
                            filter agent=x session-id=y symref=HEAD:refs/heads/main symref=a:a push-cert=z";
        list(&[format!("{one} HEAD\0{capabilities}\n").into_bytes(), format!("{one} refs/heads/main\n").into_bytes()])
    })
    .unwrap();
    let there = remote(&server.url("/app"), Arc::new(NoCredentials));
    assert_eq!(ours.fetch(&there, Want::Head, &Limits::default()).unwrap(), one, "it is here already");
    let found = ours.list(&there, &Limits::default()).unwrap();
    assert_eq!(found.len(), 2);
    assert!(!folder.path().join("refs/heads/main").exists());
}
