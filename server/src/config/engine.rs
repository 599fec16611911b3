//! Which networks run, and on what.

use super::{ConfigError, Environment};
use models::pack::Packs;
use models::{EngineChoice, VisionConfig};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// * `ENGINE` (default `auto`): who computes; `auto` takes a GPU, then ONNX Runtime, then Burn on the CPU.
/// * `MODEL_PACK` (default: the best that is prepared): `standard` or `light`.
/// * `FALLBACK_MODEL` (default: none): the pack that stands in while that one fails; loaded beside it, without the GPU.
/// * `MIN_FREE_MEMORY_MB` (default 256; 0: never): with less memory left than this, a search begins on the `FALLBACK_MODEL`.
/// * `ONNXRUNTIME_LIB` (default: `<DATA_DIR>/lib/libonnxruntime.so`): the library of ONNX Runtime.
/// * `ENGINE_THREADS` (default: the cores): threads of one network.
/// * `MAX_BATCH` (default: what suits the engine): the most inputs that one call of a network computes. More fill a GPU;
///   on a CPU there is little in it (`make bench` shows both for the embedding network).
/// * `MAX_WAIT_MS` (default 2 ms): how long a call that is not full waits for one that is being prepared. 0 waits for nobody.
/// * `MODEL_TIMEOUT` (default 30 s): how long a picture waits for one network, its turn included, before it is given up.
/// * `EMBED_FLIP` (default `false`): embed each face and its mirror image and take the mean: twice the work, a steadier vector. Its
///   vectors are not compared with those made without.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    pub engine: EngineChoice,
    pub pack: Option<String>,
    /// The pack that stands in; another one than the first.
    pub fallback: Option<String>,
    /// Bytes; 0: memory is never short.
    pub min_free_memory: u64,
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
        let models_dir = data_dir.join("models");
        let pack = env.optional("MODEL_PACK", "the best that is prepared", "which networks: a pack of models/packs.toml");
        let primary = pack.clone().unwrap_or_else(|| Packs::best_prepared(&models_dir).to_owned());
        let fallback = env.read(
            "FALLBACK_MODEL",
            "",
            "the pack that stands in while the networks of MODEL_PACK fail, are out of memory or out of time (docs/BACKUPS.md)",
            |name| standing_in(name, &primary),
        )?;
        let min_free_memory = env.number(
            "MIN_FREE_MEMORY_MB",
            256_u64,
            0..=1 << 20,
            "MiB of memory; with less than this left a search begins on the FALLBACK_MODEL; 0: never",
        )?;
        Ok(Self {
            engine: env.read(
                "ENGINE",
                "auto",
                "who computes: `wgpu` (a GPU), `onnxruntime`, `burn-flex`; `cpu` the best without GPU, `auto` the best of all",
                str::parse,
            )?,
            pack,
            fallback,
            min_free_memory: min_free_memory << 20,
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
            models_dir,
        })
    }

    /// As the networks want it.
    pub fn vision(&self) -> VisionConfig {
        let Self { engine, pack, models_dir, onnxruntime, threads, max_batch, max_wait, timeout, flip, .. } = self.clone();
        VisionConfig { models_dir, pack, engine, onnxruntime, threads, flip, max_batch, max_wait, timeout }
    }

    /// The name of the pack that does the work while all is well.
    pub fn pack_name(&self) -> String {
        self.pack.clone().unwrap_or_else(|| Packs::best_prepared(&self.models_dir).to_owned())
    }

    /// The pack that stands in, as the networks want it. It runs without the GPU: what takes the GPU down must not take it along.
    pub fn fallback_vision(&self) -> Option<VisionConfig> {
        let engine = match self.engine {
            EngineChoice::Auto | EngineChoice::Wgpu => EngineChoice::Cpu,
            without_gpu => without_gpu,
        };
        Some(VisionConfig { pack: Some(self.fallback.clone()?), engine, ..self.vision() })
    }
}

/// The name of another pack of this build, or nothing.
fn standing_in(name: &str, primary: &str) -> Result<Option<String>, String> {
    if name.is_empty() {
        return Ok(None);
    }
    let packs = Packs::built_in().packs;
    if !packs.contains_key(name) {
        let known: Vec<&str> = packs.keys().map(String::as_str).collect();
        return Err(format!("there is no such pack; this build knows {}", known.join(", ")));
    }
    if name == primary {
        return Err("it is the pack that does the work already: name another one, or none".into());
    }
    Ok(Some(name.to_owned()))
}
