//! How faces are searched for in one picture: one look at the whole, then as many more as the picture is worth.
//!
//! A detector sees faces of some 16 to 400 input pixels that stand about upright. So a crowd, a face that fills the frame and
//! a picture that lies on its side need other looks than the first: from nearer, from farther, turned. [`plan`] decides
//! on them by what is known so far, [`view`] cuts them out and maps what they show back, [`merge`] sees to it that no face
//! counts twice. Nothing here knows of requests, embeddings or files.

mod merge;
mod people;
mod plan;
mod view;

pub use people::with_margin;
pub use plan::{Effort, FULL_SIDE, MAX_LOOKS};
pub use view::Look;

use image::RgbImage;
use merge::{Finding, is_upright, merge};
use models::{Caller, Detected, Face, ModelError, Person, Vision};
use plan::{Scene, Step};
use std::panic::{AssertUnwindSafe, catch_unwind};
use view::{Turn, View};

/// After so many looks that failed no other is tried: the engine is at fault, not the look.
const MAX_FAILED: usize = 2;

/// A face, and which look found it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoundFace {
    pub face: Face,
    pub look: Look,
}

/// What the search of one picture gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Searched {
    /// Best first, each once, in pixels of the picture.
    pub faces: Vec<FoundFace>,
    /// Every look that was taken, in order, the first included.
    pub looks: Vec<Look>,
    /// Diagnostic kinds of the looks that failed; the others stand.
    pub failed: Vec<&'static str>,
    /// Some look was taken by the pack's backup detector.
    pub by_backup: bool,
}

/// The look that every picture gets; where it fails, the picture fails.
pub fn first_look(vision: &dyn Vision, caller: &Caller, picture: &RgbImage) -> Result<Detected, ModelError> {
    vision.faces(caller, picture, vision.info().face_side)
}

/// Goes on from the first look. A further look that fails or panics costs itself alone; [`ModelError::CallerGone`] ends
/// the search.
pub fn search(
    vision: &dyn Vision,
    caller: &Caller,
    picture: &RgbImage,
    people: &[Person],
    first: Detected,
    effort: Effort,
) -> Result<Searched, ModelError> {
    let (width, height) = picture.dimensions();
    let whole = View::whole(Look::Full, width, height, Turn::None, vision.info().face_side);
    let mut search = Searching { vision, caller, picture, findings: Vec::new(), done: Searched::default() };
    search.note(&whole, first);
    for step in Step::ALL {
        let found = merge(search.findings.clone());
        for view in (Scene { width, height, people, found: &found, effort }).views(step) {
            if search.done.looks.len() >= MAX_LOOKS || search.done.failed.len() >= MAX_FAILED {
                break;
            }
            search.look(&view)?;
        }
    }
    let faces = merge(search.findings).into_iter().map(|found| FoundFace { face: found.face, look: found.look });
    Ok(Searched { faces: faces.collect(), ..search.done })
}

/// A search that is going on.
struct Searching<'a> {
    vision: &'a dyn Vision,
    caller: &'a Caller,
    picture: &'a RgbImage,
    findings: Vec<Finding>,
    done: Searched,
}

