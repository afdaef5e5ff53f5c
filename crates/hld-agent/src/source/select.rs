//! Which files of a folder are applied.
//!
//! All manifests are, in all folders, but those whose name begins with a dot. Where a folder has a
//! kustomization that does nothing but list resources, what it lists is taken, and nothing else; one
//! that does more is refused, for what it would make is not what lies there.

use std::collections::{BTreeMap, BTreeSet};

use hld_apply::Desired;
use hld_diag::{FileId, Untrusted};
use hld_git::ObjectId;
use hld_yaml as yaml;

use crate::stall::Stall;

/// Paths in the repository, and the blobs there.
pub(super) type Files = BTreeMap<String, ObjectId>;

/// Names of a kustomization, as kustomize knows them.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Keys of a kustomization that change nothing.
const HARMLESS: [&str; 4] = ["apiVersion", "kind", "metadata", "resources"];

/// The files below `root` that are applied. `read` gives the text of a kustomization.
pub(super) fn select(
    files: &Files,
    root: &str,
    read: &dyn Fn(ObjectId) -> Result<Vec<u8>, Stall>,
) -> Result<Files, Stall> {
    let mut selection = Selection {
        folders: folders(files, root),
        files,
        root,
        read,
        seen: BTreeSet::new(),
        chosen: Files::new(),
    };
    selection.folder(root)?;
    Ok(selection.chosen)
}

/// What a folder holds: names of files, names of folders.
#[derive(Default)]
struct Folder<'f> {
    files: Vec<&'f str>,
    folders: BTreeSet<&'f str>,
}

struct Selection<'f> {
    folders: BTreeMap<&'f str, Folder<'f>>,
    files: &'f Files,
    root: &'f str,
    read: &'f dyn Fn(ObjectId) -> Result<Vec<u8>, Stall>,
    seen: BTreeSet<String>,
    chosen: Files,
}

/// The folders below `root` that are not hidden.
fn folders<'f>(files: &'f Files, root: &'f str) -> BTreeMap<&'f str, Folder<'f>> {
    let mut folders: BTreeMap<&str, Folder<'_>> = BTreeMap::from([(root, Folder::default())]);
    for path in files.keys() {
        let below = if root.is_empty() {
            Some(path.as_str())
        } else {
            path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'))
        };
        let Some(below) = below.filter(|below| !below.split('/').any(|part| part.starts_with('.'))) else {
            continue;
        };
        let start = path.len() - below.len();
        let (mut folder, mut at) = (root, start);
        while let Some(length) = path[at..].find('/') {
            let inner = &path[..at + length];
            folders.entry(folder).or_default().folders.insert(&path[at..at + length]);
            folder = inner;
            at += length + 1;
        }
        folders.entry(folder).or_default().files.push(&path[at..]);
    }
    folders
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

impl Selection<'_> {
    fn folder(&mut self, path: &str) -> Result<(), Stall> {
        let mut waiting = vec![path.to_owned()];
        while let Some(path) = waiting.pop() {
            if !self.seen.insert(path.clone()) {
                continue;
            }
            let Some(folder) = self.folders.get(path.as_str()) else { continue };
            let named: Vec<&str> =
                folder.files.iter().copied().filter(|name| KUSTOMIZATIONS.contains(name)).collect();
            match named.first() {
                Some(name) => waiting.extend(self.listed(&path, name)?),
                None => {
                    waiting.extend(folder.folders.iter().map(|name| join(&path, name)));
                    let manifests = folder.files.iter().filter(|name| Desired::is_manifest(name));
                    let manifests: Vec<String> = manifests.map(|name| join(&path, name)).collect();
                    manifests.into_iter().for_each(|file| self.choose(file));
                }
            }
        }
        Ok(())
    }

    fn choose(&mut self, path: String) {
        if let Some(id) = self.files.get(&path) {
            self.chosen.insert(path, *id);
        }
    }

    /// Chooses the files that a kustomization lists, and gives the folders.
    fn listed(&mut self, folder: &str, name: &str) -> Result<Vec<String>, Stall> {
        let path = join(folder, name);
        let shown = Untrusted(&path).line();
        let refuse = |why: String| Stall::kustomization(format!("`{shown}` {why}"));
        let Some(id) = self.files.get(&path) else { return Ok(Vec::new()) };
        let bytes = (self.read)(*id)?;
        let resources = resources(&bytes).map_err(refuse)?;
        let mut folders = Vec::new();
        for resource in resources {
            let target = resolve(folder, &resource).filter(|target| {
                self.root.is_empty() || target == self.root || target.starts_with(&format!("{}/", self.root))
            });
            let shown = Untrusted(&resource).line();
            let Some(target) = target else {
                return Err(refuse(format!("names `{shown}`, which is not below the path of this sync")));
            };
            if self.files.contains_key(&target) {
                self.choose(target);
            } else if self.folders.contains_key(target.as_str()) {
                folders.push(target);
            } else {
                return Err(refuse(format!("names `{shown}`, which is not there")));
            }
        }
        Ok(folders)
    }
}

