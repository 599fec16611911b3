//! Which networks run, and on what.

use super::{ConfigError, Environment};
use models::{EngineChoice, VisionConfig};
use std::path::{Path, PathBuf};

/// * `ENGINE` (default `auto`): who computes; `auto` takes a GPU, then ONNX Runtime, then Burn on the CPU.
/// * `MODEL_PACK` (default: the best that is prepared): `standard` or `light`.
/// * `ONNXRUNTIME_LIB` (default: `<DATA_DIR>/lib/libonnxruntime.so`): the library of ONNX Runtime.
/// * `ENGINE_THREADS` (default: the cores): threads of one network.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    pub engine: EngineChoice,
    pub pack: Option<String>,
    /// `<DATA_DIR>/models`, as set-up prepares it.
    pub models_dir: PathBuf,
    pub onnxruntime: Option<PathBuf>,
    pub threads: usize,
}

impl EngineConfig {
    pub fn from_environment(env: &Environment, data_dir: &Path) -> Result<Self, ConfigError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            engine: env.read(
                "ENGINE",
                "auto",
                "who computes: `wgpu` (a GPU), `onnxruntime`, `burn-flex`; `cpu` the best without GPU, `auto` the best of all",
                str::parse,
            )?,
            pack: env.optional("MODEL_PACK", "the best that is prepared", "which networks: a pack of models/packs.toml"),
            onnxruntime: env
                .optional("ONNXRUNTIME_LIB", "DATA_DIR/lib/libonnxruntime.so", "the library of ONNX Runtime")
                .map(PathBuf::from)
                .or_else(|| Some(data_dir.join("lib/libonnxruntime.so")).filter(|path| path.exists())),
            threads: env.number("ENGINE_THREADS", cores, 1..=1024, "threads that compute one network (default: the cores)")?,
            models_dir: data_dir.join("models"),
        })
    }
    /// As the networks want it.
    pub fn vision(&self) -> VisionConfig {
        let Self { engine, pack, models_dir, onnxruntime, threads } = self.clone();
        VisionConfig { models_dir, pack, engine, onnxruntime, threads, ..VisionConfig::default() }
    }
}
