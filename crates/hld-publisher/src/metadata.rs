//! `hld.metadata`: the one file that hld keeps beside the manifests of an environment.
//!
//! Its text is YAML, but its name is not: Flux, Argo CD and kubectl read every `.yaml` and `.json`.
//! It holds nothing that depends on the clock or the machine, so that the same publication is the same
//! bytes.

use hld_diag::{BAD_METADATA, Diagnostic, FileId, Span};
use hld_git::ObjectId;
use hld_yaml as yaml;

/// Name of the file, in the folder of the environment.
pub const FILE: &str = "hld.metadata";

/// Most bytes of the file that are read.
pub(crate) const MOST_BYTES: u64 = 64 << 10;

/// Version of the format.
const VERSION: i64 = 1;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Address of the definition's repository, without credentials.
    pub source_repository: Option<String>,
    /// The definition's commit.
    pub source_commit: Option<String>,
    /// Whether files were compiled that differ from that commit.
    pub source_is_modified: bool,
    /// Version of hld that made the manifests.
    pub hld_version: String,
    /// Digest of the definition's `hld.lock`.
    pub lock_digest: Option<String>,
    /// How many objects the manifests hold.
    pub n_objects: usize,
    /// Digest of the manifests, by path: whether somebody has changed them since.
    pub manifests: String,
    /// Why nothing is published to the environment for now.
    pub hold: Option<Hold>,
}

/// Left behind by a rollback: publishing stops until somebody releases it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The definition's commit whose manifests were taken back.
    pub source_commit: Option<String>,
    /// The commit of the manifest repository whose manifests were brought back.
    pub restored: ObjectId,
}

impl Metadata {
    /// The text of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut top = vec![("version", yaml::Value::new(VERSION))];
        let mut source = Vec::new();
        source.extend(self.source_repository.as_ref().map(|text| ("repository", text_value(text))));
        source.extend(self.source_commit.as_ref().map(|text| ("commit", text_value(text))));
        if self.source_is_modified {
            source.push(("modified", yaml::Value::new(true)));
        }
        if !source.is_empty() {
            top.push(("source", map(source)));
        }
        top.push(("hld", text_value(&self.hld_version)));
        top.extend(self.lock_digest.as_ref().map(|digest| ("lock", text_value(digest))));
        top.push(("objects", yaml::Value::new(i64::try_from(self.n_objects).unwrap_or(i64::MAX))));
        top.push(("manifests", text_value(&self.manifests)));
        if let Some(hold) = &self.hold {
            let mut entries = vec![("restored", text_value(&hold.restored.to_string()))];
            entries.extend(hold.source_commit.as_ref().map(|commit| ("commit", text_value(commit))));
            top.push(("hold", map(entries)));
        }
        format!(
            "# Written by hld. It says what is published here; publishing rewrites it.\n{}",
            yaml::emit(&map(top))
        )
    }

    /// Reads the file of the environment in `folder`.
    ///
    /// # Errors
    /// It is not what hld writes, or what a later hld writes.
    pub fn read(bytes: &[u8], folder: &str) -> Result<Self, Diagnostic> {
        let problem = |what: &str| {
            let message = format!("`{folder}/{FILE}` can not be used: {what}");
            Diagnostic::new(BAD_METADATA, Span::NONE, message)
                .hint("bring back the last version of the file that hld wrote; if there is none, remove it")
        };
        let text = std::str::from_utf8(bytes).map_err(|_| problem("it is no text"))?;
        let read = yaml::read(text, FileId::NONE, &yaml::ReadOptions::default());
        let value = read.map_err(|error| problem(&error.to_string()))?.into_single();
        let value = value.ok_or_else(|| problem("it is empty"))?;
        match value.get("version").map(|version| &version.data) {
            Some(yaml::Data::Int(VERSION)) => {}
            Some(yaml::Data::Int(_)) => return Err(problem("a later version of hld has written it")),
            _ => return Err(problem("it says no version")),
        }
        Metadata::decode(&value).ok_or_else(|| problem("an entry is missing or wrong"))
    }

    fn decode(value: &yaml::Value) -> Option<Self> {
        let source = value.get("source");
        let of_source = |key| source.and_then(|source| source.get(key)).and_then(yaml::Value::as_str);
        let n_objects = match value.get("objects")?.data {
            yaml::Data::Int(n) => usize::try_from(n).ok()?,
            _ => return None,
        };
        let hold = match value.get("hold").filter(|hold| !hold.is_null()) {
            Some(hold) => Some(Hold {
                source_commit: hold.get("commit").and_then(yaml::Value::as_str).map(str::to_owned),
                restored: hold.get("restored")?.as_str()?.parse().ok()?,
            }),
            None => None,
        };
        Some(Metadata {
            source_repository: of_source("repository").map(str::to_owned),
            source_commit: of_source("commit").map(str::to_owned),
            source_is_modified: source
                .and_then(|source| source.get("modified"))
                .is_some_and(|modified| modified.data == yaml::Data::Bool(true)),
            hld_version: value.get("hld")?.as_str()?.to_owned(),
            lock_digest: value.get("lock").and_then(yaml::Value::as_str).map(str::to_owned),
            n_objects,
            manifests: value.get("manifests")?.as_str()?.to_owned(),
            hold,
        })
    }
}

fn text_value(text: &str) -> yaml::Value {
    yaml::Value::new(text)
}

fn map(entries: Vec<(&str, yaml::Value)>) -> yaml::Value {
    yaml::Value::new(entries.into_iter().collect::<yaml::Map>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: &str) -> ObjectId {
        digit.repeat(40).parse().unwrap()
    }

    fn metadata(hold: Option<Hold>) -> Metadata {
        Metadata {
            source_repository: Some("https://example.org/shop".to_owned()),
            source_commit: Some("1234567890".to_owned()),
            source_is_modified: hold.is_none(),
            hld_version: "0.1.0".to_owned(),
            lock_digest: None,
            n_objects: 12,
            manifests: "sha256:0a".to_owned(),
            hold,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let holds = [
            None,
            Some(Hold { source_commit: None, restored: id("b") }),
            Some(Hold { source_commit: Some("7e5".into()), restored: id("1") }),
        ];
        for hold in holds {
            let known = metadata(hold);
            assert_eq!(
                Metadata::read(known.to_text().as_bytes(), "prod"),
                Ok(known.clone()),
                "{}",
                known.to_text()
            );
        }
        let bare = Metadata { source_repository: None, source_commit: None, ..metadata(None) };
        assert_eq!(Metadata::read(bare.to_text().as_bytes(), "prod"), Ok(bare));
    }

    #[test]
    fn f28_a_file_that_somebody_broke_is_refused_for_it_may_hold_a_hold() {
        let whole = metadata(None).to_text();
        let broken = ["", "\u{0}", "version: 2\n", "hld: 0.1.0\n", "<<<<<<< HEAD\nversion: 1\n", "- 1\n"];
        for text in broken.into_iter().chain([whole.replace("manifests: ", "manifest: ").as_str()]) {
            let refused = Metadata::read(text.as_bytes(), "prod").unwrap_err();
            assert!(
                refused.message.starts_with("`prod/hld.metadata` can not be used: "),
                "{}",
                refused.message
            );
        }
        assert!(Metadata::read(b"\xff\xfe", "prod").is_err());
    }
}
