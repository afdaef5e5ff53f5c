//! The binary against bad input and a bad world: every row of the suite that its commands reach is
//! a test named for it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agent;
mod charts;
mod command_line;
mod component_files;
mod config;
mod diffing;
mod documents;
mod editing;
mod installing;
mod interruption;
#[cfg(feature = "real-programs")]
mod killing;
mod limits;
mod manifests;
mod output;
mod pipelines;
mod previewing;
mod publishing;
mod revisions;
mod showing;
mod support;
mod text;
mod validating;
