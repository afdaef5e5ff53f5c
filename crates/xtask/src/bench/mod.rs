//! Measurements.

mod yaml;

pub(crate) use yaml::yaml;
