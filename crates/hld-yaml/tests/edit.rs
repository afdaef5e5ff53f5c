//! Edits change what they should and nothing else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use hld_yaml::{Data, Map, Value, edit};

fn map(entries: &[(&str, &str)]) -> Map {
    entries.iter().map(|(key, value)| (*key, Value::new(*value))).collect()
}

#[track_caller]
fn set(text: &str, path: &[&str], value: &str, expected: &str) {
    assert_eq!(edit::set(text, path, &Value::new(value)).unwrap(), expected);
}

#[track_caller]
fn remove(text: &str, path: &[&str], expected: &str) {
    assert_eq!(edit::remove(text, path).unwrap().as_deref(), Some(expected));
}

#[test]
fn a_value_is_replaced_and_its_surroundings_stay() {
    set("# top\na:   1 # why\nb: 2\n", &["a"], "x", "# top\na:   x # why\nb: 2\n");
    set("a: 'q' # c\n", &["a"], "yes", "a: \"yes\" # c\n");
    set("a:\n  b: 1\n\n# c\nd: 2\n", &["a", "b"], "x", "a:\n  b: x\n\n# c\nd: 2\n");
    set("a: |\n  one\n  two\n\nb: 2\n", &["a"], "x", "a: x\n\nb: 2\n");
    set("a: {b: 1, c: 2}\n", &["a", "b"], "x, y", "a: {b: \"x, y\", c: 2}\n");
    set("a:\n  one: 1\n  two: 2\nb: 3\n", &["a"], "x", "a: x\nb: 3\n");
    set("a:\n- 1\n- 2\nb: 3\n", &["a"], "x", "a: x\nb: 3\n");
    set("a: 1", &["a"], "x", "a: x");
    set("a:\nb: 1\n", &["a"], "x", "a: x\nb: 1\n");
    set("a: # later\nb: 1\n", &["a"], "x", "a: x # later\nb: 1\n");
    set("a: {b: , c: 1}\n", &["a", "b"], "x", "a: {b: x , c: 1}\n");
}

#[test]
fn an_entry_is_added_in_the_style_of_the_file() {
    set("", &["a", "b"], "x", "a:\n  b: x\n");
    set("# only a comment", &["a"], "x", "# only a comment\na: x\n");
    set("a: 1\n", &["b", "c"], "x", "a: 1\nb:\n  c: x\n");
    set("a:\n    b: 1\n", &["c", "d"], "x", "a:\n    b: 1\nc:\n    d: x\n");
    set("a:\n    b: 1 # one\nz: 2\n", &["a", "c"], "x", "a:\n    b: 1 # one\n    c: x\nz: 2\n");
    set("a:\r\n  b: 1\r\nz: 2\r\n", &["a", "c"], "x", "a:\r\n  b: 1\r\n  c: x\r\nz: 2\r\n");
    set("a: {}\n", &["a", "c"], "x", "a:\n  c: x\n");
    set("a: {b: 1}\n", &["a", "c"], "x", "a: {b: 1, c: x}\n");
    set("a:\n", &["a", "c", "d"], "x", "a:\n  c:\n    d: x\n");
    set("a: null\n", &["a", "c"], "x", "a:\n  c: x\n");
    set("a: |\n  text\n", &["b"], "x", "a: |\n  text\nb: x\n");
    set("a: |\n  text\n", &["b"], "x\ny", "a: |\n  text\nb: |-\n  x\n  y\n");
    set("{}\n", &["a"], "x", "{a: x}\n");
    set(
        "a:\n  b:\n    c: 1\n\n\n# end\n",
        &["a", "b", "d"],
        "x",
        "a:\n  b:\n    c: 1\n    d: x\n\n\n# end\n",
    );
}

#[test]
fn a_list_is_written_as_the_lists_of_the_file_are() {
    let list = Value::new(vec![Value::new("x"), Value::new(map(&[("k", "v"), ("l", "w")]))]);
    let indented = "a:\n  - 1\n";
    let expected = "a:\n  - 1\nb:\n  - x\n  - k: v\n    l: w\n";
    assert_eq!(edit::set(indented, &["b"], &list).unwrap(), expected);
    assert_eq!(edit::set("a: 1\n", &["b"], &list).unwrap(), "a: 1\nb:\n- x\n- k: v\n  l: w\n");
    assert_eq!(edit::set("a: {c: 1}\n", &["a", "b"], &list).unwrap(), "a: {c: 1, b: [x, {k: v, l: w}]}\n");
}

