//! A commit is read as a whole or not at all (B128, B129).

use hld_apply::{Desired, Unreadable};

const WEB: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\n";

fn parse(files: &[(&str, &str)]) -> Result<Desired, Unreadable> {
    Desired::parse(files.iter().copied())
}

#[track_caller]
fn check_refused(text: impl AsRef<[u8]>, expected: &str) {
    let files = [("a.yaml", WEB.as_bytes()), ("b.yaml", text.as_ref())];
    let said = Desired::parse(files).unwrap_err().lines().join("\n");
    assert!(said.contains(expected), "{said}");
}

#[test]
fn b129_one_broken_file_among_good_ones_fails_the_whole() {
    check_refused("a: [1\n", "b.yaml:2:1: HLD0404: manifest can not be read");
    check_refused("kind: Pod\nkind: Job\n", "HLD0404");
    check_refused(
        "apiVersion: v1\nkind: Pod\n",
        "b.yaml:1:1: HLD1202: document can not be applied: it has no `metadata.name`",
    );
    check_refused("- a\n", "it is a list");
    check_refused("apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n", "`generateName`");
    check_refused("apiVersion: v1\nkind: Pod\nmetadata: {name: ../../secrets}\n", "URL");
    check_refused(b"\xff\xfe\x00\xd8", "HLD0404");
    check_refused(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "HLD1201: file is a pointer of Git LFS",
    );
    check_refused(b"\0GITCRYPT\0\x01\x02", "HLD1201: file is encrypted by git-crypt");
    check_refused(
        "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n",
        "HLD1201: file has the markers of a merge",
    );
    check_refused(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: ENC}\nsops: {mac: ENC}\n",
        "encrypted by SOPS",
    );
}

#[test]
fn b129_every_fault_is_listed() {
    let refused = parse(&[("a.yaml", "a: [1\n"), ("b.yaml", "- 1\n"), ("c.yaml", WEB)]).unwrap_err();
    assert_eq!(refused.lines().len(), 2);
    assert!(refused.to_string().ends_with("(and 1 more)"), "{refused}");
}

#[test]
fn b129_other_encodings_and_line_ends_are_the_same_object() {
    let plain = parse(&[("a.yaml", WEB)]).unwrap();
    let crlf = WEB.replace('\n', "\r\n");
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(WEB.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [crlf.into_bytes(), utf16, format!("\u{feff}{WEB}").into_bytes()] {
        let other = Desired::parse([("a.yaml", bytes)]).unwrap();
        assert!(other.changed_since(&plain).is_empty());
        assert_eq!(other.len(), 1);
    }
}

#[test]
fn an_object_that_stands_twice_is_refused() {
    let refused = parse(&[("a.yaml", WEB), ("b.yaml", WEB)]).unwrap_err();
    assert_eq!(
        refused.lines(),
        ["b.yaml:1:1: HLD1203: `ConfigMap shop/web` stands in `a.yaml` and in `b.yaml`"]
    );
}

#[test]
fn b119_lists_are_their_items_and_nothing_is_nothing() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: a}}\n- apiVersion: v1\n  kind: BList\n  items: [{apiVersion: v1, kind: B, metadata: {name: b}}]\n---\n# nothing\n---\n{}\n";
    let desired = parse(&[("a.yaml", list)]).unwrap();
    assert_eq!(desired.ids().map(ToString::to_string).collect::<Vec<_>>(), ["A a", "B b"]);
    let deep = format!("{}{}", "{apiVersion: v1, kind: List, items: [".repeat(30), "]}".repeat(30));
    assert!(parse(&[("a.yaml", &deep)]).is_err());
}

#[test]
fn f61_an_object_that_etcd_would_not_take_is_refused_by_name() {
    let large = format!("{WEB}data:\n  a: {}\n", "x".repeat(1_500_000));
    let said = parse(&[("a.yaml", &large)]).unwrap_err().to_string();
    assert!(said.contains("HLD1204: `ConfigMap shop/web` has 15000"), "{said}");
}

#[test]
fn p7_no_value_of_a_file_is_quoted() {
    for text in [
        "kind: Secret\nstringData: {a: hunter2hunter2\n",
        "apiVersion: v1\nkind: Secret\nstringData: {password: hunter2hunter2}\n",
    ] {
        let refused = parse(&[("a.yaml", text)]).unwrap_err();
        assert!(!format!("{refused} {:?}", refused.diagnostics).contains("hunter2"));
        let span = refused.diagnostics[0].span;
        assert!(refused.sources.get(span.file).unwrap().is_private());
    }
}

#[test]
fn the_next_commit_is_read_from_what_changed() {
    let first = parse(&[("a.yaml", WEB), ("b.yaml", &WEB.replace("web", "api"))]).unwrap();
    let edited = format!("{WEB}data: {{a: b}}\n");
    let next = first
        .changed([
            ("a.yaml", Some(edited.as_str())),
            ("b.yaml", None),
            ("c.yaml", Some(&*WEB.replace("web", "db"))),
        ])
        .unwrap();
    let ids = |desired: &Desired| desired.ids().map(|id| id.name.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&next), ["db", "web"]);
    let changed: Vec<String> = next.changed_since(&first).into_iter().map(|id| id.name).collect();
    assert_eq!(changed, ["db", "web"]);
    let moved = next.changed([("a.yaml", None), ("z.yaml", Some(edited.as_str()))]).unwrap();
    assert!(moved.changed_since(&next).is_empty(), "a file that moved changes nothing");
    assert!(first.changed([("a.yaml", Some("a: ["))]).is_err());
}
