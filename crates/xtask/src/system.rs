//! Programs of the system that tests need: Debian's packages, installed where that is allowed.

use std::path::Path;
use std::process::Command;

/// A program, and the package that has it.
struct Needed {
    program: &'static str,
    package: &'static str,
}

/// What tests run besides Rust, Go and git.
const NEEDED: &[Needed] = &[
    // What OpenSSL is built with: make, and Perl with its modules, which come with `prove`.
    Needed { program: "make", package: "make" },
    Needed { program: "prove", package: "perl" },
    Needed { program: "curl", package: "curl" },
    Needed { program: "sshd", package: "openssh-server" },
    Needed { program: "ssh-keygen", package: "openssh-client" },
    Needed { program: "openssl", package: "openssl" },
    Needed { program: "strace", package: "strace" },
    Needed { program: "setpriv", package: "util-linux" },
];

/// Where programs lie that only the superuser runs; often not in `PATH`.
const FOLDERS: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/bin"];

/// Installs what is missing when the superuser runs this on a Debian system.
///
/// # Errors
/// Something is missing and can not be installed: its packages.
pub(crate) fn ensure() -> Result<(), String> {
    let packages = missing();
    if packages.is_empty() {
        return Ok(());
    }
    if !rustix::process::geteuid().is_root() || find("apt-get").is_none() {
        return Err(format!("install these packages of Debian, or what they have: {}", packages.join(" ")));
    }
    println!("installing {} …", packages.join(", "));
    let install = |packages: &[&str]| {
        let mut command = apt();
        command.args(["install", "--yes", "--no-install-recommends"]).args(packages);
        command.status().is_ok_and(|status| status.success())
    };
    if !install(&packages) {
        // Lists of packages may be missing or too old.
        let _ = apt().arg("update").status();
        install(&packages);
    }
    let left = missing();
    if left.is_empty() { Ok(()) } else { Err(format!("could not be installed: {}", left.join(" "))) }
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.arg("--quiet").env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn missing() -> Vec<&'static str> {
    NEEDED.iter().filter(|needed| find(needed.program).is_none()).map(|needed| needed.package).collect()
}

fn find(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(FOLDERS.iter().map(|folder| Path::new(folder).to_owned()));
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}
