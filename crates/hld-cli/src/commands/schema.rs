//! `hld schema`

use hld_compiler::FileFormat;

use crate::error::{CommandError, FailureKind};
use crate::ui;

/// Print the JSON Schema of a file format.
///
/// Editors check a file against it, for example by a first line
/// `# yaml-language-server: $schema=component.schema.json`.
#[derive(clap::Args)]
pub(crate) struct Schema {
    /// component, config, access, hld or provenance; their names when missing.
    file_format: Option<String>,
}

pub(crate) fn run(command: &Schema) -> Result<(), CommandError> {
    let names = || FileFormat::ALL.map(FileFormat::name);
    let Some(name) = &command.file_format else {
        ui::print(&(names().join("\n") + "\n"));
        return Ok(());
    };
    let Some(found) = FileFormat::ALL.into_iter().find(|format| format.name() == name) else {
        let message = format!("there is no schema `{name}`");
        let hint = hld_diag::nearest(name, names()).map_or_else(
            || format!("known are {}", names().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(CommandError::new(FailureKind::Usage, message).hint(hint));
    };
    ui::print(&found.schema());
    Ok(())
}
