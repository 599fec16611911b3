//! The three networks as one thing that a pipeline can ask.

mod analyser;

pub use analyser::{Analyser, load};
#[cfg(feature = "gpu-wgsl")]
pub(crate) use analyser::network_files;

use crate::engine::EngineChoice;
use crate::{BBox, Landmarks};
use image::RgbImage;
use std::path::PathBuf;

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

/// A face as a unit vector: the cosine of two is their dot product.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// L2-normalises; an error where the vector holds a NaN, an infinity, or has no length.
    pub fn from_raw(mut raw: Vec<f32>) -> Result<Self, ModelError> {
        let norm = raw.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
        if !norm.is_finite() || norm < 1e-6 {
            return Err(ModelError::Output("the embedding has no direction (NaN, infinite or zero)".into()));
        }
        raw.iter_mut().for_each(|v| *v = (f64::from(*v) / norm) as f32);
        Ok(Self(raw))
    }

    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// -1..1; both must come from the same embedding network.
    pub fn cosine(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum::<f32>().clamp(-1.0, 1.0)
    }
}

/// Why a network gave nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ModelError {
    /// Asked for the GPU, of a program that was built without it.
    #[error("this program was built without the GPU engine (`GPU=1 make build` builds it in)")]
    NotBuiltIn,
    /// A file is missing, damaged, or does not belong to the network.
    #[error("cannot load {0}")]
    Load(String),
    /// The engine failed or panicked while computing.
    #[error("the engine failed: {0}")]
    Engine(String),
    /// The network's output makes no sense (wrong shape, NaN).
    #[error("the network's output is unusable: {0}")]
    Output(String),
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
    pub embedding_model: String,
    /// Cosine thresholds of the embedding network.
    pub match_threshold: f32,
    pub possible_threshold: f32,
    /// Pictures worth computing at once.
    pub lanes: usize,
    /// Seconds that the warm-up took.
    pub warm_up: f64,
}

/// What the pipeline asks. Calls block (run them on a blocking thread) and may come from many threads at once.
pub trait Vision: Send + Sync {
    fn info(&self) -> &VisionInfo;

    /// People in the picture, best first.
    fn people(&self, picture: &RgbImage) -> Result<Vec<Person>, ModelError>;

    /// Faces in the picture, best first.
    fn faces(&self, picture: &RgbImage) -> Result<Vec<Face>, ModelError>;

    /// One embedding per aligned 112×112 crop, in order.
    fn embed(&self, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError>;
}
