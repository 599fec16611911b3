//! Error rates by the quality of the poorer photo of a pair, and by the damage that was done to it.

use super::CalibrateError;
use super::damage::Damage;
use super::gallery::{Gallery, Photo};
use super::intervals::{Rate, Resampling, bootstrap};
use super::pairs::{Pair, Pairs};
use super::scores::{Scores, Weighted, Weights};
use app::api::Thresholds;
use serde::Serialize;

/// What the photos are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The pipeline's overall quality, 0..1, in fixed bands.
    Overall,
    /// Where the pipeline tells no quality: the sharpness, in thirds of the photos at hand.
    Sharpness,
}

/// Ends of the fixed bands.
const OVERALL: [f32; 2] = [0.3, 0.6];

/// Three bands; a value on an edge belongs to the better one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Edges {
    pub measure: Measure,
    pub edges: [f32; 2],
}

impl Edges {
    /// By overall quality where every photo has one.
    pub fn of(photos: &[&Photo]) -> Self {
        if !photos.is_empty() && photos.iter().all(|photo| photo.overall.is_some()) {
            return Self { measure: Measure::Overall, edges: OVERALL };
        }
        let mut values: Vec<f32> = photos.iter().map(|photo| photo.sharpness).filter(|v| v.is_finite()).collect();
        values.sort_by(f32::total_cmp);
        let third = |n: usize| values.get(values.len() * n / 3).copied().unwrap_or(0.0);
        Self { measure: Measure::Sharpness, edges: [third(1), third(2)] }
    }

    /// 0 the poorest; where a value is no number, that is the poorest.
    fn band(&self, photo: &Photo) -> usize {
        let value = match self.measure {
            Measure::Overall => photo.overall.unwrap_or(f32::NAN),
            Measure::Sharpness => photo.sharpness,
        };
        self.edges.iter().filter(|edge| value >= **edge).count()
    }

    fn words(&self, band: usize) -> String {
        let what = match self.measure {
            Measure::Overall => "quality",
            Measure::Sharpness => "sharpness",
        };
        let shown = |edge: f32| match self.measure {
            Measure::Overall => format!("{edge:.1}"),
            Measure::Sharpness => format!("{edge:.0}"),
        };
        let [low, high] = self.edges.map(shown);
        match band {
            0 => format!("{what} below {low}"),
            1 => format!("{what} {low} to {high}"),
            _ => format!("{what} from {high}"),
        }
    }
}

/// Errors of the pairs of one band or damage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    pub name: String,
    /// Photos that are that poor.
    pub photos: usize,
    pub missed_at_match: Rate,
    pub missed_at_possible: Rate,
    pub false_at_match: Rate,
    pub false_at_possible: Rate,
}

/// Both tables.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bands {
    pub edges: Edges,
    /// Sorted by the poorer photo of the pair, the poorest first.
    pub by_quality: Vec<Group>,
    /// Undamaged against undamaged, then each damage against undamaged. Empty where nothing was damaged.
    pub by_damage: Vec<Group>,
    /// Copies, by damage, that no face was found in.
    pub lost: Vec<(Damage, usize)>,
}

/// Of all photos, damaged copies included.
pub fn bands(gallery: &Gallery, thresholds: Thresholds, resampling: Resampling) -> Result<Bands, CalibrateError> {
    let photos: Vec<&Photo> = gallery.photos.iter().collect();
    let pairs = Pairs::of(&photos)?;
    let edges = Edges::of(&photos);
    let band: Vec<usize> = photos.iter().map(|photo| edges.band(photo)).collect();
    let group = |name: String, count: usize, keep: &dyn Fn(&Pair) -> bool| {
        let scores = pairs.scores(&photos, keep)?;
        Ok(group(name, count, &scores, gallery.people, thresholds, resampling))
    };
    let by_quality = (0..3).map(|wanted| {
        let count = band.iter().filter(|band| **band == wanted).count();
        group(edges.words(wanted), count, &|pair| band[pair.photos[0]].min(band[pair.photos[1]]) == wanted)
    });
    let by_quality = by_quality.collect::<Result<_, CalibrateError>>()?;
    let damaged = |damage: Option<Damage>| photos.iter().filter(|photo| photo.damage == damage).count();
    let mut by_damage = Vec::new();
    if damaged(None) < photos.len() {
        for damage in std::iter::once(None).chain(Damage::ALL.map(Some)) {
            let name = damage.map_or("as it is", Damage::words).to_owned();
            // One photo undamaged, the other as named: what a damaged query meets in a pool of good pictures.
            let keep = |pair: &Pair| {
                let [one, other] = pair.photos.map(|at| photos[at].damage);
                (one.is_none() && other == damage) || (other.is_none() && one == damage)
            };
            by_damage.push(group(name, damaged(damage), &keep)?);
        }
    }
    let lost = |damage: Damage| gallery.unusable.iter().filter(|lost| lost.damage == Some(damage)).count();
    let lost = Damage::ALL.iter().map(|damage| (*damage, lost(*damage))).filter(|(_, count)| *count > 0).collect();
    Ok(Bands { edges, by_quality, by_damage, lost })
}