impl Searching<'_> {
    fn look(&mut self, view: &View) -> Result<(), ModelError> {
        if self.caller.is_gone() {
            return Err(ModelError::CallerGone);
        }
        let look = || self.vision.faces(self.caller, &view.cut(self.picture), view.side);
        match catch_unwind(AssertUnwindSafe(look)) {
            Ok(Ok(detected)) => self.note(view, detected),
            Ok(Err(ModelError::CallerGone)) => return Err(ModelError::CallerGone),
            Ok(Err(error)) => self.note_failure(view, error.kind()),
            Err(_) => self.note_failure(view, "panic"),
        }
        Ok(())
    }

    fn note(&mut self, view: &View, detected: Detected) {
        let number = self.done.looks.len();
        self.done.looks.push(view.look);
        self.done.by_backup |= detected.by_backup;
        let (width, height) = self.picture.dimensions();
        self.findings.extend(detected.faces.iter().map(|shown| {
            let face = view.in_picture(shown);
            let (cut, upright) = (view.cuts(&face.bbox, width, height), is_upright(shown));
            Finding { face, look: view.look, number, turn: view.turn, magnification: view.magnification(), cut, upright }
        }));
    }

    fn note_failure(&mut self, view: &View, kind: &'static str) {
        self.done.looks.push(view.look);
        self.done.failed.push(kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::{BBox, Contract, Embedding, VisionInfo};
    use std::sync::{Arc, Mutex};

    type See = fn(&RgbImage, u32) -> Result<Vec<Face>, ModelError>;

    /// A face detector that sees what it is told, and remembers at which sides it was asked.
    struct Played {
        info: VisionInfo,
        see: See,
        asked: Mutex<Vec<u32>>,
    }

    impl Played {
        fn new(see: See) -> Self {
            let text = || "played".to_owned();
            let contract = Contract { digest: text(), preprocessing: text(), dimension: 2 };
            let info = VisionInfo {
                kind: text(),
                engine: text(),
                skipped: Vec::new(),
                pack: text(),
                person_model: text(),
                face_model: text(),
                backup_face_model: None,
                embedding_model: text(),
                match_threshold: 0.4,
                possible_threshold: 0.3,
                calibration: text(),
                contract: Arc::new(contract),
                face_side: FULL_SIDE,
                lanes: 1,
                warm_up: 0.0,
                networks: Vec::new(),
            };
            Self { info, see, asked: Mutex::default() }
        }

        fn search(&self, picture: &RgbImage, people: &[Person], effort: Effort) -> Result<Searched, ModelError> {
            let caller = Caller::new();
            let first = first_look(self, &caller, picture)?;
            search(self, &caller, picture, people, first, effort)
        }
    }

    impl Vision for Played {
        fn info(&self) -> &VisionInfo {
            &self.info
        }

        fn people(&self, _: &Caller, _: &RgbImage) -> Result<Vec<Person>, ModelError> {
            Ok(Vec::new())
        }

        fn faces(&self, _: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
            self.asked.lock().expect("the list").push(side);
            (self.see)(picture, side).map(|faces| Detected { faces, by_backup: side < FULL_SIDE })
        }

        fn embed(&self, _: &Caller, _: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
            Ok(Vec::new())
        }
    }

    /// Upright.
    fn face(x: f32, y: f32, size: f32, score: f32) -> Face {
        let template = [[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]];
        Face { bbox: BBox::new(x, y, x + size, y + size), landmarks: template.map(|[u, v]| [x + u * size, y + v * size]), score }
    }

    #[test]
    fn an_ordinary_picture_costs_one_look() {
        let vision = Played::new(|_, _| Ok(vec![face(100.0, 50.0, 200.0, 0.9)]));
        let searched = vision.search(&RgbImage::new(900, 600), &[], Effort::Thorough).expect("finds");
        assert_eq!((searched.looks, searched.by_backup), (vec![Look::Full], false));
        assert_eq!(searched.faces, [FoundFace { face: face(100.0, 50.0, 200.0, 0.9), look: Look::Full }]);
    }

    #[test]
    fn a_face_that_fills_the_frame_is_found_from_farther() {
        let vision = Played::new(|_, side| Ok(if side == 320 { vec![face(0.0, 0.0, 590.0, 0.8)] } else { Vec::new() }));
        let searched = vision.search(&RgbImage::new(600, 600), &[], Effort::Usual).expect("finds");
        assert_eq!(searched.looks, [Look::Full, Look::CloseUp]);
        assert_eq!((searched.faces[0].look, searched.by_backup), (Look::CloseUp, true));
    }

    #[test]
    fn a_picture_on_its_side_is_turned_and_its_faces_come_back_to_where_they_are() {
        // Shown upright, the picture is higher than it is wide.
        let vision = Played::new(|picture, _| {
            let upright = picture.height() > picture.width() && picture.get_pixel(0, 0)[0] > 100;
            let unit = picture.height() as f32 / 8.0;
            Ok(if upright { vec![face(unit, unit * 2.0, unit, 0.85)] } else { Vec::new() })
        });
        // White on the left: turned by 90° clockwise it is white above, by 270° below.
        let picture = RgbImage::from_fn(800, 400, |x, _| image::Rgb([if x < 100 { 255 } else { 0 }; 3]));
        let searched = vision.search(&picture, &[], Effort::Usual).expect("finds");
        use Look::{CloseUp, Full, Turned90, Turned180, Turned270};
        assert_eq!(searched.looks, [Full, CloseUp, CloseUp, Turned90, Turned270, Turned180, Turned90]);
        assert_eq!(searched.faces.len(), 1, "the trial and the larger look saw one face");
        let found = searched.faces[0];
        // Upright it lies 100 to 200 pixels from the left and 200 to 300 from the top.
        assert_eq!((found.look, found.face.bbox), (Turned90, BBox::new(200.0, 200.0, 300.0, 300.0)));
    }

    #[test]
    fn a_look_that_fails_or_panics_costs_itself_alone() {
        let vision = Played::new(|_, side| match side {
            640 => Ok(Vec::new()),
            320 => Err(ModelError::Engine("played".into())),
            _ => Ok(vec![face(0.0, 0.0, 500.0, 0.8)]),
        });
        let searched = vision.search(&RgbImage::new(600, 600), &[], Effort::Usual).expect("goes on");
        assert_eq!((searched.failed, searched.faces.len()), (vec!["engine_failed"], 1));

        let vision = Played::new(|_, side| if side == 640 { Ok(Vec::new()) } else { panic!("played") });
        let searched = vision.search(&RgbImage::new(600, 600), &[], Effort::Usual).expect("goes on");
        assert_eq!(searched.failed, ["panic", "panic"], "then no other is tried");
        assert_eq!(searched.looks.len(), 3);
    }

    #[test]
    fn a_caller_that_leaves_ends_the_search() {
        let vision = Played::new(|_, _| Ok(Vec::new()));
        let (caller, picture) = (Caller::new(), RgbImage::new(600, 600));
        caller.leave();
        let ended = search(&vision, &caller, &picture, &[], Detected::default(), Effort::Usual);
        assert_eq!(ended, Err(ModelError::CallerGone));
        assert!(vision.asked.lock().expect("the list").is_empty());

        let vision = Played::new(|_, side| if side == 640 { Ok(Vec::new()) } else { Err(ModelError::CallerGone) });
        assert_eq!(vision.search(&picture, &[], Effort::Usual), Err(ModelError::CallerGone));
    }

    #[test]
    fn no_picture_gets_more_looks_than_the_bound() {
        let people: Vec<_> =
            (0..30).map(|i| Person { bbox: BBox::new(i as f32 * 60.0, 0.0, i as f32 * 60.0 + 50.0, 150.0), score: 0.9 }).collect();
        let vision = Played::new(|_, _| Ok(Vec::new()));
        let searched = vision.search(&RgbImage::new(2000, 1000), &people, Effort::Thorough).expect("ends");
        assert_eq!(searched.looks.len(), MAX_LOOKS);
        assert_eq!(vision.asked.lock().expect("the list").len(), MAX_LOOKS);
    }
}
