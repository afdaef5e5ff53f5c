//! Files are one idea each, say what they are, and have a name that says it.

use crate::{rust_files, sources};

/// Most lines of a file.
const MOST_LINES: usize = 800;

#[test]
fn files_are_short_and_say_what_they_are() {
    for (path, text) in sources().iter().flat_map(|source| rust_files(source)) {
        let path = path.display();
        let n_lines = text.lines().count();
        assert!(n_lines <= MOST_LINES, "{path} has {n_lines} lines");
        assert!(text.starts_with("//! "), "{path} does not begin with `//! ` and what it is");
    }
}

#[test]
fn no_module_is_a_drawer() {
    for (path, _) in sources().iter().flat_map(|source| rust_files(source)) {
        let is_drawer = |name: &str| ["util", "utils", "common", "helpers", "misc"].contains(&name);
        let mut names = path.components().map(|part| part.as_os_str().to_string_lossy().replace(".rs", ""));
        assert!(
            !names.any(|name| is_drawer(&name)),
            "{} needs a name that says what it holds",
            path.display()
        );
    }
}
