//! Two packs that see by a simple rule, and fail when they are told to.
//!
//! A picture is one flat colour. Red says what it shows (the constants below); green turns the face's vector away from that
//! of green 0, by 0.6° a step for the primary and by 0.3° for the backup; blue only tells files apart.

use image::{ImageFormat, Rgb, RgbImage};
use models::{BBox, Caller, Contract, Detected, Embedding, Face, ModelError, Person, Vision, VisionInfo};
use server::vision::{Memory, VisionLoader};
use std::io::Cursor;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub const ONE_FACE: u8 = 10;
pub const NO_FACE: u8 = 20;
pub const NO_PERSON: u8 = 30;
/// Two faces, left and right; the primary sees the left one larger, the backup the right one.
pub const TWO_FACES: u8 = 40;

/// How networks fail.
#[derive(Debug, Clone)]
pub enum Fault {
    Error(ModelError),
    Panic,
    /// An embedding that is no number.
    Nan,
}

impl Fault {
    /// Every way but that of not being loaded, with the diagnostic kind that names it.
    pub fn all() -> [(Self, &'static str); 6] {
        [
            (Self::Error(ModelError::Engine("played".into())), "engine_failed"),
            (Self::Panic, "panic"),
            (Self::Error(ModelError::OutOfMemory("played".into())), "out_of_memory"),
            (Self::Nan, "unusable_output"),
            (Self::Error(ModelError::Timeout(30.0)), "engine_timeout"),
            (Self::Error(ModelError::DeviceLost("played".into())), "device_lost"),
        ]
    }
}

/// When the networks fail: on `times` pictures after the first `from`.
#[derive(Debug, Clone)]
struct Plan {
    fault: Fault,
    from: usize,
    times: usize,
}

pub struct Played {
    info: VisionInfo,
    /// Degrees that one step of green turns a face's vector by.
    step: f32,
    plan: Mutex<Option<Plan>>,
    /// The colours of the pictures looked at since it was last told how to fail, in their order.
    seen: Mutex<Vec<[u8; 3]>>,
    /// How often it was asked for anything.
    pub calls: AtomicUsize,
    /// Every face was found by the pack's own backup detector.
    by_backup: bool,
}

impl Played {
    pub fn primary() -> Arc<Self> {
        Arc::new(Self::new("standard", 0.6))
    }

    pub fn backup() -> Arc<Self> {
        Arc::new(Self::new("light", 0.3))
    }

    pub fn with_its_backup_detector() -> Arc<Self> {
        Arc::new(Self { by_backup: true, ..Self::new("standard", 0.6) })
    }

    fn new(pack: &str, step: f32) -> Self {
        let info = VisionInfo {
            kind: "played".into(),
            engine: format!("played {pack}"),
            skipped: Vec::new(),
            pack: pack.into(),
            person_model: format!("person-{pack}@00000000"),
            face_model: format!("face-{pack}@00000000"),
            backup_face_model: None,
            embedding_model: format!("embedding-{pack}@00000000"),
            match_threshold: 0.8 + step / 10.0,
            possible_threshold: 0.6,
            calibration: format!("played for {pack}"),
            contract: Arc::new(Contract { digest: format!("{pack}00000000"), preprocessing: "played".into(), dimension: 2 }),
            face_side: 640,
            lanes: 2,
            warm_up: 0.25,
            networks: Vec::new(),
        };
        Self { info, step, plan: Mutex::default(), seen: Mutex::default(), calls: AtomicUsize::new(0), by_backup: false }
    }

    /// From now on the first `well` pictures go well, and all after them fail.
    pub fn fail_after(&self, well: usize, fault: Fault) {
        self.fail_times(well, usize::MAX, fault);
    }

    /// As [`fail_after`](Self::fail_after), and as many as `times`.
    pub fn fail_times(&self, well: usize, times: usize, fault: Fault) {
        self.seen.lock().expect("whole").clear();
        *self.plan.lock().expect("whole") = Some(Plan { fault, from: well, times });
    }

    pub fn recover(&self) {
        *self.plan.lock().expect("whole") = None;
    }

    /// Cosine with a face of green 0.
    pub fn cosine(&self, green: u8) -> f32 {
        (f32::from(green) * self.step).to_radians().cos()
    }

