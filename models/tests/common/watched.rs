//! A real engine, and what it is asked: each call's network and input shape.

use models::ModelError;
use models::engine::{Engine, EngineKind, Network, NetworkFiles, Role, Tensor};
use std::sync::{Arc, Mutex, PoisonError};

/// By role, the oldest first.
type Calls = Arc<Mutex<Vec<(String, Vec<usize>)>>>;

pub struct WatchedEngine {
    engine: Arc<dyn Engine>,
    calls: Calls,
}

impl WatchedEngine {
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine, calls: Calls::default() }
    }

    /// The calls since it was last asked for them.
    pub fn take_calls(&self) -> Vec<(String, Vec<usize>)> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Engine for WatchedEngine {
    fn kind(&self) -> EngineKind {
        self.engine.kind()
    }

    fn name(&self) -> String {
        self.engine.name()
    }

    fn lanes(&self) -> usize {
        self.engine.lanes()
    }

    fn best_batch(&self, role: Role) -> usize {
        self.engine.best_batch(role)
    }

    fn load(&self, files: &NetworkFiles) -> Result<Box<dyn Network>, ModelError> {
        let role = files.onnx.file_stem().expect("a prepared file").to_string_lossy().into_owned();
        Ok(Box::new(WatchedNetwork { role, network: self.engine.load(files)?, calls: Arc::clone(&self.calls) }))
    }
}

struct WatchedNetwork {
    role: String,
    network: Box<dyn Network>,
    calls: Calls,
}

impl Network for WatchedNetwork {
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, ModelError> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push((self.role.clone(), input.shape.clone()));
        self.network.run(input)
    }
}
