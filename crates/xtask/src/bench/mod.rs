//! Measurements.

mod agent;
mod charts;
mod compile;
mod definition;
mod diff;
mod manifests;
mod publish;
mod validate;
mod yaml;

pub(crate) use agent::agent;
pub(crate) use charts::charts;
pub(crate) use compile::compile;
pub(crate) use diff::diff;
pub(crate) use publish::publish;
pub(crate) use validate::validate;
pub(crate) use yaml::yaml;

use std::io;
use std::process::ExitStatus;
use std::time::Instant;

use crate::Outcome;

/// Rounds of each measurement of a whole process; the median counts.
const ROUNDS: usize = 15;

/// `bench`: everything.
pub(crate) fn all() -> Outcome {
    let mut enough = true;
    for bench in [yaml(&[]), compile(&[]), charts(&[]), diff(), validate(&[]), publish(), agent()] {
        enough &= bench?;
        println!();
    }
    Ok(enough)
}

/// The medians of the seconds that two processes take, which must succeed: by turns, so that whatever
/// else the machine does slows both.
fn pair(
    mut ours: impl FnMut() -> io::Result<ExitStatus>,
    mut theirs: impl FnMut() -> io::Result<ExitStatus>,
) -> Result<[f64; 2], String> {
    let mut seconds = [(); 2].map(|()| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        seconds[0].push(timed(&mut ours).map_err(|error| error.to_string())?);
        seconds[1].push(timed(&mut theirs).map_err(|error| error.to_string())?);
    }
    Ok(seconds.map(median))
}

/// The seconds that a process takes; it must succeed.
fn timed(run: impl FnOnce() -> io::Result<ExitStatus>) -> io::Result<f64> {
    let start = Instant::now();
    let status = run()?;
    if !status.success() {
        return Err(io::Error::other(format!("a program failed: {status}")));
    }
    Ok(start.elapsed().as_secs_f64())
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
