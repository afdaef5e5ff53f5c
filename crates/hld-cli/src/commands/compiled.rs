//! Environments, compiled in memory: for commands that do not write them to a folder.

use hld_compiler::{Compilation, compile};
use hld_diag::{Diagnostic, Diagnostics, SourceMap};

use super::environments::environments;
use crate::definition::Definition;
use crate::error::CommandError;
use crate::gate::Gate;
use crate::options::Environments;
use crate::ui;

/// What is asked of a compilation besides that it has no errors.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demands {
    /// Warnings are errors.
    pub(super) strict: bool,
    /// The manifests pass what `hld validate` checks.
    pub(super) gate: bool,
}

/// The environments, compiled; what is wrong with them has been shown. With one error there are none.
pub(super) fn compiled(
    definition: &Definition,
    asked: &Environments,
    demands: Demands,
) -> Result<Vec<Compilation>, CommandError> {
    let (wanted, warned) = environments(definition, asked)?;
    let helm = definition.helm();
    let session = definition.session(&helm, &wanted)?;
    let compilations = compile(&session, &wanted);
    let mut said = gathered(warned, &compilations);
    if demands.gate {
        let gate = Gate { definition, session: &session, kubernetes: None };
        gate.check(&compilations, &mut said);
    }
    if demands.strict {
        said.make_strict();
    }
    show(said, session.sources())?;
    Ok(compilations)
}

/// What is to be said of environments: how they were asked for, and what compiling them found.
pub(super) fn gathered(warned: Vec<Diagnostic>, compilations: &[Compilation]) -> Diagnostics {
    let mut said = Diagnostics::default();
    said.extend(warned);
    for compilation in compilations {
        said.extend(compilation.diagnostics.clone());
    }
    said
}

/// Shows diagnostics; fails if one of them is fatal.
pub(super) fn show(said: Diagnostics, sources: &SourceMap) -> Result<(), CommandError> {
    let diagnostics: Vec<Diagnostic> = said.into_sorted(sources);
    ui::show(&diagnostics, sources);
    let is_broken = diagnostics.iter().any(|diagnostic| diagnostic.severity.is_fatal());
    if is_broken { Err(CommandError::diagnosed(&diagnostics)) } else { Ok(()) }
}
