//! Servers that answer what a test says.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use hld_git::{
    Allowed, Content, Credentials, GitError, Limits, NoCredentials, ObjectId, Remote, RemoteUrl, Repository,
    Signature, TreeFile, Want,
};
use hld_testkit::git::GitServer;
use hld_testkit::http::{Response, Server};

pub(crate) const ID: &str = "1111111111111111111111111111111111111111";

pub(crate) fn remote(url: &str, credentials: Arc<dyn Credentials>) -> Remote {
    let authority = url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let allowed = Allowed { local: false, insecure: vec![authority] };
    Remote::new(RemoteUrl::parse(url, &allowed).unwrap(), credentials)
}

pub(crate) fn ours() -> (tempfile::TempDir, Repository) {
    let folder = tempfile::TempDir::new().unwrap();
    let repository = Repository::create(folder.path()).unwrap();
    (folder, repository)
}

/// A line of the protocol (gitprotocol-common(5)).
pub(crate) fn packet(text: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:04x}", text.len() + 4).into_bytes();
    bytes.extend_from_slice(text);
    bytes
}

/// The head of an answer that promises much.
pub(crate) fn head(what: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/x-git-upload-pack-{what}\r\ncontent-length: 99999999999\r\n\r\n")
        .into_bytes()
}

/// What begins a list of references.
pub(crate) fn begin() -> Vec<u8> {
    [packet(b"# service=git-upload-pack\n"), b"0000".to_vec()].concat()
}

/// An answer that lists these lines.
pub(crate) fn list(lines: &[Vec<u8>]) -> Response {
    let packets: Vec<u8> = lines.iter().flat_map(|line| packet(line)).collect();
    let body = [begin(), packets, b"0000".to_vec()].concat();
    Response::new(200, body).header("content-type", "application/x-git-upload-pack-advertisement")
}

pub(crate) fn line(name: &str, is_first: bool) -> Vec<u8> {
    let capabilities = if is_first { "\0multi_ack side-band-64k ofs-delta shallow" } else { "" };
    format!("{ID} {name}{capabilities}\n").into_bytes()
}

pub(crate) fn few() -> Limits {
    Limits { bytes: 10 << 20, objects: 1000, seconds: 2, refs: 1000, depth: Some(1), ..Limits::default() }
}

/// One byte at a time, and then `x` for ever.
pub(crate) fn slowly(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    for byte in bytes.iter().chain(std::iter::repeat(&b'x')) {
        out.write_all(std::slice::from_ref(byte))?;
        out.flush()?;
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

pub(crate) fn for_ever(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    loop {
        out.write_all(bytes)?;
    }
}

/// A server that lists `main` and answers a request for objects with `talk`.
pub(crate) fn serving(talk: impl Fn(&mut dyn Write) -> io::Result<()> + Send + Sync + 'static) -> Server {
    let talk = Arc::new(talk);
    Server::start(move |request| {
        if request.method == "GET" {
            return list(&[line("HEAD", true), line("refs/heads/main", false)]);
        }
        let shallow = [packet(format!("shallow {ID}").as_bytes()), b"0000".to_vec()].concat();
        if !request.body.ends_with(b"done\n") {
            return Response::new(200, shallow)
                .header("content-type", "application/x-git-upload-pack-result");
        }
        let talk = talk.clone();
        Response::script(move |out| {
            out.write_all(&[head("result"), shallow.clone(), packet(b"NAK\n")].concat())?;
            talk(out)
        })
    })
    .unwrap()
}

pub(crate) fn fails_to_fetch(server: &Server) -> GitError {
    let (folder, ours) = ours();
    let there = remote(&server.url("/app"), Arc::new(NoCredentials));
    let error = ours.fetch(&there, Want::Branch("main"), &few()).unwrap_err();
    drop(ours);
    let left: Vec<_> = std::fs::read_dir(folder.path().join("objects/pack")).into_iter().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    error
}

/// Every file of a repository, with what is in it.
pub(crate) fn files(folder: &std::path::Path) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// A server of a real repository that lists `more` besides what is there.
pub(crate) fn listing(more: Vec<String>) -> (GitServer, ObjectId) {
    let server = GitServer::with_faults(move |request, backend| match backend(request) {
        Response::Whole { status, headers, body } if request.path().ends_with("info/refs") => {
            let end = body.len() - 4;
            let commit = body[..].windows(16).position(|at| at == b"refs/heads/main\n").unwrap() - 41;
            let commit = String::from_utf8(body[commit..commit + 40].to_vec()).unwrap();
            let more = more.iter().flat_map(|name| packet(format!("{commit} {name}\n").as_bytes()));
            let body = body[..end].iter().copied().chain(more).chain(*b"0000").collect();
            Response::Whole { status, headers, body }
        }
        response => response,
    })
    .unwrap();
    server.create("app").unwrap();
    let (_folder, ours) = ours();
    let commit = commit(&ours, "1");
    let pushed = hld_testkit::git::git(
        ours.folder(),
        &["push", "-q", server.path("app").to_str().unwrap(), &format!("{commit}:refs/heads/main")],
    );
    pushed.unwrap();
    (server, commit)
}

pub(crate) fn commit(repository: &Repository, text: &str) -> ObjectId {
    let blob = repository.write_blob(text.as_bytes()).unwrap();
    let tree = repository.write_tree(&[TreeFile { path: "a".into(), blob }]).unwrap();
    let signature = Signature { name: "T".into(), email: "t@example".into(), seconds: 0, offset: 0 };
    repository.commit(&Content { tree, parents: &[], signature: &signature, message: "change" }).unwrap()
}
