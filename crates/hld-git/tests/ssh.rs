//! Repositories on a real OpenSSH server: keys, known hosts, and servers that are not who they say.

#![cfg(feature = "real-programs")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use hld_git::{
    Allowed, Content, Credential, Credentials, ErrorKind, GitError, KeySource, Limits, ObjectId, PushOutcome,
    Reach, Remote, RemoteRef, RemoteUrl, Repository, Signature, TreeFile, Want,
};
use hld_testkit::git::{bare, git};
use hld_testkit::sshd::Sshd;
use tempfile::TempDir;

/// How long a server may be silent here. The machine may be busy with all other tests.
const SILENCE: Duration = Duration::from_secs(5);

/// A server, a bare repository, a repository of ours and a file of known hosts.
struct World {
    sshd: Sshd,
    folder: TempDir,
    ours: Repository,
}

impl World {
    fn new(options: &[&str]) -> World {
        hld_git::wait_at_most(Duration::from_secs(20), SILENCE);
        let folder = TempDir::new().unwrap();
        let sshd = Sshd::start_with(options).unwrap();
        bare(&folder.path().join("app.git")).unwrap();
        let ours = Repository::create(&folder.path().join("ours")).unwrap();
        std::fs::write(folder.path().join("known_hosts"), sshd.known_hosts().unwrap()).unwrap();
        World { sshd, folder, ours }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn remote(&self, credential: Credential) -> Remote {
        let url = RemoteUrl::parse(&self.sshd.remote(&self.path("app.git")), &Allowed::default()).unwrap();
        Remote::new(url, Arc::new(Fixed(credential))).known_hosts(vec![self.path("known_hosts")])
    }

    fn list(&self, credential: Credential) -> Result<Vec<RemoteRef>, GitError> {
        self.ours.list(&self.remote(credential), &Limits::default())
    }

    fn key(&self) -> Credential {
        key_file(&self.sshd.key())
    }
}

#[derive(Clone)]
struct Fixed(Credential);

impl Credentials for Fixed {
    fn find(&self, _: &RemoteUrl) -> Result<Vec<Credential>, GitError> {
        Ok(vec![self.0.clone()])
    }
}

fn key_file(path: &Path) -> Credential {
    Credential::SshKey { private: KeySource::File(path.to_owned()), passphrase: None }
}

fn commit(repository: &Repository, text: &str) -> ObjectId {
    let blob = repository.write_blob(text.as_bytes()).unwrap();
    let tree = repository.write_tree(&[TreeFile { path: "a".into(), blob }]).unwrap();
    let signature = Signature { name: "T".into(), email: "t@example".into(), seconds: 0, offset: 0 };
    repository.commit(&Content { tree, parents: &[], signature: &signature, message: "change" }).unwrap()
}

#[test]
fn a_repository_is_pushed_to_and_fetched_over_ssh() {
    let world = World::new(&[]);
    let remote = world.remote(world.key());
    let one = commit(&world.ours, "1");
    assert_eq!(world.ours.push(&remote, (one, None), "main").unwrap(), PushOutcome::Accepted);
    assert_eq!(git(&world.path("app.git"), &["rev-parse", "main"]).unwrap(), one.to_string());

    let text = std::fs::read_to_string(world.sshd.key()).unwrap();
    let in_memory = Credential::SshKey { private: KeySource::Text(text.as_str().into()), passphrase: None };
    let other = Repository::create(&world.path("other")).unwrap();
    let limits = Limits { depth: Some(1), ..Limits::default() };
    assert_eq!(other.fetch(&world.remote(in_memory), Want::Branch("main"), &limits).unwrap(), one);
}

#[test]
fn b059_a_branch_in_latin_1_is_passed_over() {
    let world = World::new(&[]);
    let one = commit(&world.ours, "1");
    assert_eq!(
        world.ours.push(&world.remote(world.key()), (one, None), "main").unwrap(),
        PushOutcome::Accepted
    );
    let packed = [one.to_string().as_bytes(), b" refs/heads/gr\xfcn\n"].concat();
    std::fs::write(world.path("app.git").join("packed-refs"), packed).unwrap();
    let names: Vec<_> =
        world.list(world.key()).unwrap().into_iter().map(|reference| reference.name).collect();
    assert_eq!(names, ["HEAD", "refs/heads/main"]);
}

#[test]
fn b040_b070_what_is_looked_at_before_a_server_is_asked() {
    let world = World::new(&[]);
    let remote = || world.remote(world.key());
    let list = |remote: Remote| world.ours.list(&remote, &Limits::default());
    assert!(list(remote()).is_ok());
    let error = list(remote().within(Reach::Public(Vec::new()))).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert!(error.message.contains("127.0.0.1 is not a public one"), "{error}");
    let named = vec![remote().url.authority()];
    assert!(list(remote().within(Reach::Public(named))).is_ok());
    let error = list(remote().known_hosts(vec!["/dev/zero".into()])).unwrap_err();
    assert!(error.message.contains("known hosts in `/dev/zero`"), "{error}");
}

#[test]
fn f25_hashed_known_hosts_are_read() {
    let world = World::new(&[]);
    let known = world.path("known_hosts");
    let hashed = Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(&known).output().unwrap();
    assert!(hashed.status.success());
    assert!(std::fs::read_to_string(&known).unwrap().starts_with("|1|"));
    assert_eq!(world.list(world.key()).unwrap(), []);
}

#[test]
fn f25_an_unknown_host_is_refused_and_not_learned() {
    let world = World::new(&[]);
    std::fs::write(world.path("known_hosts"), "").unwrap();
    let error = world.list(world.key()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Untrusted, "{error}");
    let [shown, _] = world.sshd.fingerprints().unwrap();
    assert!(error.message.contains(&shown), "{error}");
    assert_eq!(std::fs::read_to_string(world.path("known_hosts")).unwrap(), "");
    assert!(!world.sshd.said().contains("Accepted"), "no key was offered: {}", world.sshd.said());
}

#[test]
fn f25_a_changed_host_key_is_refused_with_both_fingerprints() {
    let mut world = World::new(&[]);
    world.sshd.change_host_key().unwrap();
    let error = world.list(world.key()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Untrusted, "{error}");
    let [known, shown] = world.sshd.fingerprints().unwrap();
    assert!(error.message.contains(&known) && error.message.contains(&shown), "{error}");
    let n_connections = world.sshd.said().matches("[preauth]").count();
    assert!(n_connections <= 1, "it tried again: {}", world.sshd.said());
}

#[test]
fn f25_a_revoked_host_key_is_refused() {
    let world = World::new(&[]);
    let known = world.sshd.known_hosts().unwrap();
    std::fs::write(world.path("known_hosts"), format!("{known}@revoked {known}")).unwrap();
    let error = world.list(world.key()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Untrusted, "{error}");
    assert!(error.message.contains("revoked"), "{error}");
}

#[test]
fn f26_a_key_that_others_may_read_is_not_used() {
    let world = World::new(&[]);
    std::fs::set_permissions(world.sshd.key(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = world.list(world.key()).unwrap_err();
    assert!(error.message.contains("mode 0644") && error.message.contains("chmod 600"), "{error}");
    assert_eq!(error.kind, ErrorKind::Credentials, "{error}");
}

#[test]
fn f26_a_key_that_is_not_there_and_one_that_the_server_does_not_know_are_told_apart() {
    let world = World::new(&[]);
    let error = world.list(key_file(&world.path("none"))).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Credentials, "{error}");
    let other = world.path("other_key");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&other)
        .status()
        .unwrap();
    assert!(made.success());
    let error = world.list(key_file(&other)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth, "{error}");
}

#[test]
fn f26_without_the_right_agent_nothing_is_asked() {
    let world = World::new(&[]);
    let error = world.list(Credential::SshAgent).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth, "{error}");
}

