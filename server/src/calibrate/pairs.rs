//! Every photo against every other: pairs of one person, pairs of different people, and what a ranking would show.

use super::CalibrateError;
use super::gallery::Photo;
use super::intervals::{Estimate, Resampling, bootstrap};
use super::scores::{Scores, Weights};
use serde::Serialize;

/// Two photos, by their places in the list they were made from, and their cosine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub score: f32,
    pub photos: [usize; 2],
}

/// All pairs of a list of photos.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    pub same: Vec<Pair>,
    pub different: Vec<Pair>,
}

impl Pairs {
    /// A picture and its damaged copies are never a pair. An error where one kind is missing, or where photos were embedded
    /// by two networks.
    pub fn of(photos: &[&Photo]) -> Result<Self, CalibrateError> {
        let mut pairs = Self { same: Vec::new(), different: Vec::new() };
        for (i, one) in photos.iter().enumerate() {
            for (j, other) in photos.iter().enumerate().skip(i + 1) {
                if one.number != other.number {
                    let pair = Pair { score: one.embedding.cosine(&other.embedding)?, photos: [i, j] };
                    if one.person == other.person { pairs.same.push(pair) } else { pairs.different.push(pair) }
                }
            }
        }
        if pairs.same.is_empty() || pairs.different.is_empty() {
            return Err(CalibrateError::NoPairs { photos: photos.len() });
        }
        Ok(pairs)
    }

    /// The scores of the pairs that `keep` takes.
    pub fn scores(&self, photos: &[&Photo], keep: impl Fn(&Pair) -> bool) -> Result<Scores, CalibrateError> {
        let person = |at: usize| photos.get(at).map_or(0, |photo| photo.person);
        let same = self.same.iter().filter(|pair| keep(pair)).map(|pair| (pair.score, person(pair.photos[0])));
        let different = self.different.iter().filter(|pair| keep(pair)).map(|pair| (pair.score, pair.photos.map(person)));
        Scores::new(same.collect(), different.collect())
    }
}

/// Of the first `k` of each photo's ranking of all others, how many show the person, as a share of how many could.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Precision {
    pub k: usize,
    pub share: Estimate,
}

/// Each photo in turn searches all others. Photos of people who have no other photo are no probes.
pub fn precision(photos: &[&Photo], people: usize, ks: &[usize], resampling: Resampling) -> Result<Vec<Precision>, CalibrateError> {
    // Per person: probes, and the sum of their precisions, one per k.
    let mut sums = vec![(0_u32, vec![0.0; ks.len()]); people];
    for (i, probe) in photos.iter().enumerate() {
        let others = photos.iter().enumerate().filter(|(j, other)| *j != i && other.number != probe.number);
        let scored = others.map(|(_, other)| Ok((probe.embedding.cosine(&other.embedding)?, other.person == probe.person)));
        let mut ranked: Vec<(f32, bool)> = scored.collect::<Result<_, CalibrateError>>()?;
        let possible = ranked.iter().filter(|other| other.1).count();
        let Some((probes, shares)) = sums.get_mut(probe.person).filter(|_| possible > 0) else { continue };
        // Of equal scores the stranger goes first: a tie is no merit.
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        *probes += 1;
        for (share, &k) in shares.iter_mut().zip(ks) {
            *share += ranked.iter().take(k).filter(|other| other.1).count() as f64 / k.min(possible).max(1) as f64;
        }
    }
    let mean = |weights: &Weights, at: usize| {
        let (mut probes, mut sum) = (0.0, 0.0);
        for (person, (count, shares)) in sums.iter().enumerate() {
            let weight = weights.of(person) as f64;
            probes += weight * f64::from(*count);
            sum += weight * shares[at];
        }
        (probes > 0.0).then(|| sum / probes)
    };
    let intervals = bootstrap(people, resampling, |weights| (0..ks.len()).map(|at| mean(weights, at)).collect());
    let even = Weights::even(people);
    let values = ks.iter().enumerate().filter_map(|(at, &k)| Some((k, mean(&even, at)?))).zip(intervals);
    Ok(values.map(|((k, value), interval)| Precision { k, share: Estimate { value, interval } }).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::calibrate::damage::Damage;
    use models::{Contract, Embedding};
    use std::sync::Arc;

    /// A photo whose vector points so many degrees from the first axis.
    pub fn photo(person: usize, number: usize, degrees: f32) -> Photo {
        let contract = Arc::new(Contract { digest: "0".repeat(64), preprocessing: "test".into(), dimension: 2 });
        let angle = degrees.to_radians();
        let embedding = Embedding::from_raw(vec![angle.cos(), angle.sin()], &contract).expect("a direction");
        Photo { person, number, damage: None, embedding, sharpness: 100.0, overall: None }
    }

    const RESAMPLING: Resampling = Resampling { seed: 1, replicates: 200 };

    #[test]
    fn a_picture_and_its_copy_are_no_pair() {
        let copy = Photo { damage: Some(Damage::Dark), ..photo(0, 1, 1.0) };
        let photos = [photo(0, 1, 0.0), copy, photo(0, 2, 10.0), photo(1, 3, 90.0)];
        let photos: Vec<&Photo> = photos.iter().collect();
        let pairs = Pairs::of(&photos).expect("pairs");
        let same: Vec<_> = pairs.same.iter().map(|pair| pair.photos).collect();
        assert_eq!((same, pairs.different.len()), (vec![[0, 2], [1, 2]], 3));
        let scores = pairs.scores(&photos, |pair| pair.photos.contains(&0)).expect("numbers");
        assert_eq!((scores.same().len(), scores.different().len()), (1, 1));
    }

    #[test]
    fn one_person_alone_or_one_photo_each_gives_no_pairs_to_judge_by() {
        for people in [[0, 0], [0, 1]] {
            let photos = [photo(people[0], 1, 0.0), photo(people[1], 2, 10.0)];
            let refusal = Pairs::of(&photos.iter().collect::<Vec<_>>()).expect_err("one kind is missing");
            assert_eq!(refusal.code(), "no_pairs");
        }
    }

    #[test]
    fn precision_counts_against_what_was_possible() {
        // 0° and 10° are one person, 12° a stranger to both: it comes first for 10°, second for 0°.
        let photos = [photo(0, 1, 0.0), photo(0, 2, 10.0), photo(1, 3, 12.0)];
        let photos: Vec<&Photo> = photos.iter().collect();
        let found = precision(&photos, 2, &[1, 5], RESAMPLING).expect("one network");
        assert_eq!(found.iter().map(|p| (p.k, p.share.value)).collect::<Vec<_>>(), [(1, 0.5), (5, 1.0)]);
    }

    #[test]
    fn a_tie_with_a_stranger_is_no_merit() {
        let photos = [photo(0, 1, 0.0), photo(0, 2, 10.0), photo(1, 3, 10.0)];
        let photos: Vec<&Photo> = photos.iter().collect();
        // The first probe's ranking is a tie; the second's begins with the stranger at 0°.
        assert_eq!(precision(&photos, 2, &[1], RESAMPLING).expect("one network")[0].share.value, 0.0);
    }
}
