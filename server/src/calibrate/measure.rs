//! One pack on one set: every number of the report.

use super::CalibrateError;
use super::bands::{Bands, bands};
use super::gallery::{Gallery, Photo};
use super::intervals::{Estimate, Interval, Rate, Resampling, bootstrap};
use super::pairs::{Pairs, Precision, precision};
use super::scores::{Moments, Scores, Weighted, Weights};
use super::thresholds::{self, Choice, MATCH_FMR, POSSIBLE_FMR, Tail};
use super::words::{count, thousands};
use app::api::{ModelNames, Thresholds};
use models::VisionInfo;
use serde::Serialize;

/// The FARs that TAR is told at.
const FARS: [f64; 4] = [1e-1, 1e-2, 1e-3, 1e-4];
/// The places of a ranking that are looked at.
const KS: [usize; 3] = [1, 5, 10];
/// Deviations above the mean at which the normal tail is compared with what was counted.
const TAIL_CHECKS: [f64; 5] = [1.0, 2.0, 2.5, 3.0, 3.5];

/// What was asked, and of which networks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subject {
    pub engine: String,
    pub models: ModelNames,
    pub contract: String,
    /// In force in this build.
    pub thresholds: Thresholds,
}

impl Subject {
    pub fn of(info: &VisionInfo) -> Self {
        Self {
            engine: info.engine.clone(),
            models: ModelNames {
                pack: info.pack.clone(),
                person: info.person_model.clone(),
                face: info.face_model.clone(),
                embedding: info.embedding_model.clone(),
            },
            contract: info.contract.to_string(),
            thresholds: Thresholds { match_: info.match_threshold, possible: info.possible_threshold },
        }
    }
}

/// Which pictures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetReport {
    pub people: usize,
    pub pictures: usize,
    /// Pictures with a usable face.
    pub usable: usize,
    /// Numbers of the others, each with why.
    pub unusable: Vec<(usize, String)>,
    /// SHA-256 over the sorted SHA-256 of the files.
    pub digest: String,
}

/// What happens at one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Operating {
    pub threshold: f32,
    /// Pairs of different people that match.
    pub false_matches: Rate,
    /// Pairs of one person that do not.
    pub missed: Rate,
    /// FMR by the normal tail: an extrapolation, with its interval over resampled people.
    pub by_tail: Estimate,
}

/// TAR at the lowest threshold that keeps to the FAR.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TarAtFar {
    pub far: f64,
    pub threshold: f32,
    /// Pairs of different people that the FAR allows for, rounded down: at 0 the set is too small to measure it.
    pub allowed: u64,
    pub accepted: Rate,
}

/// The normal tail against what was counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TailCheck {
    pub deviations: f64,
    pub threshold: f64,
    pub expected: f64,
    pub counted: u64,
}

/// The scores of one kind of pair.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub pairs: usize,
    pub mean: f64,
    pub sd: f64,
    pub least: f32,
    pub most: f32,
}

/// Everything that was measured of one pack on one set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    pub subject: Subject,
    pub set: SetReport,
    pub resampling: Resampling,
    pub same: Spread,
    pub different: Spread,
    pub d_prime: Estimate,
    pub eer: Estimate,
    pub precision: Vec<Precision>,
    pub tar_at_far: Vec<TarAtFar>,
    pub tail: Tail,
    pub tail_checks: Vec<TailCheck>,
    /// By the rule.
    pub match_: Choice,
    pub possible: Choice,
    /// At the thresholds in force: MATCH, POSSIBLE.
    pub in_force: [Operating; 2],
    /// At thresholds 0.05 apart.
    pub operating: Vec<Operating>,
    pub bands: Option<Bands>,
    /// Numbers of the two pictures of different people that are the most alike, of the two of one person that are the least:
    /// where a set is labelled wrongly, it shows here.
    pub most_alike: [usize; 2],
    pub least_alike: [usize; 2],
    #[serde(skip)]
    pub scores: Scores,
}

