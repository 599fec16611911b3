//! Interleaving: several providers' lists become one, so that none of them can eat the candidate budget alone.

use super::Candidate;
use std::collections::HashSet;

/// Takes the first of each list, then the second of each, and so on, leaving out places that were named before
/// (same location), until `max` candidates are there. The order depends on the lists alone.
pub fn interleave(lists: Vec<Vec<Candidate>>, max: usize) -> Vec<Candidate> {
    let mut seen = HashSet::new();
    let mut mixed = Vec::new();
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    while mixed.len() < max && !lists.is_empty() {
        lists.retain_mut(|list| {
            // A place that is known already must not cost its provider the turn.
            let next = list.find(|candidate| seen.insert(candidate.location.clone()));
            let more = next.is_some();
            if mixed.len() < max {
                mixed.extend(next);
            }
            more
        });
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::Location;

    fn candidate(provider: &str, url: &str) -> Candidate {
        Candidate::new(provider, Location::Url(url.into()), url)
    }

    fn list(provider: &str, urls: &[&str]) -> Vec<Candidate> {
        urls.iter().map(|url| candidate(provider, url)).collect()
    }

    fn uris(candidates: &[Candidate]) -> Vec<&str> {
        candidates.iter().map(|c| c.image_uri.as_str()).collect()
    }

    #[test]
    fn providers_take_turns_and_a_long_list_cannot_crowd_out_a_short_one() {
        let mixed = interleave(vec![list("a", &["a1", "a2", "a3", "a4"]), list("b", &["b1"]), list("c", &["c1", "c2"])], 6);
        assert_eq!(uris(&mixed), ["a1", "b1", "c1", "a2", "c2", "a3"]);
    }

    #[test]
    fn the_budget_is_a_ceiling_even_in_the_middle_of_a_turn() {
        let lists = || vec![list("a", &["a1", "a2"]), list("b", &["b1", "b2"]), list("c", &["c1"])];
        assert_eq!(uris(&interleave(lists(), 2)), ["a1", "b1"]);
        assert!(interleave(lists(), 0).is_empty());
        assert!(interleave(Vec::new(), 9).is_empty());
    }

    #[test]
    fn a_place_named_twice_is_looked_at_once_and_costs_nobody_a_turn() {
        let mixed = interleave(vec![list("a", &["same", "a2"]), list("b", &["same", "b2"])], 9);
        assert_eq!(uris(&mixed), ["same", "b2", "a2"]);
        assert_eq!(mixed[0].provider, "a", "the first to name it is its provider");
    }
}
