//! What all looks at one picture found, put together: no face counts twice.

use super::Look;
use super::view::Turn;
use models::{BBox, Face};
use std::cmp::Ordering;

/// Boxes that overlap more than this (IoU) are one face.
const SAME_FACE: f32 = 0.4;
/// So are boxes of different looks of which the smaller lies to so great a part inside the larger: a face cut by the edge
/// of its crop, or a part of a face that was taken for one.
const PART_OF_FACE: f32 = 0.7;

/// What the score of a face in a turned picture counts less: a turn must be plainly the better one.
const TURN_HANDICAP: f32 = 0.05;
/// Wider than this (width over height), a box holds no upright face: upright ones measured 0.92 at the most, lying ones
/// 1.2 and more.
const WIDEST_UPRIGHT: f32 = 1.15;
/// The mouth lies below the eyes, at most so much to the side (in parts of the distance below): some 50°.
const MOST_LEANING: f32 = 1.2;

/// A face and the look that found it, in pixels of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    pub face: Face,
    pub look: Look,
    /// Which look of the search, 0 the first: findings of one look have passed the detector's own suppression.
    pub number: usize,
    pub turn: Turn,
    /// Input pixels per pixel of the picture in that look.
    pub magnification: f32,
    /// The face reaches an inner edge of what was looked at.
    pub cut: bool,
    /// As the detector was shown it, see [`is_upright`].
    pub upright: bool,
}

impl Finding {
    /// Longer side of the face as the detector saw it, in input pixels.
    pub fn seen_size(&self) -> f32 {
        self.face.bbox.width().max(self.face.bbox.height()) * self.magnification
    }

    /// The score, less the handicap of a turned picture.
    pub fn weight(&self) -> f32 {
        if self.turn == Turn::None { self.face.score } else { self.face.score - TURN_HANDICAP }
    }

    /// The better finding first: whole before cut, upright before lying, then the score; of equal ones that which was seen
    /// larger.
    pub fn better_first(a: &Self, b: &Self) -> Ordering {
        let by_kind = a.cut.cmp(&b.cut).then(b.upright.cmp(&a.upright)).then(b.weight().total_cmp(&a.weight()));
        by_kind.then(b.magnification.total_cmp(&a.magnification)).then(a.number.cmp(&b.number))
    }
}

/// Whether a face stands upright, in pixels of what the detector was shown. A detector finds a face that lies on its side
/// or on its head too, often with a fair score, but its landmarks are then of no use.
pub fn is_upright(face: &Face) -> bool {
    let [left, right, _, mouth_left, mouth_right] = face.landmarks;
    let across = (mouth_left[0] + mouth_right[0] - left[0] - right[0]) / 2.0;
    let down = (mouth_left[1] + mouth_right[1] - left[1] - right[1]) / 2.0;
    down > 0.0 && across.abs() <= MOST_LEANING * down && face.bbox.width() <= WIDEST_UPRIGHT * face.bbox.height()
}

/// Greedy suppression over all looks, the better finding first. Findings that hold anything but numbers are dropped.
pub fn merge(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|found| {
        let face = &found.face;
        face.bbox.is_finite() && face.score.is_finite() && face.landmarks.iter().flatten().all(|v| v.is_finite())
    });
    findings.sort_by(Finding::better_first);
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for found in findings {
        if !kept.iter().any(|known| is_same(known, &found)) {
            kept.push(found);
        }
    }
    kept
}

/// Within one look the detector has decided already: its suppression lets overlapping faces stand.
fn is_same(known: &Finding, found: &Finding) -> bool {
    let (a, b) = (&known.face.bbox, &found.face.bbox);
    known.number != found.number && (a.iou(b) > SAME_FACE || shared(a, b) > PART_OF_FACE)
}

