//! Measurements.

mod charts;
mod compile;
mod definition;
mod diff;
mod manifests;
mod yaml;

pub(crate) use charts::charts;
pub(crate) use compile::compile;
pub(crate) use diff::diff;
pub(crate) use yaml::yaml;

use crate::Outcome;

/// `bench`: everything.
pub(crate) fn all() -> Outcome {
    let mut enough = true;
    for bench in [yaml(&[]), compile(&[]), charts(&[]), diff()] {
        enough &= bench?;
        println!();
    }
    Ok(enough)
}
