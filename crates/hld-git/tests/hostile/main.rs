//! Servers that mean no good: what they list, how they stall, what they say, where they send us.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod names;
mod offers;
mod packs;
mod redirects;
mod support;
mod time;
mod words;
