//! A tree of files in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Files by their path, `/` between parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Files {
    /// Every file below `folder`; none where there is no such folder. Links are followed.
    ///
    /// # Errors
    /// Something can not be read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut found = Files::default();
        found.collect(folder, "")?;
        Ok(found)
    }

    fn collect(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && prefix.is_empty() => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                self.collect(&entry.path(), &format!("{path}/"))?;
            } else {
                self.0.insert(path, std::fs::read(entry.path())?);
            }
        }
        Ok(())
    }

    /// Writes them all below `folder`.
    ///
    /// # Errors
    /// Something can not be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for (path, bytes) in &self.0 {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, bytes)?;
        }
        Ok(())
    }

    /// The same without those at or below `path`.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        let below = format!("{path}/");
        self.0.retain(|known, _| known != path && !known.starts_with(&below));
        self
    }

    /// Those below `folder`, by their path below it.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        let prefix = format!("{folder}/");
        let below = self.0.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?, bytes)));
        Files(below.map(|(path, bytes)| (path.to_owned(), bytes.clone())).collect())
    }

    /// The same without empty files.
    #[must_use]
    pub fn without_empty(mut self) -> Self {
        self.0.retain(|_, bytes| !bytes.is_empty());
        self
    }

    /// The first file that differs from `expected`, by name alone or as `compare` says.
    pub fn difference(
        &self,
        expected: &Files,
        compare: impl Fn(&[u8], &[u8]) -> Option<String>,
    ) -> Option<String> {
        if let Some(path) = expected.0.keys().find(|path| !self.0.contains_key(*path)) {
            return Some(format!("{path}: was not written"));
        }
        if let Some(path) = self.0.keys().find(|path| !expected.0.contains_key(*path)) {
            return Some(format!("{path}: was written, but should not be"));
        }
        let mut both = self.0.iter().zip(expected.0.values());
        both.find_map(|((path, ours), theirs)| compare(ours, theirs).map(|what| format!("{path}: {what}")))
    }
}

/// The first line in which two texts differ, for [`Files::difference`].
#[must_use]
pub(crate) fn bytes_difference(ours: &[u8], expected: &[u8]) -> Option<String> {
    if ours == expected {
        return None;
    }
    let (ours, expected) = (String::from_utf8_lossy(ours), String::from_utf8_lossy(expected));
    let same = ours.lines().zip(expected.lines()).take_while(|(ours, theirs)| ours == theirs).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(nothing)").to_owned();
    Some(format!("line {}\n  wrote  {}\n  should {}", same + 1, line(&ours), line(&expected)))
}

impl Files {
    /// The first file that differs in its bytes.
    #[must_use]
    pub fn bytes_difference(&self, expected: &Files) -> Option<String> {
        self.difference(expected, bytes_difference)
    }
}
