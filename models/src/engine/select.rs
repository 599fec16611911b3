//! Which engine runs: the choice, its order, and the reasons.

use super::Engine;
use super::burn::BurnEngine;
use super::onnxruntime::OnnxRuntime;
#[cfg(feature = "gpu-wgsl")]
use super::probe;
use crate::ModelError;
use crate::vision::VisionConfig;
use std::str::FromStr;
use std::sync::Arc;

/// What the operator asked for (`ENGINE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// wgpu, then ONNX Runtime, then Burn on the CPU.
    #[default]
    Auto,
    /// Burn on wgpu or nothing.
    Wgpu,
    /// ONNX Runtime or nothing.
    OnnxRuntime,
    /// ONNX Runtime, then Burn on the CPU.
    Cpu,
    /// Burn on the CPU.
    BurnFlex,
}

impl FromStr for EngineChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "wgpu" => Ok(Self::Wgpu),
            "onnxruntime" => Ok(Self::OnnxRuntime),
            "cpu" => Ok(Self::Cpu),
            "burn-flex" => Ok(Self::BurnFlex),
            _ => Err(format!("`{text}` is no engine: auto, wgpu, onnxruntime, cpu or burn-flex")),
        }
    }
}

/// The first engine of the choice's order that starts, and why each one before it was passed over.
pub fn choose(config: &VisionConfig) -> Result<(Arc<dyn Engine>, Vec<String>), ModelError> {
    let mut skipped = Vec::new();
    let choice = config.engine;
    if matches!(choice, EngineChoice::Auto | EngineChoice::Wgpu) {
        match wgpu(config) {
            Ok(engine) => return Ok((engine, skipped)),
            Err(reason) if choice == EngineChoice::Wgpu => return Err(reason),
            Err(reason) => skipped.push(format!("wgpu: {reason}")),
        }
    }
    if matches!(choice, EngineChoice::Auto | EngineChoice::Cpu | EngineChoice::OnnxRuntime) {
        match onnxruntime(config) {
            Ok(engine) => return Ok((engine, skipped)),
            Err(reason) if choice == EngineChoice::OnnxRuntime => return Err(reason),
            Err(reason) => skipped.push(format!("onnxruntime: {reason}")),
        }
    }
    Ok((Arc::new(BurnEngine::cpu(config.threads)), skipped))
}

fn onnxruntime(config: &VisionConfig) -> Result<Arc<dyn Engine>, ModelError> {
    let library =
        config.onnxruntime.as_ref().ok_or_else(|| ModelError::Load("no library: set ONNXRUNTIME_LIB or run `make setup`".into()))?;
    Ok(Arc::new(OnnxRuntime::open(library, config.threads)?))
}

#[cfg(feature = "gpu-wgsl")]
fn wgpu(config: &VisionConfig) -> Result<Arc<dyn Engine>, ModelError> {
    // A driver can crash the process, which no `catch_unwind` stops: a child goes first.
    probe::in_child(config)?;
    Ok(Arc::new(BurnEngine::gpu(probe::software_allowed())?))
}

#[cfg(not(feature = "gpu-wgsl"))]
fn wgpu(_: &VisionConfig) -> Result<Arc<dyn Engine>, ModelError> {
    Err(ModelError::NotBuiltIn)
}
