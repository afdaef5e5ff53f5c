//! `cargo xtask schemas`: the JSON Schemas of the file formats, from their types.

use hld_compiler::FileFormat;

use crate::Outcome;

/// Writes `schemas/<format>.schema.json`.
pub(crate) fn run() -> Outcome {
    let folder = hld_testkit::repository().join("schemas");
    for format in FileFormat::ALL {
        let path = folder.join(format!("{}.schema.json", format.name()));
        let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, format.schema()));
        written.map_err(|error| format!("{}: {error}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(true)
}
