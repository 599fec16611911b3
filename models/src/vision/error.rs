//! Why a network gave nothing.

/// Why a network gave nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
    /// There was not enough memory for the computation, on the machine or on the GPU.
    #[error("the engine ran out of memory: {0}")]
    OutOfMemory(String),
    /// No answer within the time that a network may take; what was begun may still be going on.
    #[error("the network took longer than {0} s")]
    Timeout(f64),
    /// The GPU is gone: reset, unplugged, or its driver crashed.
    #[error("the device is lost: {0}")]
    DeviceLost(String),
    /// The caller had left before its turn came: nothing was computed.
    #[error("nobody waits for the answer any more")]
    CallerGone,
}

impl ModelError {
    /// The diagnostic kind: stable, for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotBuiltIn | Self::Load(_) => "model_not_loaded",
            Self::Engine(_) => "engine_failed",
            Self::Output(_) => "unusable_output",
            Self::OutOfMemory(_) => "out_of_memory",
            Self::Timeout(_) => "engine_timeout",
            Self::DeviceLost(_) => "device_lost",
            Self::CallerGone => "cancelled",
        }
    }

    /// What an engine said of itself, sorted: out of memory and lost devices have kinds of their own.
    pub fn of_engine(said: String) -> Self {
        let lower = said.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if says(&["out of memory", "outofmemory", "bad_alloc", "failed to allocate", "oom"]) {
            Self::OutOfMemory(said)
        } else if says(&["device lost", "devicelost", "device is lost", "lost device"]) {
            Self::DeviceLost(said)
        } else {
            Self::Engine(said)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_engine_says_is_sorted() {
        let kind = |said: &str| ModelError::of_engine(said.into()).kind();
        assert_eq!(kind("wgpu: Out of memory while creating a buffer"), "out_of_memory");
        assert_eq!(kind("Failed to allocate memory for requested buffer of size 160000000000"), "out_of_memory");
        assert_eq!(kind("std::bad_alloc"), "out_of_memory");
        assert_eq!(kind("Parent device is lost"), "device_lost");
        assert_eq!(kind("invalid shape"), "engine_failed");
    }
}
