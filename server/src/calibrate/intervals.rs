//! How far a measured number can be trusted: intervals of 95 %.
//!
//! Pairs share people and photos, so they are not independent, and counting them as if they were gives intervals that are
//! far too narrow. So people are resampled: as many as there are, with replacement, and everything is computed anew (the
//! subset bootstrap of Bolle, Ratha and Pankanti, "Error analysis of pattern recognition systems", CVIU 93, 2004). With few
//! people that is still too narrow, and says nothing at all where no error was seen; so a rate also never gets a narrower
//! interval than independent pairs would give it ([`wilson`]), and one of nothing gets [`none_seen_bound`].

use super::scores::Weights;
use serde::Serialize;

/// The usual 95 %, two-sided, in standard deviations.
const Z: f64 = 1.959_963_985;

/// Lower and upper end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

/// A number that is no rate, with its interval (none where too few resampled sets gave one).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    pub value: f64,
    pub interval: Option<Interval>,
}

/// So many of so many, and the interval of the share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    pub events: u64,
    pub of: u64,
    pub interval: Interval,
}

impl Rate {
    /// Never narrower than Wilson's interval; of no event (or of nothing but events) one-sided, [`none_seen_bound`].
    pub fn new(events: u64, of: u64, resampled: Option<Interval>) -> Self {
        let interval = if events == 0 {
            Interval { low: 0.0, high: none_seen_bound(of) }
        } else if events >= of {
            Interval { low: 1.0 - none_seen_bound(of), high: 1.0 }
        } else {
            let independent = wilson(events, of);
            resampled.map_or(independent, |resampled| resampled.hull(independent))
        };
        Self { events, of, interval }
    }

    /// 0..1; 0 of nothing.
    pub fn share(&self) -> f64 {
        if self.of == 0 { 0.0 } else { self.events as f64 / self.of as f64 }
    }
}

/// What the rate may still be, with 95 % confidence, where none of `of` independent trials showed the event: the `p` with
/// `(1 - p)^of = 0.05`, nearly `3 / of` (the rule of three). 1 where nothing was tried.
pub fn none_seen_bound(of: u64) -> f64 {
    if of == 0 { 1.0 } else { 1.0 - 0.05_f64.powf(1.0 / of as f64) }
}

/// Wilson's score interval of a share of independent trials (JASA 22, 1927).
pub fn wilson(events: u64, of: u64) -> Interval {
    if of == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let (n, p) = (of as f64, events as f64 / of as f64);
    let scale = 1.0 + Z * Z / n;
    let centre = (p + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
}

/// The same numbers for the same seed on every machine: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
#[derive(Debug, Clone)]
pub struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// As many people as there are, drawn with replacement.
    pub fn draw(&mut self, people: usize) -> Weights {
        let mut weights = vec![0; people];
        for _ in 0..people {
            let drawn = (u128::from(self.next()) * people as u128) >> 64;
            weights[drawn as usize] += 1;
        }
        Weights(weights)
    }
}

/// How people are resampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Resampling {
    pub seed: u64,
    pub replicates: usize,
}

/// The 95 % interval of each of several numbers over resampled people. `measure` answers one value per number, None where
/// the drawn people give none (nobody of the needed kind was drawn); such replicates are left out, and where more than half
/// are, there is no interval.
pub fn bootstrap(people: usize, resampling: Resampling, measure: impl Fn(&Weights) -> Vec<Option<f64>>) -> Vec<Option<Interval>> {
    let mut random = Seeded::new(resampling.seed);
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); measure(&Weights::even(people)).len()];
    for _ in 0..resampling.replicates {
        for (column, value) in columns.iter_mut().zip(measure(&random.draw(people))) {
            column.extend(value.filter(|v| v.is_finite()));
        }
    }
    let interval = |mut column: Vec<f64>| {
        column.sort_by(f64::total_cmp);
        let enough = !column.is_empty() && column.len() * 2 >= resampling.replicates;
        enough.then(|| Interval { low: quantile(&column, 0.025), high: quantile(&column, 0.975) })
    };
    columns.into_iter().map(interval).collect()
}

/// Of sorted values, at least one; between two neighbours on the straight line.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_was_seen_the_bound_is_nearly_three_over_the_number_tried() {
        assert!((none_seen_bound(4500) * 4500.0 - 3.0).abs() < 0.01);
        assert!((none_seen_bound(1) - 0.95).abs() < 1e-12);
        assert_eq!(none_seen_bound(0), 1.0);
        let rate = Rate::new(0, 45, Some(Interval { low: 0.0, high: 0.0 }));
        assert!((rate.interval.high - 0.0644).abs() < 1e-4, "a bootstrap of nothing is not believed: {rate:?}");
        assert_eq!((rate.share(), rate.interval.low), (0.0, 0.0));
    }

    #[test]
    fn wilsons_interval_is_the_published_one() {
        // 10 of 100: 0.0552 to 0.1744 (Newcombe, Statistics in Medicine 17, 1998, method 3).
        let interval = wilson(10, 100);
        assert!((interval.low - 0.0552).abs() < 1e-4 && (interval.high - 0.1744).abs() < 1e-4, "{interval:?}");
        assert_eq!(wilson(0, 0), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn a_rate_takes_the_wider_of_resampled_people_and_independent_pairs() {
        let wide = Interval { low: 0.01, high: 0.5 };
        assert_eq!(Rate::new(10, 100, Some(wide)).interval, wide);
        let narrow = Interval { low: 0.09, high: 0.11 };
        assert_eq!(Rate::new(10, 100, Some(narrow)).interval, wilson(10, 100));
        assert_eq!(Rate::new(9, 9, None).interval.high, 1.0);
    }

    #[test]
    fn the_same_seed_draws_the_same_people_and_another_seed_others() {
        let drawn = |seed| {
            let mut random = Seeded::new(seed);
            (0..5).map(|_| random.draw(10)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        assert!(drawn(7).iter().all(|weights| weights.0.iter().sum::<u32>() == 10));
    }

    #[test]
    fn the_generator_is_the_published_one() {
        // The first values of SplitMix64 for seed 1234567, as Vigna's reference implementation prints them.
        let mut random = Seeded::new(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn the_spread_over_people_is_the_spread_of_a_mean() {
        // Sixteen people, half of them worth 1: the mean of 16 draws has a deviation of 1/8, so 95 % lie within 1/4.
        let mean = |weights: &Weights| (0..8).map(|p| weights.of(p)).sum::<u64>() as f64 / 16.0;
        let found = bootstrap(16, Resampling { seed: 1, replicates: 4000 }, |weights| vec![Some(mean(weights)), None]);
        let interval = found[0].expect("an interval");
        assert!((interval.low - 0.25).abs() < 0.07 && (interval.high - 0.75).abs() < 0.07, "{interval:?}");
        assert_eq!(found[1], None, "what is never measured has no interval");
    }
}
