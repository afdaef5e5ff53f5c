//! Component tree, config and environment to Kubernetes manifests with their provenance.
//!
//! The compiler is a pure function: it sees the outside only through two traits, [`Source`] for
//! files and [`ChartEngine`] for charts. It has no clock, no environment variables and no network,
//! and its result does not depend on the number of threads.
//!
//! *Flow*: a [`Session`] holds what is loaded once; [`compile`] walks the component tree of each
//! environment ([`Tree`]), merges its config ([`Config`]), and renders every component. What is
//! wrong is a diagnostic, and the rest goes on.

#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod chart;
mod compile;
mod component;
mod config;
mod dependencies;
mod environment;
mod format;
mod inject;
mod json;
mod limits;
mod memo;
mod output;
mod path;
mod provenance;
mod raw;
mod remote;
mod render;
mod session;
mod settings;
mod source;
mod tree;

pub use chart::{ChartEngine, ChartError, ChartRequest};
pub use compile::{Compilation, CompiledComponent, compile, trees};
pub use component::{ChartOptions, Component, Kind, Method, Text, name_problem};
pub use config::{Config, Namespace, Subconfig};
pub use environment::{COMMON, DEFAULT_KUBERNETES_VERSION, Environment};
pub use format::{FileFormat, LockFile, LockedChart, LockedFile, LockedGit, LockedSource, ProvenanceFile};
pub use json::from_yaml as json_of;
pub use limits::Limits;
pub use output::{Layout, output_files};
pub use path::{Outside, SourcePath};
pub use provenance::describe;
pub use remote::{Remote, Request};
pub use render::{Origin, Rendered, Resource};
pub use session::{Session, config_names};
pub use settings::{PublishTarget, Settings, SourceSettings};
pub use source::{Entry, EntryKind, Source, SourceError};
pub use tree::{Node, Tree};
