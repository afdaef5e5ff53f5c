//! Several comparisons at once: what is equal in them is told once.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use hld_k8s::ResourceId;
use sha2::{Digest, Sha256};

use crate::lines::{self, Role};
use crate::{Danger, Difference, Mark, ObjectChange, danger};

/// A difference and the name it is shown under.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What was compared: `prod`, `a.yaml -> b.yaml`.
    pub name: String,
    /// What differs.
    pub difference: Difference,
}

/// Comparisons whose equal changes are one.
#[derive(Clone, Debug)]
pub struct Folded<'c> {
    /// The comparisons, in the order they were given in.
    pub comparisons: &'c [Comparison],
    /// Every change, by the object's id.
    pub changes: Vec<Shared<'c>>,
}

/// A change of one or more comparisons.
#[derive(Clone, Debug)]
pub struct Shared<'c> {
    /// The change as the first of them has it. The others' objects may differ where nothing changed,
    /// and in secrets.
    pub change: &'c ObjectChange,
    /// The comparisons that have it, by their positions.
    pub within: Vec<usize>,
    /// What of it can hurt, worst first.
    pub dangers: Vec<Danger>,
}

/// A danger of one or more comparisons.
#[derive(Clone, Debug)]
pub struct SharedDanger<'f> {
    /// The danger.
    pub danger: &'f Danger,
    /// A change that it is of.
    pub change: &'f ObjectChange,
    /// The comparisons that have it, by their positions.
    pub within: Vec<usize>,
}

/// How many dangers back the same one is looked for: those of an object in all comparisons.
const MOST_BESIDE: usize = 256;

/// The id of an object, its number among those of the id, and the hash of what is told of it.
type SharedKey<'c> = (&'c ResourceId, usize, [u8; 32]);

/// Folds comparisons: changes are equal when the same is told of them. What differs between the
/// comparisons where nothing changed does not count, nor does the value of a secret.
#[must_use]
pub fn fold(comparisons: &[Comparison]) -> Folded<'_> {
    let mut changes: Vec<Shared<'_>> = Vec::new();
    let mut places: HashMap<SharedKey<'_>, usize, RandomState> = HashMap::default();
    for (at, comparison) in comparisons.iter().enumerate() {
        let mut counts: BTreeMap<&ResourceId, usize> = BTreeMap::new();
        for change in &comparison.difference.objects {
            let dangers = danger::of(change);
            if comparisons.len() > 1 {
                let count = counts.entry(change.id()).or_default();
                let key = (change.id(), *count, hash(change, &dangers));
                *count += 1;
                if let Some(place) = places.get(&key) {
                    changes[*place].within.push(at);
                    continue;
                }
                places.insert(key, changes.len());
            }
            changes.push(Shared { change, within: vec![at], dangers });
        }
    }
    // What is equal so far stays in the order of the comparisons.
    changes.sort_by(|a, b| a.change.id().cmp(b.change.id()));
    Folded { comparisons, changes }
}

/// A hash of what is told of a change.
fn hash(change: &ObjectChange, dangers: &[Danger]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |kind: u8, text: &str| {
        hash.update([kind]);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(0, change.word());
    for line in lines::of_object(change) {
        let kind = match line.role {
            Role::Path => 1,
            Role::Note => 2,
            Role::Content(Mark::Same) => 3,
            Role::Content(Mark::Removed) => 4,
            Role::Content(Mark::Added) => 5,
        };
        add(kind, &line.text);
    }
    for danger in dangers {
        add(6, &danger.path);
        add(7, danger.reason);
    }
    hash.finalize().into()
}

impl Folded<'_> {
    /// Whether nothing differs anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Dangers with the objects they are of, worst first. One danger of several environments is one,
    /// also where what changed differs.
    #[must_use]
    pub fn dangers(&self) -> Vec<SharedDanger<'_>> {
        let mut dangers: Vec<SharedDanger<'_>> = Vec::new();
        for shared in &self.changes {
            for danger in &shared.dangers {
                let is_same = |known: &&mut SharedDanger<'_>| {
                    known.danger == danger
                        && known.change.id() == shared.change.id()
                        && known.change.word() == shared.change.word()
                };
                // Changes of one object stand beside each other.
                match dangers.iter_mut().rev().take(MOST_BESIDE).find(is_same) {
                    Some(known) => known.within.extend(&shared.within),
                    None => {
                        let within = shared.within.clone();
                        dangers.push(SharedDanger { danger, change: shared.change, within });
                    }
                }
            }
        }
        for shared in &mut dangers {
            shared.within.sort_unstable();
            shared.within.dedup();
        }
        dangers.sort_by_key(|shared| shared.danger.risk);
        dangers
    }

    /// The names of comparisons by their positions; `None` where there is but one comparison.
    pub(crate) fn names(&self, within: &[usize]) -> Option<Names<'_>> {
        let n_all = self.comparisons.len();
        if n_all < 2 {
            return None;
        }
        if within.len() == n_all {
            return Some(Names { names: Vec::new(), n_all });
        }
        let names = within.iter().map(|at| self.comparisons[*at].name.as_str()).collect();
        Some(Names { names, n_all })
    }
}

/// Names of comparisons; none of them means all.
pub(crate) struct Names<'c> {
    names: Vec<&'c str>,
    n_all: usize,
}

/// Most names that are told one by one.
const MOST_NAMES: usize = 12;

impl Names<'_> {
    /// `in prod-east, prod-west (of 4)`, or `in all 4`; `show` writes one name.
    pub(crate) fn said(&self, show: impl Fn(&str) -> String) -> String {
        if self.names.is_empty() {
            return format!("in all {}", self.n_all);
        }
        let told: Vec<String> = self.names.iter().take(MOST_NAMES).map(|name| show(name)).collect();
        let more = self.names.len() - told.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("in {}{more} (of {})", told.join(", "), self.n_all)
    }
}
