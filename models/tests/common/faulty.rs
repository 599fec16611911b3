//! An engine without weights: its networks give maps of the right shapes, with one person and one face in each picture, and
//! do wrong when they are told to.

use models::ModelError;
use models::engine::{Engine, EngineKind, Network, NetworkFiles, Role, Tensor};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What a network does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Panic,
    /// As a GPU's allocator does it.
    PanicOutOfMemory,
    OutOfMemory,
    DeviceLost,
    /// One score, or one value of a vector, is NaN.
    Nan,
    /// An output of another shape.
    Shape,
    /// No answer until [`Faults::let_go`].
    Hold,
}

/// What the networks of an engine are told; by role.
#[derive(Default)]
pub struct Faults {
    next: Mutex<HashMap<String, VecDeque<Fault>>>,
    seen: Mutex<Vec<(String, Vec<usize>)>>,
    open: Mutex<bool>,
    opened: Condvar,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Faults {
    /// The network's next calls go wrong in this way, one each.
    pub fn next(&self, role: &str, faults: &[Fault]) {
        locked(&self.next).entry(role.into()).or_default().extend(faults);
    }

    pub fn let_go(&self) {
        *locked(&self.open) = true;
        self.opened.notify_all();
    }

    /// Each call's network and input shape.
    pub fn seen(&self) -> Vec<(String, Vec<usize>)> {
        locked(&self.seen).clone()
    }
}

#[derive(Default)]
pub struct FaultyEngine {
    pub faults: Arc<Faults>,
    /// Refuses to load the network of this role, or panics over it.
    pub refuses: Option<&'static str>,
    pub panics_over: Option<&'static str>,
    /// Inputs of one call of the embedding network.
    pub batch: usize,
}

impl Engine for FaultyEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::BurnFlex
    }

    fn name(&self) -> String {
        "faulty (test)".into()
    }

    fn lanes(&self) -> usize {
        1
    }

    fn best_batch(&self, role: Role) -> usize {
        if role == Role::Embedding { self.batch.max(1) } else { 1 }
    }

    fn load(&self, files: &NetworkFiles) -> Result<Box<dyn Network>, ModelError> {
        let role = files.onnx.file_stem().expect("a prepared file").to_string_lossy().into_owned();
        // The pack's second face detector would stand in for the first; the chain of both has tests of its own.
        if self.refuses == Some(role.as_str()) || role == Role::BackupFace.name() {
            return Err(ModelError::Load(format!("{role}.onnx: damaged, as told")));
        }
        assert_ne!(self.panics_over, Some(role.as_str()), "as told");
        Ok(Box::new(FaultyNetwork { role, faults: Arc::clone(&self.faults) }))
    }
}

struct FaultyNetwork {
    role: String,
    faults: Arc<Faults>,
}

impl Network for FaultyNetwork {
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, ModelError> {
        locked(&self.faults.seen).push((self.role.clone(), input.shape.clone()));
        let fault = locked(&self.faults.next).get_mut(&self.role).and_then(VecDeque::pop_front);
        let mut outputs = healthy(&self.role, &input);
        match fault {
            None => {}
            Some(Fault::Panic) => panic!("index out of bounds, as told"),
            Some(Fault::PanicOutOfMemory) => panic!("cannot reserve a buffer: Out of memory"),
            Some(Fault::OutOfMemory) => return Err(ModelError::of_engine("Failed to allocate memory for requested buffer".into())),
            Some(Fault::DeviceLost) => return Err(ModelError::of_engine("Parent device is lost".into())),
            // The last value of the first output: a class score, a score, a value of the vector.
            Some(Fault::Nan) => outputs[0].data.iter_mut().next_back().into_iter().for_each(|value| *value = f32::NAN),
            Some(Fault::Shape) => outputs[0].shape = vec![outputs[0].data.len(), 1],
            Some(Fault::Hold) => {
                let shut = locked(&self.faults.open);
                drop(self.faults.opened.wait_while(shut, |open| !*open).unwrap_or_else(PoisonError::into_inner));
            }
        }
        Ok(outputs)
    }
}

/// YOLOv8's three maps, SCRFD's nine, or vectors: one confident cell each.
fn healthy(role: &str, input: &Tensor) -> Vec<Tensor> {
    let (inputs, height, width) = (input.shape[0], input.shape[2], input.shape[3]);
    let map = |channels: usize, stride: usize, fill: f32| Tensor {
        shape: vec![inputs, channels, height / stride, width / stride],
        data: vec![fill; inputs * channels * (height / stride) * (width / stride)],
    };
    // In every picture of the batch: the cell in the middle of a channel.
    let set = |map: &mut Tensor, channel: usize, value: f32| {
        let plane = map.shape[2] * map.shape[3];
        let middle = plane / 2 + map.shape[3] / 2;
        for picture in 0..inputs {
            map.data[(picture * map.shape[1] + channel) * plane + middle] = value;
        }
    };
    match role {
        "person" => {
            // 64 channels of distances, then two classes.
            let mut maps: Vec<Tensor> = [8, 16, 32].map(|stride| map(66, stride, -20.0)).to_vec();
            set(&mut maps[1], 64, 3.0);
            maps
        }
        "face" => {
            let mut maps = Vec::new();
            for (channels, fill) in [(2, -20.0), (8, 2.0), (20, 0.5)] {
                maps.extend([8, 16, 32].map(|stride| map(channels, stride, fill)));
            }
            set(&mut maps[1], 0, 3.0);
            maps
        }
        _ => {
            let size = input.data.len() / inputs;
            let vectors = input.data.chunks_exact(size).flat_map(|crop| (0..512).map(move |i| crop[i] + 2.0 + i as f32 / 100.0));
            vec![Tensor { shape: vec![inputs, 512], data: vectors.collect() }]
        }
    }
}
