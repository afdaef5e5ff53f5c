//! What writers make of one difference that has everything, recorded in `snapshots/`; written anew
//! with UPDATE_EXPECTED=1.

use std::path::Path;

use hld_diff::write::{Colour, Comparison, json, markdown, terminal};

use crate::{check, difference};

const BEFORE: &str = include_str!("snapshots/before.yaml");
const AFTER: &str = include_str!("snapshots/after.yaml");

#[track_caller]
fn is_recorded(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/snapshots").join(name);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "{name}");
}

fn shop() -> Comparison {
    Comparison { name: "prod".to_owned(), ..difference(BEFORE, AFTER) }
}

#[test]
fn the_terminal_shows_paths_and_both_values() {
    is_recorded("shop.txt", &terminal(&shop(), Colour::Plain));
    let coloured = terminal(&shop(), Colour::Ansi);
    assert!(coloured.contains("\u{1b}[31m- 2\u{1b}[0m\n"), "{coloured}");
}

#[test]
fn markdown_has_a_block_of_diff_for_each_object() {
    is_recorded("shop.md", &markdown(&shop()));
}

#[test]
fn json_has_a_list_of_changes_for_each_object() {
    is_recorded("shop.json", &format!("{:#}\n", json(&shop())));
}

#[test]
fn markdown_can_not_be_broken_out_of() {
    let hostile = "x\\n```\\n@octocat <img src=x> ![a](http://x) #1\\n`````";
    let before = "apiVersion: v1\nkind: A\nmetadata: {name: 'a`` @all'}\nx: 1\n";
    let text = format!("{before}w: \"\\r\\e[31m\"\ntext: \"{hostile}\"\n\"z`\\n@x\": 1\n");
    let shown = markdown(&Comparison { name: "a`b\n@all".to_owned(), ..difference(before, &text) });
    let expected = "### `` a`b\\n@all ``: 1 changed\n\n**changed** ``` A a`` @all ```\n\n``````diff\n# text\n+|-\n+  x\n+  ```\n+  @octocat <img src=x> ![a](http://x) #1\n";
    assert!(shown.starts_with(expected), "{shown}");
    assert!(
        shown.ends_with("# w\n+\"\\r\\e[31m\"\n# \"z`\\n@x\"\n+1\n``````\n")
            && shown.matches("``````").count() == 2,
        "{shown}"
    );
    assert!(!shown.contains(['\r', '\u{1b}']), "{shown}");
}

#[test]
fn a_terminal_gets_no_commands_from_outside() {
    check(
        "",
        "apiVersion: v1\nkind: A\nmetadata: {name: \"a\\e[2J\\nb\"}\n",
        "+ A a\\u{1b}[2J\\nb\n      + apiVersion: v1\n      + kind: A\n      + metadata:\n      +   name: \"a\\e[2J\\nb\"\n",
    );
}
