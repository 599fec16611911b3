//! Which looks a picture is worth, decided by what is known of it: pure functions, no pixels.
//!
//! Every picture gets one look as a whole. More are taken only where something speaks for them, the cheap ones first, and
//! never more than [`MAX_LOOKS`]:
//!
//! | What speaks for it | Look | Cost in full looks |
//! |---|---|---|
//! | no face, or a large one that is not sure | as a whole from farther: 320 and 160 input pixels | 1/4, 1/16 |
//! | many small faces, or many people without one, in a picture that was shrunk | as a whole at 1280 | 4 |
//! | still small faces | four tiles at 1280 that overlap | 4 each |
//! | people without a face in a picture that was shrunk | their surroundings, enlarged | up to 1 each |
//! | still no sure face that stands upright | turned three ways at 320, then the best turn at 640 | 1/4 each, 1 |
//! | a query, and still none that is sure | turned three ways at 640 | 1 each |
//! | a query, and still none, in a picture that was shrunk | as a whole at 1280, four tiles | 4, 4 each |

use super::merge::Finding;
use super::people::crops_worth_a_look;
use super::view::{Look, Turn, View};
use models::{BBox, Face, Person};

/// Side of the first look and of the person detector's input: a picture whose longer side is greater was shrunk.
pub const FULL_SIDE: u32 = 640;
/// Looks at one picture, the first one included.
pub const MAX_LOOKS: usize = 16;
/// From farther: a face is found up to some 400 input pixels, so these reach faces twice and four times as large as the
/// frame's longer side shows at first.
const FARTHER: [u32; 2] = [320, 160];
/// From nearer.
const NEARER_SIDE: u32 = 1280;
/// Enough to tell which way is up.
const TRIAL_SIDE: u32 = 320;
/// From this score on a face is sure. Faces that stood on their head scored 0.72 at the most where this was measured; 3 of
/// 120 upright pictures showed none that reaches it.
const SURE: f32 = 0.73;
/// A face of fewer input pixels (longer side) is no close-up.
const LARGE: f32 = 200.0;
/// Faces of fewer input pixels (longer side) are small: their landmarks are vague, and others like them are missed.
const SMALL: f32 = 28.0;
/// So many small faces, or people without a face, are a crowd.
const CROWD: usize = 5;
/// A picture must have been shrunk at least so much, or a look from nearer shows nothing new.
const WORTH_NEARING: f32 = 1.25;
/// Overlap of neighbouring tiles, in parts of their size: no smaller face is cut by both.
const OVERLAP: f32 = 0.2;

/// How much a picture is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// One of many.
    Usual,
    /// A query: nothing can be done without its face.
    Thorough,
}

/// What is known of a picture so far.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub width: u32,
    pub height: u32,
    pub people: &'a [Person],
    /// After suppression over all looks.
    pub found: &'a [Finding],
    pub effort: Effort,
}

/// Groups of looks that are decided on at once, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// From farther, by the index into its sides.
    Farther(usize),
    Nearer,
    Tiles,
    People,
    TurnTrial,
    BestTurn,
    LastTurns,
    LastNearer,
    LastTiles,
}

impl Step {
    pub const ALL: [Self; 10] = [
        Self::Farther(0),
        Self::Farther(1),
        Self::Nearer,
        Self::Tiles,
        Self::People,
        Self::TurnTrial,
        Self::BestTurn,
        Self::LastTurns,
        Self::LastNearer,
        Self::LastTiles,
    ];
}

