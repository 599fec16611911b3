//! Interleaving: several providers' lists become one, so that none of them can eat the candidate budget alone.

use super::canonical::canonical;
use super::{Candidate, Location, Provenance};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Other renditions, and other places, that are kept of one picture.
const ALTERNATES: usize = 8;
const ALSO: usize = 50;

/// Takes the first of each list, then the second of each, and so on, until `max` candidates are there. A picture that was
/// named before costs nobody a turn: its candidate learns where else it was named. The order depends on the lists alone.
pub fn interleave(lists: Vec<Vec<Candidate>>, max: usize) -> Vec<Candidate> {
    let mut places: HashMap<Location, usize> = HashMap::new();
    let mut mixed: Vec<Candidate> = Vec::new();
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    while mixed.len() < max && !lists.is_empty() {
        lists.retain_mut(|list| {
            if mixed.len() >= max {
                return true;
            }
            for candidate in list.by_ref() {
                match places.entry(canonical(&candidate.location)) {
                    Entry::Occupied(known) => {
                        if let Some(known) = mixed.get_mut(*known.get()) {
                            join(known, candidate);
                        }
                    }
                    Entry::Vacant(new) => {
                        new.insert(mixed.len());
                        mixed.push(candidate);
                        return true;
                    }
                }
            }
            false
        });
    }
    // What the budget left behind may still say where else a picture stands.
    for candidate in lists.into_iter().flatten() {
        if let Some(known) = places.get(&canonical(&candidate.location)).and_then(|&at| mixed.get_mut(at)) {
            join(known, candidate);
        }
    }
    mixed
}

/// The same picture, named once more.
fn join(known: &mut Candidate, again: Candidate) {
    for place in std::iter::once(again.provenance()).chain(again.also) {
        if known.also.len() < ALSO && !says_nothing_new(known, &place) {
            known.also.push(place);
        }
    }
    for rendition in again.alternates {
        let is_known = Location::Url(rendition.clone()) == known.location || known.alternates.contains(&rendition);
        if known.alternates.len() < ALTERNATES && !is_known {
            known.alternates.push(rendition);
        }
    }
    known.thumbnail_url = known.thumbnail_url.take().or(again.thumbnail_url);
    known.size = known.size.or(again.size);
    known.source_quality = known.source_quality.max(again.source_quality);
}

fn says_nothing_new(known: &Candidate, place: &Provenance) -> bool {
    let same = |other: &Provenance| other.provider == place.provider && other.page_url == place.page_url;
    same(&known.provenance()) || known.also.iter().any(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(provider: &str, url: &str) -> Candidate {
        Candidate::new(provider, Location::Url(url.into()), url)
    }

    fn list(provider: &str, urls: &[&str]) -> Vec<Candidate> {
        urls.iter().map(|url| candidate(provider, url)).collect()
    }

    fn uris(candidates: &[Candidate]) -> Vec<&str> {
        candidates.iter().map(|c| c.image_uri.as_str()).collect()
    }

    fn providers(candidate: &Candidate) -> Vec<&str> {
        std::iter::once(candidate.provider.as_str()).chain(candidate.also.iter().map(|place| place.provider.as_str())).collect()
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
    fn a_picture_named_twice_is_looked_at_once_costs_nobody_a_turn_and_keeps_both_places() {
        let mixed = interleave(vec![list("a", &["same", "a2"]), list("b", &["same", "b2"])], 9);
        assert_eq!(uris(&mixed), ["same", "b2", "a2"]);
        assert_eq!(providers(&mixed[0]), ["a", "b"], "the first to name it is its provider");
        assert!(mixed[1..].iter().all(|candidate| candidate.also.is_empty()));
    }

    #[test]
    fn two_spellings_of_an_address_are_one_picture() {
        let one = list("a", &["https://a.example/1.jpg"]);
        let other = list("b", &["HTTPS://A.example:443/1.jpg?utm_source=b#x"]);
        let mixed = interleave(vec![one, other], 9);
        assert_eq!(uris(&mixed), ["https://a.example/1.jpg"]);
        assert_eq!(mixed[0].also[0].image_uri, "HTTPS://A.example:443/1.jpg?utm_source=b#x");
    }

    #[test]
    fn a_place_named_beyond_the_budget_is_still_told() {
        let mixed = interleave(vec![list("a", &["same"]), list("b", &["b1", "b2", "same"])], 2);
        assert_eq!(uris(&mixed), ["same", "b1"]);
        assert_eq!(providers(&mixed[0]), ["a", "b"]);
    }

    #[test]
    fn what_is_said_twice_is_kept_once_and_what_is_missing_is_filled_in() {
        let mut first = candidate("a", "same");
        first.page_url = Some("page".into());
        first.alternates = vec!["large".into()];
        let mut second = candidate("b", "same");
        second.thumbnail_url = Some("small".into());
        second.size = Some((640, 480));
        second.source_quality = 0.9;
        second.alternates = vec!["large".into(), "same".into(), "larger".into()];
        let again = first.clone();
        let mixed = interleave(vec![vec![first, again], vec![second.clone(), second]], 9);
        let [only] = &mixed[..] else { panic!("one picture") };
        assert_eq!(providers(only), ["a", "b"]);
        assert_eq!((only.thumbnail_url.as_deref(), only.size, only.source_quality), (Some("small"), Some((640, 480)), 0.9));
        assert_eq!(only.alternates, ["large", "larger"]);
        assert_eq!(only.page_url.as_deref(), Some("page"));
    }
}