/// Compares all with all. Thresholds, rates and curves are those of the pictures as they are; damaged copies and bands of
/// quality (`with_bands`) have tables of their own.
pub fn calibrate(subject: Subject, gallery: &Gallery, with_bands: bool, resampling: Resampling) -> Result<Calibration, CalibrateError> {
    let photos = gallery.originals();
    let pairs = Pairs::of(&photos)?;
    let scores = pairs.scores(&photos, |_| true)?;
    let lacking = || CalibrateError::NoPairs { photos: photos.len() };
    let people = gallery.people;
    let even = Weights::even(people);
    let all = scores.weighted(&even);

    let spots = spots(&all, subject.thresholds);
    // One draw of people for all numbers: four, then the FARs, then three for each spot.
    let measure = |weights: &Weights| {
        let drawn = scores.weighted(weights);
        let tail = Tail::of(&drawn);
        let mut row =
            vec![drawn.d_prime(), drawn.eer(), thresholds::estimate(&drawn, MATCH_FMR), thresholds::estimate(&drawn, POSSIBLE_FMR)];
        row.extend(FARS.map(|far| drawn.tar_at(far)));
        for &spot in &spots {
            let rates = drawn.rates(spot);
            row.extend([rates.map(|r| r.fmr), rates.map(|r| r.fnmr), tail.map(|tail| tail.fmr(spot.into()))]);
        }
        row
    };
    let intervals = bootstrap(people, resampling, measure);
    let interval = |at: usize| intervals.get(at).copied().flatten();

    let tail = Tail::of(&all).ok_or_else(lacking)?;
    let operating: Vec<Operating> = spots
        .iter()
        .enumerate()
        .map(|(at, &threshold)| operating(&all, threshold, &tail, [0, 1, 2].map(|n| interval(4 + FARS.len() + 3 * at + n))))
        .collect();
    let (in_force, operating) = operating.split_at(2);
    let tar_at_far = FARS.into_iter().enumerate().map(|(at, far)| {
        let threshold = all.threshold_at(far).ok_or_else(lacking)?;
        let (accepted, of) = all.same_accepted(threshold);
        let allowed = (far * scores.different().len() as f64) as u64;
        Ok(TarAtFar { far, threshold, allowed, accepted: Rate::new(accepted, of, interval(4 + at)) })
    });
    let possible = thresholds::choose(&scores, thresholds::POSSIBLE, interval(3)).ok_or_else(lacking)?;
    let mut match_ = thresholds::choose(&scores, thresholds::MATCH, interval(2)).ok_or_else(lacking)?;
    // One may be counted and the other extrapolated: MATCH stays the stricter.
    match_.threshold = match_.threshold.max(possible.threshold);

    let numbers = |pair: [usize; 2]| pair.map(|at| photos[at].number);
    let most_alike = pairs.different.iter().max_by(|a, b| a.score.total_cmp(&b.score)).ok_or_else(lacking)?;
    let least_alike = pairs.same.iter().min_by(|a, b| a.score.total_cmp(&b.score)).ok_or_else(lacking)?;
    Ok(Calibration {
        set: set_report(gallery, &photos),
        same: spread(scores.same(), all.same_moments()).ok_or_else(lacking)?,
        different: spread(scores.different(), all.different_moments()).ok_or_else(lacking)?,
        d_prime: Estimate { value: all.d_prime().unwrap_or(0.0), interval: interval(0) },
        eer: Estimate { value: all.eer().ok_or_else(lacking)?, interval: interval(1) },
        precision: precision(&photos, people, &KS, resampling)?,
        tar_at_far: tar_at_far.collect::<Result<_, CalibrateError>>()?,
        tail_checks: TAIL_CHECKS.map(|deviations| tail_check(&all, &tail, deviations)).to_vec(),
        tail,
        match_,
        possible,
        in_force: [in_force[0], in_force[1]],
        operating: operating.to_vec(),
        bands: with_bands.then(|| bands(gallery, subject.thresholds, resampling)).transpose()?,
        most_alike: numbers(most_alike.photos),
        least_alike: numbers(least_alike.photos),
        subject,
        resampling,
        scores,
    })
}

