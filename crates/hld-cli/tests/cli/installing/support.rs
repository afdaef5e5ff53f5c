//! Repositories on a server, and definitions that name them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hld_testkit::git::{GitServer, git};
use hld_testkit::http::Response;

use crate::support::{Run, World};

/// A repository `repo` on a server of its own, and a work tree to change it.
pub(super) struct Origin {
    server: GitServer,
    work: tempfile::TempDir,
    saw_token: Arc<AtomicBool>,
}

impl Origin {
    /// A repository with one commit of these files.
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        Origin::with(GitServer::start().unwrap(), Arc::default(), files)
    }

    /// The same behind a login with `user:token`.
    pub(super) fn private(files: &[(&str, &str)], login: &str) -> Self {
        let saw_token = Arc::new(AtomicBool::new(false));
        let saw = saw_token.clone();
        let wanted = format!("Basic {}", base64(login.as_bytes()));
        let server = GitServer::with_faults(move |request, backend| {
            if request.header("authorization") == Some(&wanted) {
                saw.store(true, Ordering::SeqCst);
                return backend(request);
            }
            Response::new(401, "no").header("www-authenticate", "Basic realm=\"x\"")
        });
        Origin::with(server.unwrap(), saw_token, files)
    }

    /// A server that sends everybody to another one.
    pub(super) fn redirecting(to: &Origin) -> Self {
        let other = to.server.http().url("").replace("127.0.0.1", "localhost");
        let server = GitServer::with_faults(move |request, _| {
            Response::redirect(302, &format!("{other}{}", request.target))
        });
        Origin::with(server.unwrap(), Arc::default(), &[("x", "x")])
    }

    fn with(server: GitServer, saw_token: Arc<AtomicBool>, files: &[(&str, &str)]) -> Self {
        let origin = Origin { server, work: tempfile::TempDir::new().unwrap(), saw_token };
        let bare = origin.server.create("repo").unwrap();
        origin.git(&["init", "-q", "-b", "main"]);
        origin.git(&["remote", "add", "origin", bare.to_str().unwrap()]);
        origin.commit(files);
        origin
    }

    /// Changes files and pushes them.
    pub(super) fn commit(&self, files: &[(&str, &str)]) {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        hld_testkit::Files(files.collect()).write(self.work.path()).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "change"]);
        self.git(&["push", "-q", "origin", "HEAD:main"]);
    }

    /// Runs git in the work tree.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        git(self.work.path(), arguments).unwrap()
    }

    /// The work tree.
    pub(super) fn work(&self) -> &Path {
        self.work.path()
    }

    /// The folder of the bare repository.
    pub(super) fn folder(&self) -> PathBuf {
        self.server.path("repo")
    }

    pub(super) fn tip(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    pub(super) fn url(&self) -> String {
        self.server.url("repo")
    }

    pub(super) fn authority(&self) -> String {
        self.server.http().authority()
    }

    pub(super) fn n_requests(&self) -> usize {
        self.server.http().requests().len()
    }

    /// Whether the right token was sent.
    pub(super) fn saw_token(&self) -> bool {
        self.saw_token.load(Ordering::SeqCst)
    }

    /// Whether any login was sent.
    pub(super) fn saw_authorization(&self) -> bool {
        self.server.http().requests().iter().any(|request| request.header("authorization").is_some())
    }
}

/// A definition with one reference, `infra`, to the origin; its `source` stands at 5:11.
pub(super) fn definition(origin: &Origin, fields: &str) -> World {
    let fields = fields.split(", ").map(|field| format!("  {field}\n")).collect::<String>();
    let component = format!(
        "name: shop\nsubcomponents:\n- name: infra\n  type: component\n  source: {}\n  method: git\n{fields}",
        origin.url()
    );
    let world = World::new(&[("component.yaml", &component)]);
    world.write("hld.yaml", insecure(&[origin]));
    world
}

/// hld.yaml that allows these servers.
pub(super) fn insecure(origins: &[&Origin]) -> String {
    let hosts: Vec<String> = origins.iter().map(|origin| format!("'{}'", origin.authority())).collect();
    format!("apiVersion: hld.dev/v1\ninsecure: [{}]\n", hosts.join(", "))
}

/// Files of the world's cache whose names hold `name`.
pub(super) fn files_of_cache(world: &World, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![world.outside("cache")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.file_name().to_string_lossy().contains(name) {
                found.push(entry.path());
            }
        }
    }
    found
}

/// Empties the world's cache.
pub(super) fn clear_cache(world: &World) {
    for entry in std::fs::read_dir(world.outside("cache")).unwrap().flatten() {
        std::fs::remove_dir_all(entry.path()).unwrap();
    }
}

/// Runs `hld generate`, which fetches everything and finds something wrong with it: exit code and
/// report; no output is touched.
pub(super) fn fails(world: &World, code: i32, report: &str) -> Run {
    let before = world.snapshot().files_in("work/generated");
    let run = world.hld("generate").run();
    run.exits(code).reports(report);
    assert_eq!(run.after.files_in("work/generated"), before, "{run}");
    run
}

/// Commits a folder.
pub(super) fn commit_all(folder: &Path) {
    git(folder, &["init", "-q", "-b", "main"]).unwrap();
    git(folder, &["add", "-A"]).unwrap();
    git(folder, &["commit", "-q", "-m", "all"]).unwrap();
}

/// The text as it stands in a login.
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().enumerate().fold(0u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
    out
}
