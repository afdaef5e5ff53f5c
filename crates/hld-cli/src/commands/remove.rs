//! `hld remove`

use crate::document::Document;
use crate::error::{CommandError, FailureKind};
use crate::options::Global;
use crate::ui;

/// Remove a subcomponent from the component in this folder. Everything else stays as it is.
#[derive(clap::Args)]
pub(crate) struct Remove {
    /// Name of the subcomponent.
    name: String,
}

pub(crate) fn run(global: &Global, command: &Remove) -> Result<(), CommandError> {
    let mut document = Document::open(&global.directory, "component")?;
    if document.is_new() {
        let message = format!("no component.yaml or component.json in `{}`", global.directory.display());
        return Err(CommandError::new(FailureKind::Definition, message)
            .hint("name the folder of a component with `-C DIR`"));
    }
    if document.remove_item("subcomponents", &command.name)? {
        document.save()?;
        ui::note(&format!("removed `{}` from {}", command.name, document.path().display()));
    } else {
        ui::note(&format!(
            "{} has no subcomponent `{}`: nothing to do",
            document.path().display(),
            command.name
        ));
    }
    Ok(())
}
