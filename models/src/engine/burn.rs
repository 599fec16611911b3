//! Burn: the networks as Rust code, on the CPU (`burn-flex`, always there) or on a GPU (wgpu, feature `gpu`).

use super::{Engine, EngineKind, Network, NetworkFiles, Role, Tensor, guarded, while_loading};
use crate::{ModelError, networks};
use burn::tensor::{Device, Tensor as BurnTensor, TensorData};

pub struct BurnEngine {
    device: Device,
    kind: EngineKind,
    name: String,
    lanes: usize,
}

impl BurnEngine {
    /// Burn's own CPU backend. `threads` pictures are computed at once.
    pub fn cpu(threads: usize) -> Self {
        Self { device: Device::flex(), kind: EngineKind::BurnFlex, name: "burn-flex (cpu)".into(), lanes: threads.max(1) }
    }

    /// A GPU by wgpu; `Err` says why there is none.
    #[cfg(feature = "gpu-wgsl")]
    pub fn gpu(allow_software: bool) -> Result<Self, ModelError> {
        let (device, adapter) = gpu::open(allow_software)?;
        Ok(Self { device, kind: EngineKind::Wgpu, name: format!("wgpu: {adapter}"), lanes: 2 })
    }
}

impl Engine for BurnEngine {
    fn kind(&self) -> EngineKind {
        self.kind
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn lanes(&self) -> usize {
        self.lanes
    }

    /// A GPU is filled by many inputs at once. On the CPU crops one by one, side by side in all lanes, were embedded faster than in
    /// calls of eight (`make bench` shows both).
    fn best_batch(&self, role: Role) -> usize {
        match (self.kind, role) {
            (EngineKind::Wgpu, Role::Embedding) => 32,
            (EngineKind::Wgpu, _) => 8,
            _ => 1,
        }
    }

    fn load(&self, files: &NetworkFiles) -> Result<Box<dyn Network>, ModelError> {
        if !files.weights.is_file() {
            return Err(ModelError::Load(format!("{}: there is no such file (`make models` prepares it)", files.weights.display())));
        }
        let forward = guarded("burn", || networks::load(&files.network, &files.weights, &self.device)).map_err(while_loading)?;
        Ok(Box::new(BurnNetwork { forward, device: self.device.clone() }))
    }
}

struct BurnNetwork {
    forward: networks::Forward,
    device: Device,
}

impl Network for BurnNetwork {
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, ModelError> {
        guarded("burn", || {
            let shape: [usize; 4] = input
                .shape
                .as_slice()
                .try_into()
                .map_err(|_| ModelError::Output(format!("an input has four axes, not {:?}", input.shape)))?;
            let input = BurnTensor::<4>::from_data(TensorData::new(input.data, shape), &self.device);
            (self.forward)(input).into_iter().map(numbers).collect()
        })
    }
}

fn numbers(output: Result<TensorData, String>) -> Result<Tensor, ModelError> {
    let data = output.map_err(ModelError::of_engine)?;
    let shape = data.shape().iter().copied().collect();
    let data = data.try_into_vec::<f32>().map_err(|e| ModelError::Output(format!("{e:?}")))?;
    Ok(Tensor { shape, data })
}

#[cfg(feature = "gpu-wgsl")]
mod gpu {
    //! Opening a wgpu device: real GPUs first, software only where it is asked for.

    use crate::ModelError;
    use burn::tensor::{Device, DeviceKind};

    /// The best adapter and its name.
    pub fn open(allow_software: bool) -> Result<(Device, String), ModelError> {
        let mut kinds = vec![DeviceKind::DiscreteGpu(0), DeviceKind::IntegratedGpu(0), DeviceKind::VirtualGpu(0)];
        if allow_software {
            kinds.push(DeviceKind::Cpu);
        }
        let mut reasons = Vec::new();
        for kind in kinds {
            match Device::wgpu_options().device_kind(kind.clone()).init() {
                Ok(device) => {
                    let name = device.identity().map(|i| i.name).unwrap_or_else(|| format!("{kind:?}"));
                    return Ok((device, name));
                }
                Err(error) => reasons.push(format!("{kind:?}: {error}")),
            }
        }
        Err(ModelError::Engine(format!("no GPU ({})", reasons.join("; "))))
    }
}
