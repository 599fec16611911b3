//! ONNX Runtime by `dlopen`: the fastest engine on a CPU.
//!
//! One session per core, each with one thread: pictures are computed side by side rather than one picture by many
//! threads, which wastes nothing on synchronisation (YOLOv8n: 73 ms a picture on two cores this way, 90 ms the other).

use super::{Engine, EngineKind, Network, NetworkFiles, Tensor, guarded, while_loading};
use crate::ModelError;
use ort::environment::Environment;
use ort::session::{Session, builder::GraphOptimizationLevel};
use ort::value::TensorRef;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

pub struct OnnxRuntime {
    environment: Environment,
    version: String,
    lanes: usize,
}

impl OnnxRuntime {
    /// Loads the shared library. `lanes`: how many networks may run at once, one thread each.
    pub fn open(library: &Path, lanes: usize) -> Result<Self, ModelError> {
        if !library.is_file() {
            return Err(ModelError::Load(format!("the library {}: there is no such file (`make setup` fetches it)", library.display())));
        }
        Ok(Self { environment: shared_environment(library)?, version: version_beside(library), lanes: lanes.max(1) })
    }

    fn session(&self, onnx: &Path) -> ort::Result<Session> {
        Session::builder(&self.environment)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_intra_threads(1)?
            .with_inter_threads(1)?
            // Values too small to matter would cost a hundred times an ordinary one.
            .with_flush_to_zero()?
            .commit_from_file(onnx)
    }
}

/// ONNX Runtime makes one environment in a process, once and never again: packs that stand side by side share it, and so does
/// one that is loaded anew.
fn shared_environment(library: &Path) -> Result<Environment, ModelError> {
    static SHARED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((of, environment)) = &*shared {
        if of == library {
            return Ok(environment.clone());
        }
        return Err(ModelError::Load(format!("{}: this process runs on {} already", library.display(), of.display())));
    }
    let failed = |e: &dyn std::fmt::Display| ModelError::Load(format!("{}: {e}", library.display()));
    let environment = guarded("onnxruntime", || ort::init_from(library).map_err(|e| failed(&e))?.build().map_err(|e| failed(&e)))?;
    *shared = Some((library.to_owned(), environment.clone()));
    Ok(environment)
}

/// Set-up writes the version beside the library; the C interface only tells which interface it speaks.
fn version_beside(library: &Path) -> String {
    let path: PathBuf = library.with_file_name("onnxruntime.version");
    // "1.32.0 <digest of the library>"
    std::fs::read_to_string(path).ok().and_then(|told| told.split_whitespace().next().map(str::to_owned)).unwrap_or_default()
}

impl Engine for OnnxRuntime {
    fn kind(&self) -> EngineKind {
        EngineKind::OnnxRuntime
    }

    fn name(&self) -> String {
        format!("onnxruntime {} (cpu)", self.version).replace("  ", " ")
    }

    fn lanes(&self) -> usize {
        self.lanes
    }

    fn load(&self, files: &NetworkFiles) -> Result<Box<dyn Network>, ModelError> {
        if !files.onnx.is_file() {
            return Err(ModelError::Load(format!("{}: there is no such file (`make models` prepares it)", files.onnx.display())));
        }
        let failed = |e: ort::Error| ModelError::of_engine(format!("{}: {e}", files.onnx.display()));
        let open = || guarded("onnxruntime", || self.session(&files.onnx).map_err(failed)).map_err(while_loading);
        let sessions = (0..self.lanes).map(|_| open()).collect::<Result<Vec<_>, _>>()?;
        Ok(Box::new(Sessions { free: Mutex::new(sessions), returned: Condvar::new() }))
    }
}

/// The sessions of one network, lent out one at a time.
struct Sessions {
    free: Mutex<Vec<Session>>,
    returned: Condvar,
}

impl Network for Sessions {
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, ModelError> {
        let waiting = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.returned.wait_while(waiting, |free| free.is_empty()).unwrap_or_else(PoisonError::into_inner);
        let Some(mut session) = free.pop() else { return Err(ModelError::Engine("no session is left".into())) };
        drop(free);
        let outputs = guarded("onnxruntime", || compute(&mut session, &input));
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        self.returned.notify_one();
        outputs
    }
}

fn compute(session: &mut Session, input: &Tensor) -> Result<Vec<Tensor>, ModelError> {
    let failed = |e: ort::Error| ModelError::of_engine(format!("onnxruntime: {e}"));
    let names: Vec<String> = session.outputs().iter().map(|o| o.name().to_string()).collect();
    let view = TensorRef::from_array_view((input.shape.clone(), input.data.as_slice())).map_err(failed)?;
    let outputs = session.run(ort::inputs![view]).map_err(failed)?;
    names
        .iter()
        .map(|name| {
            let value = outputs.get(name.as_str()).ok_or_else(|| ModelError::Output(format!("there is no output {name}")))?;
            let (shape, data) = value.try_extract_tensor::<f32>().map_err(failed)?;
            Ok(Tensor { shape: shape.iter().map(|d| *d as usize).collect(), data: data.to_vec() })
        })
        .collect()
}
