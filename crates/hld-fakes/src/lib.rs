//! Servers that tests talk to instead of the real ones, in the test's own process.
//!
//! [`FakeApi`] is a Kubernetes API server as far as a client that applies, lists, watches and
//! deletes can tell: server-side apply with managed fields and conflicts, resource versions, UIDs,
//! generations, label selectors, paging, watches, aggregated discovery, CRDs, finalizers. It
//! validates nothing, runs no controller and asks for no credentials.
//!
//! It records every call, can be told to fail or to lose the reply of any of them ([`Fault`]), and
//! can be strict: with [`FakeApi::expect`] a missing and an extra call are both a failure.

mod api;
mod call;
mod discovery;
mod fault;
mod fields;
mod kinds;
mod objects;
mod reply;
mod route;
mod serve;
mod state;
mod watch;

pub use api::FakeApi;
pub use call::Call;
pub use fault::{Effect, Fault};
pub use kinds::Kind;
pub use state::Establish;
