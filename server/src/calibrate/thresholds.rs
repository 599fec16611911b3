//! The rule by which MATCH and POSSIBLE are chosen.
//!
//! Both are set by what strangers may do, never by how many true pairs they cost:
//!
//! * POSSIBLE lets through one pair of strangers in ten thousand: a person looks at what is shown, and a search over the
//!   usual number of candidates shows next to none.
//! * MATCH lets through one in a million: of a search over ten thousand strangers one in a hundred shows a wrong MATCH.
//!
//! Where the set holds enough pairs of strangers to count that ([`COUNTABLE`] expected at the target), they are counted.
//! Where it does not, the upper tail of their scores is taken for normal, with the larger of two deviations: that of all scores, and the one
//! that puts the 99th percentile where it is (so that a tail heavier than normal counts). Then come three cautions: the upper end
//! of the interval over resampled people is taken, not the estimate; what was not counted never lies at or below a score that two
//! different people reached; and the result is rounded up, to 0.05 where the interval is wider than [`COARSE`], else to 0.01.

use super::intervals::Interval;
use super::normal::{upper_quantile, upper_tail};
use super::scores::{Scores, Weighted};
use serde::Serialize;

/// Wrong matches per pair of strangers.
pub const MATCH_FMR: f64 = 1e-6;
pub const POSSIBLE_FMR: f64 = 1e-4;
/// False matches that a set must be large enough to show at the target before it is believed to have shown them.
pub const COUNTABLE: f64 = 10.0;
/// A threshold known less well than this is rounded to 0.05: another digit would feign a knowledge that is not there.
pub const COARSE: f64 = 0.02;

/// The part of the strangers' scores by which their tail is judged.
const TAIL_SHARE: f64 = 0.01;

/// The strangers' scores as a normal distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tail {
    pub mean: f64,
    pub sd: f64,
}

impl Tail {
    pub fn of(scores: &Weighted) -> Option<Self> {
        let all = scores.different_moments()?;
        let high = f64::from(scores.threshold_at(TAIL_SHARE)?);
        Some(Self { mean: all.mean, sd: all.sd.max((high - all.mean) / upper_quantile(TAIL_SHARE)) })
    }

    /// Share of strangers at or above the threshold.
    pub fn fmr(&self, threshold: f64) -> f64 {
        if self.sd > 0.0 { upper_tail((threshold - self.mean) / self.sd) } else { f64::from(u8::from(threshold <= self.mean)) }
    }

    pub fn threshold(&self, fmr: f64) -> f64 {
        self.mean + upper_quantile(fmr) * self.sd
    }
}

/// One threshold and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Choice {
    /// The FMR that is aimed at.
    pub fmr: f64,
    /// Counted in the set, or extrapolated by the normal tail.
    pub counted: bool,
    pub estimate: f64,
    pub interval: Option<Interval>,
    /// What it was rounded up to a multiple of.
    pub step: f64,
    pub threshold: f32,
}

/// Whether the set is large enough to count wrong matches at this FMR.
pub fn countable(scores: &Scores, fmr: f64) -> bool {
    scores.different().len() as f64 * fmr >= COUNTABLE
}

/// The threshold for an FMR before any caution; also computed for resampled people.
pub fn estimate(scores: &Weighted, fmr: f64) -> Option<f64> {
    if countable(scores.scores(), fmr) { scores.threshold_at(fmr).map(f64::from) } else { Tail::of(scores).map(|tail| tail.threshold(fmr)) }
}

/// The cautions. None without pairs of different people.
pub fn choose(scores: &Scores, fmr: f64, interval: Option<Interval>) -> Option<Choice> {
    let estimate = estimate(&scores.weighted(&scores.even()), fmr)?;
    let counted = countable(scores, fmr);
    let mut careful = interval.map_or(estimate, |interval| interval.high.max(estimate));
    if !counted {
        careful = careful.max(f64::from(scores.different().next()?.next_up()));
    }
    let width = interval.map_or(f64::INFINITY, |interval| interval.high - interval.low);
    let steps = if width > COARSE { 20.0 } else { 100.0 };
    Some(Choice { fmr, counted, estimate, interval, step: 1.0 / steps, threshold: round_up(careful, steps) })
}

