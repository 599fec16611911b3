//! Scores of pairs and the rates they give at a threshold: for all people, or for a resampled set of them.
//!
//! Words of ISO/IEC 19795-1: a score at or above the threshold is a match; FMR is the share of pairs of different people
//! that match (at one threshold the same as FAR), FNMR the share of pairs of one person that do not, TAR = 1 - FNMR.
//!
//! Everything takes [`Weights`], how often each person was drawn: a pair of one person counts as often as the person, a
//! pair of two people as often as the product. With [`Weights::even`] these are the plain rates.

use super::CalibrateError;

/// How often each person counts; in the order of the gallery's people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights(pub Vec<u32>);

impl Weights {
    /// Everybody once.
    pub fn even(people: usize) -> Self {
        Self(vec![1; people])
    }

    pub fn of(&self, person: usize) -> u64 {
        self.0.get(person).copied().unwrap_or(0).into()
    }

    fn of_two(&self, [one, other]: [usize; 2]) -> u64 {
        self.of(one) * self.of(other)
    }
}

/// Share of each kind of pair, 0..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    pub fmr: f64,
    pub fnmr: f64,
}

/// Mean and standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    pub mean: f64,
    pub sd: f64,
}

/// All scores, the highest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    same: Vec<(f32, usize)>,
    different: Vec<(f32, [usize; 2])>,
}

impl Scores {
    /// Cosines with the index of the person, or of the two people. A score that is no number is refused.
    pub fn new(mut same: Vec<(f32, usize)>, mut different: Vec<(f32, [usize; 2])>) -> Result<Self, CalibrateError> {
        if same.iter().map(|s| s.0).chain(different.iter().map(|d| d.0)).any(|score| !score.is_finite()) {
            return Err(CalibrateError::NotANumber);
        }
        same.sort_by(|a, b| b.0.total_cmp(&a.0));
        different.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(Self { same, different })
    }

    /// How many people there are at least: the highest index and one.
    pub fn people(&self) -> usize {
        self.same.iter().map(|s| s.1).chain(self.different.iter().flat_map(|d| d.1)).max().map_or(0, |person| person + 1)
    }

    /// Of pairs of one person, the highest first.
    pub fn same(&self) -> impl DoubleEndedIterator<Item = f32> + ExactSizeIterator {
        self.same.iter().map(|s| s.0)
    }

    /// Of pairs of different people, the highest first.
    pub fn different(&self) -> impl DoubleEndedIterator<Item = f32> + ExactSizeIterator {
        self.different.iter().map(|d| d.0)
    }

    /// The same scores with people counted as often as they were drawn.
    pub fn weighted<'a>(&'a self, weights: &'a Weights) -> Weighted<'a> {
        fn sums(weights: impl Iterator<Item = u64>) -> Vec<u64> {
            std::iter::once(0)
                .chain(weights)
                .scan(0, |sum, weight| {
                    *sum += weight;
                    Some(*sum)
                })
                .collect()
        }
        Weighted {
            scores: self,
            weights,
            same: sums(self.same.iter().map(|s| weights.of(s.1))),
            different: sums(self.different.iter().map(|d| weights.of_two(d.1))),
        }
    }

    /// Everybody counted once.
    pub fn even(&self) -> Weights {
        Weights::even(self.people())
    }
}

/// [`Scores`] with [`Weights`]: what rates are read from.
#[derive(Debug, Clone)]
pub struct Weighted<'a> {
    scores: &'a Scores,
    weights: &'a Weights,
    /// Weight of the so many highest scores: one more entry than scores, the first is 0.
    same: Vec<u64>,
    different: Vec<u64>,
}

