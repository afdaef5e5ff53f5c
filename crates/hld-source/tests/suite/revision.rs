//! Commits as sources.

use std::path::Path;

use hld_compiler::{EntryKind, Source, SourceError};
use hld_source::{Folders, Revision};
use hld_testkit::git::git;

use crate::{path, text};

/// A repository with one commit, and other files in its work tree.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    git(folder.path(), &["init", "-q", "-b", "main"]).unwrap();
    std::fs::create_dir_all(folder.path().join("a/inner")).unwrap();
    std::fs::write(folder.path().join("a/inner/file.yaml"), "old: true\n").unwrap();
    std::fs::write(folder.path().join(".gitattributes"), "* text eol=crlf ident\n").unwrap();
    let links = [
        ("inside", "a/inner"),
        ("a/up", "../a/inner/file.yaml"),
        ("absolute", "/etc/hostname"),
        ("outside", "../../etc/hostname"),
        ("loop", "loop"),
        ("nowhere", "a/nothing"),
    ];
    for (name, target) in links {
        std::os::unix::fs::symlink(target, folder.path().join(name)).unwrap();
    }
    git(folder.path(), &["add", "-A"]).unwrap();
    git(folder.path(), &["commit", "-q", "-m", "one"]).unwrap();
    folder
}

fn open(folder: &Path) -> Revision {
    Revision::open(folder, "HEAD").unwrap()
}

#[test]
fn files_are_those_of_the_commit() {
    let folder = repository();
    std::fs::write(folder.path().join("a/inner/file.yaml"), "new: true\n").unwrap();
    std::fs::write(folder.path().join("untracked.yaml"), "new: true\n").unwrap();
    let source = open(folder.path());
    assert_eq!(text(&source, "a/inner/file.yaml").as_deref(), Ok("old: true\n"), "no filter runs");
    assert_eq!(text(&source, "untracked.yaml"), Err(SourceError::NotFound));
    assert_eq!(text(&source, "a/inner"), Err(SourceError::WrongKind("a folder")));
    assert_eq!(text(&source, "a/inner/file.yaml/x"), Err(SourceError::WrongKind("a file")));
    assert_eq!(source.read(&path("a/inner/file.yaml"), 5), Err(SourceError::TooLarge(5)));
    let listed = source.list(&path("a")).unwrap();
    let listed: Vec<_> = listed.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect();
    assert_eq!(listed, [("inner", EntryKind::Folder), ("up", EntryKind::File)]);
}

#[test]
fn b055_links_lead_only_to_what_the_tree_holds() {
    let folder = repository();
    let source = open(folder.path());
    assert_eq!(text(&source, "inside/file.yaml").as_deref(), Ok("old: true\n"));
    assert_eq!(text(&source, "a/up").as_deref(), Ok("old: true\n"));
    for name in ["absolute", "outside", "loop"] {
        assert_eq!(text(&source, name), Err(SourceError::Outside), "{name}");
    }
    assert_eq!(text(&source, "nowhere"), Err(SourceError::NotFound));
    let listed = source.list(&path("")).unwrap();
    let kind = |name: &str| listed.iter().find(|entry| entry.name == name).unwrap().kind;
    assert_eq!(kind("inside"), EntryKind::Folder);
    for name in ["absolute", "outside", "loop", "nowhere"] {
        assert_eq!(kind(name), EntryKind::Other, "{name}");
    }
}

#[test]
fn programs_get_a_copy_that_is_gone_with_the_source() {
    let folder = repository();
    let source = open(folder.path());
    let copy = source.folder(&path("a")).unwrap();
    assert_eq!(std::fs::read_to_string(copy.join("up")).unwrap(), "old: true\n");
    assert_eq!(source.folder(&path("a")).unwrap(), copy, "made once");
    drop(source);
    assert!(!copy.exists());
}

#[test]
fn many_threads_read_at_once() {
    let folder = repository();
    let source = open(folder.path());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(text(&source, "inside/file.yaml").is_ok()));
        }
    });
}

#[test]
fn a_revision_that_is_not_there_is_named() {
    let folder = repository();
    for revision in ["nothing", "--upload-pack=x", ""] {
        let error = Revision::open(folder.path(), revision).err().unwrap();
        assert_eq!(error.kind, hld_git::ErrorKind::NotFound, "{revision}");
    }
}
