//! `hld publish` as a whole process, beside the script that it takes the place of.
//!
//! Both begin with manifests that differ from what is published in ten files of 10,000 and end when the
//! remote repository has them. The script is given its manifests ready made; hld compiles them as well.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use hld_testkit::git;

use super::{definition, median, timed};
use crate::Outcome;
use crate::build::release_hld;

/// Components, each of which makes a file in each environment.
const COMPONENTS: usize = 1000;

/// How many times faster than the script is asked for.
const ASKED: f64 = 10.0;

/// Rounds of each measurement; the median counts.
const ROUNDS: usize = 7;

/// What Bedrock's build.sh does once it has generated, with a remote in `$1` and manifests in `$2`.
const SCRIPT: &str = "set -e
rm -rf clone
git clone -q --depth 1 \"file://$1\" clone
cd clone
rm -rf ./*/
cp -R \"$2\"/* .
git add -A
git commit -q -m 'Updated k8s manifest files'
git push -q origin HEAD:main
";

/// `bench publish`
pub(crate) fn publish() -> Outcome {
    let hld = release_hld()?;
    let bench = Bench::new(hld).map_err(|error| error.to_string())?;
    let (mut ours, mut compiling, mut script) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let times = bench.round(round).map_err(|error| error.to_string())?;
        // The first publishes everything.
        if round > 0 {
            ours.push(times[0]);
            compiling.push(times[1]);
            script.push(times[2]);
        }
    }
    let (ours, compiling, script) = (median(ours), median(compiling), median(script));
    let n_files = COMPONENTS * definition::ENVIRONMENTS;
    println!("{n_files} files, {} changed, median of {ROUNDS}", definition::ENVIRONMENTS);
    println!("hld publish    {:>8.1} ms, of which {:.1} ms compile", ours * 1000.0, compiling * 1000.0);
    println!("script         {:>8.1} ms without compiling", script * 1000.0);
    let (whole, alone) = (script / ours, script / (ours - compiling).max(0.001));
    println!(
        "the script takes {whole:.1} times as long; without compiling {alone:.1} times (asked: {ASKED})"
    );
    Ok(alone >= ASKED)
}

struct Bench {
    temp: tempfile::TempDir,
    hld: PathBuf,
}

impl Bench {
    fn new(hld: PathBuf) -> io::Result<Self> {
        // Where there is a file system in memory: what is measured is not a disk.
        let memory = Path::new("/dev/shm");
        let temp = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
        for remote in ["ours", "theirs"] {
            git::bare(&temp.path().join(remote))?;
        }
        definition::wide(COMPONENTS).write(&temp.path().join("definition"))?;
        git::git(&temp.path().join("definition"), &["init", "-q"])?;
        let seed = temp.path().join("seed");
        fs::create_dir(&seed)?;
        git::git(&seed, &["init", "-q", "-b", "main"])?;
        git::git(&seed, &["commit", "-q", "--allow-empty", "-m", "start"])?;
        for remote in ["../ours", "../theirs"] {
            git::git(&seed, &["push", "-q", remote, "main"])?;
        }
        Ok(Bench { temp, hld })
    }

    /// Seconds of publishing, of compiling alone, and of the script.
    fn round(&self, round: usize) -> io::Result<[f64; 3]> {
        let path = |name: &str| self.temp.path().join(name);
        let changed = path("definition/g0/c0-0/m0.yaml");
        let text = fs::read_to_string(&changed)?;
        fs::write(&changed, format!("{text}# round {round}\n"))?;
        let remote = path("ours");
        let arguments = ["publish", "--all", "--to", remote.to_str().unwrap_or_default()];
        let ours = timed(|| self.run(&arguments))?;
        let dry = [&arguments[..], &["--dry-run"]].concat();
        let compiling = timed(|| self.run(&["generate", "--all", "--stdout"]))?;
        // Whatever is up to date is up to date: nothing is left of the difference.
        self.run(&dry)?;
        self.run(&["generate", "--all"])?;
        let script = timed(|| {
            let mut shell = Command::new("sh");
            shell.args(["-c", SCRIPT, "sh"]).arg(path("theirs")).arg(path("definition/generated"));
            for who in ["AUTHOR", "COMMITTER"] {
                shell
                    .env(format!("GIT_{who}_NAME"), "bench")
                    .env(format!("GIT_{who}_EMAIL"), "bench@localhost");
            }
            shell.current_dir(self.temp.path()).stdout(Stdio::null()).status()
        })?;
        Ok([ours, compiling, script])
    }

    fn run(&self, arguments: &[&str]) -> io::Result<ExitStatus> {
        let mut command = Command::new(&self.hld);
        command.args(arguments).current_dir(self.temp.path().join("definition"));
        command.env("HLD_CACHE_DIR", cache(self.temp.path()));
        let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(output.status)
    }
}

/// A cache that outlives a run, as on a machine that publishes often.
fn cache(temp: &Path) -> PathBuf {
    temp.join("cache")
}
