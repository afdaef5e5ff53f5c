//! Files that are called manifests and are something else.

/// What stands in front of a file that Git LFS keeps elsewhere.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// What git-crypt puts in front of what it encrypts.
const GIT_CRYPT: &[u8] = b"\0GITCRYPT\0";

/// Why these bytes are no manifest, and what to do about it; `None` if nothing speaks against it.
pub(super) fn problem(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.starts_with(LFS) {
        return Some((
            "file is a pointer of Git LFS: what it stands for is not in the repository",
            "keep manifests out of Git LFS: remove the pattern from `.gitattributes` and commit the file itself",
        ));
    }
    if bytes.starts_with(GIT_CRYPT) {
        return Some((
            "file is encrypted by git-crypt",
            "the agent has no key of git-crypt; publish the manifest in clear, or as a sealed object",
        ));
    }
    if has_merge_markers(bytes) {
        return Some((
            "file has the markers of a merge that was not finished",
            "decide between both sides, remove the lines `<<<<<<<`, `=======` and `>>>>>>>`, and commit",
        ));
    }
    None
}

/// Whether lines begin with the three markers, in order: one of them alone may be text.
fn has_merge_markers(bytes: &[u8]) -> bool {
    let mut expected = [&b"<<<<<<< "[..], b"=======", b">>>>>>> "].into_iter().peekable();
    for line in bytes.split(|byte| *byte == b'\n') {
        if expected.next_if(|marker| line.starts_with(marker)).is_some() && expected.peek().is_none() {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_manifest_is_named() {
        let said = |text: &str| problem(text.as_bytes()).map_or("", |(what, _)| what);
        assert!(
            said("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n").contains("Git LFS")
        );
        assert!(said("\0GITCRYPT\0abc").contains("git-crypt"));
        assert!(said("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> other\n").contains("merge"));
        assert_eq!(said("a: |\n  =======\n"), "");
        assert_eq!(said(""), "");
    }
}
