//! The text of one ConfigMap of an inventory.
//!
//! A line that begins with a space is an object: its name, and its UID or `-`. Any other line is the
//! heading of those below it: group, kind and namespace.
//!
//! ```text
//! apps/Deployment shop
//!  web 1b4e28ba-2fa1-11d2-883f-0016d3cca427
//!  api -
//! ```

use std::collections::BTreeMap;

use hld_k8s::ResourceId;

use super::Entry;
use crate::rest::escaped;

/// Bytes of text from which on a ConfigMap takes no more entries.
pub(super) const MOST_BYTES: usize = 400 << 10;

/// Bytes of one line besides its name: a blank at each place, the UID, the end of the line.
const LINE: usize = 39;

/// How many bytes an entry that is to be put in adds at most.
pub(super) fn added(entries: &BTreeMap<ResourceId, Entry>, id: &ResourceId) -> usize {
    let is_near = |(near, _): (&ResourceId, &Entry)| {
        (&near.group, &near.kind, &near.namespace) == (&id.group, &id.kind, &id.namespace)
    };
    let has_heading = entries.range(..id).next_back().is_some_and(is_near)
        || entries.range(id..).next().is_some_and(is_near);
    let heading = if has_heading { 0 } else { heading(id).len() };
    heading + escaped(&id.name).len() + LINE
}

/// How large the text is at most.
pub(super) fn size(entries: &BTreeMap<ResourceId, Entry>) -> usize {
    let mut size = 0;
    let mut before = String::new();
    for id in entries.keys() {
        let heading = heading(id);
        size += escaped(&id.name).len() + LINE;
        if heading != before {
            size += heading.len();
            before = heading;
        }
    }
    size
}

fn heading(id: &ResourceId) -> String {
    format!("{}/{} {}\n", escaped(&id.group), escaped(&id.kind), escaped(&id.namespace))
}

pub(super) fn write(entries: &BTreeMap<ResourceId, Entry>) -> String {
    let mut out = String::new();
    let mut before = String::new();
    for (id, entry) in entries {
        let heading = heading(id);
        if heading != before {
            out.push_str(&heading);
            before = heading;
        }
        let uid = entry.uid.as_deref().map_or_else(|| "-".to_owned(), escaped);
        out.push_str(&format!(" {} {uid}\n", escaped(&id.name)));
    }
    out
}

/// The entries of a text; `None` if it is damaged.
pub(super) fn parse(text: &str) -> Option<BTreeMap<ResourceId, Entry>> {
    let mut entries = BTreeMap::new();
    let mut heading = None;
    for line in text.lines() {
        match line.strip_prefix(' ') {
            None => {
                let (kind, namespace) = line.split_once(' ')?;
                let (group, kind) = kind.split_once('/')?;
                heading = Some((plain(group)?, plain(kind)?, plain(namespace)?));
            }
            Some(entry) => {
                let (group, kind, namespace) = heading.clone()?;
                let (name, uid) = entry.split_once(' ')?;
                let id = ResourceId { group, kind, namespace, name: plain(name)? };
                if uid.is_empty() || id.name.is_empty() {
                    return None;
                }
                let uid = if uid == "-" { None } else { Some(plain(uid)?) };
                entries.insert(id, Entry { uid });
            }
        }
    }
    Some(entries)
}

/// The text that was escaped.
fn plain(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn damage_is_seen() {
        for text in [" web -\n", "apps\n", "apps/Deployment shop\n web\n", "a/b c\n  -\n", "a/b c\n %zz -\n"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse(""), Some(BTreeMap::new()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(entries in proptest::collection::vec((".{0,8}", ".{1,8}", ".{0,8}", ".{1,8}", proptest::option::of("[0-9a-f-]{2,36}")), 0..20)) {
            let entries: BTreeMap<ResourceId, Entry> = entries
                .into_iter()
                .map(|(group, kind, namespace, name, uid)| (ResourceId { group, kind, namespace, name }, Entry { uid }))
                .collect();
            prop_assert_eq!(parse(&write(&entries)), Some(entries));
        }
    }
}
