use super::*;
use crate::clock::ShiftedClock;
use image::RgbImage;
use models::{Caller, Contract, Detected, Embedding, Person, VisionInfo};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

/// Networks that answer, or fail as they are told.
struct Played {
    info: VisionInfo,
    failing: Arc<Mutex<Option<ModelError>>>,
}

impl Vision for Played {
    fn info(&self) -> &VisionInfo {
        &self.info
    }

    fn people(&self, _: &Caller, _: &RgbImage) -> Result<Vec<Person>, ModelError> {
        Ok(Vec::new())
    }

    fn faces(&self, _: &Caller, _: &RgbImage, _: u32) -> Result<Detected, ModelError> {
        match self.failing.lock().expect("whole").clone() {
            Some(error) => Err(error),
            None => Ok(Detected::default()),
        }
    }

    fn embed(&self, _: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        crops.iter().map(|_| Embedding::from_raw(vec![1.0, 0.0], &self.info.contract)).collect()
    }
}

/// How one loading ends.
type Loading = Result<(), ModelError>;

struct Stage {
    visions: Arc<Visions>,
    clock: Arc<ShiftedClock>,
    /// What the primary's networks answer, those loaded already included.
    failing: Arc<Mutex<Option<ModelError>>>,
    loads: Arc<AtomicU64>,
    left: Arc<AtomicU64>,
}

struct Left(Arc<AtomicU64>);

impl Memory for Left {
    fn available(&self) -> Option<u64> {
        Some(self.0.load(Ordering::SeqCst))
    }
}

/// Loads as told, one after the other, and well from then on.
fn loader(pack: &'static str, told: &[Loading], failing: Arc<Mutex<Option<ModelError>>>, loads: Arc<AtomicU64>) -> VisionLoader {
    let told = Mutex::new(told.iter().cloned().collect::<VecDeque<_>>());
    Box::new(move || {
        loads.fetch_add(1, Ordering::SeqCst);
        told.lock().expect("whole").pop_front().unwrap_or(Ok(()))?;
        let info = VisionInfo {
            kind: "played".into(),
            engine: "played".into(),
            skipped: Vec::new(),
            pack: pack.into(),
            person_model: String::new(),
            face_model: String::new(),
            backup_face_model: None,
            embedding_model: String::new(),
            match_threshold: 0.8,
            possible_threshold: 0.6,
            calibration: String::new(),
            contract: Arc::new(Contract { digest: pack.into(), preprocessing: "played".into(), dimension: 2 }),
            face_side: 640,
            lanes: 1,
            warm_up: 0.0,
            networks: Vec::new(),
        };
        Ok(Arc::new(Played { info, failing: failing.clone() }))
    })
}

impl Stage {
    fn new(primary: &[Loading], backup: Option<&[Loading]>) -> Self {
        let (failing, loads, left) = (Arc::default(), Arc::default(), Arc::new(AtomicU64::new(1000)));
        let clock = Arc::new(ShiftedClock::default());
        let backup = backup.map(|told| Backup { pack: "light".into(), load: loader("light", told, Arc::default(), Arc::default()) });
        let primary = loader("standard", primary, Arc::clone(&failing), Arc::clone(&loads));
        let memory = MemoryGuard::new(Arc::new(Left(Arc::clone(&left))), 100);
        Self { visions: Visions::new("standard", primary, backup, memory, clock.clone()), clock, failing, loads, left }
    }

    fn fail(&self, error: Option<ModelError>) {
        *self.failing.lock().expect("whole") = error;
    }

    async fn chosen(&self) -> Chosen {
        self.visions.choose().await.expect("networks")
    }

    /// The pack that would do a job now, and why it is the backup.
    async fn does(&self) -> String {
        let chosen = self.chosen().await;
        format!("{} {}", chosen.vision.info().pack, chosen.backup.unwrap_or("by itself"))
    }

    async fn after(&self, seconds: u64) -> String {
        self.clock.advance(Duration::from_secs(seconds));
        self.visions.try_again().await;
        self.does().await
    }

    fn breaker(&self) -> (String, Option<u64>) {
        let report = self.visions.report().expect("a backup");
        (report.breaker, report.next_trial.map(|seconds| seconds.round() as u64))
    }
}

fn no_file() -> ModelError {
    ModelError::Load("face.onnx: there is no such file".into())
}

#[tokio::test]
async fn the_primary_does_the_work_while_it_is_well_and_the_backup_from_its_failure_on() {
    let stage = Stage::new(&[], Some(&[]));
    let chosen = stage.chosen().await;
    assert_eq!((stage.does().await.as_str(), stage.breaker()), ("standard by itself", ("closed".into(), None)));
    let instead = stage.visions.instead(&chosen, "engine_timeout").await.expect("the backup");
    assert_eq!((instead.vision.info().pack.as_str(), instead.backup), ("light", Some("engine_timeout")));
    assert_eq!((stage.does().await.as_str(), stage.breaker()), ("light engine_timeout", ("open".into(), Some(30))));
    assert!(stage.visions.instead(&instead, "engine_failed").await.is_none(), "there is no backup of the backup");
}

