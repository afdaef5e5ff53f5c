//! The removal guard: what a publication would take away, and whether that may be meant (F30).

use std::collections::BTreeSet;

use hld_diag::{Diagnostic, REMOVALS_REFUSED, Span};
use hld_k8s::ResourceId;

/// Up to so many objects may go without a question, if their kinds are harmless.
const FEW: usize = 10;

/// Most objects that a refusal lists.
const MOST_LISTED: usize = 30;

/// Kinds whose deletion deletes data, or everything in them: their group and name.
const PRECIOUS: [(&str, &str); 4] = [
    ("", "Namespace"),
    ("", "PersistentVolumeClaim"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apps", "StatefulSet"),
];

/// What an environment would lose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// The environment.
    pub(crate) environment: String,
    /// Objects that are published and would not be any more.
    pub(crate) lost: BTreeSet<ResourceId>,
    /// How many objects are published; only known where it matters.
    pub(crate) n_published: usize,
    /// How many objects there would be.
    pub(crate) n_wanted: usize,
}

impl Losses {
    /// Why nobody would expect this, if so.
    fn reason(&self) -> Option<String> {
        let n_lost = self.lost.len();
        if n_lost == 0 {
            return None;
        }
        if self.n_wanted == 0 {
            return Some("nothing would be left".to_owned());
        }
        if let Some(id) = self.lost.iter().find(|id| is_precious(id)) {
            return Some(format!("`{id}` is one of them, and its data would go with it"));
        }
        // More than 30 of 100, without fractions.
        let is_large = n_lost > FEW && n_lost * 10 > self.n_published * 3;
        is_large.then(|| format!("more than {FEW} and more than 30 % are too many to go unseen"))
    }
}

/// Whether the number of published objects decides about so many losses.
pub(crate) fn needs_count(lost: &BTreeSet<ResourceId>) -> bool {
    lost.len() > FEW || lost.iter().any(is_precious)
}

fn is_precious(id: &ResourceId) -> bool {
    PRECIOUS.contains(&(id.group.as_str(), id.kind.as_str()))
}

/// Refuses losses that nobody has allowed by their exact number, all environments together.
pub(crate) fn check(losses: &[Losses], allowed: Option<usize>) -> Result<(), Diagnostic> {
    let n_lost: usize = losses.iter().map(|one| one.lost.len()).sum();
    let Some((first, reason)) = losses.iter().find_map(|one| Some((one, one.reason()?))) else {
        return Ok(());
    };
    if allowed == Some(n_lost) {
        return Ok(());
    }
    let Losses { environment, lost, n_published, n_wanted } = first;
    let n_published = (*n_published).max(lost.len());
    let message = format!(
        "`{environment}` would remove {} of {n_published} objects, with {n_wanted} left: {reason}",
        lost.len()
    );
    let mut diagnostic = Diagnostic::new(REMOVALS_REFUSED, Span::NONE, message);
    let all = losses.iter().flat_map(|one| one.lost.iter().map(move |id| (&one.environment, id)));
    diagnostic
        .hints
        .extend(all.take(MOST_LISTED).map(|(environment, id)| format!("`{environment}` would lose `{id}`")));
    if n_lost > MOST_LISTED {
        diagnostic.hints.push(format!("… and {} more", n_lost - MOST_LISTED));
    }
    if let Some(allowed) = allowed {
        diagnostic.hints.push(format!("`--allow-removals {allowed}` allows another number of objects"));
    }
    Err(diagnostic.hint(format!("if this is meant, say `--allow-removals {n_lost}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(kind: &str, n: usize) -> ResourceId {
        let group = PRECIOUS.iter().find(|(_, known)| *known == kind).map_or("", |(group, _)| group);
        ResourceId {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: "shop".to_owned(),
            name: format!("n{n}"),
        }
    }

    fn losses(kind: &str, n_lost: usize, n_published: usize) -> Vec<Losses> {
        vec![Losses {
            environment: "prod".to_owned(),
            lost: (0..n_lost).map(|n| id(kind, n)).collect(),
            n_published,
            n_wanted: n_published - n_lost,
        }]
    }

    #[test]
    fn f30_more_than_ten_and_more_than_thirty_percent_are_refused() {
        for (n_lost, n_published, is_fine) in [
            (10, 11, true),
            (11, 20, false),
            (11, 36, false),
            (11, 37, true),
            (30, 100, true),
            (31, 100, false),
        ] {
            let verdict = check(&losses("ConfigMap", n_lost, n_published), None);
            assert_eq!(verdict.is_ok(), is_fine, "{n_lost} of {n_published}");
        }
    }

    #[test]
    fn f30_kinds_that_hold_data_are_refused_one_by_one() {
        for (_, kind) in PRECIOUS {
            let refused = check(&losses(kind, 1, 1000), None).unwrap_err();
            assert!(refused.message.contains(&format!("`{}`", id(kind, 0))), "{}", refused.message);
        }
        // The name alone does not make a kind precious.
        let mut other = losses("ConfigMap", 1, 1000);
        other[0].lost = BTreeSet::from([ResourceId { group: "example.org".into(), ..id("StatefulSet", 0) }]);
        assert!(check(&other, None).is_ok());
    }

    #[test]
    fn f30_an_empty_render_is_refused() {
        assert!(check(&losses("ConfigMap", 3, 3), None).is_err());
        assert!(check(&losses("ConfigMap", 0, 0), None).is_ok(), "nothing is lost");
    }

    #[test]
    fn f30_only_the_exact_number_allows() {
        let many = losses("ConfigMap", 20, 20);
        assert!(check(&many, Some(19)).is_err());
        assert!(check(&many, Some(21)).is_err());
        assert!(check(&many, Some(20)).is_ok());
        let refused = check(&many, Some(1)).unwrap_err();
        assert!(refused.message.contains("would remove 20 of 20 objects"), "{}", refused.message);
        assert_eq!(refused.hints.last().unwrap(), "if this is meant, say `--allow-removals 20`");
    }

    #[test]
    fn f30_the_number_is_that_of_all_environments() {
        let both = [losses("ConfigMap", 20, 20), losses("Secret", 2, 9)].concat();
        assert!(check(&both, Some(20)).is_err());
        assert!(check(&both, Some(22)).is_ok());
    }
}
