//! What a sync does, against a fake API server.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod applying;
mod crashing;
mod definitions;
mod diffing;
mod drifting;
mod failing;
mod pruning;
mod reading;
mod world;
