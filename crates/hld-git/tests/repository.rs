//! Repositories of this machine: fetch, trees, commits, push.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use hld_git::{
    Allowed, Content, ErrorKind, Limits, NoCredentials, ObjectId, PushOutcome, Remote, RemoteUrl, Repository,
    Signature, TreeFile, TreeLimits, Want,
};

/// A folder with a bare repository `origin` and a repository of ours.
struct World {
    folder: tempfile::TempDir,
    ours: Repository,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let world = World { ours: Repository::create(&folder.path().join("ours")).unwrap(), folder };
        world.git(&["init", "-q", "--bare", "-b", "main", "origin"]);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.folder.path(), arguments)
    }

    fn remote(&self) -> Remote {
        let allowed = Allowed { local: true, ..Allowed::default() };
        let url = RemoteUrl::parse(self.path("origin").to_str().unwrap(), &allowed).unwrap();
        Remote::new(url, Arc::new(NoCredentials))
    }

    /// A commit of ours with these files.
    fn commit(&self, files: &[(&str, &str)], parents: &[ObjectId]) -> ObjectId {
        let files: Vec<TreeFile> = files
            .iter()
            .map(|(path, text)| TreeFile {
                path: (*path).to_owned(),
                blob: self.ours.write_blob(text.as_bytes()).unwrap(),
            })
            .collect();
        let tree = self.ours.write_tree(&files).unwrap();
        self.commit_tree(tree, parents)
    }

    fn commit_tree(&self, tree: ObjectId, parents: &[ObjectId]) -> ObjectId {
        let signature =
            Signature { name: "T".into(), email: "t@example".into(), seconds: 1_700_000_000, offset: 60 };
        self.ours.commit(&Content { tree, parents, signature: &signature, message: "change" }).unwrap()
    }

    fn push(&self, commit: ObjectId, expected: Option<ObjectId>) -> PushOutcome {
        self.ours.push(&self.remote(), (commit, expected), "main").unwrap()
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn what_is_pushed_is_what_git_reads() {
    let world = World::new();
    let first = world.commit(&[("README", "hello\n"), ("prod/app/a.yaml", "a: 1\r\n")], &[]);
    assert_eq!(world.push(first, None), PushOutcome::Accepted);
    assert_eq!(world.git(&["-C", "origin", "rev-parse", "main"]), first.to_string());
    assert_eq!(world.git(&["-C", "origin", "cat-file", "-s", "main:prod/app/a.yaml"]), "6");
    assert_eq!(world.git(&["-C", "origin", "fsck", "--strict"]), "");
}

#[test]
fn a_subtree_is_replaced_and_the_rest_carried_over() {
    let world = World::new();
    let first = world.commit(&[("README", "x"), ("a/prod/1.yaml", "1"), ("a/dev/2.yaml", "2")], &[]);
    let new =
        world.ours.write_tree(&[TreeFile { path: "3.yaml".into(), blob: ObjectId::of_blob(b"x") }]).unwrap();
    let base = world.ours.tree_of(first).unwrap();
    let tree = world.ours.replace_subtree(Some(base), "a/prod", Some(new)).unwrap();
    let files = world.ours.files(tree, TreeLimits::default()).unwrap();
    let paths: Vec<String> =
        files.iter().map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect();
    assert_eq!(paths, ["README", "a/dev/2.yaml", "a/prod/3.yaml"]);
    let changes = world.ours.changes(Some(base), Some(tree), TreeLimits::default()).unwrap();
    assert_eq!(changes.len(), 2);
    let gone = world.ours.replace_subtree(Some(tree), "a/prod", None).unwrap();
    let gone = world.ours.replace_subtree(Some(gone), "a/dev", None).unwrap();
    assert_eq!(world.ours.find(gone, "a").unwrap(), None);
}

#[test]
fn an_edited_tree_is_the_tree_of_its_files() {
    let world = World::new();
    let before = [("a/b/1", "1"), ("a/b/2", "2"), ("a/c/3", "3"), ("d", "4"), ("e/f/g", "5")];
    let after = [("a/b/1", "one"), ("a/b/2", "2"), ("d", "4"), ("h/i/j", "6")];
    let tree = |files: &[(&str, &str)]| world.ours.tree_of(world.commit(files, &[])).unwrap();
    let blob = |text: &str| Some(world.ours.write_blob(text.as_bytes()).unwrap());
    let edits = [("a/b/1", blob("one")), ("a/c/3", None), ("e/f/g", None), ("h/i/j", blob("6"))];
    let edits = edits.map(|(path, blob)| (path.to_owned(), blob));
    assert_eq!(world.ours.edit_tree(tree(&before), &edits).unwrap(), tree(&after));
    for path in ["d/x", "../x", ".git/x", ""] {
        assert!(world.ours.edit_tree(tree(&before), &[(path.to_owned(), blob("7"))]).is_err(), "{path}");
    }
}

#[test]
fn f27_nothing_but_a_folder_is_replaced() {
    let world = World::new();
    let commit = world.commit(&[("prod", "a file")], &[]);
    let base = world.ours.tree_of(commit).unwrap();
    let error = world.ours.replace_subtree(Some(base), "prod/app", Some(base)).unwrap_err();
    assert_eq!(error.message, "`prod` is a file in the repository");
}

#[test]
fn a_branch_a_tag_and_a_commit_are_fetched() {
    let world = World::new();
    let first = world.commit(&[("a", "1")], &[]);
    world.push(first, None);
    let second = world.commit(&[("a", "2")], &[first]);
    world.push(second, Some(first));
    world.git(&[
        "-C",
        "origin",
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@e",
        "tag",
        "-a",
        "-m",
        "x",
        "v1",
        &first.to_string(),
    ]);
    let reader = Repository::create(&world.path("reader")).unwrap();
    let limits = Limits { depth: Some(1), ..Limits::default() };
    let fetch = |want| reader.fetch(&world.remote(), want, &limits);
    assert_eq!(fetch(Want::Head).unwrap(), second);
    assert_eq!(fetch(Want::Branch("main")).unwrap(), second);
    assert_eq!(fetch(Want::Any("v1")).unwrap(), first);
    assert_eq!(fetch(Want::Any(&first.short())).unwrap(), first);
    let other = Repository::create(&world.path("other")).unwrap();
    let want = Want::Commit { id: first, near: Some("main") };
    assert_eq!(other.fetch(&world.remote(), want, &limits).unwrap(), first);
    let entry = other.find(other.tree_of(first).unwrap(), "a").unwrap().unwrap();
    assert_eq!(other.blob(entry.id, 10).unwrap(), b"1");
    assert_eq!(other.blob(entry.id, 0).unwrap_err().kind, ErrorKind::Limit);
}

#[test]
fn b062_what_is_not_there_is_named_with_what_is() {
    let world = World::new();
    let fetch = |want| world.ours.fetch(&world.remote(), want, &Limits::default()).unwrap_err();
    assert_eq!(fetch(Want::Head).message, "the remote repository is empty");
    let first = world.commit(&[("a", "1")], &[]);
    world.push(first, None);
    let reader = Repository::create(&world.path("reader")).unwrap();
    let error = reader.fetch(&world.remote(), Want::Branch("mian"), &Limits::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert_eq!(error.message, "the remote has no branch, tag or commit `mian`; did you mean `main`?");
}

#[test]
fn f01_f05_a_moved_branch_is_never_overwritten() {
    let world = World::new();
    let first = world.commit(&[("a", "1")], &[]);
    world.push(first, None);
    let theirs = world.commit(&[("a", "theirs")], &[first]);
    let mine = world.commit(&[("a", "mine")], &[first]);
    assert_eq!(world.push(theirs, Some(first)), PushOutcome::Accepted);
    assert_eq!(world.push(mine, Some(first)), PushOutcome::Moved(Some(theirs)));
    assert_eq!(world.push(mine, None), PushOutcome::Moved(Some(theirs)));
    // A lost reply: our commit is there already.
    assert_eq!(world.push(theirs, Some(first)), PushOutcome::Accepted);
    assert_eq!(world.git(&["-C", "origin", "rev-parse", "main"]), theirs.to_string());
}

#[test]
fn f08_the_words_of_a_hook_are_told_and_escaped() {
    let world = World::new();
    hook(&world.path("origin"), "pre-receive", "printf 'no \\033[31mway\\n' >&2; exit 1");
    let first = world.commit(&[("a", "1")], &[]);
    let PushOutcome::Refused(words) = world.push(first, None) else { panic!("the hook refuses") };
    assert!(words.starts_with("pre-receive hook declined"), "{words}");
    assert!(words.contains("no \\u{1b}[31mway"), "{words}");
}

#[test]
fn f02_a_branch_that_moves_during_the_push_is_seen() {
    let world = World::new();
    let first = world.commit(&[("a", "1")], &[]);
    world.push(first, None);
    let other = world.commit(&[("a", "other")], &[first]);
    world.ours.push(&world.remote(), (other, None), "other").unwrap();
    // Real servers move a reference while another push is at work; the objects are there already.
    hook(
        &world.path("origin"),
        "update",
        &format!("unset GIT_QUARANTINE_PATH; git update-ref refs/heads/main {other} {first}; exit 0"),
    );
    let mine = world.commit(&[("a", "mine")], &[first]);
    assert_eq!(world.push(mine, Some(first)), PushOutcome::Moved(Some(other)));
}

#[test]
fn b045_the_configuration_of_a_repository_of_ours_is_rewritten() {
    let world = World::new();
    let config = world.path("ours").join("config");
    std::fs::write(&config, "[core]\n\tbare = true\n\tsshCommand = touch PWN\n").unwrap();
    Repository::create(&world.path("ours")).unwrap();
    assert!(!std::fs::read_to_string(&config).unwrap().contains("PWN"));
}

#[test]
fn limits_of_what_is_fetched_hold() {
    let world = World::new();
    let first = world.commit(&[("a", "1"), ("b", "2"), ("c", "3")], &[]);
    world.push(first, None);
    let reader = Repository::create(&world.path("reader")).unwrap();
    let limits = Limits { objects: 2, ..Limits::default() };
    let error = reader.fetch(&world.remote(), Want::Head, &limits).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit);
    assert_eq!(error.message, "5 objects are more than 2 (limit of fetched objects)");
}

fn hook(repository: &Path, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = repository.join("hooks").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