/// What a kustomization lists, if that is all it does.
fn resources(bytes: &[u8]) -> Result<Vec<String>, String> {
    let text = yaml::decode(bytes, FileId::NONE).map_err(|error| format!("can not be read: {error}"))?;
    let read = yaml::read(&text, FileId::NONE, &yaml::ReadOptions::default());
    let value = read.map_err(|error| format!("can not be read: {error}"))?.into_single();
    let Some(map) = value.as_ref().and_then(yaml::Value::as_map) else { return Ok(Vec::new()) };
    let beside = map.iter().find(|(key, _)| !HARMLESS.contains(key));
    if let Some((key, _)) = beside {
        let key = Untrusted(key).line();
        return Err(format!("has `{key}`: the agent runs no kustomize, compile it with `hld generate`"));
    }
    let Some(listed) = map.get("resources").filter(|listed| !listed.is_null()) else { return Ok(Vec::new()) };
    let names = listed.as_seq().map(|items| items.iter().map(|item| item.as_str().map(str::to_owned)));
    names.and_then(Iterator::collect).ok_or_else(|| "has `resources` that are no list of names".to_owned())
}

/// A path beside `folder`, without `.` and `..`; `None` where it leaves the repository.
fn resolve(folder: &str, name: &str) -> Option<String> {
    let is_remote =
        name.starts_with('/') || name.contains("://") || name.contains('\\') || name.contains('?');
    if is_remote {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], root: &str, expected: Result<&[&str], &str>) {
        let texts: BTreeMap<ObjectId, Vec<u8>> = files
            .iter()
            .map(|(_, text)| (ObjectId::of_blob(text.as_bytes()), text.as_bytes().to_vec()))
            .collect();
        let ids: Files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), ObjectId::of_blob(text.as_bytes())))
            .collect();
        let chosen = select(&ids, root, &|id| Ok(texts[&id].clone()));
        match (chosen, expected) {
            (Ok(chosen), Ok(expected)) => {
                assert_eq!(chosen.keys().collect::<Vec<_>>(), expected, "{files:?}");
            }
            (Err(stall), Err(part)) => {
                assert!(stall.message.contains(part), "{} lacks {part}", stall.message);
            }
            (chosen, _) => panic!("{chosen:?}"),
        }
    }

    #[test]
    fn every_manifest_that_is_not_hidden_is_applied() {
        let files = [
            ("README.md", ""),
            ("a.yaml", ""),
            ("b/c.yml", ""),
            ("b/d/e.json", ""),
            ("b/hld.metadata", ""),
            (".github/x.yaml", ""),
            ("b/.x.yaml", ""),
            ("bb/f.yaml", ""),
        ];
        check(&files, "", Ok(&["a.yaml", "b/c.yml", "b/d/e.json", "bb/f.yaml"]));
        check(&files, "b", Ok(&["b/c.yml", "b/d/e.json"]));
    }

    #[test]
    fn a_hidden_folder_that_is_asked_for_is_not_hidden() {
        check(&[(".deploy/a.yaml", ""), (".deploy/.b.yaml", "")], ".deploy", Ok(&[".deploy/a.yaml"]));
    }

    #[test]
    fn a_kustomization_that_lists_files_is_followed() {
        let list = "kind: Kustomization\nresources: [a.yaml, ./sub, ../q/z.yaml]\n";
        let files = [
            ("p/kustomization.yaml", list),
            ("p/a.yaml", ""),
            ("p/b.yaml", ""),
            ("p/sub/c.yaml", ""),
            ("p/sub2/d.yaml", ""),
            ("q/z.yaml", ""),
        ];
        check(&files, "", Ok(&["p/a.yaml", "p/sub/c.yaml", "q/z.yaml"]));
        check(&files, "p", Err("`../q/z.yaml`, which is not below"));
    }

    #[test]
    fn b128_a_kustomization_without_resources_holds_nothing() {
        for text in ["", "kind: Kustomization\n", "resources: []\n", "resources:\n"] {
            check(&[("kustomization.yaml", text), ("a.yaml", "")], "", Ok(&[]));
        }
    }

    #[test]
    fn a_kustomization_that_does_more_is_refused() {
        for (text, part) in [
            ("namePrefix: x\nresources: [a.yaml]\n", "`namePrefix`"),
            ("resources: [https://example.org/x.yaml]\n", "not below the path"),
            ("resources: [../../../etc]\n", "not below the path"),
            ("resources: [gone.yaml]\n", "not there"),
            ("resources: {a: b}\n", "no list of names"),
            ("a: [\n", "can not be read"),
        ] {
            check(&[("kustomization.yaml", text), ("a.yaml", "")], "", Err(part));
        }
    }

    #[test]
    fn kustomizations_that_name_each_other_end() {
        let files = [
            ("a/kustomization.yaml", "resources: [../b]"),
            ("b/kustomization.yaml", "resources: [../a, x.yaml]"),
            ("b/x.yaml", ""),
        ];
        check(&files, "", Ok(&["b/x.yaml"]));
    }
}
