//! Chart repositories: an index, and the version of a chart that a constraint means.
//!
//! The rules are Helm's (pkg/repo index.go, `IndexFile.Get`): an entry whose version is written exactly like
//! that comes first, else the newest that the constraint allows. Entries that are no charts are passed over.

use hld_diag::{CHART_REPOSITORY, Diagnostic, FileId, Span, nearest};
use hld_semver::{Constraint, Version};
use hld_yaml::{Data, Value};

use crate::address::shown;
use crate::http::Limit;
use crate::tree;

/// The index of a chart repository.
pub(crate) struct Index {
    entries: Value,
    url: String,
}

/// One version of a chart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// Its version, as it is written.
    pub(crate) version: String,
    /// Where its archive is; relative to the repository, or a whole address.
    pub(crate) url: String,
    /// SHA-256 of its archive, as digits, if the index says so.
    pub(crate) digest: Option<String>,
}

impl Index {
    /// Reads the index of the repository at `url`.
    pub(crate) fn read(bytes: &[u8], url: &str, limit: Limit) -> Result<Self, Diagnostic> {
        let text = hld_yaml::decode(bytes, FileId::NONE).map_err(|error| wrong(url, &error.to_string()))?;
        let bound = usize::try_from(limit.bytes).unwrap_or(usize::MAX);
        let options =
            hld_yaml::ReadOptions { limits: hld_yaml::Limits::of_bytes(bound), ..Default::default() };
        let read = hld_yaml::read(&text, FileId::NONE, &options).map_err(|error| match error.kind {
            hld_yaml::ErrorKind::Limit(_) => tree::limit(&error.to_string(), Some(limit.key)),
            _ => wrong(url, &error.to_string()),
        })?;
        let entries = read.documents.first().and_then(|index| index.get("entries")).cloned();
        let entries = entries.filter(|entries| entries.as_map().is_some());
        Ok(Index { entries: entries.ok_or_else(|| wrong(url, "it has no `entries`"))?, url: url.to_owned() })
    }

    /// The release of `chart` that `wanted` means: a version, a constraint, or nothing for the newest.
    pub(crate) fn find(&self, chart: &str, wanted: &str) -> Result<Release, Diagnostic> {
        let url = shown(&self.url);
        let Some(listed) = self.entries.get(chart).and_then(Value::as_seq) else {
            let names = self.entries.as_map().into_iter().flat_map(|map| map.iter().map(|(name, _)| name));
            let near =
                nearest(chart, names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let message = format!("the chart repository `{url}` has no chart `{chart}`{near}");
            return Err(none(message));
        };
        let found: Vec<(&str, &Value)> =
            listed.iter().filter_map(|entry| Some((text(entry.get("version")?)?, entry))).collect();
        let mut exact = found.iter().filter(|(version, _)| *version == wanted);
        let chosen = match exact.next() {
            Some(chosen) => *chosen,
            None => newest(&found, wanted, chart).map_err(none)?,
        };
        let chosen_release = release(chosen).ok_or_else(|| {
            wrong(&self.url, &format!("`{chart}` {} has no address to get it from", chosen.0))
        })?;
        let mut twins =
            found.iter().filter(|(version, _)| *version == chosen.0).filter_map(|twin| release(*twin));
        if twins.any(|twin| twin.digest != chosen_release.digest) {
            return Err(wrong(
                &self.url,
                &format!("`{chart}` {} stands twice with digests that differ", chosen.0),
            ));
        }
        Ok(chosen_release)
    }
}

/// The newest version that the constraint allows.
fn newest<'v>(
    found: &[(&'v str, &'v Value)],
    wanted: &str,
    chart: &str,
) -> Result<(&'v str, &'v Value), String> {
    let constraint = if wanted.is_empty() { "*" } else { wanted };
    let constraint = Constraint::parse(constraint)
        .map_err(|_| format!("`{wanted}` is no version and no constraint of versions"))?;
    let versions =
        found.iter().filter_map(|(version, entry)| Some((Version::parse(version).ok()?, *version, *entry)));
    let allowed = versions.filter(|(version, ..)| constraint.allows(version));
    let newest = allowed.max_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    newest.map(|(_, version, entry)| (version, entry)).ok_or_else(|| {
        let only_prereleases = !found.is_empty()
            && found
                .iter()
                .all(|(version, _)| Version::parse(version).is_ok_and(|version| version.is_prerelease()));
        let why =
            if only_prereleases { "; it has prereleases only: name one, or write `>=0.0.0-0`" } else { "" };
        format!("no version of the chart `{chart}` is what `{wanted}` asks for{why}")
    })
}

