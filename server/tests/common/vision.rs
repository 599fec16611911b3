//! Networks that see by a simple rule: a coloured picture shows one person and one face in its middle, a grey one shows
//! nobody; a face's vector is its colour. A gate holds them where a test wants a request to be in the middle of its work.

use image::RgbImage;
use models::{BBox, Caller, Contract, Detected, Embedding, Face, ModelError, NetworkInfo, Person, Vision, VisionInfo};
use std::sync::{
    Arc, Condvar, Mutex,
    atomic::{AtomicUsize, Ordering},
};

/// Open from the start unless closed; who comes to a closed gate waits.
#[derive(Debug)]
pub struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
    pub waiting: AtomicUsize,
}

impl Gate {
    pub fn open(&self) {
        *self.open.lock().expect("the gate") = true;
        self.changed.notify_all();
    }

    pub fn close(&self) {
        *self.open.lock().expect("the gate") = false;
    }

    fn pass(&self) {
        let mut open = self.open.lock().expect("the gate");
        if *open {
            return;
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        while !*open {
            open = self.changed.wait(open).expect("the gate");
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
pub struct FakeVision {
    info: VisionInfo,
    /// Before every look for faces.
    pub gate: Gate,
    /// Before the networks are loaded.
    pub loading: Gate,
    /// This many looks for faces fail before the first that does not.
    pub failing: AtomicUsize,
    pub looks: AtomicUsize,
    /// How often any of the networks was asked.
    pub calls: AtomicUsize,
    /// The colours of the pictures that were looked at for faces, in the order in which that began.
    seen: Mutex<Vec<[u8; 3]>>,
}

impl Default for FakeVision {
    fn default() -> Self {
        let gate = || Gate { open: Mutex::new(true), changed: Condvar::new(), waiting: AtomicUsize::new(0) };
        let network = |role: &str| NetworkInfo {
            role: role.into(),
            model: format!("{role}@00000000"),
            sha256: "00".repeat(32),
            warm_up: 0.0625,
            max_batch: if role == "embedding" { 8 } else { 1 },
        };
        let info = VisionInfo {
            kind: "fake".into(),
            engine: "fake (test)".into(),
            skipped: vec!["wgpu: no GPU".into()],
            pack: "fake".into(),
            person_model: "person@00000000".into(),
            face_model: "face@00000000".into(),
            backup_face_model: None,
            embedding_model: "embedding@00000000".into(),
            match_threshold: 0.9,
            possible_threshold: 0.5,
            calibration: "played: no pictures".into(),
            contract: Arc::new(Contract { digest: "0".repeat(64), preprocessing: "colour".into(), dimension: 3 }),
            face_side: 640,
            warm_up: 0.25,
            networks: ["person", "face", "embedding"].map(network).to_vec(),
            lanes: 2,
        };
        let number = || AtomicUsize::new(0);
        Self { info, gate: gate(), loading: gate(), failing: number(), looks: number(), calls: number(), seen: Mutex::default() }
    }
}

impl FakeVision {
    pub fn closed() -> Self {
        let vision = Self::default();
        vision.gate.close();
        vision
    }

    /// Other networks: their vectors are not to be compared with those of any others.
    pub fn of_networks(digest: &str) -> Self {
        let mut vision = Self::default();
        let contract = Contract { digest: digest.into(), ..Contract::clone(&vision.info.contract) };
        vision.info.contract = Arc::new(contract);
        vision
    }

    pub fn failing(times: usize) -> Self {
        let vision = Self::default();
        vision.failing.store(times, Ordering::SeqCst);
        vision
    }

    /// Pictures of a sync come one by one.
    pub fn with_one_lane(mut self) -> Self {
        self.info.lanes = 1;
        self
    }

    pub fn seen(&self) -> Vec<[u8; 3]> {
        self.seen.lock().expect("whole").clone()
    }

    pub fn load(self: Arc<Self>) -> Result<Arc<dyn Vision>, ModelError> {
        self.loading.pass();
        Ok(self)
    }
}

fn colour(picture: &RgbImage) -> [f32; 3] {
    let middle = picture.get_pixel(picture.width() / 2, picture.height() / 2).0;
    middle.map(f32::from)
}

fn is_grey([r, g, b]: [f32; 3]) -> bool {
    (r - g).abs() < 20.0 && (g - b).abs() < 20.0
}

impl Vision for FakeVision {
    fn info(&self) -> &VisionInfo {
        &self.info
    }

    fn people(&self, _: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if is_grey(colour(picture)) {
            return Ok(Vec::new());
        }
        Ok(vec![Person { bbox: BBox::new(0.0, 0.0, picture.width() as f32, picture.height() as f32), score: 0.9 }])
    }

    fn faces(&self, _: &Caller, picture: &RgbImage, _: u32) -> Result<Detected, ModelError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.seen.lock().expect("whole").push(picture.get_pixel(picture.width() / 2, picture.height() / 2).0);
        self.gate.pass();
        if self.failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(ModelError::Engine("told to fail".into()));
        }
        if is_grey(colour(picture)) {
            return Ok(Detected::default());
        }
        let (w, h) = (picture.width() as f32, picture.height() as f32);
        let at = |x: f32, y: f32| [w * x, h * y];
        let landmarks = [at(0.4, 0.4), at(0.6, 0.4), at(0.5, 0.5), at(0.42, 0.62), at(0.58, 0.62)];
        let face = Face { bbox: BBox::new(w * 0.25, h * 0.2, w * 0.75, h * 0.8), landmarks, score: 0.95 };
        Ok(Detected { faces: vec![face], by_backup: false })
    }

    fn embed(&self, _: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        crops.iter().map(|crop| Embedding::from_raw(colour(crop).map(|c| c - 100.0).to_vec(), &self.info.contract)).collect()
    }
}
