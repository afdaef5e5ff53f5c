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

/// The median of the seconds that a process takes; it must succeed.
fn median(mut run: impl FnMut() -> std::io::Result<std::process::ExitStatus>) -> Result<f64, String> {
    let mut seconds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let status = run().map_err(|error| error.to_string())?;
        seconds.push(start.elapsed().as_secs_f64());
        if !status.success() {
            return Err(format!("a program failed: {status}"));
        }
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[ROUNDS / 2])
}
