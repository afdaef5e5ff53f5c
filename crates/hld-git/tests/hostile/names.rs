//! References with names that nobody gives (B059).

use std::sync::Arc;

use hld_git::{Allowed, ErrorKind, Limits, NoCredentials, Remote, RemoteUrl, Want};
use hld_testkit::git::git;
use hld_testkit::http::{Response, Server};

use crate::support::{ID, begin, few, files, head, line, list, listing, ours, packet, remote};

#[test]
fn b059_references_with_names_of_other_files() {
    let hostile: [&[u8]; 14] = [
        b"refs/heads/../../config",
        b"../config",
        b"config",
        b"HEAD2",
        b"C:x",
        b"refs/heads/C:x",
        b"refs/heads/a\\b",
        b"refs/heads/a\0b",
        b"refs/heads/.git",
        b"refs/heads/x.lock",
        b"/etc/passwd",
        b"refs/heads/-x",
        b"refs/heads/\x1b[31m",
        b"refs/heads/\xff",
    ];
    for name in hostile {
        let other = [ID.as_bytes(), b" ", name, b"\n"].concat();
        let server = Server::start(move |_| {
            list(&[line("HEAD", true), line("refs/heads/main", false), other.clone()])
        })
        .unwrap();
        let (folder, ours) = ours();
        let before = files(folder.path());
        let there = remote(&server.url("/app"), Arc::new(NoCredentials));
        let text = String::from_utf8_lossy(name).into_owned();
        for want in [Want::Any(&text), Want::Branch(text.trim_start_matches("refs/heads/")), Want::Tag(&text)]
        {
            let error = ours.fetch(&there, want, &few()).unwrap_err();
            assert!(!error.message.contains('\x1b'), "{error}");
        }
        let id = "2222222222222222222222222222222222222222".parse().unwrap();
        ours.fetch(&there, Want::Commit { id, near: None }, &few()).unwrap_err();
        drop(ours);
        assert_eq!(files(folder.path()), before, "{text:?}");
    }
}

#[test]
fn b059_hostile_references_beside_good_ones() {
    let names =
        ["refs/heads/../../config", "refs/heads/main/x", "refs/heads/x/y", "refs/heads/x", "refs/tags/a\\b"];
    let (server, commit) = listing(names.map(str::to_owned).to_vec());
    let (folder, ours) = ours();
    let there = remote(&server.url("app"), Arc::new(NoCredentials));
    let config = std::fs::read(folder.path().join("config")).unwrap();
    // With all of the history: every reference is asked for and kept, where it can be.
    let limits = Limits { depth: None, ..few() };
    let short = commit.short();
    assert_eq!(ours.fetch(&there, Want::Any(&short), &limits).unwrap(), commit);
    assert_eq!(ours.fetch(&there, Want::Branch("main"), &limits).unwrap(), commit);
    for want in ["x", "x/y", "x"] {
        assert_eq!(ours.fetch(&there, Want::Branch(want), &limits).unwrap(), commit, "{want}");
    }
    assert_eq!(std::fs::read(folder.path().join("config")).unwrap(), config);
    let known = |path: &std::path::Path| path.starts_with(folder.path().join("refs/hld"));
    let strange = files(&folder.path().join("refs")).into_keys().filter(|path| !known(path));
    assert_eq!(strange.count(), 0);
    assert_eq!(ours.fetch(&there, Want::Branch("main"), &limits).unwrap(), commit);
}

#[test]
fn b059_too_many_references() {
    let (server, _) = listing((0..2000).map(|n| format!("refs/heads/b{n}")).collect());
    let (_folder, ours) = ours();
    let there = remote(&server.url("app"), Arc::new(NoCredentials));
    let error = ours.fetch(&there, Want::Branch("main"), &few()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
    assert!(ours.list(&there, &Limits::default()).unwrap().len() > 2000);
    // A million, by the limits of every day.
    let server = Server::start(|_| {
        Response::script(|out| {
            out.write_all(&[head("advertisement"), begin(), packet(&line("HEAD", true))].concat())?;
            let some: Vec<u8> =
                (0..1000).flat_map(|n| packet(&line(&format!("refs/heads/b{n}"), false))).collect();
            (0..1000).try_for_each(|_| out.write_all(&some))
        })
    })
    .unwrap();
    let there = remote(&server.url("/app"), Arc::new(NoCredentials));
    assert_eq!(ours.list(&there, &Limits::default()).unwrap_err().kind, ErrorKind::Limit);
}

#[test]
fn b059_branches_that_head_does_not_mean() {
    let targets = [
        "HEAD",
        "refs/heads/gone",
        "refs/heads/../../config",
        "../x",
        "config",
        "refs/heads/\u{1b}[2J",
        "",
        "a b",
    ];
    for target in targets {
        let server = Server::start(move |_| {
            let first = format!("{ID} HEAD\0multi_ack symref=HEAD:{target} shallow\n").into_bytes();
            list(&[first, line("refs/heads/main", false)])
        })
        .unwrap();
        let (folder, ours) = ours();
        let before = files(folder.path());
        let there = remote(&server.url("/app"), Arc::new(NoCredentials));
        let error = ours.fetch(&there, Want::Head, &few()).unwrap_err();
        assert!(!error.message.chars().any(char::is_control), "{error}");
        drop(ours);
        assert_eq!(files(folder.path()), before, "{target:?}");
    }
}

#[test]
fn b059_a_branch_in_latin_1_beside_others() {
    let (server, commit) = listing(Vec::new());
    let bare = server.path("app");
    let packed = [commit.to_string().as_bytes(), b" refs/heads/gr\xfcn\n"].concat();
    std::fs::write(bare.join("packed-refs"), packed).unwrap();
    git(&bare, &["update-ref", "refs/heads/gr\u{fc}n", "main"]).unwrap();
    let url =
        RemoteUrl::parse(bare.to_str().unwrap(), &Allowed { local: true, insecure: Vec::new() }).unwrap();
    let none = Arc::new(NoCredentials);
    for there in [remote(&server.url("app"), none.clone()), Remote::new(url, none)] {
        let (_folder, ours) = ours();
        for name in ["main", "gr\u{fc}n"] {
            assert_eq!(ours.fetch(&there, Want::Branch(name), &few()).unwrap(), commit, "{name}");
        }
        let names = ours.list(&there, &few()).unwrap().into_iter().map(|reference| reference.name);
        assert!(names.collect::<Vec<_>>().contains(&"refs/heads/gr?n".to_owned()));
    }
}
