//! Ids of objects.

use std::fmt;
use std::str::FromStr;

use sha1::{Digest, Sha1};

/// The id of a commit, a tree, a blob or a tag: 40 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub(crate) git2::Oid);

impl ObjectId {
    /// The first seven digits, as people write it.
    #[must_use]
    pub fn short(self) -> String {
        let mut text = self.to_string();
        text.truncate(7);
        text
    }

    /// The id that a blob of these bytes has; nothing is written.
    #[must_use]
    pub fn of_blob(bytes: &[u8]) -> Self {
        ObjectId::of_blob_parts(&[bytes])
    }

    /// The id that a blob of these parts, which follow each other, has; nothing is written.
    ///
    /// # Panics
    /// Never: a digest has the length of an id.
    #[must_use]
    pub fn of_blob_parts(parts: &[&[u8]]) -> Self {
        // Not by libgit2, which looks for collisions while it hashes: these bytes are only compared with
        // what stands somewhere, and it does look when they are written.
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut hasher = Sha1::new_with_prefix(format!("blob {length}\0"));
        parts.iter().for_each(|part| hasher.update(part));
        ObjectId(git2::Oid::from_bytes(&hasher.finalize()).expect("a digest has the length of an id"))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ObjectId {
    type Err = ();

    /// Reads all 40 digits; short ids are for [`crate::Repository::resolve`].
    fn from_str(text: &str) -> Result<Self, ()> {
        let is_whole = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_whole {
            return Err(());
        }
        git2::Oid::from_str(text).map(ObjectId).map_err(|_| ())
    }
}