impl Scene<'_> {
    /// The looks of one step, none where nothing speaks for them.
    pub fn views(&self, step: Step) -> Vec<View> {
        let whole = |look, turn, side| View::whole(look, self.width, self.height, turn, side);
        let turned = |side| -> Vec<View> { Turn::OTHERS.iter().map(|turn| whole(turn.look(), *turn, side)).collect() };
        match step {
            Step::Farther(index) if self.is_unsure() && self.found.iter().all(|found| found.seen_size() >= LARGE) => {
                FARTHER.get(index).map(|side| whole(Look::CloseUp, Turn::None, *side)).into_iter().collect()
            }
            Step::Nearer if self.was_shrunk(FULL_SIDE) && self.is_crowd() => vec![whole(Look::Tile, Turn::None, NEARER_SIDE)],
            Step::Tiles if self.was_shrunk(NEARER_SIDE) && self.small_faces_from_nearer() >= CROWD => tiles(self.width, self.height),
            Step::People => self.people_views(),
            Step::TurnTrial if self.is_unsure() => turned(TRIAL_SIDE),
            Step::BestTurn => self.best_turn().map(|turn| whole(turn.look(), turn, FULL_SIDE)).into_iter().collect(),
            Step::LastTurns if self.is_unsure() && self.is_query() => turned(FULL_SIDE),
            Step::LastNearer if self.found.is_empty() && self.is_query() && self.was_shrunk(FULL_SIDE) => {
                vec![whole(Look::Tile, Turn::None, NEARER_SIDE)]
            }
            Step::LastTiles if self.found.is_empty() && self.is_query() && self.was_shrunk(NEARER_SIDE) => tiles(self.width, self.height),
            _ => Vec::new(),
        }
    }

    fn longer(&self) -> f32 {
        self.width.max(self.height) as f32
    }

    /// Whether a look at `side` shows so much less than there is that one from nearer is worth it.
    fn was_shrunk(&self, side: u32) -> bool {
        self.longer() >= WORTH_NEARING * side as f32
    }

    fn is_query(&self) -> bool {
        self.effort == Effort::Thorough
    }

    /// No face, or none of which it is plain that it is one and stands upright.
    fn is_unsure(&self) -> bool {
        !self.found.iter().any(|found| found.upright && found.face.score >= SURE)
    }

    /// Many faces that were small as they were seen, or many people whose face was not.
    fn is_crowd(&self) -> bool {
        let small = self.found.iter().filter(|found| found.seen_size() < SMALL).count();
        small >= CROWD || self.people_views().len() >= CROWD
    }

    /// Faces that are small even in the look from nearer.
    fn small_faces_from_nearer(&self) -> usize {
        let nearer = NEARER_SIDE as f32 / self.longer();
        let is_small =
            |found: &&Finding| found.look == Look::Tile && found.face.bbox.width().max(found.face.bbox.height()) * nearer < SMALL;
        self.found.iter().filter(is_small).count()
    }

    fn people_views(&self) -> Vec<View> {
        let faces: Vec<Face> = self.found.iter().map(|found| found.face).collect();
        let crops = crops_worth_a_look(self.width, self.height, self.people, &faces);
        crops.into_iter().map(|part| View { look: Look::Person, part, turn: Turn::None, side: FULL_SIDE }).collect()
    }

    /// The turn of the best finding, where only a trial was made of it and a larger look would show more.
    fn best_turn(&self) -> Option<Turn> {
        let best = self.found.iter().min_by(|a, b| Finding::better_first(a, b))?;
        (best.turn != Turn::None && self.longer() > TRIAL_SIDE as f32).then_some(best.turn)
    }
}