#[tokio::test]
async fn after_a_pause_the_primary_is_tried_on_a_picture_of_no_ones_and_used_again_only_when_that_goes_well() {
    let stage = Stage::new(&[], Some(&[]));
    let chosen = stage.chosen().await;
    stage.fail(Some(ModelError::Engine("played".into())));
    stage.visions.instead(&chosen, "engine_failed").await;
    assert_eq!(stage.after(29).await, "light engine_failed", "too early to be tried");
    stage.fail(Some(ModelError::OutOfMemory("played".into())));
    assert_eq!(stage.after(1).await, "light out_of_memory", "tried, and it still fails");
    assert_eq!(stage.breaker(), ("open".into(), Some(60)), "twice as long");
    stage.fail(None);
    assert_eq!(stage.after(59).await, "light out_of_memory");
    assert_eq!(stage.after(1).await, "standard by itself");
    assert_eq!((stage.loads.load(Ordering::SeqCst), stage.breaker()), (1, ("closed".into(), None)), "nothing had to be loaded again");
}

#[tokio::test]
async fn a_panic_in_the_trial_is_a_failure_like_any_other() {
    struct Panics(VisionInfo);
    impl Vision for Panics {
        fn info(&self) -> &VisionInfo {
            &self.0
        }
        fn people(&self, _: &Caller, _: &RgbImage) -> Result<Vec<Person>, ModelError> {
            panic!("played")
        }
        fn faces(&self, _: &Caller, _: &RgbImage, _: u32) -> Result<Detected, ModelError> {
            Ok(Detected::default())
        }
        fn embed(&self, _: &Caller, _: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
            Ok(Vec::new())
        }
    }
    let info = loader("standard", &[], Arc::default(), Arc::default())().expect("loads").info().clone();
    let ended = self_check::self_check(Arc::new(Panics(info))).await;
    assert_eq!(ended.map_err(|error| error.kind()), Err("engine_failed"));
}

#[tokio::test]
async fn a_primary_that_cannot_be_loaded_is_loaded_again_when_it_is_tried() {
    let stage = Stage::new(&[Err(no_file()), Err(no_file())], Some(&[]));
    assert_eq!(stage.does().await, "light model_not_loaded");
    let report = stage.visions.report().expect("a backup");
    assert_eq!((report.state.as_str(), report.in_use, report.primary.as_str()), ("ready", true, "standard"));
    assert!(report.primary_state.starts_with("failed: cannot load face.onnx"), "{}", report.primary_state);
    assert_eq!(stage.after(30).await, "light model_not_loaded");
    assert_eq!(stage.after(60).await, "standard by itself");
    assert_eq!(stage.loads.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_lost_device_is_not_waited_for_but_loaded_anew() {
    let stage = Stage::new(&[], Some(&[]));
    let before = stage.chosen().await;
    stage.visions.instead(&before, "device_lost").await;
    assert_eq!(stage.after(30).await, "standard by itself");
    assert_eq!(stage.loads.load(Ordering::SeqCst), 2);
    let after = stage.chosen().await;
    assert!(!Arc::ptr_eq(&before.vision, &after.vision));

    let late = stage.visions.instead(&before, "device_lost").await.expect("the backup");
    assert_eq!(late.vision.info().pack, "light", "a job on the lost device goes over to the backup");
    assert_eq!(stage.does().await, "standard by itself", "and says nothing of what was loaded since");
}

#[tokio::test]
async fn while_memory_is_short_the_backup_does_the_work_if_it_is_loaded_and_nothing_is_tried() {
    let stage = Stage::new(&[], Some(&[]));
    stage.left.store(99, Ordering::SeqCst);
    assert_eq!(stage.does().await, "standard by itself", "to load another pack would make it worse");
    stage.visions.warm_backup().await;
    assert_eq!((stage.does().await.as_str(), stage.breaker().0.as_str()), ("light memory", "closed"));
    let chosen = Chosen::primary(stage.visions.primary.loaded().expect("loaded"));
    stage.visions.instead(&chosen, "out_of_memory").await;
    assert_eq!(stage.after(30).await, "light out_of_memory");
    stage.left.store(100, Ordering::SeqCst);
    assert_eq!(stage.after(0).await, "standard by itself");
}

#[tokio::test]
async fn without_a_backup_nothing_stands_in_and_nothing_is_remembered() {
    let stage = Stage::new(&[], None);
    let chosen = stage.chosen().await;
    stage.left.store(0, Ordering::SeqCst);
    assert!(!stage.visions.may_replace(&chosen) && stage.visions.instead(&chosen, "engine_failed").await.is_none());
    assert_eq!((stage.does().await.as_str(), stage.visions.report()), ("standard by itself", None));
}

#[tokio::test]
async fn where_neither_can_be_loaded_the_primarys_error_is_told_and_both_are_tried_again() {
    let light = ModelError::Load("light".into());
    let stage = Stage::new(&[Err(no_file())], Some(&[Err(light.clone()), Err(light)]));
    assert_eq!(stage.visions.choose().await.err(), Some(no_file()));
    assert!(stage.visions.now().is_none());
    assert_eq!(stage.does().await, "standard by itself", "better networks that failed than none");
}

#[tokio::test]
async fn who_asks_at_the_same_time_waits_for_one_loading() {
    let stage = Stage::new(&[], Some(&[]));
    let asked = futures::future::join_all((0..8).map(|_| stage.visions.choose())).await;
    assert!(asked.into_iter().all(|chosen| chosen.is_ok()));
    assert_eq!(stage.loads.load(Ordering::SeqCst), 1);
}
