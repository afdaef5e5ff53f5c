//! Names of components.

use std::path::Path;

use crate::error::{CommandError, FailureKind};

/// Refuses a name that no component can have.
pub(super) fn check_component_name(name: &str) -> Result<(), CommandError> {
    let problem = if name.is_empty() { Some("it is empty") } else { hld_compiler::name_problem(name) };
    match problem {
        Some(problem) => {
            let message = format!("`{name}` can not be the name of a component: {problem}");
            Err(CommandError::new(FailureKind::Usage, message).hint("use letters, digits, `-` and `.`"))
        }
        None => Ok(()),
    }
}

/// A component's name made of its folder's.
pub(super) fn folder_name(folder: &Path) -> String {
    let real = folder.canonicalize().ok();
    let name = real.and_then(|folder| folder.file_name().map(|name| name.to_string_lossy().into_owned()));
    let name = name.unwrap_or_else(|| "definition".to_owned()).to_lowercase();
    let plain = name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.', "-");
    plain.trim_matches(['-', '.']).to_owned()
}
