//! The files of a definition as types: what the JSON Schemas in `schemas/` are made from.
//!
//! These types stand at the border. `hld.yaml` is deserialized into [`settings::SettingsFile`] and
//! turned into [`crate::settings::Settings`] at once. Component and config files follow Fabrikate's
//! lenient reading, which serde can not express: they are decoded by hand, and their types here
//! only say which keys there are ([`keys`]) and what an editor should accept.

mod access;
mod component;
mod config;
mod lock;
mod provenance;
pub(crate) mod settings;

pub(crate) use access::AccessFile;
pub(crate) use component::{ChartCompat, ChartHooks, ComponentFile};
pub(crate) use config::ConfigFile;
pub use lock::{LockFile, LockedChart, LockedFile, LockedGit, LockedSource};
pub use provenance::ProvenanceFile;
pub(crate) use provenance::{ComponentProvenance, EnvironmentProvenance, Place, ResourceProvenance};
pub(crate) use settings::SettingsFile;

use schemars::{JsonSchema, Schema, generate::SchemaSettings};

/// One file format of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// `component.yaml`.
    Component,
    /// `config/<name>.yaml`.
    Config,
    /// `access.yaml`.
    Access,
    /// `hld.yaml`.
    Settings,
    /// `hld.lock`.
    Lock,
    /// What `--provenance` writes.
    Provenance,
}

impl FileFormat {
    /// Every format there is.
    pub const ALL: [FileFormat; 6] = [
        FileFormat::Component,
        FileFormat::Config,
        FileFormat::Access,
        FileFormat::Settings,
        FileFormat::Lock,
        FileFormat::Provenance,
    ];

    /// Its name on the command line; `schemas/<name>.schema.json` is its schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FileFormat::Component => "component",
            FileFormat::Config => "config",
            FileFormat::Access => "access",
            FileFormat::Settings => "hld",
            FileFormat::Lock => "lock",
            FileFormat::Provenance => "provenance",
        }
    }

    /// Its JSON Schema (draft 2020-12), pretty-printed, with a final newline.
    #[must_use]
    pub fn schema(self) -> String {
        let mut schema = match self {
            FileFormat::Component => schema_of::<ComponentFile>(),
            FileFormat::Config => schema_of::<ConfigFile>(),
            FileFormat::Access => schema_of::<AccessFile>(),
            FileFormat::Settings => schema_of::<SettingsFile>(),
            FileFormat::Lock => schema_of::<LockFile>(),
            FileFormat::Provenance => schema_of::<ProvenanceFile>(),
        };
        let id = format!("https://hld.dev/schemas/{}.schema.json", self.name());
        schema.insert("$id".to_owned(), id.into());
        let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
        text + "\n"
    }
}

fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>()
}

/// The keys that a format has at its top level, as its schema names them.
pub(crate) fn keys<T: JsonSchema>() -> Vec<String> {
    let schema = schema_of::<T>();
    let properties = schema.get("properties").and_then(|properties| properties.as_object());
    properties.into_iter().flat_map(|properties| properties.keys().cloned()).collect()
}
