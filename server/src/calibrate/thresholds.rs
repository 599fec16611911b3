//! The rule by which MATCH and POSSIBLE are chosen.
//!
//! Both are set by what strangers may do, never by how many true pairs they cost:
//!
//! * POSSIBLE lets through one pair of strangers in ten thousand: a person looks at what is shown, and a search over the
//!   usual number of candidates shows next to none.
//! * MATCH lets through one in a million: of a search over ten thousand strangers one in a hundred shows a wrong MATCH.
//!
//! Where the set holds enough pairs of strangers to count that ([`COUNTABLE`] expected at the target), they are counted.
//! Where it does not, the upper tail of their scores is taken for normal, with the larger of two deviations: that of all scores,
//! and the one that puts the 99th percentile where it is (so that a tail heavier than normal counts).
//!
//! The estimate is rounded to 0.05 where its interval over resampled people is wider than [`COARSE`], else to 0.01: MATCH always
//! up, because a wrong MATCH misleads; POSSIBLE to the nearest, because a person looks at what is shown and never sees what is
//! not. Neither lies at or below a score that two different people reached, unless that was counted. The interval itself is told,
//! not built in: its upper end is for those to whom a false match is graver than several missed ones.

use super::intervals::Interval;
use super::normal::{upper_quantile, upper_tail};
use super::scores::{Scores, Weighted};
use serde::Serialize;

/// Wrong matches per pair of strangers.
pub const MATCH_FMR: f64 = 1e-6;
pub const POSSIBLE_FMR: f64 = 1e-4;

/// What is aimed at, and on which side of the estimate the threshold may lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aim {
    pub fmr: f64,
    pub always_up: bool,
}

pub const MATCH: Aim = Aim { fmr: MATCH_FMR, always_up: true };
pub const POSSIBLE: Aim = Aim { fmr: POSSIBLE_FMR, always_up: false };

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
    /// What it was rounded to a multiple of.
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

/// Estimates and rounds. None without pairs of different people.
pub fn choose(scores: &Scores, aim: Aim, interval: Option<Interval>) -> Option<Choice> {
    let fmr = aim.fmr;
    let estimate = estimate(&scores.weighted(&scores.even()), fmr)?;
    let counted = countable(scores, fmr);
    let width = interval.map_or(f64::INFINITY, |interval| interval.high - interval.low);
    let steps = if width > COARSE { 20.0 } else { 100.0 };
    let rounded = if aim.always_up { up(estimate, steps) } else { (estimate * steps).round() / steps };
    let highest = scores.different().next()?;
    let threshold = if counted || rounded as f32 > highest { rounded } else { up(highest.next_up().into(), steps) };
    Some(Choice { fmr, counted, estimate, interval, step: 1.0 / steps, threshold: threshold.clamp(-1.0, 1.0) as f32 })
}

/// To the next of so many steps per 1. What lies on a step, but for the noise of a float, stays.
fn up(value: f64, steps: f64) -> f64 {
    (value * steps - 1e-9).ceil() / steps
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
        let choice = choose(&scores, MATCH, Some(Interval { low: 0.44, high: 0.52 })).expect("strangers");
        assert!(!choice.counted && (choice.estimate - 0.475).abs() < 0.003, "{choice:?}");
        assert_eq!(choice.threshold, 0.5);
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
        let choice = choose(&scores, POSSIBLE, Some(Interval { low: 0.365, high: 0.3751 })).expect("strangers");
        assert!(choice.counted && (choice.estimate - 0.3719).abs() < 0.003, "{choice:?}");
        assert_eq!((choice.threshold, choice.step), (0.37, 0.01));
    }

    #[test]
    fn the_less_is_known_the_coarser_it_is_rounded_match_up_and_possible_to_the_nearest() {
        // Estimates .475 and .372.
        let scores = normal(5000);
        let well_known = Some(Interval { low: 0.36, high: 0.37 });
        let chosen = |aim, interval| choose(&scores, aim, interval).map(|choice| (choice.threshold, choice.step));
        assert_eq!((chosen(MATCH, well_known), chosen(MATCH, None)), (Some((0.48, 0.01)), Some((0.5, 0.05))));
        // The highest score seen is .372 as well: to the nearest would be at or below it.
        assert_eq!((chosen(POSSIBLE, well_known), chosen(POSSIBLE, None)), (Some((0.38, 0.01)), Some((0.4, 0.05))));
        // With fewer pairs the highest is .309, so that the nearest step below the estimate will do.
        let few = normal(500);
        assert_eq!(choose(&few, POSSIBLE, None).map(|choice| choice.threshold), Some(0.35));
        assert_eq!((up(0.5, 20.0), up(0.500_01, 20.0), up(0.3, 100.0)), (0.5, 0.55, 0.3), "what lies on a step stays");
    }

    #[test]
    fn what_two_different_people_reached_is_never_a_match_where_it_was_not_counted() {
        let mut strangers: Vec<_> = (0..1000).map(|i| ((i % 10) as f32 / 100.0, [0, 1])).collect();
        strangers.push((0.62, [0, 1]));
        let scores = Scores::new(vec![(0.9, 0)], strangers).expect("numbers");
        let choice = choose(&scores, POSSIBLE, Some(Interval { low: 0.2, high: 0.21 })).expect("strangers");
        assert_eq!(choice.threshold, 0.63, "above .62");
    }
}
