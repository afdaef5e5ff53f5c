//! How manifests are spread over files.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use hld_k8s::Identity;

use crate::compile::{Compilation, CompiledComponent};

/// How manifests are spread over files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One file a component, in folders of reference names, as Fabrikate writes them.
    Component,
    /// One file an object: `<component>/<kind>[.<group>]_[<namespace>_]<name>.yaml`.
    Resource,
}

/// The files of an environment by path; each is made of parts that follow each other.
///
/// Components that make nothing have no file.
#[must_use]
pub fn output_files(compilation: &Compilation, layout: Layout) -> BTreeMap<String, Vec<&[u8]>> {
    let mut files: BTreeMap<String, Vec<&[u8]>> = BTreeMap::new();
    for component in compilation.components.iter().filter(|component| !component.rendered.text.is_empty()) {
        match layout {
            Layout::Component => {
                files.entry(component.output.clone()).or_default().push(&component.rendered.text);
            }
            Layout::Resource => spread(component, &mut files),
        }
    }
    files
}

/// Longest file name, in bytes.
const LONGEST_NAME: usize = 240;

fn spread<'c>(component: &'c CompiledComponent, files: &mut BTreeMap<String, Vec<&'c [u8]>>) {
    let mut last = usize::MAX;
    for resource in &component.rendered.resources {
        // The objects of a list share its document, which is written once.
        if std::mem::replace(&mut last, resource.range.start) == resource.range.start {
            continue;
        }
        let part = &component.rendered.text[resource.range.clone()];
        let path = resource_path(component, &resource.identity);
        match files.entry(path) {
            Entry::Vacant(free) => {
                free.insert(vec![part]);
            }
            Entry::Occupied(mut known) => {
                let parts = known.get_mut();
                if !part.starts_with(b"---") {
                    parts.push(b"---\n");
                }
                parts.push(part);
            }
        }
    }
}

/// The file of an object in the resource layout.
pub(crate) fn resource_path(component: &CompiledComponent, identity: &Identity) -> String {
    let folder = component.output.strip_suffix(".yaml").unwrap_or(&component.output);
    format!("{folder}/{}.yaml", file_stem(identity))
}

/// `deployment.apps_shop_web`: an injective name, also where letter case does not count.
fn file_stem(identity: &Identity) -> String {
    let id = &identity.id;
    let mut parts = vec![if id.group.is_empty() {
        id.kind.to_lowercase()
    } else {
        format!("{}.{}", id.kind.to_lowercase(), id.group)
    }];
    if !id.namespace.is_empty() {
        parts.push(escape(&id.namespace));
    }
    parts.push(escape(&id.name));
    let stem = parts.join("_");
    if stem.len() <= LONGEST_NAME { stem } else { shorten(&stem) }
}

/// Characters that a file name or a shell may not like, and upper-case letters, as `%41`.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

fn shorten(stem: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(stem);
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let kept: String = stem.chars().take(LONGEST_NAME - 20).collect();
    format!("{kept}_{hex}")
}
