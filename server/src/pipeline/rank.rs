//! Ranking: similarity first; what is as good as equal is told apart by the faces' quality, sharpness and size, and by source.
//!
//! "Within 0.005" is no order by itself (a ≈ b and b ≈ c do not make a ≈ c), so ties are runs: after sorting by
//! similarity, a run starts with the best that is left and takes in all that follow within [`TIE`] of *it*. A run never
//! crosses a threshold: what only possibly matches is never put above what matches. Within a run, faces that nothing speaks
//! against go before poor ones. The order is total, the same on every run; a NaN goes last.

use app::api::Thresholds;
use std::cmp::Ordering;

/// Similarities this near to the best of a run count as equal.
pub const TIE: f32 = 0.005;

/// What a match is ranked by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankKey {
    /// Cosine, -1..1.
    pub similarity: f32,
    /// There are reasons against the face.
    pub poor: bool,
    /// Variance of the Laplacian.
    pub sharpness: f32,
    /// Of the face's box, in pixels.
    pub face_area: f32,
    /// 0..1
    pub source_quality: f32,
    /// The candidate's place in the order of discovery: the last word.
    pub order: usize,
}

/// Best first.
pub fn rank<T>(items: Vec<T>, thresholds: &Thresholds, key: impl Fn(&T) -> RankKey) -> Vec<T> {
    let mut keyed: Vec<(RankKey, T)> = items.into_iter().map(|item| (key(&item), item)).collect();
    keyed.sort_by(|(a, _), (b, _)| high_first(a.similarity, b.similarity).then(a.order.cmp(&b.order)));
    let mut rest = keyed.as_mut_slice();
    while let Some((best, _)) = rest.first() {
        let best = *best;
        let status = thresholds.status(best.similarity);
        let tied = |key: &RankKey| best.similarity - key.similarity <= TIE && thresholds.status(key.similarity) == status;
        // A NaN is tied with nothing, not even itself: it stands alone.
        let length = rest.iter().take_while(|(key, _)| tied(key)).count().max(1);
        let (run, after) = rest.split_at_mut(length);
        run.sort_by(|(a, _), (b, _)| among_equals(a, b));
        rest = after;
    }
    keyed.into_iter().map(|(_, item)| item).collect()
}

fn among_equals(a: &RankKey, b: &RankKey) -> Ordering {
    a.poor
        .cmp(&b.poor)
        .then(high_first(a.sharpness, b.sharpness))
        .then(high_first(a.face_area, b.face_area))
        .then(high_first(a.source_quality, b.source_quality))
        .then(high_first(a.similarity, b.similarity))
        .then(a.order.cmp(&b.order))
}