fn release((version, entry): (&str, &Value)) -> Option<Release> {
    let url = entry.get("urls")?.as_seq()?.iter().find_map(text)?;
    let digest = entry.get("digest").and_then(text).filter(|digest| !digest.is_empty());
    let digest = digest.map(|digest| digest.trim_start_matches("sha256:").to_owned());
    Some(Release { version: version.to_owned(), url: url.to_owned(), digest })
}

fn text(value: &Value) -> Option<&str> {
    match &value.data {
        Data::String(text) => Some(text),
        _ => None,
    }
}

fn none(message: String) -> Diagnostic {
    Diagnostic::new(CHART_REPOSITORY, Span::NONE, message)
        .hint("check `path`, the chart's name, and `version`")
}

fn wrong(url: &str, why: &str) -> Diagnostic {
    let message = format!("the index of the chart repository `{}` is wrong: {why}", shown(url));
    Diagnostic::new(CHART_REPOSITORY, Span::NONE, message)
        .hint("`source` is the folder of the repository's index.yaml, without that name")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { bytes: 1 << 20, key: "indexBytes" };

    fn index(text: &str) -> Result<Index, Diagnostic> {
        Index::read(text.as_bytes(), "https://charts.example.org", LIMIT)
    }

    const TEXT: &str = "
apiVersion: v1
entries:
  web:
  - {version: 1.2.0, urls: [web-1.2.0.tgz], digest: aa}
  - null
  - {version: 1.10.0, urls: [web-1.10.0.tgz], created: garbage}
  - {version: 2.0.0-rc.1, urls: [web-2.tgz]}
  - {version: 1.3.0, urls: []}
  - {version: 1.4.0, urls: null}
  - {version: 5, urls: [x]}
  - text
  - {urls: [x]}
  - {version: nonsense, urls: [nonsense.tgz]}
  twice:
  - {version: 1.0.0, urls: [a], digest: aa}
  - {version: 1.0.0, urls: [b], digest: bb}
  early:
  - {version: 0.1.0-a, urls: [a]}
  foo: null
";

    #[test]
    fn b096_constraints_choose_as_helm_does() {
        let index = index(TEXT).unwrap();
        let found =
            |wanted| index.find("web", wanted).map(|release| release.version).map_err(|error| error.message);
        assert_eq!(found("").as_deref(), Ok("1.10.0"));
        assert_eq!(found("1.2").as_deref(), Ok("1.2.0"));
        assert_eq!(found("~1.2.0").as_deref(), Ok("1.2.0"));
        assert_eq!(found("2.0.0-rc.1").as_deref(), Ok("2.0.0-rc.1"));
        assert_eq!(found(">=2.0.0-0").as_deref(), Ok("2.0.0-rc.1"));
        assert_eq!(found("nonsense").as_deref(), Ok("nonsense"));
        assert!(found("^3").unwrap_err().contains("`^3`"));
        assert!(found("latest!").unwrap_err().contains("no constraint"));
        assert!(index.find("early", "").unwrap_err().message.contains("prereleases only"));
    }

    #[test]
    fn b097_b098_entries_that_are_none() {
        let index = index(TEXT).unwrap();
        assert!(index.find("web", "1.3.0").unwrap_err().message.contains("1.3.0"));
        assert!(index.find("web", "1.4.0").is_err() && index.find("foo", "").is_err());
        assert!(index.find("twice", "1.0.0").unwrap_err().message.contains("twice"));
        assert!(index.find("wbe", "").unwrap_err().message.contains("did you mean `web`"));
    }

    #[test]
    fn b091_b097_what_is_no_index() {
        for text in
            ["", "[]", "<html>", "entries: []", "entries: null", "a: b: c", "\u{1f}\u{8b}x", "apiVersion: v1"]
        {
            assert_eq!(index(text).err().map(|error| error.code), Some(CHART_REPOSITORY), "{text:?}");
        }
    }
}
