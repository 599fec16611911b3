//! Which networks run, and on what.

use super::{ConfigError, Environment};
use models::{EngineChoice, VisionConfig};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// * `ENGINE` (default `auto`): who computes; `auto` takes a GPU, then ONNX Runtime, then Burn on the CPU.
/// * `MODEL_PACK` (default: the best that is prepared): `standard` or `light`.
/// * `ONNXRUNTIME_LIB` (default: `<DATA_DIR>/lib/libonnxruntime.so`): the library of ONNX Runtime.
/// * `ENGINE_THREADS` (default: the cores): threads of one network.
/// * `MAX_BATCH` (default: what suits the engine): the most inputs that one call of a network computes. More fill a GPU;
///   on a CPU one by one is faster (`make bench` shows both for the embedding network).
/// * `MAX_WAIT_MS` (default 2 ms): how long a call that is not full waits for one that is being prepared. 0 waits for nobody.
/// * `MODEL_TIMEOUT` (default 30 s): how long a picture waits for one network, its turn included, before it is given up.
/// * `EMBED_FLIP` (default `false`): embed each face and its mirror image and take the mean: twice the work, a steadier vector. Its
///   vectors are not compared with those made without.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    pub engine: EngineChoice,
    pub pack: Option<String>,
    /// `<DATA_DIR>/models`, as set-up prepares it.
    pub models_dir: PathBuf,
    pub onnxruntime: Option<PathBuf>,
    pub threads: usize,
    pub max_batch: Option<usize>,
    pub max_wait: Duration,
    pub timeout: Duration,
    pub flip: bool,
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
            max_batch: env.number_or(
                "MAX_BATCH",
                "auto",
                1..=1024,
                "the most pictures, or faces, that one call of a network computes; `auto`: what suits the engine",
            )?,
            max_wait: Duration::from_millis(env.number(
                "MAX_WAIT_MS",
                2,
                0..=1000,
                "milliseconds that a call of a network waits for another one that is being prepared",
            )?),
            timeout: env.seconds(
                "MODEL_TIMEOUT",
                30.0,
                0.1..=3600.0,
                "seconds that a picture waits for one network, its turn included, before it is given up",
            )?,
            flip: env.switch("EMBED_FLIP", false, "embed each face and its mirror image and take the mean: steadier, twice the work")?,
            models_dir: data_dir.join("models"),
        })
    }

    /// As the networks want it.
    pub fn vision(&self) -> VisionConfig {
        let Self { engine, pack, models_dir, onnxruntime, threads, max_batch, max_wait, timeout, flip } = self.clone();
        VisionConfig { models_dir, pack, engine, onnxruntime, threads, flip, max_batch, max_wait, timeout }
    }
}
