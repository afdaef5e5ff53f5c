//! Source files, spans and diagnostics of `hld`, and how they are shown.
//!
//! Everything that can be wrong with a user's input is a [`Diagnostic`]: a severity, a stable
//! [`Code`], the place in a [`SourceMap`], a message, hints, and the trace of components that led
//! there. Compiling functions collect diagnostics and go on; they never print.
//!
//! This crate knows no files (sources are handed to it) and no terminal (a renderer returns text).
//! Text that came from outside reaches a reader only through [`Untrusted`], which escapes it for
//! the channel it is written to.

#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod code;
mod codes;
mod diagnostic;
pub mod render;
mod source;
mod suggest;
mod untrusted;

pub use code::{Code, Page};
pub use codes::*;
pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity, TracePoint};
pub use source::{FileId, Location, SourceFile, SourceMap, Span};
pub use suggest::nearest;
pub use untrusted::{Untrusted, is_hostile};

/// A value that must not be shown: it has no `Display`, its `Debug` is redacted, and it is
/// overwritten in memory when dropped. `secrecy::ExposeSecret` is the one, greppable way to read it.
pub type Secret = secrecy::SecretString;
