//! What is reported is exactly what differs: applied to the one side, it gives the other.

use std::collections::BTreeMap;

use hld_diff::{Change, Hunk, Item, Mark, Node, ObjectChange, Step, What};
use hld_yaml::{Data, Value};
use proptest::prelude::*;

use crate::{difference, outcome};

/// The value after a change.
fn apply(before: &Node, what: &What) -> Node {
    match (before, what) {
        (_, What::Added(after) | What::Replaced { after, .. }) => after.clone(),
        (Node::Text(before), What::Text(hunks)) => Node::Text(patch(before, hunks)),
        (Node::Map(before), What::Inner(changes)) => Node::Map(apply_to_map(before, changes)),
        (Node::List(before), What::Inner(changes)) => Node::List(apply_to_list(before, changes)),
        (before, what) => panic!("{what:?} can not happen to {before:?}"),
    }
}

fn apply_to_map(before: &BTreeMap<String, Node>, changes: &[Change]) -> BTreeMap<String, Node> {
    let mut map = before.clone();
    for change in changes {
        let Step::Key(key) = &change.step else { panic!("an item in a map") };
        match &change.what {
            What::Removed(value) => assert_eq!(map.remove(key).as_ref(), Some(value)),
            What::Added(value) => assert_eq!(map.insert(key.clone(), value.clone()), None),
            what => {
                let value = apply(&map[key], what);
                assert_ne!(map.insert(key.clone(), value.clone()), Some(value), "nothing changed");
            }
        }
    }
    map
}

/// Items that a change names go where it says; all others keep their order around them.
fn apply_to_list(before: &[Node], changes: &[Change]) -> Vec<Node> {
    let mut values: Vec<Option<Node>> = before.iter().cloned().map(Some).collect();
    let mut placed: BTreeMap<usize, Node> = BTreeMap::new();
    for change in changes {
        let Step::Item(Item { before: from, after: to, .. }) = &change.step else {
            panic!("a key in a list")
        };
        match (&change.what, from, to) {
            (What::Removed(value), Some(from), None) => {
                assert_eq!(values[*from].take().as_ref(), Some(value));
            }
            (What::Added(value), None, Some(to)) => assert_eq!(placed.insert(*to, value.clone()), None),
            (what, Some(from), Some(to)) => {
                let value = placed.remove(to).or_else(|| values[*from].take()).unwrap();
                let is_moved = *what == What::Moved;
                placed.insert(*to, if is_moved { value } else { apply(&value, what) });
            }
            (what, from, to) => panic!("{what:?} from {from:?} to {to:?}"),
        }
    }
    let mut rest = values.into_iter().flatten();
    let mut after = Vec::new();
    while let Some(value) = placed.remove(&after.len()).or_else(|| rest.next()) {
        after.push(value);
    }
    assert!(placed.is_empty(), "items behind the end: {placed:?}");
    after
}

fn patch(before: &str, hunks: &[Hunk]) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let (mut after, mut done, mut n_lines) = (String::new(), 0, 0);
    for hunk in hunks {
        after.extend(old[done..hunk.before].iter().copied());
        n_lines += hunk.before - done;
        assert_eq!(n_lines, hunk.after, "a hunk begins at the wrong line");
        done = hunk.before;
        for line in &hunk.lines {
            if line.mark != Mark::Added {
                assert_eq!(old[done], line.text);
                done += 1;
            }
            if line.mark != Mark::Removed {
                after.push_str(&line.text);
                n_lines += 1;
            }
        }
    }
    after.extend(old[done..].iter().copied());
    after
}

/// Few words, so that sides have much in common.
fn scalar() -> impl Strategy<Value = Data> {
    prop_oneof![
        Just(Data::Null),
        any::<bool>().prop_map(Data::Bool),
        (0i64..4).prop_map(Data::Int),
        Just(Data::Float(1.5)),
        "[ab]{0,2}".prop_map(Data::String),
        "([ab]\n){1,12}[ab]?".prop_map(Data::String),
    ]
}

fn data() -> impl Strategy<Value = Data> {
    scalar().prop_recursive(4, 48, 6, |inner| {
        let value = inner.prop_map(|data: Data| Value::new(data)).boxed();
        let map = prop::collection::btree_map("name|key|path|[ab]", value.clone(), 0..5);
        let named = prop::collection::vec(("[a-f]", value.clone()), 0..6).prop_map(|items| {
            let item = |(name, value): (String, Value)| {
                let entries = [("name", Value::new(name)), ("v", value)];
                Value::new(Data::Map(entries.into_iter().collect()))
            };
            Data::Seq(items.into_iter().map(item).collect())
        });
        prop_oneof![
            map.prop_map(|map| Data::Map(map.into_iter().collect())),
            prop::collection::vec(value, 0..7).prop_map(Data::Seq),
            named,
        ]
    })
}

fn manifest(kind: &str, data: &Data) -> String {
    let text =
        hld_yaml::emit(&Value::new(Data::Map([("spec", Value::new(data.clone()))].into_iter().collect())));
    format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n{text}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_object_does_not_differ_from_itself(value in data()) {
        let text = manifest("A", &value);
        prop_assert!(difference(&text, &text).difference.is_empty());
        // Other bytes, so that both are read.
        let commented = format!("# said\n{text}");
        prop_assert!(difference(&text, &commented).difference.is_empty());
    }

    #[test]
    fn changes_are_exactly_what_differs(before in data(), after in data(), is_secret in any::<bool>()) {
        let kind = if is_secret { "Secret" } else { "A" };
        let found = outcome(&manifest(kind, &before), &manifest(kind, &after)).difference;
        match found.objects.as_slice() {
            [] => {}
            [ObjectChange::Changed { before, after, changes }] => {
                prop_assert_eq!(&apply(&before.content, &What::Inner(changes.clone())), &after.content);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn texts_are_patched_to_the_other(before in "([abc]{0,2}\n){0,40}a?", after in "([abc]{0,2}\n){0,40}b?") {
        let (before, after) = (Data::String(before), Data::String(after));
        let found = outcome(&manifest("A", &before), &manifest("A", &after)).difference;
        if let [ObjectChange::Changed { before, after, changes }] = found.objects.as_slice() {
            prop_assert_eq!(&apply(&before.content, &What::Inner(changes.clone())), &after.content);
        }
    }

    #[test]
    fn lists_are_patched_to_the_other(before in prop::collection::vec(0i64..6, 0..20), after in prop::collection::vec(0i64..6, 0..20)) {
        let list = |items: Vec<i64>| Data::Seq(items.into_iter().map(Value::new).collect());
        let (before, after) = (list(before), list(after));
        let found = outcome(&manifest("A", &before), &manifest("A", &after)).difference;
        if let [ObjectChange::Changed { before, after, changes }] = found.objects.as_slice() {
            prop_assert_eq!(&apply(&before.content, &What::Inner(changes.clone())), &after.content);
        }
    }
}
