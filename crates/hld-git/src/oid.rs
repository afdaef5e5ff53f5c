//! Ids of objects.

use std::fmt;
use std::str::FromStr;

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
    ///
    /// # Panics
    /// Never: hashing bytes in memory can not fail.
    #[must_use]
    pub fn of_blob(bytes: &[u8]) -> Self {
        let id = git2::Oid::hash_object(git2::ObjectType::Blob, bytes);
        ObjectId(id.expect("bytes in memory have a hash"))
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
