//! What a sync does, against a fake API server.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod applying;
mod reading;
mod world;
