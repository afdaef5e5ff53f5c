//! Objects that are damaged or mean too much (B060), and those of other repositories (B063).

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use hld_git::{ErrorKind, GitError, Limits, NoCredentials, ObjectId, Repository, TreeLimits, Want};
use hld_testkit::git::{GitServer, git};
use hld_testkit::http::Response;
use sha1::Digest as _;

use crate::support::{fails_to_fetch, ours, packet, remote, serving};

/// Writes an object as it is, whatever git thinks of it; gives its id.
fn write(repository: &std::path::Path, kind: &str, bytes: &[u8]) -> String {
    let mut child = Command::new("git")
        .args(["hash-object", "-w", "--literally", "-t", kind, "--stdin"])
        .current_dir(repository)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

fn binary(id: &str) -> Vec<u8> {
    (0..20).map(|at| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn entry(mode: &str, name: &str, id: &str) -> Vec<u8> {
    [format!("{mode} {name}\0").as_bytes(), &binary(id)].concat()
}

/// Makes `main` of a repository a commit of this tree.
fn set_main(repository: &std::path::Path, tree: &str) -> String {
    let who = "T <t@example> 0 +0000";
    let commit = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n");
    let commit = write(repository, "commit", commit.as_bytes());
    std::fs::write(repository.join("refs/heads/main"), format!("{commit}\n")).unwrap();
    commit
}

/// Fetches `main` and reads every file of it.
fn fetch(ours: &Repository, url: &str, limits: &Limits) -> Result<ObjectId, GitError> {
    let there = remote(url, Arc::new(NoCredentials));
    let commit = ours.fetch(&there, Want::Branch("main"), limits)?;
    for (_, entry) in ours.files(ours.tree_of(commit)?, TreeLimits::default())? {
        ours.blob(entry.id, 1 << 20)?;
    }
    Ok(commit)
}

/// Asserts that nothing of a fetch is left.
fn is_clean(ours: &Repository) {
    let packs = std::fs::read_dir(ours.folder().join("objects/pack")).into_iter().flatten().flatten();
    let left: Vec<_> = packs.map(|entry| entry.file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What packets have in the first channel of the side band.
fn first_channel(mut packets: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Some(length) = packets.get(..4) {
        let length = usize::from_str_radix(std::str::from_utf8(length).unwrap(), 16).unwrap();
        let (whole, rest) = packets.split_at(length.max(4));
        if whole.get(4) == Some(&1) {
            data.extend_from_slice(&whole[5..]);
        }
        packets = rest;
    }
    data
}

/// A server whose packs are changed on their way.
fn changing(change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> GitServer {
    let server = GitServer::with_faults(move |request, backend| match backend(request) {
        Response::Whole { status, headers, body } if request.path().ends_with("git-upload-pack") => {
            let Some(at) = body.windows(4).position(|four| four == b"PACK") else {
                return Response::Whole { status, headers, body };
            };
            let pack = change(first_channel(&body[at - 5..]));
            let packets: Vec<u8> =
                pack.chunks(60_000).flat_map(|part| packet(&[&[1], part].concat())).collect();
            let before = &body[..at - 5];
            Response::Whole { status, headers, body: [before, &packets, b"0000"].concat() }
        }
        response => response,
    })
    .unwrap();
    let bare = server.create("app").unwrap();
    let blobs: Vec<_> =
        (0..3).map(|n| write(&bare, "blob", format!("text {n}\n").repeat(50).as_bytes())).collect();
    let tree: Vec<u8> =
        blobs.iter().zip(["a", "b", "c"]).flat_map(|(id, name)| entry("100644", name, id)).collect();
    set_main(&bare, &write(&bare, "tree", &tree));
    server
}

#[test]
fn b060_packs_that_are_damaged() {
    type Change = fn(Vec<u8>) -> Vec<u8>;
    let changes: [(&str, Change); 9] = [
        ("cut in the middle", |pack| pack[..pack.len() / 2].to_vec()),
        ("without its checksum", |pack| pack[..pack.len() - 20].to_vec()),
        ("only a head", |pack| pack[..12].to_vec()),
        ("nothing", |_| Vec::new()),
        ("wrong checksum", |mut pack| {
            *pack.last_mut().unwrap() ^= 1;
            pack
        }),
        ("4 G objects", |mut pack| {
            pack[8..12].fill(0xff);
            pack
        }),
        ("one object less", |mut pack| {
            pack[11] -= 1;
            pack
        }),
        ("version 9", |mut pack| {
            pack[7] = 9;
            pack
        }),
        ("more behind it", |pack| [pack, vec![7; 5000]].concat()),
    ];
    for (what, change) in changes {
        let server = changing(change);
        let (_folder, ours) = ours();
        let error = fetch(&ours, &server.url("app"), &Limits::default()).unwrap_err();
        let expected = [ErrorKind::Corrupt, ErrorKind::Limit, ErrorKind::Network, ErrorKind::Protocol];
        assert!(expected.contains(&error.kind), "{what}: {:?} {error}", error.kind);
        is_clean(&ours);
    }
    let server = changing(|pack| pack);
    let (_folder, ours) = ours();
    fetch(&ours, &server.url("app"), &Limits::default()).unwrap();
}

#[test]
fn b060_objects_that_point_at_nothing() {
    let server = GitServer::start().unwrap();
    let bare = server.create("app").unwrap();
    // What a server sends is for us to doubt: it does not look itself.
    git(&bare, &["config", "uploadpack.allowAnySHA1InWant", "true"]).unwrap();
    let zero = "0".repeat(40);
    let missing = "1".repeat(40);
    let blob = write(&bare, "blob", b"x");
    for tree in [entry("100644", "a", &zero), entry("40000", "a", &zero), entry("40000", "a", &blob)] {
        set_main(&bare, &write(&bare, "tree", &tree));
        let (_folder, ours) = ours();
        fetch(&ours, &server.url("app"), &Limits::default()).unwrap_err();
    }
    for tree in [&missing, &zero, &blob] {
        set_main(&bare, tree);
        let (_folder, ours) = ours();
        fetch(&ours, &server.url("app"), &Limits::default()).unwrap_err();
        is_clean(&ours);
    }
}

#[test]
fn b060_objects_that_are_larger_than_any() {
    let (_folder, ours) = ours();
    // Entries that nobody follows, with long names.
    let entry = |n: usize| entry("160000", &format!("{n:0240}"), &"1".repeat(40));
    let tree = write(ours.folder(), "tree", &(0..260_000).flat_map(entry).collect::<Vec<u8>>());
    let error = ours.entries(tree.parse().unwrap()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
    let who = "T <t@example> 0 +0000";
    let commit = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\n{}\n", "x".repeat(20 << 20));
    let commit: ObjectId = write(ours.folder(), "commit", commit.as_bytes()).parse().unwrap();
    assert_eq!(ours.tree_of(commit).unwrap_err().kind, ErrorKind::Limit);
    assert_eq!(ours.commit_info(commit).unwrap_err().kind, ErrorKind::Limit);

    let server = GitServer::start().unwrap();
    let bare = server.create("app").unwrap();
    let zeros = write(&bare, "blob", &vec![0; 100 << 20]);
    let entry = [b"100644 a\0", &binary(&zeros)[..]].concat();
    let commit = set_main(&bare, &write(&bare, "tree", &entry));
    let limits = Limits { bytes: 10 << 20, ..Limits::default() };
    assert_eq!(fetch(&ours, &server.url("app"), &limits).unwrap_err().kind, ErrorKind::Limit);
    assert!(!ours.has(commit.parse().unwrap()).unwrap(), "it was stopped before it was kept");
    is_clean(&ours);
}

#[test]
fn b060_tags_of_tags() {
    let server = GitServer::start().unwrap();
    let bare = server.create("app").unwrap();
    let blob = write(&bare, "blob", b"x");
    let tree = [b"100644 a\0", &binary(&blob)[..]].concat();
    let commit = set_main(&bare, &write(&bare, "tree", &tree));
    let mut at = (commit.clone(), "commit");
    for n in 0..2000 {
        let text = format!("object {}\ntype {}\ntag t{n}\ntagger T <t@example> 0 +0000\n\nx\n", at.0, at.1);
        at = (write_loose(&bare, "tag", text.as_bytes()), "tag");
    }
    std::fs::create_dir_all(bare.join("refs/tags")).unwrap();
    std::fs::write(bare.join("refs/tags/deep"), format!("{}\n", at.0)).unwrap();
    let (_folder, ours) = ours();
    let there = remote(&server.url("app"), Arc::new(NoCredentials));
    match ours.fetch(&there, Want::Tag("deep"), &Limits::default()) {
        Ok(found) => assert_eq!(found.to_string(), commit),
        Err(error) => assert!([ErrorKind::NotFound, ErrorKind::Network].contains(&error.kind), "{error}"),
    }
}

/// As [`write`], without a process.
fn write_loose(repository: &std::path::Path, kind: &str, bytes: &[u8]) -> String {
    let repository = git2::Repository::open_bare(repository).unwrap();
    let kind = git2::ObjectType::from_str(kind).unwrap();
    repository.odb().unwrap().write(kind, bytes).unwrap().to_string()
}

#[test]
fn b063_a_repository_of_another_hash() {
    let server = GitServer::start().unwrap();
    let path = server.path("other");
    std::fs::create_dir_all(&path).unwrap();
    git(&path, &["init", "-q", "--bare", "-b", "main", "--object-format=sha256"]).unwrap();
    let empty = git(&path, &["hash-object", "-w", "-t", "tree", "/dev/null"]).unwrap();
    let commit = git(&path, &["commit-tree", &empty, "-m", "x"]).unwrap();
    let (_folder, ours) = ours();
    let local = hld_git::Remote::new(
        hld_git::RemoteUrl::parse(
            &path.display().to_string(),
            &hld_git::Allowed { local: true, insecure: Vec::new() },
        )
        .unwrap(),
        Arc::new(NoCredentials),
    );
    for at in [None, Some(&commit)] {
        if let Some(commit) = at {
            git(&path, &["update-ref", "refs/heads/main", commit]).unwrap();
        }
        for there in [remote(&server.url("other"), Arc::new(NoCredentials)), local.clone()] {
            for want in [Want::Branch("main"), Want::Head, Want::Any(&commit)] {
                let error = ours.fetch(&there, want, &Limits::default()).unwrap_err();
                assert!(error.message.contains("SHA-256") || at.is_none(), "{:?} {error}", error.kind);
            }
        }
    }
    let error = Repository::discover(&path).unwrap_err();
    assert!(error.message.contains("SHA-256"), "{error}");
}

/// A pack of these objects: kind, size that is said, what stands before the data, and the data.
fn pack(objects: &[(u8, u64, &[u8], &[u8])]) -> Vec<u8> {
    let mut bytes = [&b"PACK\0\0\0\x02"[..], &u32::try_from(objects.len()).unwrap().to_be_bytes()].concat();
    for (kind, size, base, data) in objects {
        let mut rest = size >> 4;
        let mut byte = kind << 4 | u8::try_from(size & 15).unwrap();
        while rest > 0 {
            bytes.push(byte | 0x80);
            byte = u8::try_from(rest & 0x7f).unwrap();
            rest >>= 7;
        }
        bytes.push(byte);
        bytes.extend_from_slice(base);
        let mut encoder = flate2::write::ZlibEncoder::new(&mut bytes, flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap();
    }
    let sum = sha1::Sha1::digest(&bytes);
    [bytes, sum.to_vec()].concat()
}

#[test]
fn b060_packs_that_mean_more_than_there_is() {
    let large: u64 = 10 << 30;
    // The sizes of base and result, and copies of the base again and again.
    let sizes = |base: &[u8], result: &[u8]| [base, result].concat();
    let ten_gigabytes = [0x80, 0x80, 0x80, 0x80, 0x28];
    let delta = [sizes(&[16], &ten_gigabytes), b"\x90\x10".repeat(1000)].concat();
    let endless = [0xff; 30];
    let name = [1; 20];
    let n = |bytes: &[u8]| bytes.len() as u64;
    let packs = [
        ("a size", pack(&[(3, large, &[], b"x")])),
        ("a size without end", [&b"PACK\0\0\0\x02\0\0\0\x01\xbf"[..], &[0xff; 20]].concat()),
        ("a result", pack(&[(3, 16, &[], &[7; 16]), (7, n(&delta), &name, &delta)])),
        ("a result by place", pack(&[(3, 16, &[], &[7; 16]), (6, n(&delta), &[0x81, 1], &delta)])),
        ("a result without end", pack(&[(7, n(&endless), &name, &endless)])),
        ("objects", pack(&[]).into_iter().take(8).chain([0xff; 4]).collect()),
    ];
    for (what, pack) in packs {
        for size in [7, 60_000] {
            let packets: Vec<u8> =
                pack.chunks(size).flat_map(|part| packet(&[&[1], part].concat())).collect();
            let body = [packets, b"0000".to_vec()].concat();
            let server = serving(move |out| out.write_all(&body));
            let error = fails_to_fetch(&server);
            assert_eq!(error.kind, ErrorKind::Limit, "{what}: {error}");
        }
    }
    // What is unpacked is more than was said.
    let bomb = pack(&[(3, 10, &[], &vec![0; 100 << 20])]);
    let packets: Vec<u8> = bomb.chunks(60_000).flat_map(|part| packet(&[&[1], part].concat())).collect();
    let server = serving(move |out| out.write_all(&packets));
    assert_eq!(fails_to_fetch(&server).kind, ErrorKind::Corrupt);
}

#[test]
fn b060_deltas_of_nothing() {
    // Sixteen bytes of a base of sixteen.
    let delta: &[u8] = b"\x10\x10\x90\x10";
    let blob: (u8, u64, &[u8], &[u8]) = (3, 16, &[], &[7; 16]);
    let sum = |bytes: &[u8]| sha1::Sha1::digest([b"blob 16\0", bytes].concat()).to_vec();
    let (itself, nobody) = (sum(&[7; 16]), sum(&[8; 16]));
    let packs = [
        ("a base that is not there", pack(&[blob, (7, 4, &nobody, delta)])),
        ("a delta of itself", pack(&[(7, 4, &itself, delta)])),
        ("a base behind it", pack(&[(6, 4, &[0], delta), blob])),
        ("a base before the pack", pack(&[blob, (6, 4, &[0xff, 0xff, 0x7f], delta)])),
        ("a place that no number holds", pack(&[blob, (6, 4, &[&[0xff; 12][..], &[0x7f]].concat(), delta)])),
        ("another size of the base", pack(&[blob, (7, 4, &itself, b"\x11\x10\x90\x10")])),
        ("a copy from behind the base", pack(&[blob, (7, 6, &itself, b"\x10\x10\x91\x10\x10\x10")])),
        ("more than the result", pack(&[blob, (7, 4, &itself, b"\x10\x01\x90\x10")])),
        ("a kind that nobody knows", pack(&[(5, 16, &[], &[7; 16])])),
        ("kind 0", pack(&[(0, 16, &[], &[7; 16])])),
    ];
    for (what, pack) in packs {
        let body = [packet(&[&[1], &pack[..]].concat()), b"0000".to_vec()].concat();
        let server = serving(move |out| out.write_all(&body));
        let error = fails_to_fetch(&server);
        let expected = [ErrorKind::Corrupt, ErrorKind::Network, ErrorKind::Limit];
        assert!(expected.contains(&error.kind), "{what}: {:?} {error}", error.kind);
    }
}
