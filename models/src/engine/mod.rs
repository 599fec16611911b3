//! Engines: who computes a network.
//!
//! Three kinds stand behind [`Engine`]: Burn on wgpu (feature `gpu`, real GPUs only, probed in a child process), ONNX
//! Runtime (a shared library found at run time) and Burn on the CPU, which is always there. [`choose`] takes the first
//! that works in that order and tells why it passed over the others: a change of engine is never silent.

mod burn;
mod onnxruntime;
pub mod probe;
mod select;

pub use select::{EngineChoice, choose};

/// Burn on the CPU: the engine that is always there, and the truth that others are compared with.
pub fn cpu() -> Box<dyn Engine> {
    Box::new(burn::BurnEngine::cpu(1))
}

/// Burn on this machine's GPU without asking a child first: for tests of the GPU itself.
#[cfg(feature = "gpu-wgsl")]
pub fn gpu() -> Result<Box<dyn Engine>, ModelError> {
    Ok(Box::new(burn::BurnEngine::gpu(probe::software_allowed())?))
}

use crate::ModelError;
use std::fmt;
use std::path::PathBuf;

/// Numbers with a shape, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

/// What a network of a pack is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Person,
    Face,
    /// Looks for faces when the first network for that fails.
    BackupFace,
    Embedding,
}

impl Role {
    /// Stem of the prepared files, and the name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Face => "face",
            Self::BackupFace => "backup_face",
            Self::Embedding => "embedding",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    Wgpu,
    OnnxRuntime,
    BurnFlex,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wgpu => "wgpu",
            Self::OnnxRuntime => "onnxruntime",
            Self::BurnFlex => "burn-flex",
        })
    }
}

/// The prepared files of one network.
#[derive(Debug, Clone)]
pub struct NetworkFiles {
    /// The module in `models/src/networks`.
    pub network: String,
    /// For ONNX Runtime.
    pub onnx: PathBuf,
    /// For Burn.
    pub weights: PathBuf,
}

/// A network with its weights, ready to compute. Calls block and may come from many threads at once.
pub trait Network: Send + Sync {
    /// `input`: `[batch, 3, height, width]`; the outputs in the order of the prepared ONNX file.
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, ModelError>;
}

/// Something that can compute networks.
pub trait Engine: Send + Sync {
    fn kind(&self) -> EngineKind;

    /// For people: `onnxruntime 1.32.0 (cpu)`, `wgpu: NVIDIA H200`.
    fn name(&self) -> String;

    /// How many calls are worth making at once.
    fn lanes(&self) -> usize;

    /// Inputs of one call that suit the engine: more would cost more time an input, or memory for nothing. 1 where nothing is
    /// gained by calls of several.
    fn best_batch(&self, _role: Role) -> usize {
        1
    }

    fn load(&self, files: &NetworkFiles) -> Result<Box<dyn Network>, ModelError>;
}

/// Runs `f`, turning a panic inside an engine into an error: engines are other people's code.
pub(crate) fn guarded<T>(what: &str, f: impl FnOnce() -> Result<T, ModelError>) -> Result<T, ModelError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let reason = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
        Err(ModelError::of_engine(format!("{what} panicked: {}", reason.unwrap_or_else(|| "no reason given".into()))))
    })
}

/// An engine that fails while it loads a network has a bad file before it, unless it names another trouble.
pub(crate) fn while_loading(error: ModelError) -> ModelError {
    match error {
        ModelError::Engine(said) => ModelError::Load(said),
        sorted => sorted,
    }
}
