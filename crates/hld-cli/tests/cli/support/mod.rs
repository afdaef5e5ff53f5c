//! A world of its own for each test: a definition, a home, a cache, a canary around them, and a
//! runner for the binary that checks on every run what has to hold for all.
//!
//! What holds for all: the process ends by itself with a documented exit code, it does not panic,
//! nothing outside the definition changes, and no secret is printed.

mod process;
mod run;
mod tree;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub(crate) use process::{Hld, Running, open_fifo, receive};
pub(crate) use run::Run;
pub(crate) use tree::Snapshot;

/// Text that never may be printed: it stands in the environment and in `~/.netrc` of every run.
pub(crate) const SECRET: &str = "c4n4ry-s3cr3t";

/// One manifest.
pub(crate) const MANIFEST: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n";

/// A definition with one static component, `web`.
pub(crate) const SHOP: &str = "name: shop\nsubcomponents:\n- name: web\n  type: static\n  path: ./web\n";

/// A definition with one chart, `web`.
pub(crate) const CHART: &str = "name: shop\nsubcomponents:\n- name: web\n  type: helm\n  path: ./chart\n";

/// The folders of a test.
pub(crate) struct World {
    temp: tempfile::TempDir,
}

impl World {
    /// A definition of these files, which is the top of a repository, with output of old.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let temp = tempfile::Builder::new().prefix("hld-test-").tempdir().unwrap();
        let world = World { temp };
        for folder in ["bin", "home", "cache", "tmp", "work/.git", "canary/inner"] {
            fs::create_dir_all(world.temp.path().join(folder)).unwrap();
        }
        fs::write(world.outside("canary/inner/sings.yaml"), "canary: sings\n").unwrap();
        fs::write(world.outside("home/.netrc"), format!("machine example.org password {SECRET}\n")).unwrap();
        for environment in ["common", "prod"] {
            world.write(&format!("generated/{environment}/old.yaml"), "old: true\n");
        }
        files.iter().for_each(|(path, text)| {
            world.write(path, text);
        });
        world
    }

    /// The static component `web` with this manifest.
    pub(crate) fn with_manifest(text: &str) -> Self {
        World::new(&[("component.yaml", SHOP), ("web/web.yaml", text)])
    }

    /// The static component `web` and this config file `config/common.yaml`.
    pub(crate) fn with_config(text: &str) -> Self {
        World::new(&[("component.yaml", SHOP), ("web/web.yaml", MANIFEST), ("config/common.yaml", text)])
    }

    /// The chart component `web`, and a helm that is this shell script.
    pub(crate) fn with_helm(script: &str) -> Self {
        let world =
            World::new(&[("component.yaml", CHART), ("chart/Chart.yaml", "name: web\nversion: 1.0.0\n")]);
        world.helm(script);
        world
    }

    /// Puts a program `helm` on the PATH of the runs.
    pub(crate) fn helm(&self, script: &str) {
        let path = self.outside("bin/helm");
        fs::write(&path, format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A path of the definition.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.temp.path().join("work").join(path)
    }

    /// A path beside the definition.
    pub(crate) fn outside(&self, path: impl AsRef<Path>) -> PathBuf {
        self.temp.path().join(path)
    }

    /// Writes a file of the definition.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// A large file of the definition that takes no room.
    pub(crate) fn write_sparse(&self, path: &str, bytes: u64) -> &Self {
        self.write(path, "");
        fs::File::options().write(true).open(self.path(path)).unwrap().set_len(bytes).unwrap();
        self
    }

    /// Makes a symbolic link in the definition.
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    /// Makes a FIFO in the definition.
    pub(crate) fn fifo(&self, path: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        path
    }

    /// The text of a file of the definition.
    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Everything there is, as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::take(self.temp.path())
    }

    /// A run of hld with these arguments, which are split at blanks.
    pub(crate) fn hld(&self, arguments: &str) -> Hld<'_> {
        Hld::new(self).args(arguments.split_whitespace().map(OsStr::new))
    }

    /// Runs hld, which refuses with this exit code and these reports and touches nothing.
    pub(crate) fn rejects(&self, arguments: &str, code: i32, reports: &[&str]) -> Run {
        let run = self.hld(arguments).run();
        run.exits(code).untouched();
        reports.iter().for_each(|report| run.reports(report));
        run
    }

    /// Runs `hld generate`, which finds the definition wrong: exit code 1, `error` with the rest of
    /// the report, nothing touched.
    pub(crate) fn is_wrong(&self, reports: &[&str]) -> Run {
        let reports: Vec<String> = reports.iter().map(|report| format!("error{report}")).collect();
        let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
        self.rejects("generate", 1, &reports)
    }

    /// Runs `hld generate` twice. With `--strict` this is an error and touches nothing, without it
    /// is a warning and the output is written.
    pub(crate) fn is_odd(&self, reports: &[&str]) -> Run {
        self.is_wrong_when_strict("generate --strict", reports);
        let run = self.hld("generate").run();
        run.exits(0);
        reports.iter().for_each(|report| run.reports(&format!("warning{report}")));
        run
    }

    /// Runs hld with `--strict` among its arguments, which finds the definition wrong.
    pub(crate) fn is_wrong_when_strict(&self, arguments: &str, reports: &[&str]) {
        let run = self.hld(arguments).run();
        run.exits(1).untouched();
        reports.iter().for_each(|report| run.reports(&format!("error{report}")));
    }

    /// Runs `hld generate`, which has nothing to say about the definition even with `--strict`.
    pub(crate) fn is_fine(&self) -> Run {
        let run = self.hld("generate --strict").run();
        run.exits(0);
        run
    }
}

/// Component text with this entry as only subcomponent: `name: …` or any other line of it.
pub(crate) fn with_subcomponent(line: &str) -> String {
    format!("name: shop\nsubcomponents:\n- {line}\n")
}
