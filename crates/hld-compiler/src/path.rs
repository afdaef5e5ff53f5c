//! Paths inside a source: text, never the disk.
//!
//! Fabrikate joins paths as Go's `path.Join` does: concatenated, then cleaned lexically, so that a
//! leading `/` of the second operand is harmless and `..` never touches the disk. A [`SourcePath`]
//! is relative to the source's root and can not leave it: joining says so instead.

use std::fmt;
use std::sync::Arc;

/// A clean path below the root of a source: no `.`, no `..`, no empty part, `/` between parts. The
/// root itself is the empty path.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourcePath(Arc<str>);

/// A path that would leave the root of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside;

impl SourcePath {
    /// The root.
    #[must_use]
    pub fn root() -> Self {
        SourcePath(Arc::from(""))
    }

    /// Cleans a path as people write it: `./a//b/../c` is `a/c`, `/a` is `a`.
    ///
    /// # Errors
    /// [`Outside`] where `..` leads above the root.
    pub fn clean(path: &str) -> Result<Self, Outside> {
        SourcePath::root().join(path)
    }

    /// Appends and cleans, as Go's `path.Join` does.
    ///
    /// # Errors
    /// [`Outside`] where `..` leads above the root.
    pub fn join(&self, path: &str) -> Result<Self, Outside> {
        let mut parts: Vec<&str> = self.parts().collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or(Outside)?;
                }
                part => parts.push(part),
            }
        }
        Ok(SourcePath(Arc::from(parts.join("/"))))
    }

    /// The path of the entry `name` of this folder; `name` is one part, as a listing gives it.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        debug_assert!(!name.contains('/') && name != "..", "a listing gives single parts");
        if self.0.is_empty() {
            SourcePath(Arc::from(name))
        } else {
            SourcePath(Arc::from(format!("{}/{name}", self.0)))
        }
    }

    /// The folder that holds it; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        let parent = self.0.rsplit_once('/').map_or("", |(parent, _)| parent);
        Some(SourcePath(Arc::from(parent)))
    }

    /// The last part; empty for the root.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The text, without a leading slash; empty for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts from the root down.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Whether it is `folder` or lies below it.
    #[must_use]
    pub fn is_in(&self, folder: &SourcePath) -> bool {
        let rest = self.0.strip_prefix(folder.as_str());
        rest.is_some_and(|rest| folder.0.is_empty() || rest.is_empty() || rest.starts_with('/'))
    }

    /// The way to it from the folder `base`: `config/prod.yaml`, `../shared/a.yaml`, `.`.
    #[must_use]
    pub fn relative_to(&self, base: &SourcePath) -> String {
        let common = self.parts().zip(base.parts()).take_while(|(a, b)| a == b).count();
        let up = base.parts().skip(common).map(|_| "..");
        let way: Vec<&str> = up.chain(self.parts().skip(common)).collect();
        if way.is_empty() { ".".to_owned() } else { way.join("/") }
    }
}

impl fmt::Display for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_go_does() {
        let base = SourcePath::clean("a/b").unwrap();
        let join = |path| base.join(path).map(|path| path.to_string());
        assert_eq!(join("./c").as_deref(), Ok("a/b/c"));
        assert_eq!(join("/c//d/./").as_deref(), Ok("a/b/c/d"));
        assert_eq!(join("../../x").as_deref(), Ok("x"));
        assert_eq!(join("../..").as_deref(), Ok("."));
        assert_eq!(join("../../..").as_deref(), Err(&Outside));
        assert_eq!(join("x/../../../..").as_deref(), Err(&Outside));
    }

    #[test]
    fn the_way_from_one_folder_to_another() {
        let path = |text| SourcePath::clean(text).unwrap();
        assert_eq!(path("a/b/c").relative_to(&path("a")), "b/c");
        assert_eq!(path("x/y").relative_to(&path("a/b")), "../../x/y");
        assert_eq!(path("a").relative_to(&path("a")), ".");
        assert!(path("a/b").is_in(&path("a")) && !path("ab").is_in(&path("a")) && path("a").is_in(&path("")));
    }
}