fn group(name: String, photos: usize, scores: &Scores, people: usize, thresholds: Thresholds, resampling: Resampling) -> Group {
    let both = [thresholds.match_, thresholds.possible];
    let missed = |scores: &Weighted, threshold: f32| {
        let (accepted, all) = scores.same_accepted(threshold);
        (all - accepted, all)
    };
    let share = |(events, of): (u64, u64)| (of > 0).then(|| events as f64 / of as f64);
    let intervals = bootstrap(people, resampling, |weights| {
        let drawn = scores.weighted(weights);
        let missed = both.map(|threshold| share(missed(&drawn, threshold)));
        let wrong = both.map(|threshold| share(drawn.different_accepted(threshold)));
        [missed, wrong].concat()
    });
    let even = Weights::even(people);
    let all = scores.weighted(&even);
    let rate = |(events, of): (u64, u64), at: usize| Rate::new(events, of, intervals.get(at).copied().flatten());
    Group {
        name,
        photos,
        missed_at_match: rate(missed(&all, both[0]), 0),
        missed_at_possible: rate(missed(&all, both[1]), 1),
        false_at_match: rate(all.different_accepted(both[0]), 2),
        false_at_possible: rate(all.different_accepted(both[1]), 3),
    }
}

#[cfg(test)]
mod tests {
    use super::super::pairs::tests::photo;
    use super::*;

    const RESAMPLING: Resampling = Resampling { seed: 1, replicates: 100 };
    const THRESHOLDS: Thresholds = Thresholds { match_: 0.9, possible: 0.5 };

    fn gallery(photos: Vec<Photo>) -> Gallery {
        Gallery { people: 2, pictures: photos.len(), photos, unusable: Vec::new(), digest: String::new() }
    }

    #[test]
    fn a_pair_belongs_to_the_band_of_its_poorer_photo() {
        let of_quality = |person, number, degrees, overall| Photo { overall: Some(overall), ..photo(person, number, degrees) };
        // The poor photo of the first person is turned away by 40°: missed at MATCH (cos .77), not at POSSIBLE.
        let photos = vec![
            of_quality(0, 1, 0.0, 0.9),
            of_quality(0, 2, 5.0, 0.6),
            of_quality(0, 3, 40.0, 0.1),
            of_quality(1, 4, 120.0, 0.9),
            of_quality(1, 5, 125.0, 0.45),
        ];
        let bands = bands(&gallery(photos), THRESHOLDS, RESAMPLING).expect("pairs");
        assert_eq!(bands.edges, Edges { measure: Measure::Overall, edges: [0.3, 0.6] });
        let seen: Vec<_> =
            bands.by_quality.iter().map(|g| (g.photos, g.missed_at_match.events, g.missed_at_match.of, g.false_at_match.of)).collect();
        assert_eq!(seen, [(1, 2, 2, 2), (1, 0, 1, 2), (3, 0, 1, 2)]);
        assert_eq!(bands.by_quality[0].name, "quality below 0.3");
        assert!(bands.by_damage.is_empty());
    }

    #[test]
    fn without_a_told_quality_the_sharpness_sorts_and_nan_is_the_poorest() {
        let of_sharpness = |number, sharpness| Photo { sharpness, ..photo(number % 2, number, 0.0) };
        let photos: Vec<Photo> = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0].into_iter().enumerate().map(|(n, s)| of_sharpness(n, s)).collect();
        let edges = Edges::of(&photos.iter().collect::<Vec<_>>());
        assert_eq!(edges, Edges { measure: Measure::Sharpness, edges: [30.0, 50.0] });
        assert_eq!([29.9, 30.0, 50.0, f32::NAN].map(|s| edges.band(&of_sharpness(1, s))), [0, 1, 2, 0]);
        assert_eq!(edges.words(1), "sharpness 30 to 50");
    }

    #[test]
    fn a_damaged_photo_is_compared_with_undamaged_ones_of_other_pictures() {
        let dark = |person, number, degrees| Photo { damage: Some(Damage::Dark), ..photo(person, number, degrees) };
        let photos = vec![photo(0, 1, 0.0), dark(0, 1, 30.0), photo(0, 2, 1.0), dark(0, 2, 31.0), photo(1, 3, 100.0)];
        let bands = bands(&gallery(photos), THRESHOLDS, RESAMPLING).expect("pairs");
        let dark = bands.by_damage.iter().find(|group| group.name.starts_with("dark")).expect("listed");
        assert_eq!((dark.photos, dark.missed_at_match.of, dark.missed_at_match.events), (2, 2, 2), "each with the other's original");
        assert_eq!((bands.by_damage[0].missed_at_match.of, bands.by_damage[0].missed_at_match.events), (1, 0));
        assert_eq!(bands.by_damage.len(), 4, "the damages that were not done are told as none");
    }
}