#[test]
fn an_entry_is_removed_with_the_comments_above_it() {
    remove("# top\n\n# a's\na: 1 # one\nb: 2\n", &["a"], "# top\n\nb: 2\n");
    remove("a:\n  b: 1\n  c: 2\n", &["a", "c"], "a:\n  b: 1\n");
    remove("a:\n  b: 1\nz: 1\n", &["a", "b"], "a: {}\nz: 1\n");
    remove("a: {b: 1, c: 2, d: 3}\n", &["a", "c"], "a: {b: 1, d: 3}\n");
    remove("a: {b: 1, c: 2}\n", &["a", "c"], "a: {b: 1}\n");
    remove("a: {b: 1, c: 2}\n", &["a", "b"], "a: {c: 2}\n");
    remove("a:\n  - 1\n  - 2\nb: |\n  x\n  y\nc: 1\n", &["b"], "a:\n  - 1\n  - 2\nc: 1\n");
    remove("a: 1\n", &["a"], "");
    assert_eq!(edit::remove("a: 1\n", &["b"]).unwrap(), None);
    assert_eq!(edit::remove("", &["b"]).unwrap(), None);
}

const COMPONENT: &str = "\
# the root
name: root
subcomponents:
  # the first one
  - name: one   # keep me
    type: helm
    source: https://example.com/one
  - name: two
    type: static
# end
";

#[test]
fn an_item_is_added_behind_the_last_one() {
    let item = map(&[("name", "zero"), ("type", "helm")]);
    let expected = COMPONENT.replace("type: static\n", "type: static\n  - name: zero\n    type: helm\n");
    assert_eq!(edit::put_item(COMPONENT, &["subcomponents"], "zero", &item).unwrap(), expected);
    let item = map(&[("name", "three"), ("type", "helm")]);
    let created = "name: x\nsubcomponents:\n- name: three\n  type: helm\n";
    assert_eq!(edit::put_item("name: x\n", &["subcomponents"], "three", &item).unwrap(), created);
    assert_eq!(
        edit::put_item("name: x\nsubcomponents: []\n", &["subcomponents"], "three", &item).unwrap(),
        created
    );
}

#[test]
fn an_item_is_replaced_key_by_key() {
    let item = map(&[("name", "one"), ("type", "static"), ("path", "./one")]);
    let expected = COMPONENT
        .replace("type: helm", "type: static")
        .replace("    source: https://example.com/one\n", "    path: ./one\n");
    assert_eq!(edit::put_item(COMPONENT, &["subcomponents"], "one", &item).unwrap(), expected);
}

#[test]
fn an_item_is_removed_with_its_comments() {
    let expected = COMPONENT.replace(
        "  # the first one\n  - name: one   # keep me\n    type: helm\n    source: https://example.com/one\n",
        "",
    );
    let path = ["subcomponents"];
    let without_one = edit::remove_item(COMPONENT, &path, "one").unwrap().unwrap();
    assert_eq!(without_one, expected);
    let without_both = edit::remove_item(&without_one, &path, "two").unwrap().unwrap();
    assert_eq!(without_both, "# the root\nname: root\nsubcomponents: []\n# end\n");
    assert_eq!(edit::remove_item(&without_both, &path, "two").unwrap(), None);
}

#[test]
fn what_cannot_be_edited_is_refused() {
    let message =
        |text: &str, path: &[&str]| edit::set(text, path, &Value::new("x")).unwrap_err().to_string();
    assert_eq!(message("a: 1\n", &["a", "b"]), "the path leads through something that is no map");
    assert_eq!(
        message("a: &a {b: 1}\nc: *a\n", &["c", "b"]),
        "the path leads through an alias: edit what it stands for"
    );
    assert_eq!(message("a: 1\n---\nb: 1\n", &["a"]), "a text of several documents cannot be edited");
    assert_eq!(message("a: [\n", &["a"]), "did not find expected node content");
    // The value is an anchor that others use: the edit would take it away.
    assert!(edit::set("a: &x 1\nb: *x\n", &["a"], &Value::new("y")).is_err());
    // The block scalar ends with the file; a line below it would give it a line break.
    assert!(edit::set("a: |\n  text", &["b"], &Value::new("y")).is_err());
    assert!(edit::set("a: 1\n", &[], &Value::new("y")).is_err());
}

#[test]
fn numbers_and_truth_values_are_written_as_such() {
    assert_eq!(edit::set("a: x\n", &["a"], &Value::new(5)).unwrap(), "a: 5\n");
    assert_eq!(edit::set("a: x\n", &["a"], &Value::new(Data::Null)).unwrap(), "a: null\n");
    assert_eq!(edit::set("a: x\n", &["a"], &Value::new(true)).unwrap(), "a: true\n");
    assert_eq!(edit::set("a: 1\n", &["a"], &Value::new("1")).unwrap(), "a: \"1\"\n");
}