#[test]
fn f26_an_encrypted_key_needs_its_passphrase() {
    const PASSPHRASE: &str = "canary-passphrase";
    let world = World::new(&[]);
    let key = world.sshd.key();
    let mut encrypt = Command::new("ssh-keygen");
    encrypt.args(["-q", "-p", "-P", "", "-N", PASSPHRASE, "-f"]).arg(&key);
    assert!(encrypt.output().unwrap().status.success());
    let with = |passphrase: Option<&str>| {
        let passphrase = passphrase.map(Into::into);
        world.list(Credential::SshKey { private: KeySource::File(key.clone()), passphrase })
    };
    assert_eq!(with(Some(PASSPHRASE)).unwrap(), []);
    for wrong in [None, Some("canary-wrong")] {
        let error = with(wrong).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth, "{error}");
        assert!(!error.message.contains("canary"), "{error}");
    }
}

#[test]
fn f26_a_server_with_no_common_key_exchange_is_told() {
    let world = World::new(&["KexAlgorithms=sntrup761x25519-sha512@openssh.com"]);
    let error = world.list(world.key()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Network | ErrorKind::Protocol), "{:?} {error}", error.kind);
}

#[test]
fn f26_a_server_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let world = World::new(&[]);
    let url = format!("ssh://git@{}/app.git", silent.local_addr().unwrap());
    let remote =
        Remote::new(RemoteUrl::parse(&url, &Allowed::default()).unwrap(), Arc::new(Fixed(world.key())));
    let error = world.ours.list(&remote, &Limits::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network, "{error}");
}
