//! What writers make of one difference that has everything, recorded in `snapshots/`; written anew
//! with UPDATE_EXPECTED=1.

use std::path::Path;

use hld_diff::write::{Colour, json, markdown, terminal};
use hld_diff::{Comparison, fold};

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

fn shop() -> [Comparison; 1] {
    [Comparison { name: "prod".to_owned(), ..difference(BEFORE, AFTER) }]
}

#[test]
fn the_terminal_shows_paths_and_both_values() {
    is_recorded("shop.txt", &terminal(&fold(&shop()), Colour::Plain));
    let coloured = terminal(&fold(&shop()), Colour::Ansi);
    assert!(coloured.contains("\u{1b}[31m- 2\u{1b}[0m\n"), "{coloured}");
}

#[test]
fn markdown_has_a_block_of_diff_for_each_object() {
    is_recorded("shop.md", &markdown(&fold(&shop()), None));
}

#[test]
fn json_has_a_list_of_changes_for_each_object() {
    is_recorded("shop.json", &format!("{:#}\n", json(&fold(&shop()))));
}

#[test]
fn b153_b154_b157_markdown_can_not_be_broken_out_of() {
    let hostile = "x\\n```\\n@octocat <img src=x> ![a](http://x) #1\\n`````";
    let before = "apiVersion: v1\nkind: A\nmetadata: {name: 'a`` @all'}\nx: 1\n";
    let text = format!("{before}w: \"\\r\\e[31m\"\ntext: \"{hostile}\"\n\"z`\\n@x\": 1\n");
    let name = "a`b\n@all".to_owned();
    let shown = markdown(&fold(&[Comparison { name, ..difference(before, &text) }]), None);
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
fn b154_b155_nobody_is_mentioned_and_no_bot_commanded() {
    let text = "@<0f8fad5b-d9cb-469f-a165-70867728950e>\n/merge\n@dependabot merge\nfixes #1\n</details>\n<!-- hld:a -->\n";
    let object = |more: &str| {
        let text = serde_json::Value::from(format!("{text}{more}"));
        format!("apiVersion: v1\nkind: A\nmetadata: {{name: '/merge @all #1'}}\nx: {text}\n")
    };
    let name = "/approve !12 GH-1".to_owned();
    let shown = markdown(&fold(&[Comparison { name, ..difference(&object("a"), &object("b")) }]), None);
    let expected = "### `/approve !12 GH-1`: 1 changed\n\n**changed** `A /merge @all #1`\n\n```diff\n# x\n @@ -4,4 +4,4 @@\n fixes #1\n </details>\n <!-- hld:a -->\n-a\n (no line break at the end)\n+b\n (no line break at the end)\n```\n";
    assert_eq!(shown, expected);
    let shown = markdown(&fold(&[difference("", &object(""))]), None);
    assert!(
        shown.contains("+  @\\u{3c}0f8fad5b-d9cb-469f-a165-70867728950e>\n+  /merge\n+  @dependabot merge\n"),
        "{shown}"
    );
    assert!(!shown.contains("@<"), "{shown}");
}

#[test]
fn b158_a_terminal_gets_no_commands_from_outside() {
    check(
        "",
        "apiVersion: v1\nkind: A\nmetadata: {name: \"a\\e[2J\\nb\"}\n",
        "+ A a\\u{1b}[2J\\nb\n      + apiVersion: v1\n      + kind: A\n      + metadata:\n      +   name: \"a\\e[2J\\nb\"\n",
    );
}
