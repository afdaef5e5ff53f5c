//! Comparing manifests: for `diff` and `preview`.

use hld_diag::SourceMap;
use hld_diff::{Comparison, Key, Options};
use hld_source::system_words;
use hld_yaml::Limits;

use super::compiled::show;
use super::manifests::{self, Manifests};
use super::sides::{Environment, Side};
use crate::error::{CommandError, FailureKind};

/// Compares two sets of manifests; what could not be compared is shown.
pub(super) fn compare(
    name: String,
    before: &Manifests<'_>,
    after: &Manifests<'_>,
) -> Result<Comparison, CommandError> {
    let options = Options { key: random_key()?, limits: Limits::of_bytes(manifests::MOST_BYTES) };
    let run = |sources: Option<&SourceMap>| {
        hld_diff::compare(&before.inputs(sources), &after.inputs(sources), &options)
    };
    let outcome = run(None);
    if !outcome.diagnostics.is_empty() {
        // Only now somebody wants to know where what is: most runs need no copy of the texts for that.
        let sources = SourceMap::default();
        show(run(Some(&sources)).diagnostics, &sources)?;
    }
    Ok(Comparison { name, difference: outcome.difference })
}

/// What two sides came to.
pub(super) struct Compared {
    pub(super) comparisons: Vec<Comparison>,
    /// Environments that do not compile on one side.
    pub(super) left_out: Vec<String>,
    /// Environments that only the first side has.
    pub(super) gone: Vec<String>,
    /// Environments that only the second side has.
    pub(super) new: Vec<String>,
}

/// Compares the environments of two sides by their names, in the order of the second side.
pub(super) fn compare_sides(before: &Side, after: &Side) -> Result<Compared, CommandError> {
    let mut compared =
        Compared { comparisons: Vec::new(), left_out: Vec::new(), gone: Vec::new(), new: Vec::new() };
    let of = |side: &Side, name: &str| side.environments.iter().position(|one| one.name == name);
    let only_before = before.environments.iter().filter(|one| of(after, &one.name).is_none());
    for name in after.environments.iter().chain(only_before).map(|one| one.name.clone()) {
        let find = |side: &'_ Side| of(side, &name);
        let pair =
            (find(before).map(|at| &before.environments[at]), find(after).map(|at| &after.environments[at]));
        let pair = match pair {
            // What nothing mentions is not there, if the other side has it.
            (Some(old), Some(new)) if old.is_mentioned != new.is_mentioned => {
                (Some(old).filter(|one| one.is_mentioned), Some(new).filter(|one| one.is_mentioned))
            }
            pair => pair,
        };
        match pair {
            (None, Some(_)) => compared.new.push(name.clone()),
            (Some(_), None) => compared.gone.push(name.clone()),
            _ => {}
        }
        match (manifests_of(pair.0)?, manifests_of(pair.1)?) {
            (Some(old), Some(new)) => compared.comparisons.push(compare(name, &old, &new)?),
            _ => compared.left_out.push(name),
        }
    }
    Ok(compared)
}

/// The manifests of an environment: none if it is not there, `None` if it does not compile.
fn manifests_of(environment: Option<&Environment>) -> Result<Option<Manifests<'_>>, CommandError> {
    match environment {
        None => Ok(Some(Manifests::default())),
        Some(Environment { compilation: None, .. }) => Ok(None),
        Some(Environment { compilation: Some(compilation), .. }) => {
            Manifests::of_compilation(compilation).map(Some)
        }
    }
}

/// The key of the run: nobody knows it, and it is not kept.
pub(super) fn random_key() -> Result<Key, CommandError> {
    let mut bytes = [0; 32];
    let mut filled = 0;
    while filled < bytes.len() {
        let read = rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty());
        filled += read.map_err(|error| {
            let words = system_words(&error.into());
            CommandError::new(FailureKind::Io, format!("the system gives no random bytes: {words}"))
        })?;
    }
    Ok(Key::new(bytes))
}
