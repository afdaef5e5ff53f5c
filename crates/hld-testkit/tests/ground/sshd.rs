use std::path::Path;
use std::process::Command;

use hld_testkit::sshd::Sshd;

/// What git itself says of a server, with our key and its known hosts alone.
fn ls_remote(sshd: &Sshd, repository: &Path, known_hosts: &Path) -> (bool, String) {
    let options = "-F /dev/null -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o BatchMode=yes";
    let (key, known) = (sshd.key(), known_hosts.display());
    let ssh = format!("ssh {options} -i {} -o UserKnownHostsFile={known}", key.display());
    let mut command = Command::new("git");
    command.args(["ls-remote", &sshd.remote(repository)]).env("GIT_SSH_COMMAND", ssh);
    let output =
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_repository_is_served_until_the_host_key_changes() {
    let folder = tempfile::TempDir::new().unwrap();
    let repository = folder.path().join("bare.git");
    let made = Command::new("git").args(["init", "--quiet", "--bare"]).arg(&repository).status().unwrap();
    assert!(made.success());
    let mut sshd = Sshd::start().unwrap();
    let known_hosts = folder.path().join("known_hosts");
    std::fs::write(&known_hosts, sshd.known_hosts().unwrap()).unwrap();

    let (is_good, said) = ls_remote(&sshd, &repository, &known_hosts);
    assert!(is_good, "{said}\n{}", sshd.said());
    sshd.change_host_key().unwrap();
    let (is_good, said) = ls_remote(&sshd, &repository, &known_hosts);
    assert!(!is_good && said.contains("Host key verification failed"), "{said}");
}