impl Weighted<'_> {
    pub fn scores(&self) -> &Scores {
        self.scores
    }

    /// Pairs of one person at or above the threshold, and all of them.
    pub fn same_accepted(&self, threshold: f32) -> (u64, u64) {
        let upto = self.scores.same.partition_point(|s| s.0 >= threshold);
        (self.same[upto], self.all_same())
    }

    /// Pairs of different people at or above the threshold, and all of them.
    pub fn different_accepted(&self, threshold: f32) -> (u64, u64) {
        let upto = self.scores.different.partition_point(|d| d.0 >= threshold);
        (self.different[upto], self.all_different())
    }

    fn all_same(&self) -> u64 {
        self.same.last().copied().unwrap_or(0)
    }

    fn all_different(&self) -> u64 {
        self.different.last().copied().unwrap_or(0)
    }

    /// Both rates at a threshold; None without pairs of both kinds.
    pub fn rates(&self, threshold: f32) -> Option<Rates> {
        let (accepted, same) = self.same_accepted(threshold);
        let (wrong, different) = self.different_accepted(threshold);
        (same > 0 && different > 0).then(|| Rates { fmr: ratio(wrong, different), fnmr: ratio(same - accepted, same) })
    }

    /// The lowest threshold whose FMR is at most `far`. Where `far` allows for less than one pair, it lies just above the
    /// highest score of different people.
    pub fn threshold_at(&self, far: f64) -> Option<f32> {
        let allowed = far * self.all_different() as f64;
        // How many of the highest may match; of equal scores none comes in alone.
        let within = self.different.partition_point(|sum| *sum as f64 <= allowed).saturating_sub(1);
        match self.scores.different.get(within) {
            Some((score, _)) => Some(score.next_up()),
            None => (self.all_different() > 0).then_some(-1.0),
        }
    }

    /// TAR at [`Self::threshold_at`].
    pub fn tar_at(&self, far: f64) -> Option<f64> {
        self.rates(self.threshold_at(far)?).map(|rates| 1.0 - rates.fnmr)
    }

    /// The curve from the strictest threshold to the laxest: each distinct score with the rates at it. Before the first
    /// stands nobody accepted: FMR 0, FNMR 1. Empty without pairs of both kinds.
    pub fn curve(&self) -> impl Iterator<Item = (f32, Rates)> {
        let (all_same, all_different) = (self.all_same(), self.all_different());
        let (same, different) = (&self.scores.same, &self.scores.different);
        let (mut right, mut wrong) = (0, 0);
        let known = all_same > 0 && all_different > 0;
        std::iter::from_fn(move || {
            let next = [same.get(right).map(|s| s.0), different.get(wrong).map(|d| d.0)];
            let score = next.into_iter().flatten().reduce(f32::max).filter(|_| known)?;
            right += same[right..].iter().take_while(|s| s.0 >= score).count();
            wrong += different[wrong..].iter().take_while(|d| d.0 >= score).count();
            let rates = Rates { fmr: ratio(self.different[wrong], all_different), fnmr: ratio(all_same - self.same[right], all_same) };
            Some((score, rates))
        })
    }

    /// Equal error rate: where FMR and FNMR cross, on the straight line between the two points of the curve around it.
    pub fn eer(&self) -> Option<f64> {
        let mut before = Rates { fmr: 0.0, fnmr: 1.0 };
        for (_, after) in self.curve() {
            if after.fmr >= after.fnmr {
                let share = (before.fnmr - before.fmr) / (after.fmr - before.fmr + before.fnmr - after.fnmr);
                return Some(before.fmr + share * (after.fmr - before.fmr));
            }
            before = after;
        }
        None
    }

    pub fn same_moments(&self) -> Option<Moments> {
        moments(self.scores.same.iter().map(|s| (s.0, self.weights.of(s.1))))
    }

    pub fn different_moments(&self) -> Option<Moments> {
        moments(self.scores.different.iter().map(|d| (d.0, self.weights.of_two(d.1))))
    }

    /// d′: the distance of the two means in units of their common standard deviation.
    pub fn d_prime(&self) -> Option<f64> {
        let (same, different) = (self.same_moments()?, self.different_moments()?);
        let spread = ((same.sd * same.sd + different.sd * different.sd) / 2.0).sqrt();
        (spread > 0.0).then(|| (same.mean - different.mean) / spread)
    }
}

