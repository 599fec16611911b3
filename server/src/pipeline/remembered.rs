//! The analysis of a file, from memory where the same networks have seen the same file before.
//!
//! Remembered is what the networks make of a file. What went wrong on the way is not: a look that failed, or that the backup
//! detector took, may go well the next time.

use super::analyse::{Analysis, Role, analyse};
use super::{PipelineContext, StageError, StageTimes};
use crate::analyses::{Key, KnownAnalyses};
use image::RgbImage;
use models::{Caller, Vision};
use std::sync::Arc;
use uuid::Uuid;

/// What one request may ask for, and where it leaves what it learns.
#[derive(Clone)]
pub struct Remembered {
    known: Arc<dyn KnownAnalyses>,
    request: Uuid,
}

impl Remembered {
    pub fn by(ctx: &PipelineContext, request: Uuid) -> Self {
        Self { known: Arc::clone(&ctx.known), request }
    }

    /// As [`analyse`]; `picture` is that of the file whose SHA-256 (hex) is `file`. Where it is known, no network runs.
    pub fn analyse(
        &self,
        vision: &dyn Vision,
        caller: &Caller,
        (file, picture): (&str, &RgbImage),
        role: Role,
        times: &StageTimes,
    ) -> Result<Analysis, StageError> {
        let key = Key::of(file, &vision.identity(), role);
        let known = self.known.get(&key, &vision.info().contract, self.request);
        // A file of another size than its analysis cannot be; what is drawn by it must lie within the picture all the same.
        if let Some(known) = known.filter(|known| (known.width, known.height) == picture.dimensions()) {
            return Ok(known);
        }
        let analysis = analyse(vision, caller, picture, role, times)?;
        if analysis.went_well() {
            self.known.put(&key, &analysis, self.request);
        }
        Ok(analysis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::{BBox, Contract, Detected, Embedding, Face, ModelError, Person, VisionInfo};
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// How the detector of faces answers after the first look, which goes well.
    #[derive(Clone, Copy, PartialEq)]
    enum Mood {
        Well,
        /// Every look but the first fails.
        FailsLater,
        ByItsBackup,
        Fails,
    }

    struct Played {
        info: VisionInfo,
        mood: Mutex<Mood>,
        calls: AtomicUsize,
    }

    impl Played {
        fn new(pack: &str) -> Self {
            let contract = Contract { digest: pack.into(), preprocessing: "played".into(), dimension: 2 };
            let text = || pack.to_owned();
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
                face_side: 640,
                lanes: 1,
                warm_up: 0.0,
                networks: Vec::new(),
            };
            Self { info, mood: Mutex::new(Mood::Well), calls: AtomicUsize::new(0) }
        }

        fn calls(&self) -> usize {
            self.calls.swap(0, Ordering::SeqCst)
        }

        fn is(&self, mood: Mood) {
            *self.mood.lock().expect("whole") = mood;
        }
    }

    impl Vision for Played {
        fn info(&self) -> &VisionInfo {
            &self.info
        }

        fn people(&self, _: &Caller, _: &RgbImage) -> Result<Vec<Person>, ModelError> {
            self.calls.fetch_add(1, Ordering::SeqCst);
            Ok(vec![Person { bbox: BBox::new(0.0, 0.0, 90.0, 90.0), score: 0.9 }])
        }

        fn faces(&self, _: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
            self.calls.fetch_add(1, Ordering::SeqCst);
            let mood = *self.mood.lock().expect("whole");
            let is_first = side == self.info.face_side && picture.dimensions() == (96, 96);
            if mood == Mood::Fails || mood == Mood::FailsLater && !is_first {
                return Err(ModelError::Engine("played".into()));
            }
            let landmarks = [[40.0, 40.0], [60.0, 40.0], [50.0, 50.0], [42.0, 62.0], [58.0, 62.0]];
            // Unsure, so that other looks are taken.
            let face = Face { bbox: BBox::new(30.0, 20.0, 70.0, 80.0), landmarks, score: 0.55 };
            Ok(Detected { faces: vec![face], by_backup: mood == Mood::ByItsBackup })
        }

        fn embed(&self, _: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
            self.calls.fetch_add(1, Ordering::SeqCst);
            crops.iter().map(|_| Embedding::from_raw(vec![3.0, 4.0], &self.info.contract)).collect()
        }
    }

    #[derive(Default)]
    struct Book(Mutex<HashMap<Key, Analysis>>);

    impl KnownAnalyses for Book {
        fn get(&self, key: &Key, _: &Arc<Contract>, _: Uuid) -> Option<Analysis> {
            self.0.lock().expect("whole").get(key).cloned()
        }

        fn put(&self, key: &Key, analysis: &Analysis, _: Uuid) {
            self.0.lock().expect("whole").insert(*key, analysis.clone());
        }
    }

    fn looked_at(known: &Remembered, vision: &Played, file: &str, role: Role) -> Result<Analysis, StageError> {
        let picture = RgbImage::from_pixel(96, 96, image::Rgb([200, 30, 30]));
        known.analyse(vision, &Caller::new(), (file, &picture), role, &StageTimes::default())
    }

    fn nothing_known_yet() -> Remembered {
        Remembered { known: Arc::new(Book::default()), request: Uuid::from_u128(1) }
    }

    #[test]
    fn no_network_runs_for_a_file_that_was_seen_before() {
        let (known, vision) = (nothing_known_yet(), Played::new("one"));
        let first = looked_at(&known, &vision, "aa", Role::Query).expect("an analysis");
        assert!(vision.calls() > 0);
        let second = looked_at(&known, &vision, "aa", Role::Query).expect("an analysis");
        assert_eq!(vision.calls(), 0);
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }

    #[test]
    fn another_file_another_role_and_other_networks_are_looked_at() {
        let (known, one, two) = (nothing_known_yet(), Played::new("one"), Played::new("two"));
        for (vision, file, role) in
            [(&one, "aa", Role::Query), (&one, "bb", Role::Query), (&one, "aa", Role::Candidate), (&two, "aa", Role::Query)]
        {
            looked_at(&known, vision, file, role).expect("an analysis");
            assert!(vision.calls() > 0, "{file} {role:?}");
        }
    }

    #[test]
    fn what_went_wrong_on_the_way_is_not_remembered() {
        for mood in [Mood::FailsLater, Mood::ByItsBackup, Mood::Fails] {
            let (known, vision) = (nothing_known_yet(), Played::new("one"));
            vision.is(mood);
            let disturbed = looked_at(&known, &vision, "aa", Role::Query);
            assert!(disturbed.is_err() || disturbed.is_ok_and(|analysis| !analysis.went_well()));
            vision.is(Mood::Well);
            vision.calls();
            assert!(looked_at(&known, &vision, "aa", Role::Query).expect("an analysis").went_well());
            assert!(vision.calls() > 0);
        }
    }
}
