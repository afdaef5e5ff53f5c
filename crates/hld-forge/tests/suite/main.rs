//! Comments and statuses on fakes of three forges.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod detecting;
mod failing;
mod fake;
mod github;
mod posting;
mod statuses;