/// Thresholds that rates are told at: the two in force, then all multiples of 0.05 between the strangers' mean and the
/// middle of the pairs of one person.
fn spots(scores: &Weighted, in_force: Thresholds) -> Vec<f32> {
    let low = scores.different_moments().map_or(0.0, |m| m.mean);
    let high = scores.same_moments().map_or(1.0, |m| m.mean);
    let steps = (-19..20_i16).map(|n| f64::from(n) / 20.0).filter(|t| *t > low && *t < high);
    [in_force.match_, in_force.possible].into_iter().chain(steps.map(|t| t as f32)).collect()
}

fn operating(scores: &Weighted, threshold: f32, tail: &Tail, [fmr, fnmr, by_tail]: [Option<Interval>; 3]) -> Operating {
    let (accepted, same) = scores.same_accepted(threshold);
    let (wrong, different) = scores.different_accepted(threshold);
    Operating {
        threshold,
        false_matches: Rate::new(wrong, different, fmr),
        missed: Rate::new(same - accepted, same, fnmr),
        by_tail: Estimate { value: tail.fmr(threshold.into()), interval: by_tail },
    }
}

fn tail_check(scores: &Weighted, tail: &Tail, deviations: f64) -> TailCheck {
    let threshold = tail.mean + deviations * tail.sd;
    let (counted, all) = scores.different_accepted(threshold as f32);
    TailCheck { deviations, threshold, expected: tail.fmr(threshold) * all as f64, counted }
}

fn set_report(gallery: &Gallery, photos: &[&Photo]) -> SetReport {
    let unusable = gallery.unusable.iter().filter(|lost| lost.damage.is_none());
    SetReport {
        people: gallery.people,
        pictures: gallery.pictures,
        usable: photos.len(),
        unusable: unusable.map(|lost| (lost.number, lost.why.to_owned())).collect(),
        digest: gallery.digest.clone(),
    }
}

fn spread(mut scores: impl DoubleEndedIterator<Item = f32> + ExactSizeIterator, moments: Option<Moments>) -> Option<Spread> {
    let (pairs, moments) = (scores.len(), moments?);
    let most = scores.next()?;
    Some(Spread { pairs, mean: moments.mean, sd: moments.sd, least: scores.next_back().unwrap_or(most), most })
}

impl Calibration {
    /// The thresholds that the rule gives.
    pub fn by_rule(&self) -> Thresholds {
        Thresholds { match_: self.match_.threshold, possible: self.possible.threshold }
    }

    /// Whether the rule gives the thresholds in force.
    pub fn agrees(&self) -> bool {
        self.by_rule() == self.subject.thresholds
    }

