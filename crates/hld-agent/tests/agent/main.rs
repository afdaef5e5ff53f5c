//! The agent as a whole: a repository of git, an API server of ours, and everything that goes wrong.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod commits;
mod drift;
mod faults;
mod kubeconfigs;
mod payloads;
mod program;
mod proofs;
mod settings;
mod stalls;
mod webhooks;
mod world;
