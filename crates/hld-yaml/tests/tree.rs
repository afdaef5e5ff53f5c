//! The tree keeps what is written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use hld_diag::FileId;
use hld_yaml::{Dialect, Document, Limits, Node, NodeKind, ReadOptions, Style, parse};

fn documents(text: &str) -> Vec<Document<'_>> {
    parse(text, FileId::NONE, &Limits::default()).unwrap()
}

/// Every comment with the source of its node and its kind.
fn comments(text: &str) -> Vec<String> {
    fn walk(node: Node<'_>, out: &mut Vec<String>) {
        let what = node.source().lines().next().unwrap_or_default().to_owned();
        if let Some(comments) = node.comments() {
            out.extend(comments.head.iter().map(|text| format!("head {what} {text}")));
            out.extend(comments.line.map(|text| format!("line {what} {text}")));
            out.extend(comments.foot.iter().map(|text| format!("foot {what} {text}")));
        }
        for (key, value) in node.entries() {
            walk(key, out);
            walk(value, out);
        }
        node.items().for_each(|item| walk(item, out));
    }
    let mut out = Vec::new();
    documents(text).iter().for_each(|document| walk(document.root(), &mut out));
    out
}

#[test]
fn styles_tags_anchors_and_sources_are_kept() {
    let text = "a: &x !!str 'it''s'\nb: [1, *x]\nc: |\n  l\nd: \"\\t\"\n";
    let all = documents(text);
    let root = all[0].root();
    let a = root.get("a").unwrap();
    assert_eq!(
        (a.style(), a.anchor(), a.tag()),
        (Style::SingleQuoted, Some("x"), Some("tag:yaml.org,2002:str"))
    );
    assert_eq!((a.source(), &*a.text().unwrap()), ("&x !!str 'it''s'", "it's"));
    let b = root.get("b").unwrap();
    assert_eq!((b.style(), b.source()), (Style::Flow, "[1, *x]"));
    let alias = b.items().nth(1).unwrap();
    assert!(matches!(alias.kind(), NodeKind::Alias("x", target) if target.span() == a.span()));
    assert_eq!(&*alias.text().unwrap(), "it's");
    assert_eq!(root.get("c").unwrap().style(), Style::Literal);
    assert_eq!(root.get("d").unwrap().as_scalar().unwrap().source(), "\\t");
    assert_eq!(root.style(), Style::Block);
}

#[test]
fn the_same_key_twice_is_there_twice() {
    let all = documents("a: 1\nb: 2\na: 3\n");
    let keys: Vec<_> = all[0].root().entries().map(|(key, value)| (key.source(), value.source())).collect();
    assert_eq!(keys, [("a", "1"), ("b", "2"), ("a", "3")]);
    assert_eq!(all[0].root().get("a").unwrap().source(), "3");
}

#[test]
fn a_node_reads_as_a_value() {
    let all = documents("x: &x {k: yes}\ny:\n  <<: *x\n  l: 0x10\n");
    let read = all[0].root().get("y").unwrap().to_value(&ReadOptions::default()).unwrap();
    assert_eq!(hld_yaml::emit(&read.documents[0]), "k: true\nl: 16\n");
    assert_eq!(
        read.documents[0].get("k").unwrap().span,
        all[0].root().get("x").unwrap().get("k").unwrap().span()
    );
}

#[test]
fn merged_entries_stand_where_the_dialect_puts_them() {
    let text = "x: &x {k: 1, l: 2}\nw: &w {l: 9}\ny:\n  k: 3\n  <<: [*x, *w]\n";
    let all = documents(text);
    let keys = |dialect| {
        let entries = all[0].root().get("y").unwrap().merged_entries(dialect).unwrap();
        let texts = entries.iter().map(|(key, value)| format!("{}={}", key.source(), value.source()));
        texts.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(Dialect::V2), "k=3 l=9 k=1 l=2");
    assert_eq!(keys(Dialect::V3), "l=9 k=1 l=2 k=3");
    let wrong = documents("a: {<<: 1}\n");
    let error = wrong[0].root().get("a").unwrap().merged_entries(Dialect::V2).unwrap_err();
    assert_eq!(error.go_text(), "yaml: map merge requires map or sequence of maps as the value");
}

#[test]
fn comments_stay_with_their_nodes() {
    let text = "# top\n\n# about a\na: 1 # one\nb: # what b is\n  # about c\n  c: 2\n\n# about d\nd:\n# about the item\n- x # it\n# last\n";
    assert_eq!(
        comments(text),
        [
            "head a # top",
            "head a # about a",
            "line 1 # one",
            "line b # what b is",
            "head c # about c",
            "head d # about d",
            "foot - x # last",
            "head x # about the item",
            "line x # it",
        ]
    );
}

#[test]
fn comments_of_items_blocks_and_flows() {
    assert_eq!(
        comments("- # first\n  a: 1\n# second\n- b: 2\n"),
        ["head a: 1 # first", "head b: 2 # second"]
    );
    assert_eq!(comments("a: | # header\n  text # no comment\nb: 1\n"), ["line | # header # header"]);
    assert_eq!(comments("a: [1, # one\n 2] # both\n"), ["line [1, # one # both", "line 1 # one"]);
    assert_eq!(comments("a: 1\n# below a\n\nb: 2\n"), ["foot a: 1 # below a"]);
}

#[test]
fn documents_know_their_range() {
    let text = "a: 1\n---\nb: 2\n...\n--- c\n";
    let all = documents(text);
    let ranges: Vec<_> = all.iter().map(Document::span).collect();
    let texts: Vec<_> = ranges.iter().map(|span| &text[span.start as usize..span.end as usize]).collect();
    assert_eq!(texts, ["a: 1\n", "---\nb: 2\n...", "--- c\n"]);
}

#[test]
fn an_anchor_may_not_contain_itself() {
    let error = |text| parse(text, FileId::NONE, &Limits::default()).unwrap_err().go_text();
    assert_eq!(error("a: &a [*a]\n"), "yaml: anchor 'a' value contains itself");
    assert_eq!(error("a: *b\n"), "yaml: unknown anchor 'b' referenced");
}
