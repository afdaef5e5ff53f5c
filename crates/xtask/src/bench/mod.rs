//! Measurements.

mod manifests;
mod yaml;

pub(crate) use yaml::yaml;