    /// How the networks fail on this picture, or on a crop of it, if they do.
    fn fault(&self, picture: &RgbImage) -> Option<Fault> {
        let colour = colour(picture);
        let mut seen = self.seen.lock().expect("whole");
        let place = seen.iter().position(|known| *known == colour).unwrap_or_else(|| {
            seen.push(colour);
            seen.len() - 1
        });
        let plan = self.plan.lock().expect("whole").clone()?;
        (place >= plan.from && place - plan.from < plan.times).then_some(plan.fault)
    }

    /// These very networks, whenever they are loaded.
    pub fn loader(self: &Arc<Self>) -> VisionLoader {
        let loaded = Arc::clone(self);
        Box::new(move || Ok(loaded.clone()))
    }

    /// As [`loader`](Self::loader), after this many loadings that fail.
    pub fn loader_failing(self: &Arc<Self>, times: usize) -> VisionLoader {
        let (loaded, left) = (Arc::clone(self), AtomicUsize::new(times));
        Box::new(move || match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Err(ModelError::Load("face.onnx: played".into())),
            Err(_) => Ok(loaded.clone()),
        })
    }
}

fn colour(picture: &RgbImage) -> [u8; 3] {
    picture.get_pixel(picture.width() / 2, picture.height() / 2).0
}

/// A face around this point of the picture, `side` pixels wide.
fn face(x: f32, y: f32, side: f32) -> Face {
    let bbox = BBox::new(x - side / 2.0, y - side / 2.0, x + side / 2.0, y + side / 2.0);
    let at = |u: f32, v: f32| [bbox.x1 + side * u, bbox.y1 + side * v];
    Face { bbox, landmarks: [at(0.35, 0.45), at(0.65, 0.45), at(0.5, 0.65), at(0.38, 0.82), at(0.62, 0.82)], score: 0.9 }
}

impl Vision for Played {
    fn info(&self) -> &VisionInfo {
        &self.info
    }

    fn people(&self, _: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if colour(picture)[0] == NO_PERSON {
            return Ok(Vec::new());
        }
        Ok(vec![Person { bbox: BBox::new(0.0, 0.0, picture.width() as f32, picture.height() as f32), score: 0.9 }])
    }

    fn faces(&self, _: &Caller, picture: &RgbImage, _: u32) -> Result<Detected, ModelError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match self.fault(picture) {
            Some(Fault::Error(error)) => return Err(error),
            Some(Fault::Panic) => panic!("played"),
            Some(Fault::Nan) | None => {}
        }
        let (w, h) = (picture.width() as f32, picture.height() as f32);
        let larger = |here: bool| if here { 30.0 } else { 24.0 };
        let is_primary = self.step > 0.5;
        let faces = match colour(picture)[0] {
            NO_FACE => Vec::new(),
            TWO_FACES => vec![face(w * 0.25, h / 2.0, larger(is_primary)), face(w * 0.75, h / 2.0, larger(!is_primary))],
            _ => vec![face(w / 2.0, h / 2.0, 30.0)],
        };
        Ok(Detected { faces, by_backup: self.by_backup })
    }

    fn embed(&self, _: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let vector = |crop: &RgbImage| {
            let [_, green, _] = colour(crop);
            let angle = if matches!(self.fault(crop), Some(Fault::Nan)) { f32::NAN } else { f32::from(green) * self.step };
            Embedding::from_raw(vec![angle.to_radians().cos(), angle.to_radians().sin()], &self.info.contract)
        };
        crops.iter().map(vector).collect()
    }
}

pub fn png(red: u8, green: u8, blue: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(96, 64, Rgb([red, green, blue])).write_to(&mut bytes, ImageFormat::Png).expect("a picture can be encoded");
    bytes.into_inner()
}

/// How much memory is left, as a test sets it.
#[derive(Debug)]
pub struct Left(pub AtomicU64);

impl Left {
    /// In MiB.
    pub fn new(mib: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(mib << 20)))
    }

    pub fn set(&self, mib: u64) {
        self.0.store(mib << 20, Ordering::SeqCst);
    }
}

impl Memory for Left {
    fn available(&self) -> Option<u64> {
        Some(self.0.load(Ordering::SeqCst))
    }
}
