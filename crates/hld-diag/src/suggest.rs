//! "Did you mean": the known word nearest to an unknown one.

/// The candidate that differs least from `word`, if it differs little: by one edit in every three
/// characters at most. An edit is a letter added, left out, changed, or swapped with its neighbour.
/// Case does not count. Of equals the first wins.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let distances = candidates.into_iter().filter(|candidate| candidate.len() < 256);
    let best = distances.map(|candidate| (edits(word, candidate), candidate)).min_by_key(|(n, _)| *n);
    best.filter(|(n, _)| *n <= limit).map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance of two words without regard to case; words longer than 255
/// bytes are infinitely far from everything.
fn edits(a: &str, b: &str) -> usize {
    if a.len() > 255 {
        return usize::MAX;
    }
    strsim::osa_distance(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_within_reason() {
        let known = ["subcomponents", "source", "type", "path"];
        assert_eq!(nearest("subcomponants", known), Some("subcomponents"));
        assert_eq!(nearest("tpye", known), Some("type"));
        assert_eq!(nearest("Path", known), Some("path"));
        assert_eq!(nearest("replicas", known), None);
    }
}
