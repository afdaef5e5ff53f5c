//! Charts through the real helm, beside Fabrikate where it is at hand.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::definition;
use crate::Outcome;
use crate::build::release_hld;

const CHARTS: usize = 200;

/// What Fabrikate takes for the same, where it was measured: 6.7 to 7.7 s on two cores.
const ASKED: f64 = 7.7;

/// Rounds of each measurement; the best counts.
const ROUNDS: usize = 3;

/// `bench charts [--fab PATH]`
pub(crate) fn charts(options: &[&str]) -> Outcome {
    let fab = match options {
        [] => None,
        ["--fab", path] => Some(Path::new(path)),
        _ => return Err("usage: cargo xtask bench charts [--fab PATH]".to_owned()),
    };
    let hld = release_hld()?;
    let helm = hld_testkit::tools::require("helm", hld_testkit::tools::HELM_4)?;
    let work = tempfile::tempdir().map_err(|error| error.to_string())?;
    definition::charts(CHARTS).write(work.path()).map_err(|error| error.to_string())?;
    let ours = best(&hld, work.path(), &helm)?;
    println!("{} components, {CHARTS} of them charts, one environment, best of {ROUNDS}", 2 * CHARTS);
    println!("hld   {ours:.2} s (asked: no more than Fabrikate, {ASKED} s)");
    let Some(fab) = fab else { return Ok(ours <= ASKED) };
    let theirs = best(fab, work.path(), &helm)?;
    println!("fab   {theirs:.2} s in the same run: {:.2} times hld", theirs / ours);
    Ok(ours <= theirs)
}

/// Seconds of `PROGRAM generate` with this helm first on PATH.
fn best(program: &Path, folder: &Path, helm: &Path) -> Result<f64, String> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        std::fs::remove_dir_all(folder.join("generated")).ok();
        let tools = helm.parent().map(Path::to_path_buf).unwrap_or_default();
        let paths = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
        let paths = std::iter::once(tools).chain(paths.unwrap_or_default());
        let path = std::env::join_paths(paths).map_err(|error| error.to_string())?;
        let began = Instant::now();
        let mut command = Command::new(program);
        command.arg("generate").current_dir(folder).env("PATH", path).stdin(Stdio::null());
        let output = command.output().map_err(|error| format!("{}: {error}", program.display()))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        best = best.min(began.elapsed().as_secs_f64());
    }
    Ok(best)
}