/// To the next of so many steps per 1; a cosine is never above 1. What lies on a step (but for the noise of a float) stays.
fn round_up(value: f64, steps: f64) -> f32 {
    ((value * steps - 1e-9).ceil() / steps).clamp(-1.0, 1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strangers' scores that lie as a normal distribution of mean 0 and deviation 0.1 does, and two pairs of one person.
    fn normal(pairs: usize) -> Scores {
        let score = |i: usize| (0.1 * upper_quantile((i as f64 + 0.5) / pairs as f64)) as f32;
        Scores::new(vec![(0.8, 0), (0.7, 1)], (0..pairs).map(|i| (score(i), [0, 1])).collect()).expect("numbers")
    }

    #[test]
    fn of_a_small_set_the_normal_tail_is_extrapolated() {
        let scores = normal(5000);
        let tail = Tail::of(&scores.weighted(&scores.even())).expect("strangers");
        assert!(tail.mean.abs() < 1e-3 && (tail.sd - 0.1).abs() < 1e-3, "{tail:?}");
        let choice = choose(&scores, MATCH_FMR, Some(Interval { low: 0.47, high: 0.48 })).expect("strangers");
        assert!(!choice.counted && (choice.estimate - 0.475).abs() < 0.003, "{choice:?}");
        assert!((tail.fmr(0.4753) / 1e-6 - 1.0).abs() < 0.1);
    }

    #[test]
    fn a_heavy_tail_widens_the_deviation() {
        let heavy: Vec<_> = (0..1000).map(|i| (if i < 20 { 0.5 } else { 0.0 }, [0, 1])).collect();
        let scores = Scores::new(vec![(0.9, 0)], heavy).expect("numbers");
        let all = scores.weighted(&scores.even()).different_moments().expect("strangers");
        let tail = Tail::of(&scores.weighted(&scores.even())).expect("strangers");
        assert!(tail.sd > 2.5 * all.sd, "{tail:?} {all:?}");
    }

    #[test]
    fn a_large_set_is_counted() {
        let scores = normal(100_000);
        assert!(countable(&scores, POSSIBLE_FMR) && !countable(&scores, MATCH_FMR));
        let choice = choose(&scores, POSSIBLE_FMR, Some(Interval { low: 0.371, high: 0.3751 })).expect("strangers");
        assert!(choice.counted && (choice.estimate - 0.3719).abs() < 0.003, "{choice:?}");
        assert_eq!(choice.threshold, 0.38, "the upper end, rounded up");
    }

    #[test]
    fn the_less_is_known_the_coarser_it_is_rounded_and_always_up() {
        let scores = normal(5000);
        let chosen = |low, high| choose(&scores, MATCH_FMR, Some(Interval { low, high })).expect("strangers");
        assert_eq!((chosen(0.475, 0.481).threshold, chosen(0.475, 0.481).step), (0.49, 0.01));
        assert_eq!((chosen(0.44, 0.501).threshold, chosen(0.44, 0.501).step), (0.55, 0.05));
        assert_eq!(chosen(0.44, 0.5).threshold, 0.5, "what lies on a step stays");
        assert_eq!(choose(&scores, MATCH_FMR, None).expect("strangers").step, 0.05);
    }

    #[test]
    fn what_two_different_people_reached_is_never_a_match_where_it_was_not_counted() {
        let mut strangers: Vec<_> = (0..1000).map(|i| ((i % 10) as f32 / 100.0, [0, 1])).collect();
        strangers.push((0.62, [0, 1]));
        let scores = Scores::new(vec![(0.9, 0)], strangers).expect("numbers");
        let choice = choose(&scores, POSSIBLE_FMR, Some(Interval { low: 0.2, high: 0.21 })).expect("strangers");
        assert_eq!(choice.threshold, 0.63, "above .62");
    }
}
