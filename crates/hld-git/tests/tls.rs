//! Repositories on a real forge over TLS: whom a server has to show itself to be.

#![cfg(feature = "real-programs")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::Command;
use std::sync::Arc;

use hld_diag::Secret;
use hld_git::{
    Allowed, Credential, Credentials, ErrorKind, GitError, Limits, Remote, RemoteUrl, Repository, Want,
};
use hld_testkit::gitea::{Gitea, PASSWORD, USER};

/// Logs in, and says that it was asked to.
struct Login;

impl Credentials for Login {
    fn find(&self, _: &RemoteUrl) -> Result<Vec<Credential>, GitError> {
        Ok(vec![Credential::Password { user: USER.to_owned(), secret: Secret::from(PASSWORD) }])
    }
}

/// Fetches the branch `main` of `url`.
fn fetch(url: &str) -> Result<(), GitError> {
    let folder = tempfile::TempDir::new().unwrap();
    let ours = Repository::create(folder.path()).unwrap();
    let remote = Remote::new(RemoteUrl::parse(url, &Allowed::default()).unwrap(), Arc::new(Login));
    ours.fetch(&remote, Want::Branch("main"), &Limits::default()).map(drop)
}

/// Where OpenSSL finds authorities besides those of the system is said by a variable, which a test can not
/// set for itself: this test is its own child, told the address by others.
#[test]
fn a_server_is_who_an_authority_says_it_is() {
    const ADDRESS: &str = "HLD_TEST_TLS_ADDRESS";
    const ANSWER: &str = "HLD_TEST_TLS_ANSWER";
    if let Ok(url) = std::env::var(ADDRESS) {
        let said = match fetch(&url) {
            Ok(()) => "fetched".to_owned(),
            Err(error) => format!("{:?}: {error}", error.kind),
        };
        return std::fs::write(std::env::var_os(ANSWER).unwrap(), said).unwrap();
    }
    let gitea = Gitea::start_with_tls().unwrap();
    gitea.call("POST", "user/repos", Some(&private_repository())).unwrap();
    let said = |url: &str, authorities: &std::path::Path| {
        let answer = tempfile::NamedTempFile::new().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "a_server_is_who_an_authority_says_it_is"]);
        child.env(ADDRESS, url).env(ANSWER, answer.path()).env("SSL_CERT_FILE", authorities);
        child.output().unwrap();
        std::fs::read_to_string(answer.path()).unwrap()
    };
    let url = gitea.remote("app");
    assert!(said(&url, &gitea.certificate()).contains("fetched"), "{}", said(&url, &gitea.certificate()));

    let nobody = said(&url, "/dev/null".as_ref());
    assert!(nobody.contains(&format!("{:?}: ", ErrorKind::Untrusted)), "{nobody}");
    let other_name = said(&url.replace("127.0.0.1", "localhost"), &gitea.certificate());
    assert!(other_name.contains(&format!("{:?}: ", ErrorKind::Untrusted)), "{other_name}");
    assert!(!nobody.contains(PASSWORD) && !other_name.contains(PASSWORD));
}

fn private_repository() -> serde_json::Value {
    serde_json::json!({"name": "app", "auto_init": true, "default_branch": "main", "private": true})
}