/// Two by two, overlapping, together the whole picture.
fn tiles(width: u32, height: u32) -> Vec<View> {
    let spans = |length: u32| {
        let size = (length as f32 / (2.0 - OVERLAP)).ceil();
        [(0.0, size), (length as f32 - size, length as f32)]
    };
    let mut views = Vec::with_capacity(4);
    for (y1, y2) in spans(height) {
        for (x1, x2) in spans(width) {
            views.push(View { look: Look::Tile, part: BBox::new(x1, y1, x2, y2), turn: Turn::None, side: NEARER_SIDE });
        }
    }
    views
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(x: f32, y: f32, w: f32, h: f32) -> Person {
        Person { bbox: BBox::new(x, y, x + w, y + h), score: 0.9 }
    }

    /// A face that a look found, `side` pixels wide and high; the look's side over `longer` is its magnification.
    fn found(x: f32, y: f32, side: f32, score: f32, look: Look, magnification: f32) -> Finding {
        let face = Face { bbox: BBox::new(x, y, x + side, y + side), landmarks: [[x, y]; 5], score };
        Finding { face, look, number: 0, turn: Turn::None, magnification, cut: false, upright: true }
    }

    fn scene<'a>(size: (u32, u32), people: &'a [Person], found: &'a [Finding]) -> Scene<'a> {
        Scene { width: size.0, height: size.1, people, found, effort: Effort::Usual }
    }

    /// The steps that have looks, and how many.
    fn planned(scene: Scene<'_>) -> Vec<(Step, usize)> {
        Step::ALL.into_iter().map(|step| (step, scene.views(step).len())).filter(|(_, looks)| *looks > 0).collect()
    }

    #[test]
    fn a_portrait_and_a_group_get_one_look() {
        let portrait = [found(300.0, 100.0, 400.0, 0.8, Look::Full, 0.5)];
        assert_eq!(planned(scene((1280, 1280), &[person(100.0, 50.0, 900.0, 1200.0)], &portrait)), []);
        let people: Vec<_> = (0..6).map(|i| person(i as f32 * 200.0, 100.0, 180.0, 500.0)).collect();
        let faces: Vec<_> = (0..6).map(|i| found(i as f32 * 200.0 + 40.0, 120.0, 100.0, 0.9, Look::Full, 0.5)).collect();
        assert_eq!(planned(Scene { effort: Effort::Thorough, ..scene((1280, 800), &people, &faces) }), []);
    }

    #[test]
    fn a_picture_without_a_face_is_seen_from_farther_then_turned_and_a_query_is_searched_longer() {
        let nothing = scene((900, 600), &[], &[]);
        assert_eq!(planned(nothing), [(Step::Farther(0), 1), (Step::Farther(1), 1), (Step::TurnTrial, 3)]);
        let query = Scene { effort: Effort::Thorough, ..nothing };
        assert_eq!(planned(query)[3..], [(Step::LastTurns, 3), (Step::LastNearer, 1)]);
        let large = Scene { width: 4000, height: 3000, ..query };
        assert_eq!(planned(large)[4..], [(Step::LastNearer, 1), (Step::LastTiles, 4)]);
        let sides: Vec<u32> = Step::ALL.iter().flat_map(|step| nothing.views(*step)).map(|view| view.side).collect();
        assert_eq!(sides, [320, 160, 320, 320, 320], "the cheap ones first");
    }

    #[test]
    fn a_weak_or_a_lying_face_is_no_reason_to_stop() {
        let large = found(300.0, 100.0, 400.0, 0.65, Look::Full, 0.7);
        let steps = planned(scene((900, 600), &[], &[large]));
        assert_eq!(steps, [(Step::Farther(0), 1), (Step::Farther(1), 1), (Step::TurnTrial, 3)]);
        let small = found(300.0, 100.0, 200.0, 0.65, Look::Full, 0.7);
        assert_eq!(planned(scene((900, 600), &[], &[small])), [(Step::TurnTrial, 3)], "no close-up");
        let lying = Finding { upright: false, ..found(300.0, 100.0, 200.0, 0.85, Look::Full, 0.7) };
        assert_eq!(planned(scene((900, 600), &[], &[lying])), [(Step::TurnTrial, 3)]);
        let sure = found(600.0, 100.0, 200.0, 0.85, Look::Full, 0.7);
        assert_eq!(planned(scene((900, 600), &[], &[small, lying, sure])), []);
    }

    #[test]
    fn a_crowd_in_a_shrunk_picture_is_looked_at_from_nearer() {
        let small: Vec<_> = (0..CROWD).map(|i| found(i as f32 * 200.0, 300.0, 80.0, 0.8, Look::Full, 0.2)).collect();
        assert_eq!(planned(scene((3200, 2000), &[], &small)), [(Step::Nearer, 1)]);
        assert_eq!(planned(scene((3200, 2000), &[], &small[1..])), [], "fewer are no crowd");
        let unshrunk: Vec<_> = (0..CROWD).map(|i| found(i as f32 * 100.0, 300.0, 20.0, 0.8, Look::Full, 1.0)).collect();
        assert_eq!(planned(scene((640, 400), &[], &unshrunk)), [], "there is no more to be seen");
        let people: Vec<_> = (0..CROWD).map(|i| person(i as f32 * 200.0, 300.0, 100.0, 300.0)).collect();
        assert_eq!(scene((3200, 2000), &people, &[]).views(Step::Nearer).len(), 1, "people without faces are a crowd too");
    }

    #[test]
    fn tiles_follow_where_faces_are_small_even_from_nearer() {
        let tiny: Vec<_> = (0..CROWD).map(|i| found(i as f32 * 200.0, 300.0, 50.0, 0.8, Look::Tile, 0.32)).collect();
        let scene = scene((4000, 2000), &[], &tiny);
        let tiles = scene.views(Step::Tiles);
        let parts: Vec<_> = tiles.iter().map(|view| view.part.array()).collect();
        let expected =
            [[0.0, 0.0, 2223.0, 1112.0], [1777.0, 0.0, 4000.0, 1112.0], [0.0, 888.0, 2223.0, 2000.0], [1777.0, 888.0, 4000.0, 2000.0]];
        assert_eq!(parts, expected, "together the whole picture, neighbours overlap by a fifth");
        assert!(tiles.iter().all(|view| view.side == 1280 && view.magnification() > 0.5));
    }

    #[test]
    fn people_without_a_face_are_enlarged_and_those_with_one_are_left_alone() {
        let people = [person(100.0, 100.0, 100.0, 300.0), person(600.0, 100.0, 100.0, 300.0)];
        let faces = [found(130.0, 110.0, 40.0, 0.9, Look::Full, 0.5)];
        let views = scene((1280, 720), &people, &faces).views(Step::People);
        assert_eq!(views.len(), 1);
        assert_eq!((views[0].look, views[0].part), (Look::Person, BBox::new(590.0, 70.0, 710.0, 430.0)));
    }

    #[test]
    fn the_best_turn_of_a_trial_is_looked_at_again_larger() {
        let turn = |turn: Turn, score| Finding { turn, ..found(100.0, 100.0, 90.0, score, turn.look(), 0.5) };
        let trial = [turn(Turn::Half, 0.55), turn(Turn::ThreeQuarters, 0.8)];
        let views = scene((1280, 720), &[], &trial).views(Step::BestTurn);
        assert_eq!(views, [View::whole(Look::Turned270, 1280, 720, Turn::ThreeQuarters, 640)]);
        assert_eq!(scene((300, 200), &[], &trial).views(Step::BestTurn), [], "the trial showed all there is");
        let upright = [found(100.0, 100.0, 90.0, 0.9, Look::Full, 0.5), trial[0]];
        assert_eq!(scene((1280, 720), &[], &upright).views(Step::BestTurn), []);
    }
}
