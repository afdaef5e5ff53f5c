//! `hld init`

use hld_source::system_words;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::naming;
use crate::error::{CommandError, FailureKind};
use crate::options::Global;
use crate::ui;

/// Make a new definition: a root component, a folder of manifests, and config for two environments.
///
/// Existing files are never changed.
#[derive(clap::Args)]
pub(crate) struct Init {
    /// Name of the root component; the folder's name when missing.
    name: Option<String>,
}

const COMPONENT: &str = "\
# yaml-language-server: $schema=https://hld.dev/schemas/component.schema.json
name: NAME
subcomponents:
  - name: hello
    type: template
    path: ./hello
";

const MANIFEST: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: hello
data:
  greeting: {{ values.greeting | quote }}
  environment: {{ environment.name | quote }}
";

const COMMON: &str = "\
subcomponents:
  hello:
    config:
      greeting: hello
";

const PROD: &str = "\
subcomponents:
  hello:
    config:
      greeting: hello from prod
";

pub(crate) fn run(global: &Global, command: &Init) -> Result<(), CommandError> {
    let folder = &global.directory;
    let name = match &command.name {
        Some(name) => name.clone(),
        None => naming::folder_name(folder),
    };
    naming::check_component_name(&name)?;
    for existing in ["component.yaml", "component.json"].map(|file| folder.join(file)) {
        if existing.symlink_metadata().is_ok() {
            let message = format!("`{}` exists already", existing.display());
            return Err(CommandError::new(FailureKind::Definition, message)
                .hint("this folder is a definition: try `hld generate`"));
        }
    }
    let component = COMPONENT.replace("NAME", &name);
    let files = [
        ("component.yaml", component.as_str()),
        ("hello/configmap.yaml", MANIFEST),
        ("config/common.yaml", COMMON),
        ("config/prod.yaml", PROD),
    ];
    for folder in ["hello", "config"].map(|below| folder.join(below)) {
        if folder.is_symlink() {
            let message = format!("`{}` is a symbolic link: nothing is written through it", folder.display());
            return Err(
                CommandError::new(FailureKind::Refused, message).hint("remove it, or go to an empty folder")
            );
        }
    }
    for (path, text) in files {
        create(&folder.join(path), text)?;
        ui::note(&format!("created {path}"));
    }
    ui::note("compile it with `hld generate prod`");
    Ok(())
}

/// Writes a new file; one that is there already stays as it is.
fn create(path: &Path, text: &str) -> Result<(), CommandError> {
    let failed = |error: &std::io::Error| {
        CommandError::new(
            FailureKind::Io,
            format!("writing `{}` failed: {}", path.display(), system_words(error)),
        )
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    }
    match File::create_new(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map_err(|error| failed(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}