/// Greater values first, NaN (of either sign) last: a total order.
pub(super) fn high_first(a: f32, b: f32) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => b.total_cmp(&a),
        (a_nan, b_nan) => a_nan.cmp(&b_nan),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLDS: Thresholds = Thresholds { match_: 0.40, possible: 0.30 };

    /// Name, similarity, sharpness, face area, source quality.
    type Entry = (&'static str, f32, f32, f32, f32);

    fn ranked(entries: &[Entry]) -> Vec<&'static str> {
        let numbered: Vec<(usize, Entry)> = entries.iter().copied().enumerate().collect();
        let key = |&(order, (_, similarity, sharpness, face_area, source_quality)): &(usize, Entry)| RankKey {
            similarity,
            poor: false,
            sharpness,
            face_area,
            source_quality,
            order,
        };
        rank(numbered, &THRESHOLDS, key).into_iter().map(|(_, entry)| entry.0).collect()
    }

    #[test]
    fn similarity_comes_first() {
        let order = ranked(&[("low", 0.2, 900.0, 9e4, 1.0), ("high", 0.7, 1.0, 100.0, 0.0), ("middle", 0.5, 1.0, 100.0, 0.0)]);
        assert_eq!(order, ["high", "middle", "low"]);
    }

    #[test]
    fn ties_are_broken_by_sharpness_then_face_size_then_source_then_order() {
        assert_eq!(ranked(&[("blurred", 0.600, 10.0, 9e4, 1.0), ("sharp", 0.596, 20.0, 1e4, 0.0)]), ["sharp", "blurred"]);
        assert_eq!(ranked(&[("small", 0.600, 10.0, 1e4, 1.0), ("large", 0.596, 10.0, 9e4, 0.0)]), ["large", "small"]);
        assert_eq!(ranked(&[("poor", 0.596, 10.0, 1e4, 0.5), ("good", 0.596, 10.0, 1e4, 1.0)]), ["good", "poor"]);
        assert_eq!(ranked(&[("first", 0.6, 10.0, 1e4, 1.0), ("second", 0.6, 10.0, 1e4, 1.0)]), ["first", "second"]);
    }

    #[test]
    fn among_equals_a_face_that_nothing_speaks_against_goes_before_a_poor_one_however_sharp() {
        let order = |entries: &[(&'static str, f32, bool, f32)]| {
            let key = |&(_, similarity, poor, sharpness): &(&str, f32, bool, f32)| RankKey {
                similarity,
                poor,
                sharpness,
                face_area: 1.0,
                source_quality: 1.0,
                order: 0,
            };
            rank(entries.to_vec(), &THRESHOLDS, key).into_iter().map(|entry| entry.0).collect::<Vec<_>>()
        };
        assert_eq!(order(&[("poor", 0.600, true, 99.0), ("good", 0.596, false, 1.0)]), ["good", "poor"]);
        assert_eq!(order(&[("vague", 0.600, true, 1.0), ("sharp", 0.596, true, 99.0)]), ["sharp", "vague"], "both poor");
        assert_eq!(order(&[("poor", 0.610, true, 99.0), ("good", 0.600, false, 1.0)]), ["poor", "good"], "no tie: similarity decides");
        assert_eq!(order(&[("poor", 0.401, true, 9.0), ("good", 0.399, false, 9.0)]), ["poor", "good"], "a run crosses no threshold");
    }

    #[test]
    fn a_chain_of_near_ties_is_cut_at_the_best_of_each_run() {
        // a≈b and b≈c, but not a≈c: c cannot climb over a, however sharp it is.
        let chain = [("c", 0.592, 99.0, 1.0, 1.0), ("a", 0.600, 1.0, 1.0, 1.0), ("b", 0.596, 2.0, 1.0, 1.0)];
        assert_eq!(ranked(&chain), ["b", "a", "c"]);
    }

    #[test]
    fn the_order_does_not_depend_on_how_the_candidates_arrived() {
        let mut entries: Vec<Entry> =
            (0..40).map(|i| ("", 0.3 + (i * 7 % 40) as f32 * 0.002, (i * 13 % 11) as f32, i as f32, 1.0)).collect();
        let similarities = |entries: &[Entry]| {
            let key =
                |e: &Entry| RankKey { similarity: e.1, poor: e.2 < 3.0, sharpness: e.2, face_area: e.3, source_quality: e.4, order: 0 };
            rank(entries.to_vec(), &THRESHOLDS, key).iter().map(|e| e.1).collect::<Vec<_>>()
        };
        let expected = similarities(&entries);
        for _ in 0..entries.len() {
            entries.rotate_left(3);
            entries.swap(0, 5);
            assert_eq!(similarities(&entries), expected);
        }
    }

    #[test]
    fn a_possible_match_is_never_put_above_a_match() {
        assert_eq!(ranked(&[("match", 0.401, 1.0, 1.0, 1.0), ("possible", 0.399, 99.0, 1.0, 1.0)]), ["match", "possible"]);
    }

    #[test]
    fn nan_goes_last_and_breaks_nothing() {
        let order = ranked(&[
            ("nan", f32::NAN, 9.0, 1.0, 1.0),
            ("worst", -1.0, f32::NAN, 1.0, 1.0),
            ("-nan", -f32::NAN, 9.0, 1.0, 1.0),
            ("best", 0.9, 1.0, 1.0, 1.0),
        ]);
        assert_eq!(order, ["best", "worst", "nan", "-nan"]);
        assert_eq!(ranked(&[("vague", 0.6, f32::NAN, 1.0, 1.0), ("sharp", 0.6, 1.0, 1.0, 1.0)]), ["sharp", "vague"]);
    }
}
