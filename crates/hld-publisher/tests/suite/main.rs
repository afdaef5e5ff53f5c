//! Publishing to real repositories: what is written, and what is left alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod crowds;
mod guarding;
mod publishing;
mod races;
mod refusals;
mod rolling_back;
mod support;