    /// For `calibration` in packs.toml: on which pictures the thresholds were chosen, and what they showed there.
    pub fn sentence(&self, set: &str, thresholds: Thresholds) -> String {
        let even = self.scores.even();
        let all = self.scores.weighted(&even);
        let at = |threshold: f32| {
            let (accepted, same) = all.same_accepted(threshold);
            let (wrong, _) = all.different_accepted(threshold);
            let missed = if accepted == same { "none".into() } else { thousands(same - accepted) };
            format!("at {threshold:.2} {} and {missed} missed", count(wrong, "false match", "false matches"))
        };
        format!(
            "{set}: {} pairs of one person and {} of different people; {}, {}",
            thousands(self.same.pairs as u64),
            thousands(self.different.pairs as u64),
            at(thresholds.match_),
            at(thresholds.possible)
        )
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::calibrate::damage::Damage;
    use crate::calibrate::gallery::Unusable;
    use crate::calibrate::pairs::tests::photo;

    pub const RESAMPLING: Resampling = Resampling { seed: 1, replicates: 200 };

    pub fn subject() -> Subject {
        let models = ModelNames { pack: "played".into(), person: "p@1".into(), face: "f@2".into(), embedding: "e@3".into() };
        let thresholds = Thresholds { match_: 0.9, possible: 0.5 };
        Subject { engine: "played".into(), models, contract: "0/test/2".into(), thresholds }
    }

    /// Three people 100° apart with four photos each, 10° apart; picture 13 has no face.
    pub fn gallery() -> Gallery {
        let photos = (0..12_u8).map(|n| photo((n / 4).into(), usize::from(n) + 1, f32::from(n / 4) * 100.0 + f32::from(n % 4) * 10.0));
        let lost = |damage| Unusable { number: 13, damage, why: "no_face" };
        Gallery {
            people: 3,
            pictures: 13,
            photos: photos.collect(),
            unusable: vec![lost(None), Unusable { number: 1, ..lost(Some(Damage::Dark)) }],
            digest: "d".repeat(64),
        }
    }

    fn measured() -> Calibration {
        calibrate(subject(), &gallery(), true, RESAMPLING).expect("pairs")
    }

    #[test]
    fn the_rates_at_the_thresholds_in_force_are_counted() {
        let found = measured();
        // 30° apart (cos .866) is one pair of each person; strangers are 70° apart or more (cos .342).
        assert_eq!(found.in_force.map(|at| (at.missed.events, at.missed.of)), [(3, 18), (0, 18)]);
        assert_eq!(found.in_force.map(|at| (at.false_matches.events, at.false_matches.of)), [(0, 48), (0, 48)]);
        assert!(
            (found.same.least - 30_f32.to_radians().cos()).abs() < 1e-5 && (found.different.most - 70_f32.to_radians().cos()).abs() < 1e-5
        );
        assert_eq!((found.eer.value, found.precision[0].share.value), (0.0, 1.0));
        assert_eq!((found.set.usable, found.set.unusable.as_slice()), (12, [(13, "no_face".to_owned())].as_slice()));
        let tars: Vec<_> = found.tar_at_far.iter().map(|at| (at.allowed, at.accepted.events)).collect();
        assert_eq!(tars, [(4, 18), (0, 18), (0, 18), (0, 18)]);
    }

    #[test]
    fn the_sentence_says_what_was_seen() {
        let found = measured();
        assert_eq!(
            found.sentence("Played", found.subject.thresholds),
            "Played: 18 pairs of one person and 48 of different people; at 0.90 no false match and 3 missed, at 0.50 no false match and none missed"
        );
    }

    #[test]
    fn thresholds_by_the_rule_lie_above_every_stranger_and_match_is_the_stricter() {
        let found = measured();
        let by_rule = found.by_rule();
        assert!(by_rule.match_ >= by_rule.possible && by_rule.possible > found.different.most, "{by_rule:?}");
        assert!(!found.agrees());
    }

    #[test]
    fn the_same_pictures_and_seed_give_the_same_numbers_and_the_seed_touches_intervals_alone() {
        assert_eq!(measured(), measured());
        let other = calibrate(subject(), &gallery(), true, Resampling { seed: 2, ..RESAMPLING }).expect("pairs");
        let values = |c: &Calibration| (c.d_prime.value, c.eer.value, c.tail, c.match_.estimate, c.in_force.map(|at| at.missed.events));
        assert_eq!(values(&measured()), values(&other));
    }

    #[test]
    fn damaged_copies_do_not_touch_the_thresholds() {
        let mut with_copies = gallery();
        let copies: Vec<Photo> =
            with_copies.photos.iter().map(|p| Photo { damage: Some(Damage::Dark), ..photo(p.person, p.number, 300.0) }).collect();
        with_copies.photos.extend(copies);
        let found = calibrate(subject(), &with_copies, true, RESAMPLING).expect("pairs");
        assert_eq!((found.match_, found.possible, found.in_force), (measured().match_, measured().possible, measured().in_force));
        let bands = found.bands.expect("asked for");
        assert_eq!(bands.by_damage.iter().map(|group| group.missed_at_match.events).collect::<Vec<_>>(), [3, 0, 0, 36]);
        assert_eq!(bands.lost, [(Damage::Dark, 1)]);
    }
}