/// 0 where there is nothing to divide by.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Of weighted values; None without weight. Divides by the whole weight: the values are all there are.
fn moments(values: impl Iterator<Item = (f32, u64)>) -> Option<Moments> {
    let (mut count, mut sum, mut squares) = (0, 0.0, 0.0);
    for (value, weight) in values {
        let (value, times) = (f64::from(value), weight as f64);
        count += weight;
        sum += times * value;
        squares += times * value * value;
    }
    let mean = sum / count as f64;
    (count > 0).then(|| Moments { mean, sd: (squares / count as f64 - mean * mean).max(0.0).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two people, four pairs: same .8 and .4, different .6 and .2.
    fn four() -> Scores {
        Scores::new(vec![(0.4, 1), (0.8, 0)], vec![(0.2, [0, 1]), (0.6, [0, 1])]).expect("numbers")
    }

    #[test]
    fn four_scores_give_the_curve_that_one_draws_by_hand() {
        let rates = |fmr, fnmr| Rates { fmr, fnmr };
        let (scores, even) = (four(), Weights::even(2));
        let all = scores.weighted(&even);
        let expected = [(0.8, rates(0.0, 0.5)), (0.6, rates(0.5, 0.5)), (0.4, rates(0.5, 0.0)), (0.2, rates(1.0, 0.0))];
        assert_eq!(all.curve().collect::<Vec<_>>(), expected);
        assert_eq!(all.rates(0.7), Some(rates(0.0, 0.5)));
        assert_eq!(all.rates(0.6), Some(rates(0.5, 0.5)), "a score at the threshold is a match");
        assert_eq!(all.eer(), Some(0.5));
    }

    #[test]
    fn a_threshold_for_a_far_lies_just_above_the_first_score_too_many() {
        let (scores, even) = (four(), Weights::even(2));
        let all = scores.weighted(&even);
        assert_eq!(all.threshold_at(0.4), Some(0.6_f32.next_up()), "less than one pair is allowed");
        assert_eq!(all.tar_at(0.4), Some(0.5));
        assert_eq!(all.threshold_at(0.5), Some(0.2_f32.next_up()));
        assert_eq!(all.tar_at(0.5), Some(1.0));
        assert_eq!(all.threshold_at(1.0), Some(-1.0));
        let tied = Scores::new(vec![(0.9, 0)], vec![(0.5, [0, 1]), (0.5, [0, 1]), (0.1, [0, 1])]).expect("numbers");
        assert_eq!(tied.weighted(&even).threshold_at(0.4), Some(0.5_f32.next_up()), "of equal scores none comes in alone");
    }

    fn eer(same: &[(f32, usize)], different: &[f32]) -> Option<f64> {
        let different = different.iter().map(|score| (*score, [0, 1])).collect();
        Scores::new(same.to_vec(), different).expect("numbers").weighted(&Weights::even(2)).eer()
    }

    #[test]
    fn sets_that_do_not_overlap_have_no_equal_error() {
        assert_eq!(eer(&[(0.9, 0), (0.7, 1)], &[0.3, 0.1]), Some(0.0));
        assert_eq!(eer(&[(0.1, 0)], &[0.9]), Some(1.0));
    }

    #[test]
    fn the_equal_error_lies_between_two_points_where_no_point_is_equal() {
        // At .5 one of three is missed and none is wrong; at .4 one of two is wrong and one of three still missed.
        let between = eer(&[(0.9, 0), (0.5, 0), (0.1, 1)], &[0.4, 0.0]).expect("both kinds");
        assert!((between - 1.0 / 3.0).abs() < 1e-12, "{between}");
    }

    #[test]
    fn who_is_drawn_twice_counts_twice_and_who_is_not_drawn_does_not_count() {
        let (scores, twice, alone) = (four(), Weights(vec![2, 1]), Weights(vec![2, 0]));
        let drawn = scores.weighted(&twice);
        assert_eq!(drawn.same_accepted(0.7), (2, 3));
        assert_eq!(drawn.different_accepted(0.5), (2, 4));
        let drawn = scores.weighted(&alone);
        assert_eq!(drawn.same_accepted(0.7), (2, 2));
        assert_eq!(drawn.rates(0.5), None, "nobody else is there to be confused with");
        assert_eq!((drawn.threshold_at(0.1), drawn.eer(), drawn.d_prime()), (None, None, None));
    }

    #[test]
    fn d_prime_is_the_distance_of_the_means_in_common_deviations() {
        // Means .6 and .4, both deviations .2.
        let d = four().weighted(&Weights::even(2)).d_prime().expect("spread");
        assert!((d - 1.0).abs() < 1e-6, "{d}");
    }

    #[test]
    fn a_score_that_is_no_number_decides_nothing() {
        for bad in [f32::NAN, -f32::NAN, f32::INFINITY] {
            assert!(matches!(Scores::new(vec![(bad, 0)], vec![(0.1, [0, 1])]), Err(CalibrateError::NotANumber)));
            assert!(matches!(Scores::new(vec![(0.9, 0)], vec![(bad, [0, 1])]), Err(CalibrateError::NotANumber)));
        }
    }
}
