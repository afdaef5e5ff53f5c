//! Reading and writing YAML, beside Go's sigs.k8s.io/yaml on the same bytes.

use crate::Outcome;

pub(crate) fn yaml(_options: &[&str]) -> Outcome {
    Err("not measured yet".to_owned())
}
