//! Lists: items matched by the fields that name them, else by content and position.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput, Interner};

use crate::{Change, Item, Node, Step, What, compare};

/// Fields that name the items of a list: Kubernetes' merge keys, and what its other lists are named
/// by. The first set counts whose first field every item has and whose values are unique.
const NAMES: &[&[&str]] = &[
    &["name"],
    &["kind", "namespace", "name"],
    &["containerPort", "protocol"],
    &["port", "protocol"],
    &["mountPath"],
    &["devicePath"],
    &["topologyKey"],
    &["ip"],
    &["uid"],
    &["host"],
    &["path"],
    &["key"],
    &["type"],
    &["id"],
];

/// The values of the fields that name an item.
type Name = Vec<(String, String)>;

/// The changes between two lists: items that are gone, then the others in their new order.
pub(crate) fn items(before: &[Node], after: &[Node]) -> Vec<Change> {
    let names = NAMES.iter().find_map(|fields| Some((names(before, fields)?, names(after, fields)?)));
    match names {
        Some((old, new)) => named((before, &old), (after, &new)),
        None => unnamed(before, after),
    }
}

/// The name of each item; `None` if one has none, or two have the same.
fn names(items: &[Node], fields: &[&str]) -> Option<Vec<Name>> {
    let names: Vec<Name> = items.iter().map(|item| name(item, fields)).collect::<Option<_>>()?;
    let mut sorted: Vec<&Name> = names.iter().collect();
    sorted.sort_unstable();
    let is_unique = sorted.windows(2).all(|pair| pair[0] != pair[1]);
    is_unique.then_some(names)
}

fn name(item: &Node, fields: &[&str]) -> Option<Name> {
    let Node::Map(entries) = item else { return None };
    let mut name = Name::new();
    for (at, field) in fields.iter().enumerate() {
        match entries.get(*field) {
            Some(Node::Text(text)) => name.push(((*field).to_owned(), text.clone())),
            Some(Node::Int(number)) => name.push(((*field).to_owned(), number.to_string())),
            None if at > 0 => {}
            _ => return None,
        }
    }
    Some(name)
}

/// The changes of lists whose items have names.
fn named((before, old): (&[Node], &[Name]), (after, new): (&[Node], &[Name])) -> Vec<Change> {
    let mut places: BTreeMap<&Name, usize> = old.iter().enumerate().map(|(at, name)| (name, at)).collect();
    let sources: Vec<Option<usize>> = new.iter().map(|name| places.remove(name)).collect();
    let mut gone: Vec<usize> = places.into_values().collect();
    gone.sort_unstable();
    let step = |name: &Name, before, after| Step::Item(Item { name: name.clone(), before, after });
    let mut changes: Vec<Change> = gone
        .into_iter()
        .map(|at| Change { step: step(&old[at], Some(at), None), what: What::Removed(before[at].clone()) })
        .collect();
    let stays = rising(&sources.iter().flatten().copied().collect::<Vec<usize>>());
    for (at, source) in sources.into_iter().enumerate() {
        let step = step(&new[at], source, Some(at));
        let Some(source) = source else {
            changes.push(Change { step, what: What::Added(after[at].clone()) });
            continue;
        };
        if stays.binary_search(&source).is_err() {
            changes.push(Change { step: step.clone(), what: What::Moved });
        }
        changes.extend(compare::value(&before[source], &after[at]).map(|what| Change { step, what }));
    }
    changes
}

/// A longest rising run of the numbers, which differ from each other, with gaps: what stayed in
/// place.
fn rising(numbers: &[usize]) -> Vec<usize> {
    // The position of the lowest number that ends a run of each length, and of the number in front.
    let mut ends: Vec<usize> = Vec::new();
    let mut fronts: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| numbers[*end] < *number);
        fronts.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() { ends.push(at) } else { ends[length] = at }
    }
    let mut run: Vec<usize> =
        std::iter::successors(ends.last().copied(), |at| fronts[*at]).map(|at| numbers[at]).collect();
    run.reverse();
    run
}

/// The changes of lists whose items have no names: equal items in the same order stay, equal items
/// elsewhere have moved, what is left of both sides in one place is compared in order.
fn unnamed(before: &[Node], after: &[Node]) -> Vec<Change> {
    let interner = Interner::new(before.len() + after.len());
    let mut input: InternedInput<&Node> = InternedInput { before: Vec::new(), after: Vec::new(), interner };
    input.update_before(before.iter());
    input.update_after(after.iter());
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let range = |range: Range<u32>| range.start as usize..range.end as usize;
    let hunks: Vec<(Range<usize>, Range<usize>)> =
        diff.hunks().map(|hunk| (range(hunk.before), range(hunk.after))).collect();
    let sources = moves(&hunks, before, after);
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for (old, new) in hunks {
        let mut left = old.filter(|at| !sources.taken[*at]);
        for at in new {
            if let Some(source) = sources.of[at] {
                come.push(change(Some(source), Some(at), What::Moved));
            } else if let Some(source) = left.next() {
                let what = compare::value(&before[source], &after[at]).expect("equal items have been paired");
                come.push(change(Some(source), Some(at), what));
            } else {
                come.push(change(None, Some(at), What::Added(after[at].clone())));
            }
        }
        gone.extend(left.map(|at| change(Some(at), None, What::Removed(before[at].clone()))));
    }
    gone.extend(come);
    gone
}

fn change(before: Option<usize>, after: Option<usize>, what: What) -> Change {
    Change { step: Step::Item(Item { name: Vec::new(), before, after }), what }
}

/// Items that stand elsewhere.
struct Moves {
    /// Where each item of the second list comes from.
    of: Vec<Option<usize>>,
    /// Which items of the first list stand elsewhere.
    taken: Vec<bool>,
}

fn moves(hunks: &[(Range<usize>, Range<usize>)], before: &[Node], after: &[Node]) -> Moves {
    let mut free: BTreeMap<&Node, VecDeque<usize>> = BTreeMap::new();
    for at in hunks.iter().flat_map(|(old, _)| old.clone()) {
        free.entry(&before[at]).or_default().push_back(at);
    }
    let mut moves = Moves { of: vec![None; after.len()], taken: vec![false; before.len()] };
    for at in hunks.iter().flat_map(|(_, new)| new.clone()) {
        if let Some(source) = free.get_mut(&after[at]).and_then(VecDeque::pop_front) {
            moves.of[at] = Some(source);
            moves.taken[source] = true;
        }
    }
    moves
}
