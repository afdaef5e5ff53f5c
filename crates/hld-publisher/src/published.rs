//! What is published, for whoever only looks at it.

use hld_diag::{Diagnostic, NO_BRANCH, Span};
use hld_git::ObjectId;

use crate::failure::failed;
use crate::site::{History, Site};
use crate::standing::Standing;
use crate::target::{Branch, Folder};

/// The tip of a branch of a manifest repository.
pub struct Published<'s> {
    site: &'s Site,
    commit: ObjectId,
    tree: ObjectId,
}

/// Paths and bytes.
type Files = Vec<(String, Vec<u8>)>;

impl Site {
    /// Fetches the tip of a branch. Nothing is changed.
    ///
    /// # Errors
    /// The remote can not be asked, or has no such branch.
    pub fn published(&self, branch: &Branch) -> Result<Published<'_>, Diagnostic> {
        let reading = |error| failed("reading the branch", &error);
        let commit = self.fetch(branch, History::Recent).map_err(reading)?.map_err(|error| {
            let message = format!("there is no branch `{branch}` to compare with: {error}");
            Diagnostic::new(NO_BRANCH, Span::NONE, message).hint("name another with `--branch`")
        })?;
        let tree = self.repository.tree_of(commit).map_err(reading)?;
        Ok(Published { site: self, commit, tree })
    }
}

impl Published<'_> {
    /// The commit.
    #[must_use]
    pub fn commit(&self) -> ObjectId {
        self.commit
    }

    /// The files of an environment's folder with their bytes, `most` of them at most; `None` if there is
    /// no such folder.
    ///
    /// # Errors
    /// Something else than plain files stands there, they have more bytes, or an object is damaged.
    pub fn files(&self, folder: &Folder, most: u64) -> Result<Option<Files>, Diagnostic> {
        let repository = &self.site.repository;
        let standing = Standing::read(repository, Some(self.tree), folder)?;
        if !standing.is_there {
            return Ok(None);
        }
        let mut left = most;
        let mut files = Vec::with_capacity(standing.files.len());
        for (path, file) in standing.files {
            let bytes = repository.blob(file.blob, left);
            let bytes = bytes.map_err(|error| failed(&format!("reading `{folder}/{path}`"), &error))?;
            left -= bytes.len() as u64;
            files.push((path, bytes));
        }
        Ok(Some(files))
    }
}
