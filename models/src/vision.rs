//! The three networks as one thing that a pipeline can ask.

mod analyser;
mod caller;
mod embedding;
mod error;

#[cfg(feature = "gpu-wgsl")]
pub(crate) use analyser::network_files;
pub use analyser::{Analyser, load};
pub use caller::Caller;
pub use embedding::{Contract, ContractMismatch, Embedding};
pub use error::ModelError;

use crate::engine::EngineChoice;
use crate::{BBox, Landmarks};
use image::RgbImage;
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Which pack runs on which engine.
#[derive(Debug, Clone)]
pub struct VisionConfig {
    /// The folder with a subfolder of prepared files per pack (`data/models`).
    pub models_dir: PathBuf,
    /// A pack's name; None: `standard` where it is prepared, else `light`.
    pub pack: Option<String>,
    pub engine: EngineChoice,
    /// The shared library of ONNX Runtime, where there is one.
    pub onnxruntime: Option<PathBuf>,
    /// Pictures computed at once; one per core is right.
    pub threads: usize,
    /// Average the vectors of a crop and of its mirror image: twice the work, a steadier vector, a contract of its own.
    pub flip: bool,
    /// The most inputs that one call of a network computes; None: what suits the engine.
    pub max_batch: Option<usize>,
    /// How long a call that is not full waits for company.
    pub max_wait: Duration,
    /// How long a caller waits for one network, its turn included, before it is told [`ModelError::Timeout`].
    pub timeout: Duration,
}

impl Default for VisionConfig {
    /// The weights under `data/`, the best pack and engine, one picture per core, no mirror images, calls that wait 2 ms for
    /// company and 30 s for an answer.
    fn default() -> Self {
        Self {
            models_dir: "data/models".into(),
            pack: None,
            engine: EngineChoice::Auto,
            onnxruntime: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            flip: false,
            max_batch: None,
            max_wait: Duration::from_millis(2),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A person found by the person detector, in pixels of the picture that was asked about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Person {
    pub bbox: BBox,
    /// 0..1
    pub score: f32,
}

/// A face found by the face detector, in pixels of the picture that was asked about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    pub bbox: BBox,
    pub landmarks: Landmarks,
    /// 0..1
    pub score: f32,
}

/// What runs: for `/health` and every result.
#[derive(Debug, Clone)]
pub struct VisionInfo {
    /// `wgpu`, `onnxruntime` or `burn-flex`.
    pub kind: String,
    /// `onnxruntime 1.32.0 (cpu)`, `wgpu: NVIDIA ...`, `burn-flex (cpu)`.
    pub engine: String,
    /// Engines tried before this one, each with the reason why it was not taken.
    pub skipped: Vec<String>,
    pub pack: String,
    /// `yolov8n_coco@9e7df9bc`: file stem and the first 8 hex digits of its SHA-256.
    pub person_model: String,
    pub face_model: String,
    /// Looks when the face model fails; None where the pack has none or set-up could not prepare it.
    pub backup_face_model: Option<String>,
    pub embedding_model: String,
    /// Cosine thresholds of the embedding network.
    pub match_threshold: f32,
    pub possible_threshold: f32,
    /// On which pictures the thresholds were chosen, and what they showed: one sentence.
    pub calibration: String,
    /// Of every embedding that this pack makes.
    pub contract: Arc<Contract>,
    /// The side that faces are looked for at first, in input pixels (640).
    pub face_side: u32,
    /// Pictures worth computing at once.
    pub lanes: usize,
    /// Seconds that the warm-up took, all networks together.
    pub warm_up: f64,
    /// Each network by itself, in the order in which they were warmed up.
    pub networks: Vec<NetworkInfo>,
}

/// One network of those that run.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkInfo {
    /// `person`, `face`, `backup_face` or `embedding`.
    pub role: String,
    /// As in [`VisionInfo::face_model`].
    pub model: String,
    /// Of its weights as they were had (`file` in packs.toml), hex.
    pub sha256: String,
    /// Seconds that its warm-up took.
    pub warm_up: f64,
    /// The most inputs that one of its calls computes.
    pub max_batch: usize,
}

/// What one look for faces gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detected {
    /// Best first.
    pub faces: Vec<Face>,
    /// The pack's backup detector looked, because the first one failed.
    pub by_backup: bool,
}

/// What the pipeline asks. Calls block (run them on a blocking thread) and may come from many threads at once.
pub trait Vision: Send + Sync {
    fn info(&self) -> &VisionInfo;

    /// Everything about these networks that decides what they make of a picture, as a text: two that differ in any of it have
    /// two.
    fn identity(&self) -> Cow<'_, str> {
        let info = self.info();
        let models =
            [&info.person_model, &info.face_model, info.backup_face_model.as_ref().unwrap_or(&info.face_model), &info.embedding_model];
        Cow::Owned(format!("{} {models:?} {:?} {}", info.engine, info.contract, info.face_side))
    }

    /// People in the picture, best first.
    fn people(&self, caller: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError>;

    /// Faces in the picture, seen at one scale: its longer side is brought to `side` input pixels (a multiple of 32, from
    /// 64 to 1280; less where a small picture would be enlarged more than the pack says is of use). A detector finds faces of
    /// some 16 to 400 input pixels: a smaller side shows it those that fill the picture, a larger one those that are lost in it.
    fn faces(&self, caller: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError>;

    /// Threads that an engine does not give back: they have computed for longer than a caller waits. Where all of a network's
    /// are, whoever asks it is told [`ModelError::Timeout`] at once.
    fn stuck(&self) -> usize {
        0
    }

    /// One embedding per aligned 112×112 crop, in order; all of [`VisionInfo::contract`].
    fn embed(&self, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError>;
}
