//! YAML as Kubernetes reads and writes it.

mod value;

pub use value::{Data, Map, Value};