/// Intersection over the smaller area, 0..1.
fn shared(a: &BBox, b: &BBox) -> f32 {
    let w = (a.x2.min(b.x2) - a.x1.max(b.x1)).max(0.0);
    let h = (a.y2.min(b.y2) - a.y1.max(b.y1)).max(0.0);
    let smaller = a.area().min(b.area());
    if smaller > 0.0 { w * h / smaller } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bbox: [f32; 4], score: f32, look: Look, number: usize) -> Finding {
        let [x1, y1, x2, y2] = bbox;
        let face = Face { bbox: BBox::new(x1, y1, x2, y2), landmarks: [[x1, y1]; 5], score };
        Finding { face, look, number, turn: Turn::None, magnification: 1.0, cut: false, upright: true }
    }

    #[test]
    fn a_face_that_two_looks_found_counts_once_with_the_better_score() {
        let merged = merge(vec![
            found([10.0, 10.0, 50.0, 60.0], 0.6, Look::Full, 0),
            found([12.0, 10.0, 52.0, 60.0], 0.8, Look::Tile, 1),
            found([200.0, 10.0, 240.0, 60.0], 0.5, Look::Tile, 1),
        ]);
        assert_eq!(merged.iter().map(|f| (f.look, f.face.score)).collect::<Vec<_>>(), [(Look::Tile, 0.8), (Look::Tile, 0.5)]);
    }

    #[test]
    fn a_face_cut_by_an_edge_never_beats_the_whole_one() {
        let whole = found([100.0, 100.0, 200.0, 240.0], 0.6, Look::Full, 0);
        let half = Finding { cut: true, ..found([100.0, 100.0, 150.0, 240.0], 0.9, Look::Tile, 1) };
        let other = Finding { cut: true, ..found([400.0, 100.0, 450.0, 240.0], 0.7, Look::Person, 2) };
        assert_eq!(merge(vec![half, whole, other]), [whole, other], "where nothing better is known, the cut face stays");
    }

    #[test]
    fn a_part_of_a_face_is_no_second_face() {
        let face = found([0.0, 0.0, 400.0, 500.0], 0.9, Look::Full, 0);
        let mouth = found([150.0, 300.0, 250.0, 400.0], 0.6, Look::Tile, 1);
        assert_eq!(merge(vec![mouth, face]), [face]);
    }

    #[test]
    fn faces_of_one_look_that_overlap_stay_as_the_detector_left_them() {
        let behind = found([100.0, 100.0, 200.0, 220.0], 0.7, Look::Full, 0);
        let before = found([120.0, 140.0, 170.0, 200.0], 0.8, Look::Full, 0);
        assert_eq!(merge(vec![behind, before]), [before, behind]);
    }

    #[test]
    fn an_upright_face_goes_before_a_lying_one_and_a_turn_must_be_plainly_better() {
        let lying = Finding { upright: false, ..found([0.0, 0.0, 200.0, 100.0], 0.83, Look::Full, 0) };
        let turned = Finding { turn: Turn::Quarter, ..found([20.0, 0.0, 160.0, 100.0], 0.75, Look::Turned90, 3) };
        assert_eq!(merge(vec![lying, turned]), [turned]);
        let upright = found([0.0, 0.0, 100.0, 120.0], 0.65, Look::Full, 0);
        let on_its_head = |score| Finding { turn: Turn::Half, ..found([0.0, 0.0, 100.0, 110.0], score, Look::Turned180, 3) };
        assert_eq!(merge(vec![upright, on_its_head(0.68)]), [upright]);
        assert_eq!(merge(vec![upright, on_its_head(0.72)]), [on_its_head(0.72)]);
    }

    #[test]
    fn the_mouth_of_an_upright_face_lies_below_its_eyes() {
        let face = |landmarks, width, height| Face { bbox: BBox::new(0.0, 0.0, width, height), landmarks, score: 0.8 };
        let upright = [[30.0, 40.0], [70.0, 40.0], [50.0, 60.0], [35.0, 80.0], [65.0, 80.0]];
        assert!(is_upright(&face(upright, 100.0, 130.0)));
        assert!(!is_upright(&face(upright, 150.0, 100.0)), "too wide");
        assert!(!is_upright(&face(upright.map(|[x, y]| [100.0 - y, x]), 100.0, 130.0)), "on its side");
        assert!(!is_upright(&face(upright.map(|[x, y]| [100.0 - x, 130.0 - y]), 100.0, 130.0)), "on its head");
        assert!(!is_upright(&face([[f32::NAN; 2]; 5], 100.0, 130.0)));
    }

    #[test]
    fn what_is_no_number_is_no_face() {
        let nan_box = found([f32::NAN, 0.0, 9.0, 9.0], 0.9, Look::Full, 0);
        let nan_score = found([0.0, 0.0, 9.0, 9.0], f32::NAN, Look::Full, 0);
        let mut nan_landmark = found([0.0, 0.0, 9.0, 9.0], 0.9, Look::Full, 0);
        nan_landmark.face.landmarks[4][1] = f32::INFINITY;
        let good = found([0.0, 0.0, 9.0, 9.0], 0.5, Look::Full, 0);
        assert_eq!(merge(vec![nan_box, nan_score, nan_landmark, good]), [good]);
    }
}
