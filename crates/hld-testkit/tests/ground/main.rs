//! The servers that tests run on do what tests expect of them, and leave nothing behind.
//!
//! They are the real programs of `cargo xtask tools`, so that these tests are behind `real-programs`.

#![cfg(feature = "real-programs")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod cluster;
mod gitea;
mod process;
mod sshd;
